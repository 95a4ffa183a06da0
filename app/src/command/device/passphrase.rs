//! `chappe device passphrase`: another passphrase for the same device.

use crate::device::{self, DeviceArguments};
use crate::exit::Outcome;
use crate::passphrase::NewPassphraseArguments;
use crate::report::Report;
use crate::storage::VaultFile;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "The old passphrase opens nothing afterwards, except an old copy.")]
pub(crate) struct ChangeArguments {
    #[command(flatten)]
    new: NewPassphraseArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &ChangeArguments, report: Report) -> Outcome<()> {
    let folder = &arguments.device.home;
    device::require(folder)?;
    let old = arguments.device.passphrase.read()?;
    let mut vault = VaultFile::open_to_change(folder)?;
    let opened = vault.unlock(&old)?;
    let new = arguments.new.read()?;
    vault.change_passphrase(&opened, &new)?;
    report.event("passphrase", "the passphrase is changed", json!({}));
    Ok(())
}
