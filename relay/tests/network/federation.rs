//! One run of three relays that know each other, each with a writer and two readers, and what the seed lets
//! happen to their network and to them.

use crate::chance::Chance;
use crate::federated::{Ledger, Letter, Shared, copied, kept, read, write};
use crate::relay::SimulatedRelay;
use crate::story::in_virtual_time;
use crate::support::parcel;
use crate::weather::Weather;
use crate::world::{Host, RELAY, Trace, World};
use chappe_codec::precedence::Precedence;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

const RELAYS: [Host; 3] = [RELAY, 201, 202];

/// The links between them.
const PAIRS: [(Host, Host); 3] = [(RELAY, 201), (RELAY, 202), (201, 202)];

/// Letters of one writer.
const LETTERS: u64 = 60;

/// Faults of a run, beside the weather it begins with.
const FAULTS_MAX: u64 = 16;

/// When the network is fair again and every relay runs.
const HEALED: Duration = Duration::from_secs(60);

/// By when everything is where it belongs after that: a peer is tried again after a minute at most, by two
/// sockets for ten seconds each, and a parcel that was put off waits no longer than that here.
const SETTLED: Duration = Duration::from_secs(240);

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    trace: Trace,
    acknowledged: usize,
    deliveries: usize,
    forwarded: u64,
    replicated: u64,
    compactions: u64,
    ends: u64,
    losses: u64,
}

/// What all runs came to.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    datagrams: u64,
    lost: u64,
    acknowledged: usize,
    deliveries: usize,
    forwarded: u64,
    replicated: u64,
    compactions: u64,
    ends: u64,
    losses: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.datagrams += outcome.trace.datagrams;
        self.lost += outcome.trace.lost;
        self.acknowledged += outcome.acknowledged;
        self.deliveries += outcome.deliveries;
        self.forwarded += outcome.forwarded;
        self.replicated += outcome.replicated;
        self.compactions += outcome.compactions;
        self.ends += outcome.ends;
        self.losses += outcome.losses;
    }

    /// Otherwise the laws were not tried.
    pub(crate) fn assert_harm_was_done(&self) {
        let Self { lost, forwarded, replicated, compactions, ends, losses, .. } = self;
        for count in [lost, forwarded, replicated, compactions, ends, losses] {
            assert!(*count > 0, "these networks are too good: {self:?}");
        }
    }
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

