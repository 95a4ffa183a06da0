//! `chappe recv`: a station. Reads its mailbox and topics, verifies, and anchors what was signed.

use super::shutdown;
use crate::arrivals::{Anchoring, Answer, Desk};
use crate::clock;
use crate::device::anchoring::LedgerArguments;
use crate::device::inquiries::Inquiries;
use crate::device::received::{Received, Taken};
use crate::device::retention::LOOK_EVERY;
use crate::device::sent::{Path, Sent};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::network::{self, Relay, RelayArguments};
use crate::outbox;
use crate::report::Report;
use crate::said;
use chappe_codec::precedence::Precedence;
use chappe_relay::client::{Delivery, Reading};
use chappe_relay::{Address, ClientError, RelayClient, rotation};
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Parcels fetched with one request.
const PAGE: u16 = 64;

/// Deliveries waiting to be dealt with.
const QUEUE: usize = 64;

/// How long to wait before trying a relay or ledger again.
const RETRY: Duration = Duration::from_millis(500);

/// How often it is looked whether something is to be asked for or answered.
const INQUIRE_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    chappe recv --follow --topic field --relay 192.0.2.7:7406 --relay-key 5f… \\\n              \
    --ledger 192.0.2.8:7407 --ledger-key chappe/live/00000001/ledger+…")]
pub(crate) struct RecvArguments {
    /// Stay and show what comes, until Ctrl-C
    #[arg(long)]
    follow: bool,

    /// Also read these public topics
    #[arg(long, value_name = "NAME")]
    topic: Vec<String>,

    #[command(flatten)]
    relay: RelayArguments,

    #[command(flatten)]
    ledger: LedgerArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) async fn run(arguments: RecvArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let relay = arguments.relay.required(&device)?;
    let (mut received, known) = Received::open(&device)?;
    let contacts = received.station.contacts();
    let mut desk = Desk::new(&device, contacts, arguments.ledger.client(), report);
    let mut inquiries = Inquiries::default();
    known.untold.iter().for_each(|(_, arrivals)| inquiries.heard(arrivals));
    desk.resume(known)?;
    received.told()?;
    let mut station = Post {
        device: &device,
        relay,
        topics: arguments.topic,
        received,
        desk,
        inquiries,
        anchoring: None,
        anchor_at: Instant::now(),
        report,
    };
    if !arguments.follow {
        return station.fetch_all().await;
    }
    let name = device.identity.account().id().to_string();
    report.event("ready", "listening", json!({"role": "station", "address": name}));
    tokio::select! {
        ended = station.follow() => ended,
        () = shutdown() => Ok(()),
    }
}

/// The ledger's answer, when something is under way.
async fn answered(anchoring: &mut Option<Anchoring>) -> Outcome<Answer> {
    match anchoring {
        Some(anchoring) => anchoring.wait().await,
        None => std::future::pending().await,
    }
}

/// Why a station listens no longer.
enum Ended {
    /// A connection, for this reason.
    Lost(Failure),
    /// It is to read the mailboxes of other epochs.
    EpochsChanged,
}

/// A station at work.
struct Post<'a> {
    device: &'a Device,
    relay: Relay,
    /// The public topics read.
    topics: Vec<String>,
    received: Received<'a>,
    desk: Desk<'a>,
    inquiries: Inquiries,
    anchoring: Option<Anchoring>,
    /// Before this nothing is submitted.
    anchor_at: Instant,
    report: Report,
}

