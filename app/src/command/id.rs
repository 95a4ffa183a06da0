//! `chappe id`: make an identity, show its public half.

use crate::device::{Device, DeviceArguments, card_to_text};
use crate::exit::Outcome;
use crate::hex;
use crate::outbox;
use crate::report::Report;
use chappe_codec::realm::Realm;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct IdArguments {
    #[command(subcommand)]
    command: IdCommand,
}

#[derive(Debug, clap::Subcommand)]
enum IdCommand {
    /// Make a new identity; its keys are encrypted on disk and never shown
    New {
        #[command(flatten)]
        device: DeviceArguments,

        /// The realm it belongs to: live/ or exercise/ and the network's eight hex digits
        #[arg(long, value_name = "REALM", default_value = "live/00000001")]
        realm: Realm,
    },
    /// Show the account, the contact card and the relay key
    Show {
        #[command(flatten)]
        device: DeviceArguments,
    },
}

pub(crate) fn run(arguments: IdArguments, report: Report) -> Outcome<()> {
    let device = match arguments.command {
        IdCommand::New { device, realm } => Device::create(&device, realm)?,
        IdCommand::Show { device } => Device::open(&device)?,
    };
    show(&device, report)
}

fn show(device: &Device, report: Report) -> Outcome<()> {
    let card = device.identity.card();
    let account = card.account().id();
    let account_key = hex::encode(&card.account().0);
    let transport_key = hex::encode(card.transport_key());
    let mailbox = hex::encode(&outbox::mailbox_of(card)?.octets);
    let card = card_to_text(card);
    report.event(
        "identity",
        &format!(
            "account        {account}\nrealm          {}\ntransport key  {transport_key}\n\
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
