//! One run: a relay, six clients, and what the seed lets happen to their network.

use crate::actors::{Ledger, Stage, fetch, publish, subscribe, subscribe_directly};
use crate::chance::Chance;
use crate::relay::SimulatedRelay;
use crate::support::{NOW, secret, topic};
use crate::weather::Weather;
use crate::world::{Host, Trace};
use chappe_codec::precedence::Precedence;
use chappe_relay::{Address, Parcel};
use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

const PUBLISHERS: [Host; 3] = [1, 2, 3];
const TOPIC_READER: Host = 4;
const MAILBOX_READER: Host = 5;
const FETCHER: Host = 6;
/// Reads ROUTINE alone, on a lane it drives itself.
const DIRECT_READER: Host = 7;
const READERS: [Host; 4] = [TOPIC_READER, MAILBOX_READER, FETCHER, DIRECT_READER];

/// Parcels of one publisher.
const PARCELS: u64 = 100;

/// Faults of a run, beside the weather it begins with.
const FAULTS_MAX: u64 = 30;

/// When the network is fair again.
const HEALED: Duration = Duration::from_secs(60);

/// By when everybody has what it waits for after that: a silent connection is noticed after 30 seconds,
/// and may have been made just before the network healed.
const SETTLED: Duration = Duration::from_secs(90);

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) trace: Trace,
    pub(crate) acknowledged: usize,
    pub(crate) refused: usize,
    pub(crate) deliveries: usize,
    pub(crate) losses: u64,
}

/// Plays a seed and judges it. Whatever breaks off under it names it.
pub(crate) fn play(seed: u64) -> Outcome {
    struct Named(u64);
    impl Drop for Named {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("that was seed {}: RELAY_NETWORK_SEED={0} RELAY_NETWORK_RUNS=1", self.0);
            }
        }
    }
    let _named = Named(seed);
    in_virtual_time(run(seed))
}

/// Runs something in one thread, by a clock that runs ahead whenever everybody waits.
pub(crate) fn in_virtual_time<T>(run: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(run)
}

