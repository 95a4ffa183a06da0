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
use chappe_relay::{Address, ClientError, RelayClient};
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
    let relay = arguments.relay.required()?;
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
        received,
        desk,
        inquiries,
        anchoring: None,
        anchor_at: Instant::now(),
        report,
    };
    let addresses = station.addresses(&arguments.topic)?;
    if !arguments.follow {
        return station.fetch_all(&addresses).await;
    }
    let name = device.identity.account().id().to_string();
    report.event("ready", "listening", json!({"role": "station", "address": name}));
    tokio::select! {
        ended = station.follow(&addresses) => ended,
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

/// A station at work.
struct Post<'a> {
    device: &'a Device,
    relay: Relay,
    received: Received<'a>,
    desk: Desk<'a>,
    inquiries: Inquiries,
    anchoring: Option<Anchoring>,
    /// Before this nothing is submitted.
    anchor_at: Instant,
    report: Report,
}

impl Post<'_> {
    fn addresses(&self, topics: &[String]) -> Outcome<Vec<Address>> {
        let own = outbox::mailbox_of(self.device.identity.card())?;
        let topics = topics.iter().map(|name| Address::topic(self.device.realm, name));
        Ok(std::iter::once(own).chain(topics).collect())
    }

    /// Everything there is, once.
    async fn fetch_all(&mut self, addresses: &[Address]) -> Outcome<()> {
        let client = self.relay.connect(self.device).await?;
        for address in addresses {
            loop {
                let reading = self.reading(&client, *address);
                let page =
                    client.fetch(reading, PAGE).await.map_err(|error| network::failure(&error))?;
                for delivery in page.deliveries {
                    self.take(client.log_name(), delivery)?;
                }
                if !page.more {
                    break;
                }
            }
        }
        let corresponded = self.correspond(&client).await;
        client.close().await;
        corresponded?;
        self.desk.anchor_all(&mut self.received).await
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
            let mailbox = outbox::mailbox_of(&contact.card)?;
            let (precedence, envelope) = (Precedence::Routine, &written.envelope);
            outbox::publish(client, mailbox, precedence, envelope, self.report).await?;
            sent.handed_over(envelope)?;
        }
        Ok(())
    }

    /// Everything as it comes. A relay or ledger that goes away is tried again.
    async fn follow(&mut self, addresses: &[Address]) -> Outcome<()> {
        let mut is_online = true;
        loop {
            let failure = match self.relay.connect(self.device).await {
                Ok(client) => {
                    if !is_online {
                        self.report.event("online", "the relay is back", json!({}));
                    }
                    is_online = true;
                    self.listen(client, addresses).await?
                }
                Err(failure) => failure,
            };
            if failure.exit != Exit::TryLater {
                return Err(failure);
            }
            if is_online {
                let text = format!("{failure}; trying again");
                self.report.event("offline", &text, json!({"message": text}));
            }
            is_online = false;
            self.received.keep_retention()?;
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Listens until the connection is lost, and returns why it was.
    async fn listen(&mut self, client: RelayClient, addresses: &[Address]) -> Outcome<Failure> {
        let log = client.log_name();
        let (sender, mut deliveries) = mpsc::channel(QUEUE);
        for address in addresses {
            let reading = self.reading(&client, *address);
            let mut subscription = match client.subscribe(reading).await {
                Ok(subscription) => subscription,
                Err(error) => return Ok(network::failure(&error)),
            };
            let sender = sender.clone();
            tokio::spawn(async move {
                loop {
                    let delivery: Result<Delivery, ClientError> = subscription.next().await;
                    let is_over = delivery.is_err();
                    if sender.send(delivery).await.is_err() || is_over {
                        return;
                    }
                }
            });
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
                    Some(Ok(delivery)) => self.take(log, delivery)?,
                    Some(Err(error)) => return Ok(network::failure(&error)),
                    None => return Ok(network::failure(&ClientError::LaneClosed)),
                },
                _ = retention.tick() => self.received.keep_retention()?,
                _ = inquiries.tick() => match self.correspond(&client).await {
                    Err(failure) if failure.exit == Exit::TryLater => return Ok(failure),
                    corresponded => corresponded?,
                },
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
