//! `chappe device revocation`: what ends this device once it is lost, signed beforehand.

use crate::device::{Device, DeviceArguments};
use crate::exit::Outcome;
use crate::files;
use crate::report::Report;
use crate::text_form::TextForm;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Give it to somebody you trust, and keep no copy beside the device. Whoever publishes it ends this
device for good; they need neither the device nor its passphrase:
  chappe device revoke FILE --relay … --relay-key …")]
pub(crate) struct RevocationArguments {
    /// Where to; a file that is there is not overwritten
    #[arg(value_name = "OUT")]
    out: PathBuf,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &RevocationArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let revocation = device.presigned_revocation()?;
    let text = TextForm::Endorsement.write(&revocation.to_bytes());
    files::create_private(&arguments.out, format!("{text}\n").as_bytes())?;
    report.event(
        "revocation",
        &format!(
            "the revocation of this device is in {}: give it to somebody else",
            arguments.out.display()
        ),
        json!({
            "account": device.identity.account().id().to_string(),
            "device": device.identity.device(),
        }),
    );
    Ok(())
}
