//! `chappe device request`: asks a root for a certificate.

use crate::device::{Device, DeviceArguments, root_from_file};
use crate::exit::Outcome;
use crate::permissions::PermissionArguments;
use crate::report::Report;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints two requests for `chappe root sign`, one a line: for the certificate, and
for what ends the device once it is lost. Without --root it asks the last one.

Example:
  chappe device request --root org.txt --number 2 --types PDQF,text --expiry 2027-01-01T00:00:00Z")]
pub(crate) struct RequestArguments {
    /// The root to ask, as `chappe root new` or `join` prints it
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,

    /// The device's number, 1 to 255
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    number: Option<u8>,

    /// Higher than that of any certificate under this number before
    #[arg(long, value_name = "N")]
    issue: Option<u16>,

    /// Do not ask for what ends the device
    #[arg(long)]
    no_revocation: bool,

    #[command(flatten)]
    permissions: PermissionArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &RequestArguments, report: Report) -> Outcome<()> {
    let root = arguments.root.as_deref().map(root_from_file).transpose()?;
    let device = Device::open(&arguments.device)?;
    let permissions = arguments.permissions.permissions();
    let request = device.request(root, arguments.number, arguments.issue, permissions)?;
    let text = request.to_text();
    report.event("request", &text, json!({"request": text, "for": "certificate"}));
    // "Made with every certificate, at its creation" (spec/10-identity.md, "Revocation").
    if let (Some(request), false) = (request.revocation()?, arguments.no_revocation) {
        let text = request.to_text();
        report.event("request", &text, json!({"request": text, "for": "revocation"}));
    }
    Ok(())
}
