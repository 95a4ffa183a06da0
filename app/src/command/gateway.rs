//! `chappe gateway`: joins a radio field to a relay. It holds nobody's message keys: what it carries
//! stays sealed, and it knows mailboxes only by the leases their owners sent it.

use super::shutdown;
use crate::changes;
use crate::clock;
use crate::device::contacts::display_name;
use crate::device::received::Received;
use crate::device::station::{Arrival, Changed};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::gateway::{Downlink, ForAir, ForRelay, Held, Leases, Uplink};
use crate::network::{self, Relay, RelayArguments};
use crate::outbox;
use crate::radio_link::{self, Radio, RadioArguments};
use crate::report::Report;
use chappe_codec::item::Family;
use chappe_radio::driver::ModemEvent;
use chappe_radio::link::{FailReason, LinkEvent, Role, SubmitError};
use chappe_relay::client::{Delivery, Reading};
use chappe_relay::{Address, AddressKind, ClientError, Delegation, Lease, RelayClient, rotation};
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// How often a relay that is gone, and frames nobody acknowledged, are tried again.
const RETRY: Duration = Duration::from_millis(500);

/// How long a relay may take to give a lane for another mailbox.
const SUBSCRIBE_WAIT: Duration = Duration::from_secs(5);

/// Parcels fetched with one request.
const PAGE: u16 = 64;

/// Deliveries waiting to be dealt with.
const QUEUE: usize = 64;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  chappe gateway --radio 127.0.0.1:7408 --relay … --relay-key …")]
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
    let relay = arguments.relay.required(&device)?;
    let radio = arguments.radio.join(device.realm, Role::GATEWAY).await?;
    let (received, known) = Received::open(&device)?;
    let (sender, deliveries) = mpsc::channel(QUEUE);
    let mut gateway = Gateway {
        device: &device,
        relay,
        radio,
        received,
        leases: Leases::default(),
        uplink: Uplink::open(&device)?,
        downlink: Downlink::default(),
        clients: BTreeMap::new(),
        is_drained: false,
        followed: rotation::epochs_read(clock::now_seconds()),
        readers: BTreeMap::new(),
        next_reader: 0,
        sender,
        deliveries,
        report,
    };
    for arrival in known.into_arrivals() {
        gateway.take_lease(arrival);
    }
    gateway.connect().await?;
    report.event("ready", "joining air and relay", json!({"role": "gateway", "address": ""}));
    let ended = gateway.serve().await;
    let closed = gateway.radio.modem.close().await.map_err(|error| radio_link::failure(&error));
    ended.and(closed)
}

/// What a reader of one mailbox brought: whose it is, its own number, the log it reads, and a parcel.
type Subscribed = (Address, u64, u64, Result<Delivery, ClientError>);

