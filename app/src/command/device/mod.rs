//! `chappe device`: what its owner does to a device.

mod decoy;
mod install;
mod passphrase;
mod prekey;
mod receipts;
mod repair;
mod request;
mod retention;
mod revocation;
mod revoke;
mod root;
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
    /// Write what ends this device once it is lost, for somebody else to keep
    Revocation(revocation::RevocationArguments),
    /// Publish the revocation of a lost device
    Revoke(revoke::RevokeArguments),
    /// Take the account's root off the device, into a file of its own
    Root(root::RootArguments),
    /// Go on after the disk was put back to an older state, or lost a part
    Repair(repair::RepairArguments),
    /// Ask a root for a certificate
    Request(request::RequestArguments),
    /// Take the certificate a root has signed
    Install(install::InstallArguments),
    /// Replace the prekey in this device's card
    Prekey(prekey::PrekeyArguments),
    /// Write receipts and evidence into a folder, for others to verify
    Receipts(receipts::ReceiptsArguments),
}

pub(crate) async fn run(arguments: DeviceCommandArguments, report: Report) -> Outcome<()> {
    match arguments.command {
        DeviceCommand::Wipe(arguments) => wipe::run(&arguments, report),
        DeviceCommand::Passphrase(arguments) => passphrase::run(&arguments, report),
        DeviceCommand::Decoy(arguments) => decoy::run(&arguments, report),
        DeviceCommand::Retention(arguments) => retention::run(&arguments, report),
        DeviceCommand::Revocation(arguments) => revocation::run(&arguments, report),
        DeviceCommand::Revoke(arguments) => revoke::run(arguments, report).await,
        DeviceCommand::Root(arguments) => root::run(&arguments, report),
        DeviceCommand::Repair(arguments) => repair::run(&arguments, report),
        DeviceCommand::Request(arguments) => request::run(&arguments, report),
        DeviceCommand::Install(arguments) => install::run(&arguments, report),
        DeviceCommand::Prekey(arguments) => prekey::run(&arguments, report),
        DeviceCommand::Receipts(arguments) => receipts::run(&arguments, report),
    }
}
