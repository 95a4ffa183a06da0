//! `chappe send`: say something, to one contact or to everyone, through a relay or over the radio.

use crate::carrier::{Carrier, Destination};
use crate::clock;
use crate::device::contacts::Contact;
use crate::device::content::{Outside, is_first_flight, outside};
use crate::device::prekeys;
use crate::device::sent::{Audience, Path, Sent, Written};
use crate::device::{Device, DeviceArguments};
use crate::duress;
use crate::exit::{Exit, Failure, Outcome};
use crate::network::RelayArguments;
use crate::report::Report;
use crate::said::{self, SIGNAL_LINE_OCTETS_MAX};
use crate::text;
use chappe_codec::item::Item;
use chappe_codec::precedence::Precedence;
use std::io::{BufRead, Read};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
One signal a line: JSON, text form, or hex of the wire or a packed item.
What cannot be delivered now waits: exit code 6, `chappe send --queued`.
Without --relay it goes to the home relays on the contact's card.
  chappe send --to aid --sign --relay 192.0.2.7:7406 --relay-key 5f… < FILE")]
pub(crate) struct SendArguments {
    /// Seal it to this contact
    #[arg(long, value_name = "NAME", conflicts_with = "open")]
    to: Option<String>,

    /// Say it to everyone, signed
    #[arg(long)]
    open: bool,

    /// The lines are texts, not signals
    #[arg(long, conflicts_with_all = ["standard", "unchecked"])]
    text: bool,

    /// Signals on the standard wire, not packed
    #[arg(long)]
    standard: bool,

    /// Only send what still waits
    #[arg(long, conflicts_with_all = ["to", "open", "sign", "text", "standard"])]
    queued: bool,

    /// flash, immediate, priority, routine
    #[arg(long, value_name = "HOW", default_value_t = Precedence::Routine)]
    precedence: Precedence,

    /// Sign what was said to them so far
    #[arg(long)]
    sign: bool,

    /// Send even what breaks a rule
    #[arg(long)]
    unchecked: bool,

    /// Let everyone read that it is under duress
    #[arg(long, requires = "open")]
    duress_in_the_open: bool,

    /// Safe from quantum computers to come; 1.3 kB once
    #[arg(long, requires = "to")]
    post_quantum: bool,

    #[command(flatten)]
    relay: RelayArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) async fn run(arguments: SendArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let named = arguments.relay.relay(&device)?;
    let mut carrier = Carrier::new(&device, named, report)?;
    // Nothing is written while the input may still be wrong, but nothing waits for the network.
    let path = Path::Relay { post_quantum: arguments.post_quantum };
    let mut sent = Sent::open(&device, path)?;
    if !arguments.queued {
        let audience = audience(&device, &arguments)?;
        carrier.check(&destination_of(&device, &audience)?)?;
        write_all(&mut sent, &device, &audience, &arguments, report)?;
    }
    let outcome = deliver(&mut sent, &device, &mut carrier, report).await;
    carrier.close().await;
    outcome
}

/// Puts every line of the input, and the signature if asked for, into envelopes on disk.
fn write_all(
    sent: &mut Sent<'_>,
    device: &Device,
    audience: &Audience,
    arguments: &SendArguments,
    report: Report,
) -> Outcome<()> {
    each_line(|line| {
        let octets = if arguments.text {
            text::to_item(line)?
        } else {
            let draft = crate::signal::read(line.trim(), arguments.unchecked, !arguments.standard)?;
            duress::outgoing(device, audience, draft, arguments.duress_in_the_open)?
        };
        let item = Item::from_canonical(&octets)?;
        said::check_precedence(&item, arguments.precedence)?;
        let written = sent.write(audience, arguments.precedence, &[item])?;
        warn_of_old_card(audience, &written, report);
        said::report_envelope(report, &written, audience.name());
        Ok(())
    })?;
    // A FLASH is signed with what goes next; what waited long enough, too.
    if arguments.sign || sent.due().iter().any(|to| to == audience.name()) {
        for written in sent.sign(audience, audience, arguments.precedence)? {
            said::report_envelope(report, &written, audience.name());
        }
    }
    Ok(())
}

/// Every line of standard input that is not empty, without its end.
pub(super) fn each_line(mut take: impl FnMut(&str) -> Outcome<()>) -> Outcome<()> {
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    loop {
        line.clear();
        let mut bounded = input.by_ref().take(SIGNAL_LINE_OCTETS_MAX);
        let read = bounded
            .read_line(&mut line)
            .map_err(|error| Failure::new(Exit::Malformed, "line", error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if !line.trim().is_empty() {
            take(line.trim_end_matches(['\r', '\n']))?;
        }
    }
}

fn audience(device: &Device, arguments: &SendArguments) -> Outcome<Audience> {
    match (&arguments.to, arguments.open) {
        (Some(name), false) => Ok(sealed_to(&device.contact(name)?)),
        (None, true) => Ok(Audience::Open),
        _ => Err(Failure::new(Exit::Usage, "usage", "say to whom: --to NAME or --open")),
    }
}

/// "Whoever begins a session to one is told so" (spec/10-identity.md, "Card").
pub(super) fn warn_of_old_card(audience: &Audience, written: &Written, report: Report) {
    if let Audience::Contact { name, card } = audience
        && is_first_flight(&written.envelope)
        && let Some(advice) = prekeys::advice(name, card, clock::now_if_known())
    {
        report.note(&advice);
    }
}

/// To a contact.
pub(crate) fn sealed_to(contact: &Contact) -> Audience {
    Audience::Contact { name: contact.name.clone(), card: Box::new(contact.card.clone()) }
}

/// Takes everything that waits to where it is read, oldest first. A contact that was removed, or whose
/// relays do not answer, does not hold up what goes to others.
pub(crate) async fn deliver(
    sent: &mut Sent<'_>,
    device: &Device,
    carrier: &mut Carrier<'_>,
    report: Report,
) -> Outcome<()> {
    let mut skipped: Option<Failure> = None;
    for waiting in sent.queued() {
        let carried = match destination(device, &waiting.to, &waiting.envelope) {
            Ok(to) => carrier.carry(&to, waiting.precedence, &waiting.envelope).await,
            Err(failure) => Err(failure),
        };
        match carried {
            Ok(()) => sent.handed_over(&waiting.envelope)?,
            Err(failure) => {
                if let Some(before) = skipped.replace(failure) {
                    report.note(&before.to_string());
                }
            }
        }
    }
    skipped.map_or(Ok(()), Err)
}

/// Where what is said to them goes.
pub(crate) fn destination_of(device: &Device, audience: &Audience) -> Outcome<Destination> {
    match audience {
        Audience::Open => Ok(Destination::public(device)),
        Audience::Contact { name, card } => Destination::contact(device, name, card),
    }
}

fn destination(device: &Device, to: &str, envelope: &[u8]) -> Outcome<Destination> {
    match outside(envelope)? {
        Outside::Open(_) => Ok(Destination::public(device)),
        Outside::Sealed | Outside::Unknown => {
            let card = device.contact(to)?.card;
            device.check_in_force(&card)?;
            Destination::contact(device, to, &card)
        }
    }
}
