//! `chappe device retention`: for how long texts are kept.

use crate::device::{Device, DeviceArguments};
use crate::exit::Outcome;
use crate::report::Report;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Older messages are erased when the device is next used, and while it runs. That they came, and from
whom, stays; so do receipts. With 0 days a message goes soon after it was shown.")]
pub(crate) struct RetentionArguments {
    /// 0 to 3650; without it the days that are set are shown
    #[arg(value_name = "DAYS")]
    days: Option<u16>,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &RetentionArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    if let Some(days) = arguments.days {
        device.set_retention(days)?;
    }
    let days = device.settings()?.retention_days;
    report.event("retention", &format!("messages are kept {days} days"), json!({"days": days}));
    Ok(())
}
