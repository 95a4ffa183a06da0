//! `chappe device revoke`: publishes what ends a lost device, or a lost root.

use crate::carrier::Carrier;
use crate::changes;
use crate::command::send::{deliver, destination_of, sealed_to};
use crate::device::contacts::display_name;
use crate::device::sent::{Audience, Path, Sent};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::network::RelayArguments;
use crate::report::Report;
use crate::said;
use crate::text_form::TextForm;
use chappe_codec::identity::Carried;
use chappe_codec::precedence::Precedence;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
From any device; the lost one's passphrase is not needed. Everyone who hears it refuses what the lost
device says from then on. There is no way back.

Example:
  chappe device revoke handset.revocation --to gateway --relay 192.0.2.7:7406 --relay-key 5f…")]
pub(crate) struct RevokeArguments {
    /// The file with the revocation or the succession
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Also seal it to these contacts
    #[arg(long, value_name = "NAME")]
    to: Vec<String>,

    #[command(flatten)]
    relay: RelayArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) async fn run(arguments: RevokeArguments, report: Report) -> Outcome<()> {
    let octets = TextForm::Endorsement.read(&files::read_text(&arguments.file)?)?;
    let endorsement = Carried::parse(&octets)?;
    let device = Device::open(&arguments.device)?;
    let named = arguments.relay.relay(&device)?;
    let mut carrier = Carrier::new(&device, named, report)?;
    let mut audiences = vec![Audience::Open];
    for name in &arguments.to {
        audiences.push(sealed_to(&device.contact(name)?));
    }
    for audience in &audiences {
        carrier.check(&destination_of(&device, audience)?)?;
    }
    take(&device, &endorsement, report)?;
    let mut sent = Sent::open(&device, Path::Relay { post_quantum: false })?;
    for audience in audiences {
        let item = [said::endorsement_item(&octets)];
        let written = sent.write(&audience, Precedence::Immediate, &item)?;
        said::report_envelope(report, &written, audience.name());
    }
    let outcome = deliver(&mut sent, &device, &mut carrier, report).await;
    carrier.close().await;
    outcome
}

/// It counts here first; about an account this device does not know it has to hold by itself.
fn take(device: &Device, endorsement: &Carried, report: Report) -> Outcome<()> {
    match endorsement {
        Carried::Certificate(_) => {
            let message = "this is a certificate, and revokes nothing";
            return Err(Failure::new(Exit::Usage, "certificate", message)
                .advise("give it to its device: chappe device install FILE"));
        }
        _ if device.knows(&endorsement.account())? => {}
        Carried::Revocation(revocation) => return Ok(revocation.verify(device.realm)?),
        Carried::Succession(succession) => return Ok(succession.verify(device.realm)?),
    }
    let contacts = device.contacts()?;
    for change in device.take_endorsement(endorsement)? {
        changes::report(report, &change, endorsement, |account| display_name(&contacts, account));
    }
    Ok(())
}