async fn run(seed: u64) -> Outcome {
    let mut chance = Chance::new(seed);
    let mut relay = SimulatedRelay::start(&mut chance);
    let stage = Stage::default();
    let began = Instant::now();

    let mailbox = Address::mailbox(secret(MAILBOX_READER).public());
    let mut readers = vec![
        tokio::spawn(subscribe(stage.clone(), 4, relay.connector(TOPIC_READER), topic("a"))),
        tokio::spawn(subscribe(stage.clone(), 5, relay.connector(MAILBOX_READER), mailbox)),
        tokio::spawn(fetch(stage.clone(), 6, relay.connector(FETCHER), topic("b"))),
    ];
    let (host, routine) = (DIRECT_READER, Precedence::Routine);
    let connector = relay.connector(host);
    readers.push(tokio::spawn(subscribe_directly(stage.clone(), host, connector, routine)));
    let publishers = PUBLISHERS.map(|host| {
        let plan = plan(&mut chance, host, mailbox);
        tokio::spawn(publish(stage.clone(), host, relay.connector(host), plan))
    });

    for (at, fault) in faults(&mut chance) {
        sleep_until(began + at).await;
        fault.happen(&relay, &stage);
    }
    sleep_until(began + HEALED).await;
    relay.world.heal();
    stage.stalled.lock().unwrap().clear();

    let settled = async {
        for publisher in publishers {
            publisher.await.unwrap();
        }
        while !stage.ledger.lock().unwrap().is_complete(mailbox) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let is_settled = timeout(SETTLED, settled).await.is_ok();
    // What would come twice may still come.
    sleep(Duration::from_secs(5)).await;
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    let ledger = std::mem::take(&mut *stage.ledger.lock().unwrap());
    assert!(is_settled, "seed {seed}: somebody waits for ever\n{}", ledger.missing(mailbox));
    ledger.judge(seed);
    let trace = relay.world.trace();
    relay.stop().await;
    Outcome {
        trace,
        acknowledged: ledger.acknowledged.len(),
        refused: ledger.refused.len(),
        deliveries: ledger.read.values().map(Vec::len).sum(),
        losses: ledger.losses,
    }
}

/// Parcels of every precedence for the three addresses that are read, some that must be refused, and some
/// twice.
fn plan(chance: &mut Chance, host: Host, mailbox: Address) -> Vec<(Duration, Parcel)> {
    let mut plan = Vec::new();
    for number in 0..PARCELS {
        let address = *chance.pick(&[topic("a"), topic("b"), mailbox]);
        let precedence = *chance.pick(&Precedence::ALL);
        // As many jumps of six hours as there can be change nothing about what is taken and what is refused.
        let (past, far) = (NOW - 20 * 86_400, NOW + 60 * 86_400);
        let well = NOW + 14 * 86_400;
        let expiry = *chance.pick(&[past, far, well, well, well, well, well, well, well, well]);
        let length = usize::try_from(*chance.pick(&[20, 64, 239, 1024, 6000])).unwrap();
        let mut envelope = vec![0x55; length];
        envelope[0] = host;
        envelope[1..9].copy_from_slice(&number.to_be_bytes());
        let parcel = Parcel::new(address, precedence, expiry, envelope).unwrap();
        // In bursts, with silence between them.
        let pause = *chance.pick(&[0, 0, 0, 100, 1000]);
        let pause = Duration::from_millis(chance.between(0, pause));
        if chance.in_thousand(100) {
            plan.push((pause, parcel.clone()));
        }
        plan.push((pause, parcel));
    }
    plan
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The link is another one.
    Weather(Host, Weather),
    /// Nothing comes through any more.
    Cut(Host),
    /// Everything comes through that did before.
    Mend(Host),
    /// Large datagrams vanish.
    Shrink(Host, usize),
    /// The host has another address.
    Move(Host),
    /// The relay's clock jumps so many seconds.
    Jump(i64),
    /// A reader stops reading, or goes on.
    Stall(Host, bool),
}

fn faults(chance: &mut Chance) -> Vec<(Duration, Fault)> {
    let hosts: Vec<Host> = PUBLISHERS.into_iter().chain(READERS).collect();
    let mut faults = Vec::new();
    for host in &hosts {
        faults.push((Duration::ZERO, Fault::Weather(*host, Weather::draw(chance))));
    }
    for _ in 0..chance.between(10, FAULTS_MAX) {
        let at = Duration::from_millis(chance.between(500, 45_000));
        let host = *chance.pick(&hosts);
        match chance.between(0, 5) {
            0 => faults.push((at, Fault::Weather(host, Weather::draw(chance)))),
            1 => {
                // The last is longer than a connection lives in silence.
                let lasts = *chance.pick(&[800, 4_000, 12_000, 34_000]);
                faults.push((at, Fault::Cut(host)));
                faults.push((at + Duration::from_millis(lasts), Fault::Mend(host)));
            }
            2 => faults.push((at, Fault::Shrink(host, *chance.pick(&[1200, 1280, 1400])))),
            3 => faults.push((at, Fault::Move(host))),
            4 => {
                let seconds = *chance.pick(&[-21_600, -3600, -1, 1, 3600, 21_600]);
                faults.push((at, Fault::Jump(seconds)));
            }
            _ => {
                let host = *chance.pick(&[TOPIC_READER, DIRECT_READER]);
                faults.push((at, Fault::Stall(host, true)));
                faults.push((at + Duration::from_secs(6), Fault::Stall(host, false)));
            }
        }
    }
    faults.retain(|(at, _)| *at < HEALED);
    faults.sort_by_key(|(at, _)| *at);
    faults
}

impl Fault {
    fn happen(self, relay: &SimulatedRelay, stage: &Stage) {
        let world = &relay.world;
        match self {
            Self::Weather(host, weather) => world.change(host, |link| {
                *link = Weather { is_cut: link.is_cut, ..weather };
            }),
            Self::Cut(host) => world.change(host, |link| link.is_cut = true),
            Self::Mend(host) => world.change(host, |link| link.is_cut = false),
            Self::Shrink(host, largest) => world.change(host, |link| link.largest = largest),
            Self::Move(host) => stage.rebind(host),
            Self::Jump(seconds) => relay.jump(seconds),
            Self::Stall(host, true) => {
                stage.stalled.lock().unwrap().insert(host);
            }
            Self::Stall(host, false) => {
                stage.stalled.lock().unwrap().remove(&host);
            }
        }
    }
}

/// The laws.
impl Ledger {
    fn is_complete(&self, mailbox: Address) -> bool {
        self.missing(mailbox).is_empty()
    }

    /// Acknowledged and not yet read by who must get it.
    fn missing(&self, mailbox: Address) -> String {
        let mut missing = String::new();
        for (host, address) in
            [(TOPIC_READER, topic("a")), (MAILBOX_READER, mailbox), (FETCHER, topic("b"))]
        {
            let read: BTreeSet<&[u8]> = self.envelopes(host).collect();
            for (envelope, to) in &self.acknowledged {
                if *to == address && !read.contains(envelope.as_slice()) {
                    missing += &format!("host {host} has not got {:?}\n", &envelope[..9]);
                }
            }
        }
        // What the reader of topic `a` has of ROUTINE the one of ROUTINE alone has too.
        let direct: BTreeSet<&[u8]> = self.envelopes(DIRECT_READER).collect();
        for (_, parcel) in self.read.get(&TOPIC_READER).into_iter().flatten() {
            let is_routine = parcel.precedence == Precedence::Routine;
            if is_routine && !direct.contains(parcel.envelope()) {
                missing +=
                    &format!("the direct reader has not got {:?}\n", &parcel.envelope()[..9]);
            }
        }
        missing
    }

    fn envelopes(&self, host: Host) -> impl Iterator<Item = &[u8]> {
        self.read.get(&host).into_iter().flatten().map(|(_, parcel)| parcel.envelope())
    }

    fn judge(&self, seed: u64) {
        for (host, read) in &self.read {
            let mut last = [0; 4];
            let mut seen = BTreeSet::new();
            for (cursor, parcel) in read {
                let envelope = parcel.envelope();
                let name = &envelope[..9];
                let before = &mut last[usize::from(parcel.precedence.to_bits())];
                assert!(cursor > before, "seed {seed}: host {host}: {name:?} out of order");
                *before = *cursor;
                assert!(seen.insert(envelope), "seed {seed}: host {host} got {name:?} twice");
                assert!(
                    !self.refused.contains(envelope),
                    "seed {seed}: host {host} got {name:?}, which was refused"
                );
            }
        }
        let published = PUBLISHERS.len() * usize::try_from(PARCELS).unwrap();
        let answered = self.acknowledged.len() + self.refused.len();
        assert_eq!(answered, published, "seed {seed}: a parcel was neither stored nor refused");
    }
}