impl Post<'_> {
    /// Everything there is, once.
    async fn fetch_all(&mut self) -> Outcome<()> {
        self.drain_earlier().await?;
        let read = rotation::epochs_read(clock::now_seconds());
        let present = rotation::address_epoch(clock::now_seconds());
        for epoch in read.filter(|epoch| *epoch != present) {
            self.drain(epoch).await?;
        }
        let client = self.relay.connect_in(self.device, present).await?;
        for address in self.addresses(present)? {
            self.fetch_from(&client, address).await?;
        }
        let corresponded = self.correspond(&client).await;
        client.close().await;
        corresponded?;
        self.desk.anchor_all(&mut self.received).await
    }

    /// The own mailbox of an address epoch and, in the present one, the topics as well.
    fn addresses(&self, epoch: u32) -> Outcome<Vec<Address>> {
        let realm = self.device.realm;
        let own = outbox::mailbox_in(self.device.identity.card(), realm, epoch)?;
        let is_present = epoch == rotation::address_epoch(clock::now_seconds());
        let topics = self.topics.iter().filter(|_| is_present);
        let topics = topics.map(|name| Address::topic(realm, name));
        Ok(std::iter::once(own).chain(topics).collect())
    }

    /// "Parcels live for 30 days at most, so it also looks, on connections of their own, into the
    /// mailboxes of the five epochs before" (spec/06-relay.md, "Rotation"), but for those it follows.
    async fn drain_earlier(&mut self) -> Outcome<()> {
        let now = clock::now_seconds();
        let read = rotation::epochs_read(now);
        for epoch in rotation::epochs_stored(now).filter(|epoch| !read.contains(epoch)) {
            self.drain(epoch).await?;
        }
        Ok(())
    }

    /// Takes what waits in the mailbox of an epoch, on a connection of its own: only the key of that
    /// epoch may read it, and no relay is to see two together.
    async fn drain(&mut self, epoch: u32) -> Outcome<()> {
        let client = self.relay.connect_in(self.device, epoch).await?;
        let own = outbox::mailbox_in(self.device.identity.card(), self.device.realm, epoch)?;
        let fetched = self.fetch_from(&client, own).await;
        client.close().await;
        fetched
    }

    async fn fetch_from(&mut self, client: &RelayClient, address: Address) -> Outcome<()> {
        loop {
            let reading = self.reading(client, address);
            let page =
                client.fetch(reading, PAGE).await.map_err(|error| network::failure(&error))?;
            for delivery in page.deliveries {
                self.take(client.log_name(), delivery)?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Asks for what statements cover and did not come, and answers who asks. While another `chappe`
    /// sends it waits.
    async fn correspond(&mut self, client: &RelayClient) -> Outcome<()> {
        let now = clock::now_seconds();
        if self.inquiries.is_idle(&self.received, now) {
            return Ok(());
        }
        let mut sent = match Sent::open(self.device, Path::Relay { post_quantum: false }) {
            Ok(sent) => sent,
            Err(failure) if failure.exit == Exit::TryLater => return Ok(()),
            Err(failure) => return Err(failure),
        };
        let written = self.inquiries.write(self.device, &mut self.received, &mut sent, now)?;
        for (contact, written) in written {
            said::report_envelope(self.report, &written, &contact.name);
            let mailbox = outbox::mailbox_of(&contact.card, self.device.realm)?;
            let (precedence, envelope) = (Precedence::Routine, &written.envelope);
            outbox::publish(client, mailbox, precedence, envelope, self.report).await?;
            sent.handed_over(envelope)?;
        }
        Ok(())
    }

    /// Everything as it comes. A relay or ledger that goes away is tried again.
    async fn follow(&mut self) -> Outcome<()> {
        let (mut is_online, mut is_drained) = (true, false);
        loop {
            let ended = match self.listen(&mut is_drained, &mut is_online).await {
                Ok(Ended::EpochsChanged) => continue,
                Ok(Ended::Lost(failure)) | Err(failure) => failure,
            };
            if ended.exit != Exit::TryLater {
                return Err(ended);
            }
            if is_online {
                let text = format!("{ended}; trying again");
                self.report.event("offline", &text, json!({"message": text}));
            }
            is_online = false;
            self.received.keep_retention()?;
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Connects under the key of each epoch that is read now.
    async fn connect_all(&self) -> Outcome<Vec<(u32, RelayClient)>> {
        let mut clients = Vec::new();
        for epoch in rotation::epochs_read(clock::now_seconds()) {
            clients.push((epoch, self.relay.connect_in(self.device, epoch).await?));
        }
        Ok(clients)
    }

    /// Listens until a connection is lost or another mailbox is to be read.
    async fn listen(&mut self, is_drained: &mut bool, is_online: &mut bool) -> Outcome<Ended> {
        let now = clock::now_seconds();
        let until_change = Duration::from_secs(rotation::next_change(now).saturating_sub(now));
        let change = Instant::now() + until_change;
        let clients = self.connect_all().await?;
        if !*is_online {
            self.report.event("online", "the relay is back", json!({}));
            *is_online = true;
        }
        if !*is_drained {
            self.drain_earlier().await?;
            *is_drained = true;
        }
        let (sender, mut deliveries) = mpsc::channel(QUEUE);
        for (epoch, client) in &clients {
            for address in self.addresses(*epoch)? {
                let reading = self.reading(client, address);
                let log = client.log_name();
                let mut subscription = match client.subscribe(reading).await {
                    Ok(subscription) => subscription,
                    Err(error) => return Ok(Ended::Lost(network::failure(&error))),
                };
                let sender = sender.clone();
                tokio::spawn(async move {
                    loop {
                        let delivery: Result<Delivery, ClientError> = subscription.next().await;
                        let is_over = delivery.is_err();
                        if sender.send((log, delivery)).await.is_err() || is_over {
                            return;
                        }
                    }
                });
            }
        }
        drop(sender);
        let mut retention = tokio::time::interval(LOOK_EVERY);
        let mut inquiries = tokio::time::interval(INQUIRE_EVERY);
        loop {
            if self.anchoring.is_none() && self.anchor_at <= Instant::now() {
                self.anchoring = self.desk.begin_anchoring()?;
            }
            tokio::select! {
                biased;
                delivery = deliveries.recv() => match delivery {
                    Some((log, Ok(delivery))) => self.take(log, delivery)?,
                    Some((_, Err(error))) => return Ok(Ended::Lost(network::failure(&error))),
                    None => {
                        return Ok(Ended::Lost(network::failure(&ClientError::LaneClosed)));
                    }
                },
                // Dropping the connections ends them; what was not taken is read again.
                () = tokio::time::sleep_until(change) => return Ok(Ended::EpochsChanged),
                _ = retention.tick() => self.received.keep_retention()?,
                _ = inquiries.tick() => {
                    let present = rotation::address_epoch(clock::now_seconds());
                    let client = clients.iter().find(|(epoch, _)| *epoch == present);
                    if let Some((_, client)) = client {
                        match self.correspond(client).await {
                            Err(failure) if failure.exit == Exit::TryLater => {
                                return Ok(Ended::Lost(failure));
                            }
                            corresponded => corresponded?,
                        }
                    }
                }
                answer = answered(&mut self.anchoring) => self.anchored(answer?)?,
                () = tokio::time::sleep_until(self.anchor_at), if self.anchoring.is_none()
                    && self.anchor_at > Instant::now() => {}
            }
        }
    }

    /// A ledger that is away is tried again; the statement waits.
    fn anchored(&mut self, (kept, answer): Answer) -> Outcome<()> {
        self.anchoring = None;
        if let Err(failure) = self.desk.finish_anchoring(kept, answer, &mut self.received) {
            if failure.exit != Exit::TryLater {
                return Err(failure);
            }
            self.report.note(&failure.to_string());
            self.anchor_at = Instant::now() + RETRY;
        }
        Ok(())
    }

    fn take(&mut self, log: u64, delivery: Delivery) -> Outcome<()> {
        let precedence = delivery.parcel.precedence;
        let source = network::source(log, delivery.parcel.address, precedence);
        let envelope = delivery.parcel.into_envelope();
        match self.received.take(&envelope, Some(precedence))? {
            Ok(Taken { content, arrivals }) => {
                self.inquiries.heard(&arrivals);
                self.desk.arrived(&content, arrivals);
            }
            Err(refusal) => {
                self.desk.turned_away(&mut self.received, &envelope, refusal)?;
            }
        }
        self.received.advance(&source, delivery.cursor)
    }

    fn reading(&self, client: &RelayClient, address: Address) -> Reading {
        let known = |source: &str| self.received.cursor(source);
        let cursors = network::cursors(client.log_name(), address, known);
        Reading { cursors, ..Reading::all(address) }
    }
}
