//! `chappe device decoy`: a second passphrase that opens another device.

use crate::device::{self, DeviceArguments, Secrets};
use crate::exit::Outcome;
use crate::passphrase::NewPassphraseArguments;
use crate::report::Report;
use crate::storage::VaultFile;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Give up the second passphrase if you are forced to give one. It opens a device with keys of its own,
without your contacts and messages. Sealed signals sent from it say that you are under duress; the
screen does not. Use it now and then: one that was never used convinces nobody.")]
pub(crate) struct DecoyArguments {
    #[command(flatten)]
    new: NewPassphraseArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &DecoyArguments, report: Report) -> Outcome<()> {
    let folder = &arguments.device.home;
    device::require(folder)?;
    let own = arguments.device.passphrase.read()?;
    let mut vault = VaultFile::open_to_change(folder)?;
    let opened = vault.unlock(&own)?;
    let realm = Secrets::read(&opened.area)?.realm;
    let new = arguments.new.read()?;
    vault.add_decoy(&opened, realm, &new)?;
    report.event("decoy", "the second passphrase opens another device", json!({}));
    Ok(())
}
