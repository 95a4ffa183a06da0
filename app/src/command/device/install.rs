//! `chappe device install`: takes the certificate a root has signed for this device.

use crate::device::{Device, DeviceArguments, put_away};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::permissions;
use crate::report::Report;
use crate::text_form::TextForm;
use chappe_codec::identity::{Carried, Certificate, Endorsement, Revocation};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Its card is another one from then on: give it out anew (chappe card show). Under another account the
sessions of before end. What ends the device, if it was signed with the certificate, is written into a
file beside it, to be put away.")]
pub(crate) struct InstallArguments {
    /// The file with the certificate
    #[arg(value_name = "CERTIFICATE")]
    certificate: PathBuf,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &InstallArguments, report: Report) -> Outcome<()> {
    let (endorsement, revocation) = read(&arguments.certificate)?;
    let device = Device::open(&arguments.device)?;
    if let Some(revocation) = &revocation {
        check(revocation, &endorsement, &device)?;
    }
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
    let Some(revocation) = revocation else {
        report.note("WARNING: nothing that ends this device came with its certificate");
        return Ok(());
    };
    device.set_to_put_away(true)?;
    let paper = put_away::revocation_paper(folder_of(&arguments.certificate), number);
    put_away::write_to_print(&paper, &Carried::Revocation(revocation))?;
    report.event(
        "put away",
        &format!(
            "\nPUT THIS AWAY now, and leave none of it here:\n  {}\n      {}\n      kept by {}\nThen: \
             chappe id put-away",
            paper.path.display(),
            paper.purpose,
            paper.keeper,
        ),
        json!({"files": [{"file": paper.path, "purpose": paper.purpose, "keeper": paper.keeper}]}),
    );
    Ok(())
}

type Signed = (Endorsement<Certificate>, Option<Endorsement<Revocation>>);

/// The certificate in a file of endorsements, one a line, and the revocation if there is one.
fn read(path: &Path) -> Outcome<Signed> {
    let (mut certificate, mut revocation) = (None, None);
    for line in files::read_text(path)?.lines() {
        match Carried::parse(&TextForm::Endorsement.read(line)?)? {
            Carried::Certificate(found) if certificate.is_none() => certificate = Some(found),
            Carried::Revocation(found) if revocation.is_none() => revocation = Some(found),
            _ => return Err(Failure::new(Exit::Usage, "certificate", "more than one of a kind")),
        }
    }
    let none = || Failure::new(Exit::Usage, "certificate", "this endorsement is no certificate");
    Ok((certificate.ok_or_else(none)?, revocation))
}

/// A revocation that does not end what is installed is worth nothing when it is needed.
fn check(
    revocation: &Endorsement<Revocation>,
    certificate: &Endorsement<Certificate>,
    device: &Device,
) -> Outcome<()> {
    revocation.verify(device.realm)?;
    let (ends, certified) = (revocation.content(), certificate.content());
    if (ends.account, ends.device, ends.issue)
        == (certified.account, certified.device, certified.issue)
    {
        return Ok(());
    }
    let message = "the revocation ends another device, or another issue, than is certified";
    Err(Failure::new(Exit::Authentication, "inconsistent", message))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}
