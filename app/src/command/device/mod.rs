//! `chappe device`: what its owner does to a device.

mod decoy;
mod passphrase;
mod receipts;
mod retention;
mod wipe;

use crate::exit::Outcome;
use crate::report::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct DeviceCommandArguments {
    #[command(subcommand)]
    command: DeviceCommand,
}

#[derive(Debug, clap::Subcommand)]
enum DeviceCommand {
    /// Erase everything, now; no passphrase needed
    Wipe(wipe::WipeArguments),
    /// Change the passphrase
    Passphrase(passphrase::ChangeArguments),
    /// Make a second passphrase that opens another, empty device
    Decoy(decoy::DecoyArguments),
    /// Set for how many days messages are kept
    Retention(retention::RetentionArguments),
    /// Write receipts and evidence into a folder, for others to verify
    Receipts(receipts::ReceiptsArguments),
}

pub(crate) fn run(arguments: DeviceCommandArguments, report: Report) -> Outcome<()> {
    match arguments.command {
        DeviceCommand::Wipe(arguments) => wipe::run(&arguments, report),
        DeviceCommand::Passphrase(arguments) => passphrase::run(&arguments, report),
        DeviceCommand::Decoy(arguments) => decoy::run(&arguments, report),
        DeviceCommand::Retention(arguments) => retention::run(&arguments, report),
        DeviceCommand::Receipts(arguments) => receipts::run(&arguments, report),
    }
}
