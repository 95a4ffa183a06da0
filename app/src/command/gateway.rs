//! `chappe gateway`: joins a radio field to a relay. It holds nobody's message keys: what it carries
//! stays sealed, and it knows mailboxes only by the leases their owners sent it.

use super::shutdown;
use crate::device::received::Received;
use crate::device::station::Arrival;
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::gateway::{Downlink, Leases, Uplink, carries_down};
use crate::network::{self, Relay, RelayArguments};
use crate::outbox;
use crate::radio_link::{self, Radio, RadioArguments};
use crate::report::Report;
use chappe_codec::item::Family;
use chappe_radio::driver::ModemEvent;
use chappe_radio::link::{LinkEvent, Role};
use chappe_relay::client::{Delivery, Reading};
use chappe_relay::{Address, ClientError, Lease, RelayClient};
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often a relay that is gone, and frames nobody acknowledged, are tried again.
const RETRY: Duration = Duration::from_millis(500);

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
    let relay = arguments.relay.required()?;
    let radio = arguments.radio.join(device.realm, Role::GATEWAY).await?;
    let (received, known) = Received::open(&device)?;
    let (sender, deliveries) = mpsc::channel(QUEUE);
    let mut gateway = Gateway {
        device: &device,
        relay,
        radio,
        received,
        leases: Leases::default(),
        uplink: Uplink::default(),
        downlink: Downlink::default(),
        client: None,
        sender,
        deliveries,
        report,
    };
    for arrival in known {
        gateway.take_lease(arrival);
    }
    gateway.connect().await?;
    report.event("ready", "joining air and relay", json!({"role": "gateway", "address": ""}));
    let ended = gateway.serve().await;
    let closed = gateway.radio.modem.close().await.map_err(|error| radio_link::failure(&error));
    ended.and(closed)
}

type Subscribed = (Address, u64, Result<Delivery, ClientError>);

