//! `chappe contact`: whose cards this device holds.

use crate::device::contacts::Added;
use crate::device::{Device, DeviceArguments, card_from_file};
use crate::exit::Outcome;
use crate::report::Report;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
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
            let done = match device.add_contact(&name, &card)? {
                Added::New => "added",
                Added::Unchanged => "known already",
            };
            report.event(
                "contact",
                &format!("{name}  {account}  {done}"),
                json!({"name": name, "account": account, "state": done}),
            );
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
