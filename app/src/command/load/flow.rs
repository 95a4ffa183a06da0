//! One precedence's parcels: a connection that publishes, connections that read, on a thread of their own.

use super::LAST_ANSWERS;
use super::message::{Messages, stamp};
use super::tally::Tally;
use crate::exit::{Exit, Failure, Outcome};
use crate::network::{Relay, failure};
use crate::random;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_relay::protocol::ClientEvent;
use chappe_relay::{Address, DirectLane, Reading, RelayClient, TransportSecret};
use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Parcels handed over with one write.
const BATCH: u64 = 256;

/// How long listeners have before the first parcel: a listen is not answered.
const LISTEN_WAIT: Duration = Duration::from_millis(200);

/// What is on its way for so long without anything arriving is lost.
const LOST_AFTER: Duration = Duration::from_millis(500);

/// A precedence and its parcels a second; none: as many as go through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    pub(super) precedence: Precedence,
    pub(super) rate: Option<u32>,
}

impl FromStr for Flow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not like routine=max or flash=100");
        let (precedence, rate) = text.split_once('=').ok_or_else(wrong)?;
        let precedence = precedence.parse().map_err(|_| wrong())?;
        let rate = match rate {
            "max" => None,
            number => Some(number.parse().ok().filter(|rate| *rate > 0).ok_or_else(wrong)?),
        };
        Ok(Self { precedence, rate })
    }
}

/// What all flows have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) relay: Relay,
    pub(super) realm: Realm,
    pub(super) is_stored: bool,
    pub(super) readers: usize,
    pub(super) size: usize,
    pub(super) keep_seconds: u64,
    pub(super) window: u64,
    pub(super) count: u64,
    pub(super) started: Instant,
}

/// Starts a flow.
pub(super) fn start(
    flow: Flow,
    manner: Manner,
    tally: Arc<Tally>,
) -> Outcome<JoinHandle<Outcome<()>>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failure, "runtime", error.to_string()))?;
    Ok(std::thread::spawn(move || runtime.block_on(run(flow, manner, tally))))
}

/// How far the readers are.
#[derive(Debug)]
struct Arrivals {
    /// The last number each has seen.
    seen: Vec<AtomicU64>,
    news: Notify,
}

impl Arrivals {
    fn slowest(&self) -> u64 {
        self.seen.iter().map(|seen| seen.load(Ordering::Relaxed)).min().unwrap_or(u64::MAX)
    }
}

async fn run(flow: Flow, manner: Manner, tally: Arc<Tally>) -> Outcome<()> {
    let Manner { relay, realm, readers, .. } = manner;
    let topic = crate::hex::encode(&random::octets::<16>()?);
    let address = Address::topic(realm, &topic);
    let arrivals =
        Arrivals { seen: (0..readers).map(|_| AtomicU64::new(0)).collect(), news: Notify::new() };
    let arrivals = Arc::new(arrivals);
    let mut reading = JoinSet::new();
    for index in 0..readers {
        let (client, mut lane) = open(relay, realm, flow.precedence).await?;
        let request = Reading::all(address);
        if manner.is_stored {
            lane.subscribe(&request);
        } else {
            lane.listen(&request);
        }
        lane.flush().await.map_err(|error| failure(&error))?;
        let (tally, arrivals) = (Arc::clone(&tally), Arc::clone(&arrivals));
        reading.spawn(read(client, lane, index, manner.started, tally, arrivals));
    }
    if readers > 0 {
        tokio::time::sleep(LISTEN_WAIT).await;
    }
    let (client, lane) = open(relay, realm, flow.precedence).await?;
    let messages = Messages::new(
        address,
        flow.precedence,
        manner.size,
        manner.started,
        manner.keep_seconds,
        random::octets::<8>()?,
    )?;
    let mut publisher = Publisher {
        flow,
        manner,
        tally,
        arrivals,
        lane,
        messages,
        began: Instant::now(),
        sent: 0,
        forgiven: 0,
        left: VecDeque::new(),
    };
    let ended = tokio::select! {
        ended = publisher.run() => ended,
        Some(Ok(Err(error))) = reading.join_next() => Err(error),
    };
    client.close().await;
    ended
}

async fn open(
    relay: Relay,
    realm: Realm,
    precedence: Precedence,
) -> Outcome<(RelayClient, DirectLane)> {
    let secret = TransportSecret::from_seed(&*random::secret::<32>()?);
    let client = relay.connect_as(&secret, realm).await?;
    let lane = client.direct_lane(precedence).await.map_err(|error| failure(&error))?;
    Ok((client, lane))
}

/// Reads as long as there is something to read.
async fn read(
    client: RelayClient,
    mut lane: DirectLane,
    index: usize,
    started: Instant,
    tally: Arc<Tally>,
    arrivals: Arc<Arrivals>,
) -> Outcome<()> {
    let mut refusal = None;
    loop {
        let (mut last, mut left) = (0, Vec::new());
        let mut count = 0_u64;
        let read = lane.read(|event| match event {
            ClientEvent::Delivery { given, .. } | ClientEvent::Heard { given, .. } => {
                if let Some((number, at)) = stamp(given.envelope) {
                    last = number;
                    count = count.saturating_add(1);
                    left.push(at);
                }
            }
            ClientEvent::Refused { reason, .. } => refusal = Some(reason),
            ClientEvent::Acknowledged { .. } | ClientEvent::Ended { .. } => {}
        });
        read.await.map_err(|error| failure(&error))?;
        if let Some(reason) = refusal {
            drop(client);
            return Err(failure(&chappe_relay::ClientError::Refused(reason)));
        }
        let now = started.elapsed();
        tally.deliver(count);
        tally.took(left.iter().map(|at| nanoseconds(now.saturating_sub(*at))));
        if let Some(seen) = arrivals.seen.get(index) {
            seen.store(last, Ordering::Relaxed);
        }
        arrivals.news.notify_one();
        std::thread::yield_now();
    }
}

fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

struct Publisher {
    flow: Flow,
    manner: Manner,
    tally: Arc<Tally>,
    arrivals: Arc<Arrivals>,
    lane: DirectLane,
    messages: Messages,
    began: Instant,
    sent: u64,
    /// Up to here nothing is waited for any more.
    forgiven: u64,
    /// Last numbers of batches that are not acknowledged, and when they left.
    left: VecDeque<(u64, Instant)>,
}

impl Publisher {
    async fn run(&mut self) -> Outcome<()> {
        let mut progress = (0, Instant::now());
        while !self.tally.has_stopped() && self.sent < self.manner.count {
            let free = self.free();
            if free > 0 {
                self.send(free).await?;
                continue;
            }
            self.wait(self.pause()).await?;
            let done = self.done();
            if done != progress.0 || self.on_the_way() == 0 {
                progress = (done, Instant::now());
            } else if progress.1.elapsed() > LOST_AFTER && self.lane.unanswered() == 0 {
                self.tally.lose(self.sent.saturating_sub(done));
                self.forgiven = self.sent;
            }
        }
        if self.sent >= self.manner.count {
            let deadline = Instant::now();
            while self.on_the_way() > 0 && deadline.elapsed() < LAST_ANSWERS {
                self.wait(LOST_AFTER).await?;
            }
            self.tally.complete();
        }
        Ok(())
    }

    /// Up to which number all readers have what was sent.
    fn done(&self) -> u64 {
        self.arrivals.slowest().min(self.sent).max(self.forgiven)
    }

    fn on_the_way(&self) -> u64 {
        let unread = self.sent.saturating_sub(self.done());
        unread.max(u64::try_from(self.lane.unanswered()).unwrap_or(u64::MAX))
    }

    /// How many may leave now.
    fn free(&self) -> u64 {
        let room = self.manner.window.saturating_sub(self.on_the_way());
        let left = self.manner.count.saturating_sub(self.sent);
        room.min(left).min(self.due()).min(BATCH)
    }

    fn due(&self) -> u64 {
        let Some(rate) = self.flow.rate else { return u64::MAX };
        let elapsed = self.began.elapsed().as_nanos();
        let due = elapsed.saturating_mul(u128::from(rate)) / 1_000_000_000;
        u64::try_from(due).unwrap_or(u64::MAX).saturating_sub(self.sent)
    }

    /// Until the next is due, or something must have come back.
    fn pause(&self) -> Duration {
        let Some(rate) = self.flow.rate else { return LOST_AFTER };
        let next = self.sent.saturating_add(1).saturating_mul(1_000_000_000) / u64::from(rate);
        let until = Duration::from_nanos(next).saturating_sub(self.began.elapsed());
        until.clamp(Duration::from_micros(100), LOST_AFTER)
    }

    async fn send(&mut self, count: u64) -> Outcome<()> {
        let now = Instant::now();
        let mut number = 0;
        for _ in 0..count {
            let parcel = self.messages.next(now)?;
            if self.manner.is_stored {
                number = self.lane.publish(parcel);
            } else {
                self.lane.live(parcel);
            }
        }
        if self.manner.is_stored && self.manner.readers == 0 {
            self.left.push_back((number, now));
        }
        self.sent = self.sent.saturating_add(count);
        self.tally.sent.store(self.sent, Ordering::Relaxed);
        self.lane.flush().await.map_err(|error| failure(&error))?;
        self.wait(Duration::ZERO).await?;
        // Readers and sockets have their turn, and so have flows that are less busy: their latency is
        // the relay's, not that of this thread's share of a processor.
        tokio::task::yield_now().await;
        std::thread::yield_now();
        Ok(())
    }

    /// Waits for an answer, an arrival, or the time.
    async fn wait(&mut self, pause: Duration) -> Outcome<()> {
        let before = self.lane.unanswered();
        let (mut last, mut refused) = (0, Vec::new());
        let answers = self.lane.read(|event| match event {
            ClientEvent::Acknowledged { number } => last = number,
            ClientEvent::Refused { reason, .. } => refused.push(reason),
            ClientEvent::Delivery { .. }
            | ClientEvent::Ended { .. }
            | ClientEvent::Heard { .. } => {}
        });
        let read = if pause.is_zero() {
            tokio::select! {
                biased;
                read = answers => read,
                () = std::future::ready(()) => Ok(0),
            }
        } else {
            tokio::select! {
                biased;
                read = answers => read,
                () = self.arrivals.news.notified() => Ok(0),
                () = tokio::time::sleep(pause) => Ok(0),
            }
        };
        read.map_err(|error| failure(&error))?;
        let answered = before.saturating_sub(self.lane.unanswered());
        let acknowledged = answered.saturating_sub(refused.len());
        self.tally.acknowledge(u64::try_from(acknowledged).unwrap_or(0));
        refused.into_iter().for_each(|reason| self.tally.refuse(reason));
        let now = Instant::now();
        while let Some((number, left)) = self.left.front()
            && *number <= last
        {
            let took = nanoseconds(now.saturating_duration_since(*left));
            self.tally.took(std::iter::once(took));
            self.left.pop_front();
        }
        Ok(())
    }
}
