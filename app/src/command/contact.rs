//! `chappe contact`: whose cards this device holds.

use crate::device::contacts::Added;
use crate::device::sealing::Sealing;
use crate::device::{Device, DeviceArguments, card_from_file};
use crate::exit::Outcome;
use crate::home;
use crate::permissions;
use crate::report::Report;
use crate::words::Words;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  chappe contact add aid aid.card && chappe contact words aid")]
pub(crate) struct ContactArguments {
    #[command(subcommand)]
    command: ContactCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ContactCommand {
    /// Add a contact from a card file; a name or account with other keys is refused
    Add {
        /// The name you give them: a-z, 0-9 and -
        name: String,
        /// The file with their card
        card: PathBuf,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Remove a contact; what they said stays
    Remove {
        /// The contact's name
        name: String,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Show what to compare with a contact by voice: seven words for each of you
    Words {
        /// The contact's name
        name: String,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Show a contact: its device, what it may say, how what you say to it is sealed
    Show {
        /// The contact's name
        name: String,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// List the contacts
    List {
        #[command(flatten)]
        device: DeviceArguments,
    },
}

pub(crate) fn run(arguments: ContactArguments, report: Report) -> Outcome<()> {
    match arguments.command {
        ContactCommand::Add { name, card, device } => {
            let device = Device::open(&device)?;
            let card = card_from_file(&card, device.realm)?;
            let account = card.account().id().to_string();
            let known = device.contacts()?.into_iter().find(|contact| contact.name == name);
            let done = match device.add_contact(&name, &card)? {
                Added::New => "added",
                Added::Unchanged => "known already",
                Added::Renewed => "renewed",
            };
            let words = Words::of(device.realm, &card.account())?.words;
            report.event(
                "contact",
                &format!(
                    "{name}  {account}  {done}\nits words: {words}\n\
                     Compare them by voice before you trust it: chappe contact words {name}"
                ),
                json!({
                    "name": name,
                    "account": account,
                    "state": done,
                    "words": words,
                    "homes": home::json(card.homes()),
                }),
            );
            let before = known.map(|known| known.card);
            if let Some(before) = before
                && let Some(change) = home::change(before.homes(), card.homes())
            {
                report.note(&format!("{name} {change}"));
            }
        }
        ContactCommand::Remove { name, device } => {
            let device = Device::open(&device)?;
            let account = device.remove_contact(&name)?.card.account().id().to_string();
            report.event(
                "contact",
                &format!("{name}  {account}  removed"),
                json!({"name": name, "account": account, "state": "removed"}),
            );
        }
        ContactCommand::Words { name, device } => words(&Device::open(&device)?, &name, report)?,
        ContactCommand::Show { name, device } => show(&Device::open(&device)?, &name, report)?,
        ContactCommand::List { device } => {
            for contact in Device::open(&device)?.contacts()? {
                let account = contact.card.account().id().to_string();
                report.event(
                    "contact",
                    &format!("{}  {account}", contact.name),
                    json!({"name": contact.name, "account": account, "state": "known already"}),
                );
            }
        }
    }
    Ok(())
}

fn words(device: &Device, name: &str, report: Report) -> Outcome<()> {
    let contact = device.contact(name)?;
    let theirs = Words::of(device.realm, &contact.card.account())?;
    let ours = Words::of(device.realm, device.identity.account())?;
    report.event(
        "words",
        &format!(
            "{name}  {}\n  {}\nyou  {}\n  {}\n\
             Read yours to {name} and hear theirs, by voice: all seven of each, in order.",
            theirs.words,
            theirs.digits(),
            ours.words,
            ours.digits()
        ),
        json!({
            "name": name,
            "words": theirs.words,
            "numbers": theirs.numbers,
            "own_words": ours.words,
            "own_numbers": ours.numbers,
        }),
    );
    Ok(())
}

fn show(device: &Device, name: &str, report: Report) -> Outcome<()> {
    let contact = device.contact(name)?;
    let certificate = contact.card.certificate();
    let is_revoked = device.check_in_force(&contact.card).is_err();
    let sealing = Sealing::open(device)?;
    let session = match (is_revoked, sealing.has_session(&contact.card)) {
        (true, _) => "ended: the device was revoked, nothing is sent to it",
        (false, false) => "none yet: it begins with the first sealed message",
        (false, true) if sealing.is_post_quantum(&contact.card) => {
            "sealed, safe from quantum computers to come"
        }
        (false, true) => "sealed, not yet safe from quantum computers to come",
    };
    report.event(
        "contact",
        &format!(
            "name           {name}\naccount        {}\ndevice         {}, issue {}\n{}\n\
             words          {}\n{}\nsession        {session}",
            certificate.account.id(),
            certificate.device,
            certificate.issue,
            permissions::describe(&certificate.permissions)?,
            Words::of(device.realm, &certificate.account)?.words,
            home::lines(contact.card.homes()),
        ),
        json!({
            "name": name,
            "account": certificate.account.id().to_string(),
            "device": certificate.device,
            "issue": certificate.issue,
            "state": if is_revoked { "revoked" } else { "known already" },
            "session": sealing.has_session(&contact.card),
            "post_quantum": sealing.is_post_quantum(&contact.card),
            "homes": home::json(contact.card.homes()),
        }),
    );
    Ok(())
}