/// A task that reads a mailbox. It ends with this value.
struct Reader {
    number: u64,
    task: AbortHandle,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Gateway<'a> {
    device: &'a Device,
    relay: Relay,
    radio: Radio,
    received: Received<'a>,
    leases: Leases,
    uplink: Uplink,
    downlink: Downlink,
    /// By the address epoch of the key they are under.
    clients: BTreeMap<u32, RelayClient>,
    /// Whether the mailboxes of earlier epochs have been looked into.
    is_drained: bool,
    /// The epochs whose own mailboxes are followed.
    followed: RangeInclusive<u32>,
    readers: BTreeMap<[u8; 16], Reader>,
    next_reader: u64,
    sender: mpsc::Sender<Subscribed>,
    deliveries: mpsc::Receiver<Subscribed>,
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
                Some(delivery) = self.deliveries.recv() => self.delivered(delivery).await?,
                () = std::future::ready(()), if self.can_publish() => {}
                _ = retry.tick() => {
                    self.received.keep_retention()?;
                    // With another epoch come other keys and mailboxes.
                    if !rotation::epochs_read(clock::now_seconds()).eq(self.followed.clone()) {
                        self.readers.clear();
                        self.clients.clear();
                    }
                    if self.clients.is_empty() {
                        self.reconnect().await?;
                    }
                }
            }
            self.publish_next().await?;
            self.transmit_waiting().await?;
            if let Some(octets) = self.downlink.wanting() {
                let address = Address { kind: AddressKind::Mailbox, octets };
                if let Some(held) = self.leases.of(address).cloned() {
                    self.subscribe_leased(held).await?;
                }
            }
        }
    }

    fn can_publish(&self) -> bool {
        self.present().is_some() && self.uplink.first().is_some()
    }

    async fn reconnect(&mut self) -> Outcome<()> {
        match self.connect().await {
            Err(failure) if failure.exit == Exit::TryLater => Ok(()),
            other => other,
        }
    }

    /// Connects under the key of each epoch that is read now, and subscribes to the own mailbox there, to
    /// the public topic, where revocations are told, and to everyone's who leased one.
    async fn connect(&mut self) -> Outcome<()> {
        let now = clock::now_seconds();
        self.followed = rotation::epochs_read(now);
        for epoch in self.followed.clone() {
            self.connect_in(epoch).await?;
            self.subscribe(self.own_mailbox(epoch)?, epoch, None).await?;
        }
        let topic = outbox::public_topic(self.device.realm);
        self.subscribe(topic, rotation::address_epoch(now), None).await?;
        if !self.is_drained {
            let followed = self.followed.clone();
            for epoch in rotation::epochs_stored(now).filter(|old| !followed.contains(old)) {
                self.drain(epoch).await?;
            }
            self.is_drained = true;
        }
        for held in self.leases.both_ways() {
            self.subscribe_leased(held).await?;
        }
        Ok(())
    }

    async fn connect_in(&mut self, epoch: u32) -> Outcome<()> {
        if !self.clients.contains_key(&epoch) {
            let client = self.relay.connect_in(self.device, epoch).await?;
            self.clients.insert(epoch, client);
        }
        Ok(())
    }

    /// The connection to publish on.
    fn present(&self) -> Option<&RelayClient> {
        self.clients.get(&rotation::address_epoch(clock::now_seconds()))
    }

    /// Takes what waits in the own mailbox of an earlier epoch, on a connection of its own.
    async fn drain(&mut self, epoch: u32) -> Outcome<()> {
        let client = self.relay.connect_in(self.device, epoch).await?;
        let (log, address) = (client.log_name(), self.own_mailbox(epoch)?);
        loop {
            let cursors = network::cursors(log, address, |source| self.received.cursor(source));
            let reading = Reading { cursors, ..Reading::all(address) };
            let page = client.fetch(reading, PAGE).await;
            let page = page.map_err(|error| network::failure(&error))?;
            for delivery in page.deliveries {
                let source = network::source(log, address, delivery.parcel.precedence);
                self.take_own(&source, delivery)?;
            }
            if !page.more {
                break;
            }
        }
        client.close().await;
        Ok(())
    }

    fn own_mailbox(&self, epoch: u32) -> Outcome<Address> {
        outbox::mailbox_in(self.device.identity.card(), self.device.realm, epoch)
    }

    /// "The gateway reads the mailbox with that key": the one its delegation names.
    async fn subscribe_leased(&mut self, held: Held) -> Outcome<()> {
        let (epoch, delegation) = (held.reader_epoch, held.lease.delegation);
        match self.connect_in(epoch).await {
            Err(failure) if failure.exit == Exit::TryLater => return Ok(()),
            connected => connected?,
        }
        self.subscribe(delegation.address(), epoch, Some(delegation)).await
    }

    async fn subscribe(
        &mut self,
        address: Address,
        epoch: u32,
        delegation: Option<Delegation>,
    ) -> Outcome<()> {
        let Some(client) = self.clients.get(&epoch) else { return Ok(()) };
        let log = client.log_name();
        let reading = Reading {
            address,
            cursors: network::cursors(log, address, |source| self.received.cursor(source)),
            delegation,
        };
        let subscribing = tokio::time::timeout(SUBSCRIBE_WAIT, client.subscribe(reading));
        let mut subscription = match subscribing.await {
            Ok(Ok(subscription)) => subscription,
            Ok(Err(error)) => return self.lost(&error),
            Err(_) => return self.lost(&ClientError::NoAnswer),
        };
        let (sender, number) = (self.sender.clone(), self.next_reader);
        self.next_reader = number.wrapping_add(1);
        let task = tokio::spawn(async move {
            loop {
                let delivery = subscription.next().await;
                let is_over = delivery.is_err();
                if sender.send((address, number, log, delivery)).await.is_err() || is_over {
                    return;
                }
            }
        });
        // A newer reader of the same mailbox ends the one before it.
        self.readers.insert(address.octets, Reader { number, task: task.abort_handle() });
        Ok(())
    }

    /// The relay went away: everything waits until it is back.
    fn lost(&mut self, error: &ClientError) -> Outcome<()> {
        let failure = network::failure(error);
        if failure.exit != Exit::TryLater {
            return Err(failure);
        }
        self.readers.clear();
        if !std::mem::take(&mut self.clients).is_empty() {
            self.report.event("offline", &failure.to_string(), json!({}));
        }
        Ok(())
    }

    async fn delivered(&mut self, (address, number, log, delivery): Subscribed) -> Outcome<()> {
        // A reader that was replaced, or whose connection is gone, may still have had something.
        if self.readers.get(&address.octets).is_none_or(|reader| reader.number != number) {
            return Ok(());
        }
        let delivery = match delivery {
            Ok(delivery) => delivery,
            // A lease that ran out or a mailbox withdrawn: the others go on.
            Err(error @ ClientError::Refused(_)) if !error.is_temporary() => {
                self.readers.remove(&address.octets);
                self.leases.remove(address);
                self.report.note(&format!("a mailbox is no longer ours to read: {error}"));
                return Ok(());
            }
            Err(error) => return self.lost(&error),
        };
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
                let waiting = ForAir { source, cursor, label, precedence, envelope };
                self.downlink.push(address, waiting);
            }
            return Ok(());
        }
        for held in self.take_own(&source, delivery)? {
            self.subscribe_leased(held).await?;
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
                self.readers.remove(&mailbox.octets);
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

    /// What came from the air goes to the relay, the most urgent first; it leaves the queue once it
    /// is on the relay's disk.
    async fn publish_next(&mut self) -> Outcome<()> {
        let (Some(client), Some(parcel)) = (self.present(), self.uplink.first()) else {
            return Ok(());
        };
        let ForRelay { sequence, address, precedence, envelope } = parcel;
        match outbox::publish(client, address, precedence, &envelope, self.report).await {
            Ok(()) => self.uplink.done(sequence),
            Err(failure) if failure.exit == Exit::TryLater => {
                self.readers.clear();
                self.clients.clear();
                self.report.event("offline", &failure.to_string(), json!({}));
                Ok(())
            }
            // The relay will never take this one; the others must not wait behind it.
            Err(failure) => {
                self.report.note(&failure.to_string());
                self.uplink.done(sequence)
            }
        }
    }

    async fn transmit_waiting(&mut self) -> Outcome<()> {
        for request in self.downlink.ready(Instant::now(), self.radio.sealed_net) {
            let taken = self.radio.modem.send(request).await;
            taken.map_err(|error| radio_link::failure(&error))?;
        }
        Ok(())
    }
}
