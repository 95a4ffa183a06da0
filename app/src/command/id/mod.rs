//! `chappe id`: make an identity, show its public half.

mod new;
mod put_away;

use crate::device::{Device, DeviceArguments, card_to_text};
use crate::exit::Outcome;
use crate::hex;
use crate::outbox;
use crate::report::Report;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct IdArguments {
    #[command(subcommand)]
    command: IdCommand,
}

#[derive(Debug, clap::Subcommand)]
enum IdCommand {
    /// Make a new identity; its keys are encrypted on disk and never shown
    New(new::NewArguments),
    /// Say that the files made with it are put away
    PutAway(put_away::PutAwayArguments),
    /// Show the account, the contact card and the relay key
    Show {
        #[command(flatten)]
        device: DeviceArguments,
    },
}

pub(crate) fn run(arguments: IdArguments, report: Report) -> Outcome<()> {
    match arguments.command {
        IdCommand::New(arguments) => new::run(&arguments, report),
        IdCommand::PutAway(arguments) => put_away::run(&arguments, report),
        IdCommand::Show { device } => show(&Device::open(&device)?, report),
    }
}

fn show(device: &Device, report: Report) -> Outcome<()> {
    let card = device.identity.card();
    let account = card.account().id();
    let account_key = hex::encode(&card.account().0);
    let transport_key = hex::encode(card.transport_key());
    let mailbox = hex::encode(&outbox::mailbox_of(card, device.realm)?.octets);
    let card = card_to_text(card);
    report.event(
        "identity",
        &format!(
            "account        {account}\naccount key    {account_key}\nrealm          {}\n\
             transport key  {transport_key}\n\
             mailbox        {mailbox}\ncard           {card}\n\nGive the card to those who are to write to you. It holds no secret.",
            device.realm
        ),
        json!({
            "account": account.to_string(),
            "account_key": account_key,
            "realm": device.realm.to_string(),
            "transport_key": transport_key,
            "mailbox": mailbox,
            "card": card,
        }),
    );
    Ok(())
}
