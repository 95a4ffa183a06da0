//! `chappe id put-away`: its owner says that what was made to be put away is.

use crate::device::{Device, DeviceArguments};
use crate::exit::Outcome;
use crate::passphrase;
use crate::report::Report;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Say it once the files lie where they belong and none is left on this machine: the root in a safe, its
successor in another place, the revocation and the succession with people you trust.")]
pub(crate) struct PutAwayArguments {
    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &PutAwayArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    if !arguments.yes {
        passphrase::confirm("Is each of them in its place, and none left here?", "yes")?;
    }
    device.set_to_put_away(false)?;
    report.event("put away", "noted: it is put away", json!({}));
    Ok(())
}
