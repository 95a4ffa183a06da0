//! `chappe gateway`: joins a radio field to relays. It holds nobody's message keys: what it carries
//! stays sealed, and it knows mailboxes only by the leases their owners sent it.

mod publishing;
mod relays;

use super::shutdown;
use crate::changes;
use crate::clock;
use crate::device::contacts::display_name;
use crate::device::received::Received;
use crate::device::station::{Arrival, Changed};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::gateway::{
    Brought, Downlink, ForAir, Held, Leases, Lines, Published, Reader, Uplink, What,
};
use crate::network::{self, RelayArguments};
use crate::outbox;
use crate::radio_link::{self, Radio, RadioArguments};
use crate::report::Report;
use chappe_codec::digest;
use chappe_codec::item::Family;
use chappe_radio::driver::ModemEvent;
use chappe_radio::link::{FailReason, LinkEvent, Role, SubmitError};
use chappe_relay::client::Delivery;
use chappe_relay::{Address, AddressKind, Lease, rotation};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How often a relay that is gone, and frames nobody acknowledged, are tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Envelopes remembered that were delivered to the air; the oldest are forgotten first.
const CARRIED_MAX: usize = 1024;

/// Deliveries waiting to be dealt with.
const QUEUE: usize = 64;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --relay it reads and writes at the home relays on cards: at its own (chappe card \
    homes), and for\nwhoever leased it a mailbox at theirs.\n\nExample:\n  chappe gateway --radio 127.0.0.1:7408"
)]
pub(crate) struct GatewayArguments {
    #[command(flatten)]
    radio: RadioArguments,

    #[command(flatten)]
    relay: RelayArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) async fn run(arguments: GatewayArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let named = arguments.relay.relay(&device)?;
    let own = network::readable(&device, named)?;
    let radio = arguments.radio.join(device.realm, Role::GATEWAY).await?;
    let (received, known) = Received::open(&device)?;
    let (sender, deliveries) = mpsc::channel(QUEUE);
    let mut gateway = Gateway {
        device: &device,
        is_named: named.is_some(),
        lines: Lines::new(own),
        radio,
        received,
        leases: Leases::default(),
        uplink: Uplink::open(&device)?,
        downlink: Downlink::default(),
        carried: VecDeque::new(),
        followed: rotation::epochs_read(clock::now_seconds()),
        readers: BTreeMap::new(),
        next_reader: 0,
        sender,
        deliveries,
        publishing: JoinSet::new(),
        under_way: BTreeMap::new(),
        refused: BTreeMap::new(),
        report,
    };
    for arrival in known.into_arrivals() {
        gateway.take_lease(arrival);
    }
    gateway.connect_first().await?;
    report.event("ready", "joining air and relay", json!({"role": "gateway", "address": ""}));
    let ended = gateway.serve().await;
    let closed = gateway.radio.modem.close().await.map_err(|error| radio_link::failure(&error));
    ended.and(closed)
}

struct Gateway<'a> {
    device: &'a Device,
    /// Whether a person named the relay: it is then the only one.
    is_named: bool,
    lines: Lines,
    radio: Radio,
    received: Received<'a>,
    leases: Leases,
    uplink: Uplink,
    downlink: Downlink,
    /// Hashes of what was delivered to the air lately: a FLASH comes from more than one home relay.
    carried: VecDeque<[u8; 32]>,
    /// The epochs whose own mailboxes are followed.
    followed: RangeInclusive<u32>,
    /// By relay and mailbox.
    readers: BTreeMap<(usize, [u8; 16]), Reader>,
    next_reader: u64,
    sender: mpsc::Sender<Brought>,
    deliveries: mpsc::Receiver<Brought>,
    publishing: JoinSet<Published>,
    /// What is on its way to relays, by its number in the queue; whether it is FLASH.
    under_way: BTreeMap<u64, bool>,
    /// Which relays will never take what waits, by its number in the queue.
    refused: BTreeMap<u64, BTreeSet<usize>>,
    report: Report,
}

