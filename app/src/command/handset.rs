//! `chappe handset`: say and hear signals over LoRa, with nothing but a radio.

use super::send::sealed_to;
use super::shutdown;
use crate::arrivals::Desk;
use crate::clock;
use crate::device::content::{Outside, outside};
use crate::device::inquiries::Inquiries;
use crate::device::received::{Received, Taken};
use crate::device::sent::{Audience, Path, Sent, Waiting};
use crate::device::{Device, DeviceArguments};
use crate::duress;
use crate::exit::{Exit, Failure, Outcome};
use crate::radio_link::{self, Radio, RadioArguments};
use crate::report::Report;
use crate::said::{self, SIGNAL_LINE_OCTETS_MAX};
use crate::text;
use chappe_codec::item::Item;
use chappe_codec::label::{Label, label_epoch};
use chappe_codec::precedence::Precedence;
use chappe_radio::driver::ModemEvent;
use chappe_radio::frame::PUBLIC_NET;
use chappe_radio::link::{Destination, FrameRequest, LinkEvent, Role};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::mpsc;

/// How often what was not acknowledged is tried again.
const RETRY: Duration = Duration::from_secs(4);

/// Lines of input waiting to be obeyed.
const LINES_MAX: usize = 16;

/// How often a frame may be passed on.
const HOPS: u8 = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
One command a line on standard input:
  {\"say\": SIGNAL, \"to\": \"open\" or a contact, \"precedence\": \"flash\"}
  {\"text\": \"any script\", \"to\": \"open\" or a contact, \"precedence\": \"priority\"}
  {\"sign\": \"open\" or a contact, \"to\": a contact}
SIGNAL is Whiteflag JSON. What nobody acknowledges is sent again.")]
pub(crate) struct HandsetArguments {
    /// Say signals on the standard wire, not packed
    #[arg(long)]
    standard: bool,

    #[command(flatten)]
    radio: RadioArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

/// A line of input.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Order {
    Say { say: Value, to: String, precedence: Option<String>, duress_in_the_open: Option<bool> },
    Text { text: String, to: String, precedence: Option<String> },
    Sign { sign: String, to: String },
}

pub(crate) async fn run(arguments: HandsetArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let labels = own_labels(&device);
    let role = Role::Station { labels: labels.clone() };
    let radio = arguments.radio.join(device.realm, role).await?;
    let (mut received, known) = Received::open(&device)?;
    let mut desk = Desk::new(&device, received.station.contacts(), None, report);
    let mut inquiries = Inquiries::default();
    known.untold.iter().for_each(|(_, arrivals)| inquiries.heard(arrivals));
    desk.resume(known)?;
    received.told()?;
    let sent = Sent::open(&device, Path::Radio)?;
    let mut handset = Handset {
        device: &device,
        radio,
        labels,
        received,
        sent,
        desk,
        inquiries,
        report,
        packed: !arguments.standard,
        in_flight: BTreeMap::new(),
        next_token: 0,
    };
    report.event("ready", "on air", json!({"role": "handset", "address": ""}));
    let ended = handset.serve().await;
    let closed = handset.radio.modem.close().await.map_err(|error| radio_link::failure(&error));
    ended.and(closed)
}

/// Hands on the lines of standard input. In a task of its own: a line half read would be lost if the
/// wait for it were given up.
async fn read_lines(sender: mpsc::Sender<Outcome<String>>) {
    let mut input = BufReader::new(tokio::io::stdin());
    loop {
        let mut line = Vec::new();
        let read = (&mut input).take(SIGNAL_LINE_OCTETS_MAX).read_until(b'\n', &mut line).await;
        if read.map_or(true, |octets| octets == 0) {
            return;
        }
        let line = match String::from_utf8(line) {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => Ok(line.trim().to_owned()),
            Err(_) => Err(Failure::new(Exit::Malformed, "bad_character", "a line is not UTF-8")),
        };
        if sender.send(line).await.is_err() {
            return;
        }
    }
}

/// "gateways know the labels of the days around", and so does a handset its own.
fn own_labels(device: &Device) -> Vec<Label> {
    let today = label_epoch(clock::now_seconds());
    let key = device.identity.card().label_key();
    (today.saturating_sub(1)..=today.saturating_add(1))
        .map(|epoch| Label::new(key, device.realm, epoch))
        .collect()
}

struct Handset<'a> {
    device: &'a Device,
    radio: Radio,
    labels: Vec<Label>,
    received: Received<'a>,
    sent: Sent<'a>,
    desk: Desk<'a>,
    inquiries: Inquiries,
    report: Report,
    /// Say signals in the compact form.
    packed: bool,
    /// By the link's token.
    in_flight: BTreeMap<u64, Vec<u8>>,
    next_token: u64,
}

impl Handset<'_> {
    async fn serve(&mut self) -> Outcome<()> {
        let (sender, mut lines) = mpsc::channel(LINES_MAX);
        tokio::spawn(read_lines(sender));
        let mut retry = tokio::time::interval(RETRY);
        let mut ended = std::pin::pin!(shutdown());
        loop {
            tokio::select! {
                () = &mut ended => return Ok(()),
                Some(line) = lines.recv() => {
                    let obeyed = match line {
                        Ok(line) => self.obey(&line).await,
                        Err(failure) => Err(failure),
                    };
                    if let Err(failure) = obeyed {
                        self.report.event("error", &failure.to_string(), failure.to_json());
                    }
                }
                event = self.radio.modem.next() => match event {
                    Some(event) => self.heard(event)?,
                    None => {
                        return Err(Failure::new(Exit::TryLater, "radio", "the radio has stopped"));
                    }
                },
                _ = retry.tick() => {
                    self.renew_labels().await?;
                    self.sign_what_is_due()?;
                    self.correspond()?;
                    self.transmit_queued().await?;
                    self.received.keep_retention()?;
                    self.sent.keep_retention()?;
                }
            }
        }
    }

    /// Labels change with the day.
    async fn renew_labels(&mut self) -> Outcome<()> {
        let labels = own_labels(self.device);
        if labels == self.labels {
            return Ok(());
        }
        self.labels.clone_from(&labels);
        self.radio.modem.set_labels(labels).await.map_err(|error| radio_link::failure(&error))
    }

    async fn obey(&mut self, line: &str) -> Outcome<()> {
        let order: Order = serde_json::from_str(line).map_err(|error| {
            Failure::new(Exit::Malformed, "json", format!("not a command: {error}"))
        })?;
        match order {
            Order::Say { say, to, precedence, duress_in_the_open } => {
                let draft = crate::signal::read(&say.to_string(), false, self.packed)?;
                let audience = self.audience(&to)?;
                let forced = duress_in_the_open.unwrap_or(false);
                let octets = duress::outgoing(self.device, &audience, draft, forced)?;
                self.write(&audience, precedence.as_deref(), &octets)?;
            }
            Order::Text { text, to, precedence } => {
                let audience = self.audience(&to)?;
                self.write(&audience, precedence.as_deref(), &text::to_item(&text)?)?;
            }
            Order::Sign { sign, to } => {
                let (chain, audience) = (self.audience(&sign)?, self.audience(&to)?);
                for written in self.sent.sign(&chain, &audience, Precedence::Priority)? {
                    said::report_envelope(self.report, &written, audience.name());
                }
            }
        }
        self.transmit_queued().await
    }

    /// Puts an item, by its octets, into an envelope.
    fn write(
        &mut self,
        audience: &Audience,
        precedence: Option<&str>,
        octets: &[u8],
    ) -> Outcome<()> {
        let precedence = precedence.unwrap_or("routine").parse();
        let precedence = precedence
            .map_err(|error| Failure::new(Exit::Malformed, "precedence", format!("{error}")))?;
        let item = Item::from_canonical(octets)?;
        said::check_precedence(&item, precedence)?;
        let written = self.sent.write(audience, precedence, &[item])?;
        said::report_envelope(self.report, &written, audience.name());
        self.sign_what_is_due()
    }

    /// "When 32 messages of a chain are unsigned, or five minutes after the first of them, or with the
    /// next envelope after a FLASH" (spec/04-statement.md): to those who received the messages.
    fn sign_what_is_due(&mut self) -> Outcome<()> {
        for to in self.sent.due() {
            // A contact that was removed gets no statement.
            let Ok(audience) = self.audience(&to) else { continue };
            for written in self.sent.sign(&audience, &audience, Precedence::Priority)? {
                said::report_envelope(self.report, &written, audience.name());
            }
        }
        Ok(())
    }

    /// Asks for what statements cover and did not come, and answers who asks.
    fn correspond(&mut self) -> Outcome<()> {
        let now = clock::now_seconds();
        if self.inquiries.is_idle(&self.received, now) {
            return Ok(());
        }
        let (received, sent) = (&mut self.received, &mut self.sent);
        for (contact, written) in self.inquiries.write(self.device, received, sent, now)? {
            said::report_envelope(self.report, &written, &contact.name);
        }
        Ok(())
    }

    fn audience(&self, to: &str) -> Outcome<Audience> {
        if to == "open" {
            return Ok(Audience::Open);
        }
        Ok(sealed_to(&self.device.contact(to)?))
    }

    /// Hands the link everything that nobody has acknowledged and that is not under way.
    async fn transmit_queued(&mut self) -> Outcome<()> {
        for waiting in self.sent.queued() {
            if self.in_flight.values().any(|envelope| *envelope == waiting.envelope) {
                continue;
            }
            let request = match self.frame(&waiting) {
                Ok(request) => request,
                // A contact that was removed must not hold up what goes to others.
                Err(failure) => {
                    self.report.note(&failure.to_string());
                    continue;
                }
            };
            self.in_flight.insert(request.token, waiting.envelope);
            let taken = self.radio.modem.send(request).await;
            taken.map_err(|error| radio_link::failure(&error))?;
        }
        Ok(())
    }

    fn frame(&mut self, waiting: &Waiting) -> Outcome<FrameRequest> {
        let (net, destination) = match outside(&waiting.envelope)? {
            Outside::Open(_) => (PUBLIC_NET, Destination::Everyone),
            Outside::Sealed | Outside::Unknown => {
                let contact = self.device.contact(&waiting.to)?;
                self.device.check_in_force(&contact.card)?;
                let epoch = label_epoch(clock::now_seconds());
                let label = Label::new(contact.card.label_key(), self.device.realm, epoch);
                (self.radio.sealed_net, Destination::Label(label))
            }
        };
        let token = self.next_token;
        self.next_token = self.next_token.wrapping_add(1);
        Ok(FrameRequest {
            token,
            net,
            destination,
            precedence: waiting.precedence,
            acknowledged: true,
            hops: HOPS,
            envelope: waiting.envelope.clone(),
        })
    }

    fn heard(&mut self, event: ModemEvent) -> Outcome<()> {
        match event {
            ModemEvent::Link(LinkEvent::Received { frame, .. }) => {
                match self.received.take(&frame.payload, Some(frame.precedence))? {
                    Ok(Taken { content, arrivals }) => {
                        self.inquiries.heard(&arrivals);
                        self.desk.arrived(&content, arrivals);
                        self.received.told()?;
                    }
                    Err(refusal) => {
                        self.desk.turned_away(&mut self.received, &frame.payload, refusal)?;
                    }
                }
            }
            ModemEvent::Link(LinkEvent::Delivered { token, tries, .. }) => {
                if let Some(envelope) = self.in_flight.remove(&token) {
                    self.sent.handed_over(&envelope)?;
                    let text = format!("sent: acknowledged by the next hop, try {tries}");
                    self.report.event("delivered", &text, json!({"tries": tries}));
                }
            }
            ModemEvent::Link(LinkEvent::Failed { token, reason }) => {
                self.in_flight.remove(&token);
                let text = format!("not delivered yet: {reason}; it stays queued");
                self.report.event("waiting", &text, json!({"reason": reason.to_string()}));
            }
            ModemEvent::Link(LinkEvent::Refused { error, packet, .. }) => {
                radio_link::report_refused(self.report, &packet, &error);
            }
            ModemEvent::Recovered(error) => self.report.note(&format!("radio reset: {error}")),
            _ => {}
        }
        Ok(())
    }
}
