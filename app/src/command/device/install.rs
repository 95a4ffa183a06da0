//! `chappe device install`: takes the certificate a root has signed for this device.

use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::permissions;
use crate::report::Report;
use crate::text_form::TextForm;
use chappe_codec::identity::Carried;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Its card is another one from then on: give it out anew (chappe card show). Under another account the
sessions of before end.")]
pub(crate) struct InstallArguments {
    /// The file with the certificate
    #[arg(value_name = "CERTIFICATE")]
    certificate: PathBuf,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &InstallArguments, report: Report) -> Outcome<()> {
    let octets = TextForm::Endorsement.read(&files::read_text(&arguments.certificate)?)?;
    let Carried::Certificate(endorsement) = Carried::parse(&octets)? else {
        let message = "this endorsement is no certificate";
        return Err(Failure::new(Exit::Usage, "certificate", message));
    };
    let device = Device::open(&arguments.device)?;
    device.install(endorsement.clone())?;
    let certificate = endorsement.content();
    let (account, number) = (certificate.account.id().to_string(), certificate.device);
    report.event(
        "certified",
        &format!(
            "device {number} of account {account}\n{}",
            permissions::describe(&certificate.permissions)?
        ),
        json!({"account": account, "device": number, "issue": certificate.issue}),
    );
    Ok(())
}
