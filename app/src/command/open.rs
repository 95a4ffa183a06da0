//! `chappe open`: one envelope on standard input, whatever carried it here.

use crate::arrivals::Desk;
use crate::device::received::{Received, Taken};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::report::Report;
use chappe_codec::limits::ENVELOPE_OCTETS_MAX;
use std::io::Read;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What it says is kept, and the key it was sealed with is gone: it opens once. With --json the envelope
is read as hex.

Example:
  chappe open < envelope")]
pub(crate) struct OpenArguments {
    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) fn run(arguments: &OpenArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let envelope = read(report.json)?;
    let (mut received, known) = Received::open(&device)?;
    let mut desk = Desk::new(&device, received.station.contacts(), None, report);
    desk.resume(known)?;
    match received.take(&envelope, None)? {
        Ok(Taken { content, arrivals }) => {
            desk.arrived(&content, arrivals);
            received.told()
        }
        Err(refusal) => {
            desk.turned_away(&mut received, &envelope, refusal)?;
            Err(refusal.into())
        }
    }
}

/// The envelope's octets; one too many is enough to refuse it.
fn read(is_hex: bool) -> Outcome<Vec<u8>> {
    let room = ENVELOPE_OCTETS_MAX.saturating_mul(2).saturating_add(2);
    let mut octets = Vec::new();
    std::io::stdin()
        .lock()
        .take(u64::try_from(room).unwrap_or(u64::MAX))
        .read_to_end(&mut octets)
        .map_err(|error| Failure::new(Exit::Failure, "stream", error.to_string()))?;
    if !is_hex {
        return Ok(octets);
    }
    let text = String::from_utf8(octets)
        .map_err(|_| Failure::new(Exit::Malformed, "bad_character", "not an envelope in hex"))?;
    hex::decode("the envelope", text.trim())
}