struct Gateway<'a> {
    device: &'a Device,
    relay: Relay,
    radio: Radio,
    received: Received<'a>,
    leases: Leases,
    uplink: Uplink,
    downlink: Downlink,
    client: Option<RelayClient>,
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
                Some((address, log, delivery)) = self.deliveries.recv() => {
                    self.delivered(address, log, delivery).await?;
                }
                _ = retry.tick() => if self.client.is_none() { self.reconnect().await? },
            }
            self.publish_waiting().await?;
            self.transmit_waiting().await?;
        }
    }

    async fn reconnect(&mut self) -> Outcome<()> {
        match self.connect().await {
            Err(failure) if failure.exit == Exit::TryLater => Ok(()),
            other => other,
        }
    }

    /// Connects and subscribes to the own mailbox and to everyone's who leased one.
    async fn connect(&mut self) -> Outcome<()> {
        self.client = Some(self.relay.connect(self.device).await?);
        self.subscribe(self.own_mailbox()?, None).await?;
        for lease in self.leases.both_ways() {
            self.subscribe(lease.delegation.address(), Some(lease)).await?;
        }
        Ok(())
    }

    fn own_mailbox(&self) -> Outcome<Address> {
        outbox::mailbox_of(self.device.identity.card())
    }

    async fn subscribe(&mut self, address: Address, lease: Option<Lease>) -> Outcome<()> {
        let Some(client) = &self.client else { return Ok(()) };
        let log = client.log_name();
        let reading = Reading {
            address,
            cursor: self.received.cursor(&network::source(log, address)),
            delegation: lease.map(|lease| lease.delegation),
        };
        let mut subscription = match client.subscribe(reading).await {
            Ok(subscription) => subscription,
            Err(error) => return self.lost(&error),
        };
        let sender = self.sender.clone();
        tokio::spawn(async move {
            loop {
                let delivery = subscription.next().await;
                let is_over = delivery.is_err();
                if sender.send((address, log, delivery)).await.is_err() || is_over {
                    return;
                }
            }
        });
        Ok(())
    }

    /// The relay went away: everything waits until it is back.
    fn lost(&mut self, error: &ClientError) -> Outcome<()> {
        let failure = network::failure(error);
        if failure.exit != Exit::TryLater {
            return Err(failure);
        }
        if self.client.take().is_some() {
            self.report.event("offline", &failure.to_string(), json!({}));
        }
        Ok(())
    }

    async fn delivered(
        &mut self,
        address: Address,
        log: u64,
        delivery: Result<Delivery, ClientError>,
    ) -> Outcome<()> {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            // A lease that ran out or a mailbox withdrawn: the others go on.
            Err(ClientError::Refused(reason)) => {
                self.leases.remove(address);
                self.report.note(&format!("a mailbox is no longer ours to read: {reason}"));
                return Ok(());
            }
            Err(error) => return self.lost(&error),
        };
        let source = network::source(log, address);
        let precedence = delivery.parcel.precedence;
        let envelope = delivery.parcel.into_envelope();
        if address != self.own_mailbox()? {
            // Without a label for today it waits at the relay, for a newer lease or its owner.
            if let Some(label) = self.leases.label_now(address) {
                self.downlink.push(address, source, delivery.cursor, label, precedence, envelope);
            }
            return Ok(());
        }
        if let Ok(arrivals) = self.received.take(&envelope)? {
            for arrival in arrivals {
                if let Some(lease) = self.take_lease(arrival).filter(carries_down) {
                    self.subscribe(lease.delegation.address(), Some(lease)).await?;
                }
            }
        }
        self.received.advance(&source, delivery.cursor)
    }

    /// Takes a lease in if it is one and its mailbox belongs to who sent it.
    fn take_lease(&mut self, arrival: Arrival) -> Option<Lease> {
        let Arrival::Message(message) = arrival else { return None };
        if (message.family, message.revision) != (Family::LEASE, 0) || !message.sealed {
            return None;
        }
        let contacts = self.received.station.contacts();
        let author = contacts.iter().find(|contact| contact.card.account == message.author)?;
        let lease = Lease::parse(&message.body).ok()?;
        let owns = lease.delegation.mailbox.to_bytes() == author.card.transport;
        let for_us = lease.delegation.reader.to_bytes() == self.device.identity.card().transport;
        if !owns || !for_us || lease.delegation.verify(self.device.realm).is_err() {
            self.report.note(&format!("a lease of {} does not hold", author.name));
            return None;
        }
        let labels = lease.labels().count();
        self.report.event(
            "lease",
            &format!("lease of {} with {labels} labels", author.name),
            json!({"author": message.author.id().to_string(), "labels": labels}),
        );
        self.leases.insert(lease.clone());
        Some(lease)
    }

    fn heard(&mut self, event: ModemEvent) -> Outcome<()> {
        match event {
            ModemEvent::Link(LinkEvent::Received { frame, .. }) => {
                let address = self.leases.destination(frame.kind, self.device.realm);
                if !self.uplink.push(address, frame.precedence, frame.payload) {
                    self.report.note("too much waits for the relay: a frame was dropped");
                }
            }
            ModemEvent::Link(LinkEvent::Delivered { token, .. }) => {
                if let Some((source, cursor, octets)) = self.downlink.done(token) {
                    self.received.advance(&source, cursor)?;
                    self.report.event(
                        "downlink",
                        &format!("{octets} octets delivered to the air"),
                        json!({"size": octets}),
                    );
                }
            }
            ModemEvent::Link(LinkEvent::Failed { token, reason }) => {
                self.downlink.again(token);
                self.report.note(&format!("no handset acknowledged: {reason}; trying again"));
            }
            ModemEvent::Link(LinkEvent::Refused { error, packet, .. }) => {
                radio_link::report_refused(self.report, &packet, &error);
            }
            ModemEvent::Recovered(error) => self.report.note(&format!("radio reset: {error}")),
            _ => {}
        }
        Ok(())
    }

    /// What came from the air goes to the relay, oldest first; it leaves the queue once it is on the
    /// relay's disk.
    async fn publish_waiting(&mut self) -> Outcome<()> {
        while let (Some(client), Some(parcel)) = (&self.client, self.uplink.first()) {
            let (address, precedence) = (parcel.address, parcel.precedence);
            match outbox::publish(client, address, precedence, &parcel.envelope, self.report).await
            {
                Ok(()) => self.uplink.done(),
                Err(failure) if failure.exit == Exit::TryLater => {
                    self.client = None;
                    self.report.event("offline", &failure.to_string(), json!({}));
                }
                // The relay will never take this one; the others must not wait behind it.
                Err(failure) => {
                    self.report.note(&failure.to_string());
                    self.uplink.done();
                }
            }
        }
        Ok(())
    }

    async fn transmit_waiting(&mut self) -> Outcome<()> {
        for request in self.downlink.ready(self.radio.sealed_net) {
            let taken = self.radio.modem.send(request).await;
            taken.map_err(|error| radio_link::failure(&error))?;
        }
        Ok(())
    }
}
