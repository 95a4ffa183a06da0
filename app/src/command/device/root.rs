//! `chappe device root`: takes the account's root off the device.

use crate::device::{Device, DeviceArguments};
use crate::exit::Outcome;
use crate::passphrase::NewPassphraseArguments;
use crate::report::Report;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The root certifies your devices and is needed for nothing else: keep it on a medium of its own, in
another place than the device. Write the revocation first: chappe device revocation OUT.")]
pub(crate) struct RootArguments {
    /// Where to; a file that is there is not overwritten
    #[arg(value_name = "OUT")]
    out: PathBuf,

    #[command(flatten)]
    new: NewPassphraseArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &RootArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    // Before anybody is asked for a passphrase.
    device.root_key()?;
    device.take_root_off(&arguments.out, &arguments.new.read()?)?;
    report.event(
        "root",
        &format!("the root is in {}, and no longer on the device", arguments.out.display()),
        json!({"account": device.identity.account().id().to_string()}),
    );
    Ok(())
}
