//! `chappe seal`: what is said, in one envelope on standard output, for whatever carries it.

use super::send::{each_line, sealed_to, warn_of_old_card};
use crate::device::sent::{Path, Sent};
use crate::device::{Device, DeviceArguments};
use crate::duress;
use crate::exit::{Exit, Failure, Outcome};
use crate::report::Report;
use crate::{hex, text};
use chappe_codec::item::Item;
use chappe_codec::precedence::Precedence;
use serde_json::json;
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chappe seal --to aid < signal.json > envelope       then carry it by any way there is
  echo 'All well' | chappe seal --to aid --text | chappe open --home aid")]
pub(crate) struct SealArguments {
    /// Seal it to this contact
    #[arg(long, value_name = "NAME")]
    to: String,

    /// The lines are texts in any script, not signals
    #[arg(long, conflicts_with = "unchecked")]
    text: bool,

    /// Seal even what breaks a rule
    #[arg(long)]
    unchecked: bool,

    /// It has to fit into one radio frame
    #[arg(long)]
    radio: bool,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) fn run(arguments: &SealArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let audience = sealed_to(&device.contact(&arguments.to)?);
    let mut items = Vec::new();
    each_line(|line| {
        items.push(if arguments.text {
            text::to_item(line)?
        } else {
            let draft = crate::signal::read(line.trim(), arguments.unchecked, true)?;
            duress::outgoing(&device, &audience, draft, false)?
        });
        Ok(())
    })?;
    let items: Vec<Item<'_>> =
        items.iter().map(|octets| Item::from_canonical(octets)).collect::<Result<_, _>>()?;
    if items.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "usage",
            "nothing to seal: give it on standard input",
        ));
    }
    let path = if arguments.radio { Path::Radio } else { Path::Relay { post_quantum: false } };
    let mut sent = Sent::open(&device, path)?;
    let written = sent.write(&audience, Precedence::Routine, &items)?;
    warn_of_old_card(&audience, &written, report);
    if report.json {
        let octets = hex::encode(&written.envelope);
        report.event("envelope", "", json!({"to": arguments.to, "octets": octets}));
    } else {
        let mut out = std::io::stdout().lock();
        out.write_all(&written.envelope)
            .and_then(|()| out.flush())
            .map_err(|error| Failure::new(Exit::Failure, "stream", error.to_string()))?;
    }
    // Whoever asked for it has it; `chappe send --queued` does not send it once more.
    sent.handed_over(&written.envelope)
}
