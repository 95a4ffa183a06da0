//! `chappe device receipts`: what is kept about statements, as files for others.

use crate::device::{Device, DeviceArguments};
use crate::exit::Outcome;
use crate::report::Report;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "What is written is not sealed: it says who signed, and when.")]
pub(crate) struct ReceiptsArguments {
    /// Where to; made if it is not there
    #[arg(value_name = "OUT")]
    out: PathBuf,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &ReceiptsArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let count = device.export_receipts(&arguments.out)?;
    report.event(
        "receipts",
        &format!("{count} files in {}", arguments.out.display()),
        json!({"count": count}),
    );
    Ok(())
}