async fn run(seed: u64) -> Outcome {
    let mut chance = Chance::new(seed);
    let world = World::new(Chance::new(chance.next()));
    let mut relays = BTreeMap::new();
    for host in RELAYS {
        let others: Vec<Host> = RELAYS.into_iter().filter(|other| *other != host).collect();
        let mut relay = SimulatedRelay::found(&world, host, &others, &[copied()], &mut chance);
        relay.run();
        relays.insert(host, relay);
    }
    let began = Instant::now();
    let ledger = Shared::default();
    let keys: BTreeMap<Host, _> =
        RELAYS.into_iter().map(|host| (host, SimulatedRelay::key_of(host))).collect();
    let (mut readers, mut writers) = (Vec::new(), Vec::new());
    for ((relay, running), number) in relays.iter_mut().zip(1..) {
        let writer = (*relay, running.connector(number));
        let plan = plan(&mut chance, number);
        let letters = plan.iter().map(|(_, letter)| (letter.number, letter.clone()));
        ledger.lock().unwrap().letters.extend(letters);
        writers.push(tokio::spawn(write(ledger.clone(), writer, keys.clone(), plan)));
        for (address, host) in [(kept(), 10 + number), (copied(), 20 + number)] {
            let reader = (*relay, running.connector(host));
            readers.push(tokio::spawn(read(ledger.clone(), reader, address)));
        }
    }

    let mut ends = 0;
    for (at, fault) in faults(&mut chance) {
        sleep_until(began + at).await;
        ends += fault.happen(&world, &mut relays).await;
    }
    sleep_until(began + HEALED).await;
    world.heal();
    relays.values_mut().filter(|relay| !relay.is_running()).for_each(SimulatedRelay::run);

    let settled = async {
        for writer in writers {
            writer.await.unwrap();
        }
        while !ledger.lock().unwrap().missing(&RELAYS).is_empty() || waiting(&relays) > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let is_settled = timeout(SETTLED, settled).await.is_ok();
    let missing = ledger.lock().unwrap().missing(&RELAYS);
    assert!(
        is_settled,
        "seed {seed}: not where it belongs: {missing:?}; {} wait for peers",
        waiting(&relays)
    );
    // What would come twice may still come, and what was copied by way of the third is offered by the other, too.
    let is_quiet = timeout(SETTLED, quiet(&relays)).await.is_ok();
    assert!(is_quiet, "seed {seed}: they are never done with each other");
    let forwarded = sum(&relays, SimulatedRelay::forwarded);
    let replicated = sum(&relays, SimulatedRelay::replicated);
    nothing_is_said_again(seed, &mut relays).await;
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    ledger.judge(seed);
    let trace = world.trace();
    let compactions = sum(&relays, SimulatedRelay::compactions);
    for relay in relays.into_values() {
        relay.stop().await;
    }
    outcome(trace, &ledger, (forwarded, replicated), (compactions, ends))
}

fn outcome(
    trace: Trace,
    ledger: &Ledger,
    (forwarded, replicated): (u64, u64),
    (compactions, ends): (u64, u64),
) -> Outcome {
    Outcome {
        trace,
        acknowledged: ledger.acknowledged.len(),
        deliveries: ledger.read.values().map(Vec::len).sum(),
        forwarded,
        replicated,
        compactions,
        ends,
        losses: ledger.losses,
    }
}

type Relays = BTreeMap<Host, SimulatedRelay>;

fn sum(relays: &Relays, of: impl Fn(&SimulatedRelay) -> u64) -> u64 {
    relays.values().map(of).sum()
}

fn waiting(relays: &Relays) -> u64 {
    sum(relays, |relay| relay.peers.values().map(|peer| peer.waiting()).sum())
}

/// What the relays have taken from clients and from each other.
fn taken(relays: &Relays) -> u64 {
    sum(relays, |relay| {
        Precedence::ALL.into_iter().map(|precedence| relay.counts.taken(precedence)).sum()
    })
}

fn are_connected(relays: &Relays) -> bool {
    relays.values().flat_map(|relay| relay.peers.values()).all(|peer| peer.is_connected())
}

/// Waits until all are connected and say nothing more.
async fn quiet(relays: &Relays) {
    loop {
        let before = taken(relays);
        // A silent connection is noticed after 30 seconds.
        sleep(Duration::from_secs(40)).await;
        if are_connected(relays) && taken(relays) == before {
            return;
        }
    }
}

/// Relays that end in peace and are started again say nothing to each other that was said before.
async fn nothing_is_said_again(seed: u64, relays: &mut Relays) {
    let before = taken(relays);
    for relay in relays.values_mut() {
        relay.end().await;
    }
    relays.values_mut().for_each(SimulatedRelay::run);
    // Longer than the longest pause before a peer is tried again: they are all back.
    sleep(Duration::from_secs(10)).await;
    assert!(are_connected(relays), "seed {seed}: not connected");
    assert_eq!(taken(relays), before, "seed {seed}: said again after a restart");
}

/// Letters of every precedence, some for one to three homes, some to be copied, some twice.
fn plan(chance: &mut Chance, writer: u8) -> Vec<(Duration, Letter)> {
    let mut plan = Vec::new();
    for number in 0..LETTERS {
        let mut homes = Vec::new();
        if chance.in_thousand(700) {
            for _ in 0..chance.between(1, 3) {
                let home = *chance.pick(&RELAYS);
                if !homes.contains(&home) {
                    homes.push(home);
                }
            }
        }
        let letter = Letter {
            number: u64::from(writer) * 1000 + number,
            homes,
            precedence: *chance.pick(&Precedence::ALL),
            length: usize::try_from(*chance.pick(&[20, 64, 239, 1024, 6000])).unwrap(),
        };
        // In bursts, with silence between them.
        let pause = *chance.pick(&[0, 0, 0, 500, 3000]);
        let pause = Duration::from_millis(chance.between(0, pause));
        if chance.in_thousand(100) {
            plan.push((pause, letter.clone()));
        }
        plan.push((pause, letter));
    }
    plan
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The link between two relays is another one.
    Weather((Host, Host), Weather),
    /// Nothing comes through between two relays any more.
    Cut((Host, Host)),
    /// Everything comes through that did before.
    Mend((Host, Host)),
    /// A relay shuts down.
    End(Host),
    /// A relay is killed.
    Kill(Host),
    /// It runs again, on the disks it had.
    Run(Host),
}

fn faults(chance: &mut Chance) -> Vec<(Duration, Fault)> {
    let mut faults: Vec<(Duration, Fault)> = PAIRS
        .iter()
        .map(|pair| (Duration::ZERO, Fault::Weather(*pair, Weather::draw(chance))))
        .collect();
    for _ in 0..chance.between(4, FAULTS_MAX) {
        let at = Duration::from_millis(chance.between(500, 45_000));
        // The last is longer than a connection lives in silence.
        let lasts = Duration::from_millis(*chance.pick(&[800, 4_000, 12_000, 34_000]));
        let (pair, relay) = (*chance.pick(&PAIRS), *chance.pick(&RELAYS));
        match chance.between(0, 5) {
            0 | 1 => faults.push((at, Fault::Weather(pair, Weather::draw(chance)))),
            2 => {
                faults.push((at, Fault::Cut(pair)));
                faults.push((at + lasts, Fault::Mend(pair)));
            }
            // Alone: the others still have each other.
            3 => {
                for pair in PAIRS.into_iter().filter(|(a, b)| [*a, *b].contains(&relay)) {
                    faults.push((at, Fault::Cut(pair)));
                    faults.push((at + lasts, Fault::Mend(pair)));
                }
            }
            4 => {
                faults.push((at, Fault::End(relay)));
                faults.push((at + lasts, Fault::Run(relay)));
            }
            _ => {
                faults.push((at, Fault::Kill(relay)));
                faults.push((at + lasts, Fault::Run(relay)));
            }
        }
    }
    faults.sort_by_key(|(at, _)| *at);
    faults
}

impl Fault {
    /// How many relays ended of it.
    async fn happen(self, world: &World, relays: &mut Relays) -> u64 {
        match self {
            Self::Weather((a, b), weather) => world.change_between(a, b, |link| {
                *link = Weather { is_cut: link.is_cut, ..weather };
            }),
            Self::Cut((a, b)) => world.change_between(a, b, |link| link.is_cut = true),
            Self::Mend((a, b)) => world.change_between(a, b, |link| link.is_cut = false),
            Self::End(host) | Self::Kill(host) => {
                let Some(relay) = relays.get_mut(&host).filter(|relay| relay.is_running()) else {
                    return 0;
                };
                match self {
                    Self::Kill(_) => relay.kill().await,
                    _ => relay.end().await,
                }
                return 1;
            }
            Self::Run(host) => {
                if let Some(relay) = relays.get_mut(&host).filter(|relay| !relay.is_running()) {
                    relay.run();
                }
            }
        }
        0
    }
}

/// The disk is told once a second what peers have; a relay that ends tells it before.
#[test]
fn what_was_taken_on_in_the_last_second_is_not_said_again_after_a_restart() {
    in_virtual_time(async {
        let mut chance = Chance::new(11);
        let world = World::new(Chance::new(chance.next()));
        let mut relays = Relays::new();
        for (host, other) in [(RELAY, 201), (201, RELAY)] {
            let mut relay = SimulatedRelay::found(&world, host, &[other], &[], &mut chance);
            relay.run();
            relays.insert(host, relay);
        }
        let home = SimulatedRelay::key_of(201);
        for round in 0..8 {
            let relay = relays.get_mut(&RELAY).unwrap();
            let connector = relay.connector(1);
            let client = connector.connect(World::relay_address()).await.unwrap();
            // At another place of the second each time.
            sleep(Duration::from_millis(15_000 + 130 * round)).await;
            let before = relays[&201].counts.taken(Precedence::Routine);
            for number in 0..20 {
                let parcel = parcel(kept(), round * 100 + number);
                client.start_forward(parcel, &[home], 2).await.unwrap().wait().await.unwrap();
            }
            while waiting(&relays) > 0 {
                sleep(Duration::from_millis(1)).await;
            }
            drop(client);
            let relay = relays.get_mut(&RELAY).unwrap();
            relay.end().await;
            relay.run();
            sleep(Duration::from_secs(10)).await;
            assert!(are_connected(&relays));
            assert_eq!(relays[&201].counts.taken(Precedence::Routine), before + 20, "{round}");
        }
        for relay in relays.into_values() {
            relay.stop().await;
        }
    });
}

/// "From the socket it listens on, where that reaches the peer" (spec/06-relay.md, "Federation").
#[test]
fn relays_speak_with_each_other_from_where_they_listen() {
    in_virtual_time(async {
        let mut chance = Chance::new(9);
        let world = World::new(Chance::new(chance.next()));
        let said = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&said);
        world.watch(Box::new(move |from, to, _| {
            seen.lock().unwrap().insert((from, to));
            true
        }));
        let mut relays = Relays::new();
        for (host, other) in [(RELAY, 201), (201, RELAY)] {
            let mut relay = SimulatedRelay::found(&world, host, &[other], &[], &mut chance);
            relay.run();
            relays.insert(host, relay);
        }
        // The first attempt may have come before the other listened.
        sleep(Duration::from_secs(30)).await;
        assert!(are_connected(&relays));
        let ends = [RELAY, 201].map(World::address_of);
        let expected = BTreeSet::from([(ends[0], ends[1]), (ends[1], ends[0])]);
        assert_eq!(*said.lock().unwrap(), expected);
        for relay in relays.into_values() {
            relay.stop().await;
        }
    });
}