impl Gateway<'_> {
    async fn serve(&mut self) -> Outcome<()> {
        let mut retry = tokio::time::interval(RETRY);
        let mut ended = std::pin::pin!(shutdown());
        loop {
            tokio::select! {
                () = &mut ended => return Ok(()),
                event = self.radio.modem.next() => match event {
                    Some(event) => self.heard(event)?,
                    None => {
                        return Err(Failure::new(Exit::TryLater, "radio", "the radio has stopped"));
                    }
                },
                Some(brought) = self.deliveries.recv() => self.brought(brought)?,
                joined = self.lines.joined() => self.joined(joined)?,
                Some(published) = self.publishing.join_next() => self.published(published)?,
                _ = retry.tick() => {
                    self.received.keep_retention()?;
                    // With another epoch come other keys and mailboxes.
                    let read = rotation::epochs_read(clock::now_seconds());
                    if read != self.followed {
                        self.followed = read;
                        self.readers.clear();
                        self.lines.turn();
                    }
                    self.lines.begin(self.device);
                }
            }
            self.publish_waiting()?;
            self.transmit_waiting().await?;
            if let Some(octets) = self.downlink.wanting() {
                let address = Address { kind: AddressKind::Mailbox, octets };
                if let Some(held) = self.leases.of(address).cloned() {
                    self.subscribe_leased(&held)?;
                }
            }
        }
    }

    fn brought(&mut self, Brought { place, address, number, log, what }: Brought) -> Outcome<()> {
        // A reader that was replaced, or whose connection is gone, may still have had something.
        let reader = self.readers.get(&(place, address.octets));
        if reader.is_none_or(|reader| reader.number != number) {
            return Ok(());
        }
        match what {
            What::Delivery(delivery) => self.delivered(address, log, delivery),
            What::Drained => {
                self.readers.retain(|_, reader| reader.number != number);
                self.lines.get_mut(place).into_iter().for_each(|line| line.is_drained = true);
                Ok(())
            }
            // A lease that ran out or a mailbox withdrawn: the others go on.
            What::Ended(ended) if ended.is_refused && self.leases.of(address).is_some() => {
                self.readers.remove(&(place, address.octets));
                // Another of its owner's home relays may still give it out.
                if !self.readers.keys().any(|(_, read)| *read == address.octets) {
                    self.leases.remove(address);
                }
                let why = ended.failure;
                self.report.note(&format!("a mailbox is no longer ours to read: {why}"));
                Ok(())
            }
            What::Ended(ended) => self.lost(place, &ended.failure),
        }
    }

    fn delivered(&mut self, address: Address, log: u64, delivery: Delivery) -> Outcome<()> {
        let precedence = delivery.parcel.precedence;
        let source = network::source(log, address, precedence);
        if address == outbox::public_topic(self.device.realm) {
            let envelope = delivery.parcel.into_envelope();
            for changed in self.received.heed(&envelope) {
                self.take_change(&changed)?;
            }
            return self.received.advance(&source, delivery.cursor);
        }
        if self.leases.of(address).is_some() {
            // Without a label for today it waits at the relay, for a newer lease or its owner.
            if let Some(label) = self.leases.label_now(address) {
                let (cursor, envelope) = (delivery.cursor, delivery.parcel.into_envelope());
                if self.carried.contains(&digest::sha256(&envelope)) {
                    return Ok(());
                }
                let waiting = ForAir { source, cursor, label, precedence, envelope };
                self.downlink.push(address, waiting);
            }
            return Ok(());
        }
        for held in self.take_own(&source, delivery)? {
            self.subscribe_leased(&held)?;
        }
        Ok(())
    }

    /// Takes what came into an own mailbox; the leases in it that let a mailbox be read now.
    fn take_own(&mut self, source: &str, delivery: Delivery) -> Outcome<Vec<Held>> {
        let (precedence, cursor) = (delivery.parcel.precedence, delivery.cursor);
        let mut taken_leases = Vec::new();
        if let Ok(taken) = self.received.take(&delivery.parcel.into_envelope(), Some(precedence))? {
            for arrival in taken.arrivals {
                if let Arrival::Changed(changed) = &arrival {
                    self.take_change(changed)?;
                }
                taken_leases.extend(self.take_lease(arrival));
            }
        }
        self.received.advance(source, cursor)?;
        let mut read = self.leases.both_ways();
        let address = |held: &Held| held.lease.delegation.address();
        read.retain(|held| taken_leases.iter().any(|taken| address(taken) == address(held)));
        Ok(read)
    }

    /// "A gateway ends its leases" of a device that is revoked (spec/10-identity.md, "Revocation").
    fn take_change(&mut self, changed: &Changed) -> Outcome<()> {
        let contacts = self.received.station.contacts();
        let name = |account| display_name(&contacts, account);
        changes::report(self.report, &changed.change, &changed.endorsement, name);
        for contact in contacts.iter().filter(|contact| self.received.station.is_revoked(contact)) {
            let ended = self.leases.end_of(outbox::key_of(&contact.card)?);
            for mailbox in &ended {
                self.readers.retain(|(_, read), _| *read != mailbox.octets);
                self.downlink.remove(*mailbox);
            }
            if !ended.is_empty() {
                let account = contact.card.account().id().to_string();
                self.report.event(
                    "lease ended",
                    &format!("the lease of {} has ended: its device was revoked", contact.name),
                    json!({"author": account, "device": contact.card.device()}),
                );
            }
        }
        Ok(())
    }

    /// Takes a lease in if it is one and its mailbox belongs to who sent it.
    fn take_lease(&mut self, arrival: Arrival) -> Option<Held> {
        let Arrival::Message(message) = arrival else { return None };
        if (message.family, message.revision) != (Family::LEASE, 0) || !message.sealed {
            return None;
        }
        if !message.not_permitted.is_empty() {
            self.report.note("a lease of a device that is not permitted to give one");
            return None;
        }
        let contacts = self.received.station.contacts();
        let author = contacts.iter().find(|contact| {
            (contact.card.account(), contact.card.device())
                == (message.author, message.position.device)
        })?;
        if self.received.station.is_revoked(author) {
            self.report.note(&format!("a lease of {}, whose device was revoked", author.name));
            return None;
        }
        let lease = Lease::parse(&message.body).ok()?;
        let owner = outbox::key_of(&author.card).ok()?;
        let own = outbox::key_of(self.device.identity.card()).ok()?;
        let Some(held) = Held::new(lease, owner, own, self.device.realm) else {
            self.report.note(&format!("a lease of {} names other keys", author.name));
            return None;
        };
        if held.lease.delegation.verify(self.device.realm).is_err() {
            self.report.note(&format!("a lease of {} does not hold", author.name));
            return None;
        }
        if !self.leases.insert(held.clone()) {
            self.report.note(&format!("no room for the lease of {}", author.name));
            return None;
        }
        let lease = &held.lease;
        let labels = lease.labels().count();
        self.report.event(
            "lease",
            &format!("lease of {} with {labels} labels", author.name),
            json!({
                "author": message.author.id().to_string(),
                "device": message.position.device,
                "labels": labels,
            }),
        );
        Some(held)
    }

    fn heard(&mut self, event: ModemEvent) -> Outcome<()> {
        match event {
            ModemEvent::Link(LinkEvent::Received { frame, .. }) => {
                for address in self.leases.destinations(frame.kind, self.device.realm) {
                    if !self.uplink.push(address, frame.precedence, &frame.payload)? {
                        self.report.note("too much waits for the relay: a frame was dropped");
                    }
                }
            }
            ModemEvent::Link(LinkEvent::Delivered { token, .. }) => {
                if let Some(sent) = self.downlink.done(token) {
                    self.received.advance(&sent.source, sent.cursor)?;
                    self.remember_carried(&sent.envelope);
                    let octets = sent.envelope.len();
                    let text = format!("{octets} octets delivered to the air");
                    self.report.event("downlink", &text, json!({"size": octets}));
                }
            }
            // It will never fit a frame: it stays at the relay for its owner, and the rest goes on.
            ModemEvent::Link(LinkEvent::Failed {
                token,
                reason: FailReason::NotTaken(SubmitError::Unwritable(error)),
            }) => {
                if let Some(skipped) = self.downlink.done(token) {
                    self.received.advance(&skipped.source, skipped.cursor)?;
                    self.report.note(&format!("left at the relay: {error}"));
                }
            }
            ModemEvent::Link(LinkEvent::Failed { token, reason }) => {
                self.downlink.again(Instant::now(), token);
                self.report.note(&format!("no handset acknowledged: {reason}; later again"));
            }
            ModemEvent::Link(LinkEvent::Refused { error, packet, .. }) => {
                radio_link::report_refused(self.report, &packet, &error);
            }
            ModemEvent::Recovered(error) => self.report.note(&format!("radio reset: {error}")),
            _ => {}
        }
        Ok(())
    }

    fn remember_carried(&mut self, envelope: &[u8]) {
        if self.carried.len() >= CARRIED_MAX {
            self.carried.pop_front();
        }
        self.carried.push_back(digest::sha256(envelope));
    }

    async fn transmit_waiting(&mut self) -> Outcome<()> {
        for request in self.downlink.ready(Instant::now(), self.radio.sealed_net) {
            let taken = self.radio.modem.send(request).await;
            taken.map_err(|error| radio_link::failure(&error))?;
        }
        Ok(())
    }
}
