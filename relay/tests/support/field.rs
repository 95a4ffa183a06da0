//! A relay's federation in a test: its disks, its peers, what they have, and what was promised.

// Each test program uses its own part of this.
#![allow(dead_code)]

use super::scripted_store::DiskHandle;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::federation::{Federation, FederationOptions, PeerId, QueueName, Settled};
use chappe_relay::limits::{PEER_WINDOW_PARCELS, UPKEEP_EVERY};
use chappe_relay::node::Now;
use chappe_relay::parcel::ParcelRef;
use chappe_relay::{Address, Parcel, PeerCounts, Reason, TransportKey, TransportSecret};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;
use std::time::{Duration, Instant};

pub(crate) const REALM: Realm = Realm { mode: Mode::Exercise, network: 42 };
pub(crate) const START: u64 = 1_800_000_000;
pub(crate) const QUEUE_OCTETS: u64 = 8_000;
/// So little that schedules reach it, kills in the middle of it among them.
pub(crate) const COMPACT_OCTETS: u64 = 1_500;

pub(crate) fn key(number: u8) -> TransportKey {
    TransportSecret::from_seed(&[number; 32]).public()
}

/// What a step of a schedule does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A parcel for some of three homes, with a life of so many seconds.
    Forward {
        homes: u8,
        precedence: u8,
        life: u16,
    },
    /// The oldest group of a queue becomes durable, or does not.
    Append {
        queue: bool,
        is_stored: bool,
    },
    /// A read is answered, or fails.
    Read {
        queue: bool,
        is_read: bool,
    },
    /// Old records are told.
    Tell {
        queue: bool,
        count: u8,
    },
    Compact {
        queue: bool,
    },
    Connect {
        peer: u8,
    },
    Lose {
        peer: u8,
    },
    /// The peer answers one of those it was sent.
    Answer {
        peer: u8,
        which: u8,
        answer: u8,
    },
    Wait {
        seconds: u8,
    },
    /// The relay is killed; a group under way became durable, or did not.
    Kill {
        kept: bool,
    },
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (1_u8..8, 0_u8..4, prop_oneof![1_u16..60, 5000_u16..20_000])
            .prop_map(|(homes, precedence, life)| Step::Forward { homes, precedence, life }),
        8 => (any::<bool>(), 0_u8..8)
            .prop_map(|(queue, dice)| Step::Append { queue, is_stored: dice > 0 }),
        8 => (any::<bool>(), 0_u8..8)
            .prop_map(|(queue, dice)| Step::Read { queue, is_read: dice > 0 }),
        3 => (any::<bool>(), 1_u8..20).prop_map(|(queue, count)| Step::Tell { queue, count }),
        1 => any::<bool>().prop_map(|queue| Step::Compact { queue }),
        3 => (0_u8..3).prop_map(|peer| Step::Connect { peer }),
        2 => (0_u8..3).prop_map(|peer| Step::Lose { peer }),
        12 => (0_u8..3, any::<u8>(), 0_u8..12)
            .prop_map(|(peer, which, answer)| Step::Answer { peer, which, answer }),
        4 => (1_u8..30).prop_map(|seconds| Step::Wait { seconds }),
        1 => any::<bool>().prop_map(|kept| Step::Kill { kept }),
    ];
    proptest::collection::vec(step, 1..250)
}

/// A relay's federation, its disks, and what its peers have.
pub(crate) struct Field {
    pub(crate) federation: Federation,
    pub(crate) peers: Vec<PeerId>,
    pub(crate) disks: [DiskHandle; 2],
    pub(crate) now: Now,
    pub(crate) reached: [bool; 3],
    /// By peer and queue: what it was sent and has not answered, by sequence.
    pub(crate) sent: BTreeMap<(usize, usize), BTreeMap<u64, Parcel>>,
    /// What each peer has acknowledged, and what it has refused for good.
    pub(crate) has: [BTreeSet<u64>; 3],
    pub(crate) refused: [BTreeSet<u64>; 3],
    /// Groups that are not answered: number, and what is kept with them.
    pub(crate) open: [Vec<(u64, u64, u8)>; 2],
    /// Promised to a publisher: homes by number.
    pub(crate) promised: BTreeMap<u64, (u8, Precedence, u64)>,
    pub(crate) next: u64,
    /// Parcels that peers answered, each time they were sent.
    pub(crate) answered: usize,
}

pub(crate) fn federation(disks: &[DiskHandle; 2], kept: usize, now: Instant) -> Federation {
    let options = FederationOptions {
        own: key(99),
        peers: (0..3).map(|number| (key(number), PeerCounts::default())).collect(),
        queue_octets: QUEUE_OCTETS,
        compact_octets: COMPACT_OCTETS,
        jitter_seed: 5,
    };
    let [flash, rest] = disks;
    Federation::new(options, Box::new(flash.open(kept)), Box::new(rest.open(kept)), now)
}

pub(crate) fn numbered(parcel: &Parcel) -> u64 {
    u64::from_be_bytes(parcel.envelope()[1..9].try_into().unwrap())
}

impl Field {
    pub(crate) fn new() -> Self {
        let disks = [DiskHandle::new(1), DiskHandle::new(2)];
        let now = Now { seconds: START, instant: Instant::now() };
        let federation = federation(&disks, 0, now.instant);
        let peers = federation.peers().collect();
        Self {
            federation,
            peers,
            disks,
            now,
            reached: [false; 3],
            sent: BTreeMap::new(),
            has: Default::default(),
            refused: Default::default(),
            open: Default::default(),
            promised: BTreeMap::new(),
            next: 0,
            answered: 0,
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match *step {
            Step::Forward { homes, precedence, life } => self.forward(homes, precedence, life),
            Step::Append { queue, is_stored } => {
                let mut disk = self.disks[usize::from(queue)].disk();
                let event = if is_stored { disk.append_next() } else { disk.fail_next() };
                drop(disk);
                self.event(queue, event);
            }
            Step::Read { queue, is_read } => {
                let mut disk = self.disks[usize::from(queue)].disk();
                let event = if is_read { disk.read(0) } else { disk.fail_read(0) };
                drop(disk);
                self.event(queue, event);
            }
            Step::Tell { queue, count } => {
                let event = self.disks[usize::from(queue)].disk().tell(usize::from(count));
                self.event(queue, event);
            }
            Step::Compact { queue } => {
                let event = self.disks[usize::from(queue)].disk().compact();
                self.event(queue, event);
            }
            Step::Connect { peer } if !self.reached[usize::from(peer)] => {
                self.reached[usize::from(peer)] = true;
                self.federation.connected(self.peers[usize::from(peer)], self.now);
            }
            Step::Lose { peer } if self.reached[usize::from(peer)] => self.lose(peer),
            Step::Connect { .. } | Step::Lose { .. } => {}
            Step::Answer { peer, which, answer } => self.answer(usize::from(peer), which, answer),
            Step::Wait { seconds } => self.wait(u64::from(seconds)),
            Step::Kill { kept } => self.kill(if kept { usize::MAX } else { 0 }),
        }
        self.settle();
        self.check_bounds();
    }

    pub(crate) fn forward(&mut self, homes: u8, precedence: u8, life: u16) {
        let precedence = Precedence::from_bits(precedence);
        let mut envelope = vec![0x55];
        envelope.extend_from_slice(&self.next.to_be_bytes());
        envelope.resize(200, 0);
        let expiry = self.now.seconds + u64::from(life);
        let parcel =
            Parcel::new(Address::topic(REALM, "field"), precedence, expiry, envelope).unwrap();
        let named: Vec<[u8; 32]> =
            (0..3).filter(|home| homes >> home & 1 == 1).map(|home| key(home).to_bytes()).collect();
        let octets = parcel.to_bytes();
        let parcel = ParcelRef::parse(&octets).unwrap();
        let route = self.federation.route(&named, 2, precedence).unwrap();
        let Ok((homes, group)) = self.federation.admit(&route.homes, &parcel) else { return };
        self.federation.keep(homes, 1, &parcel, self.now);
        let bits = homes.iter().fold(0, |bits, home| bits | 1 << home.index());
        let queue = usize::from(QueueName::of(precedence) == QueueName::Rest);
        self.open[queue].push((group, self.next, bits));
        // Known to the law only once the group is durable.
        self.promised.insert(self.next, (0, precedence, expiry));
        self.next += 1;
    }

    pub(crate) fn event(&mut self, queue: bool, event: Option<chappe_store::StoreEvent>) {
        let Some(event) = event else { return };
        let name = QueueName::ALL[usize::from(queue)];
        let settled = self.federation.store_event(name, &event, self.now);
        let open = &mut self.open[usize::from(queue)];
        match settled {
            Some(Settled::Durable(number)) => {
                for (_, parcel, homes) in open.extract_if(.., |(group, ..)| *group <= number) {
                    self.promised.get_mut(&parcel).unwrap().0 = homes;
                }
            }
            Some(Settled::Failed(number)) => {
                open.retain(|(group, ..)| *group != number);
            }
            None => {}
        }
    }

    pub(crate) fn lose(&mut self, peer: u8) {
        let peer = usize::from(peer);
        self.reached[peer] = false;
        self.federation.lost(self.peers[peer], self.now);
        for queue in 0..2 {
            self.sent.remove(&(peer, queue));
        }
    }

    pub(crate) fn answer(&mut self, peer: usize, which: u8, answer: u8) {
        for (queue, name) in QueueName::ALL.into_iter().enumerate() {
            let Some(sent) = self.sent.get_mut(&(peer, queue)) else { continue };
            let Some(sequence) = sent.keys().nth(usize::from(which) % sent.len().max(1)).copied()
            else {
                continue;
            };
            let number = numbered(&sent.remove(&sequence).unwrap());
            self.answered += 1;
            let (peer, place) = (self.peers[peer], peer);
            match answer {
                0 => self.federation.refused(peer, name, sequence, Reason::TryLater, self.now),
                1 => self.federation.refused(peer, name, sequence, Reason::MailboxFull, self.now),
                2 => {
                    self.refused[place].insert(number);
                    let reason = Reason::ExpiryTooFar;
                    self.federation.refused(peer, name, sequence, reason, self.now);
                }
                _ => {
                    self.has[place].insert(number);
                    self.federation.acknowledged(peer, name, sequence, self.now);
                }
            }
        }
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let instant = self.now.instant + Duration::from_secs(1);
            self.now = Now { seconds: self.now.seconds + 1, instant };
            self.federation.on_time(self.now);
            let deadline = self.federation.deadline().unwrap();
            assert!(
                deadline > instant && deadline <= instant + UPKEEP_EVERY,
                "a deadline that is none"
            );
        }
    }

    pub(crate) fn kill(&mut self, kept: usize) {
        self.federation = federation(&self.disks, kept, self.now.instant);
        self.open = Default::default();
        self.reached = [false; 3];
        self.sent.clear();
    }

    /// What is to be started is started, what is to be sent is sent.
    pub(crate) fn settle(&mut self) {
        self.federation.flush();
        for (place, peer) in self.peers.iter().enumerate() {
            for (queue, name) in QueueName::ALL.into_iter().enumerate() {
                for outgoing in self.federation.take_outgoing(*peer, name, Waker::noop()) {
                    assert!(self.reached[place], "sent to a peer that is not reached");
                    assert_eq!(outgoing.hops_left, 1);
                    let sent = self.sent.entry((place, queue)).or_default();
                    let again = sent.insert(outgoing.sequence, outgoing.parcel);
                    assert!(again.is_none(), "sent again while it was on the way");
                }
            }
        }
    }

    pub(crate) fn check_bounds(&self) {
        // What was recovered has its place; what comes is bounded.
        let waiting: usize = self.federation.waiting().iter().sum();
        assert!(waiting <= self.promised.len());
        for peer in &self.peers {
            assert!(self.federation.on_the_way(*peer) <= 2 * PEER_WINDOW_PARCELS);
        }
    }

    /// Everything works from now on: disks and peers answer, and take all they are sent.
    pub(crate) fn heal(&mut self) {
        for _ in 0..2000 {
            for queue in [false, true] {
                for step in [
                    Step::Tell { queue, count: 100 },
                    Step::Append { queue, is_stored: true },
                    Step::Read { queue, is_read: true },
                    Step::Compact { queue },
                ] {
                    self.take(&step);
                }
            }
            for peer in 0..3 {
                self.take(&Step::Connect { peer });
                self.take(&Step::Answer { peer, which: 0, answer: 9 });
            }
            let is_idle = self.sent.values().all(BTreeMap::is_empty)
                && self
                    .disks
                    .iter()
                    .all(|disk| disk.disk().groups.is_empty() && disk.disk().reads.is_empty());
            if is_idle && self.federation.waiting() == [0; 2] {
                return;
            }
            if is_idle {
                self.take(&Step::Wait { seconds: 1 });
            }
        }
        panic!("{:?} wait for ever", self.federation.waiting());
    }

    /// Nothing that was promised is lost unless it has expired or was refused for good.
    pub(crate) fn check_promises(&self) {
        for (number, (homes, precedence, expiry)) in &self.promised {
            if *homes == 0 || *expiry <= self.now.seconds {
                continue;
            }
            let homes = (0..3).filter(|home| homes >> home & 1 == 1);
            let dealt: Vec<bool> = homes
                .clone()
                .map(|home| self.has[home].contains(number) || self.refused[home].contains(number))
                .collect();
            let has_one = homes.clone().any(|home| self.has[home].contains(number));
            let is_kept = if *precedence == Precedence::Flash {
                dealt.iter().all(|dealt| *dealt)
            } else {
                has_one || dealt.iter().all(|dealt| *dealt)
            };
            assert!(
                is_kept,
                "parcel {number} for {:?} was promised and is lost",
                homes.collect::<Vec<_>>()
            );
        }
    }
}

impl Field {
    /// All peers reached, both disks told empty.
    pub(crate) fn reached() -> Self {
        let mut field = Self::new();
        for queue in [false, true] {
            field.take(&Step::Tell { queue, count: 1 });
        }
        (0..3).for_each(|peer| field.take(&Step::Connect { peer }));
        field
    }

    /// Keeps a parcel and brings it on its way.
    pub(crate) fn send(&mut self, homes: u8, precedence: Precedence) {
        self.take(&Step::Forward { homes, precedence: precedence.to_bits(), life: 20_000 });
        let queue = QueueName::of(precedence) == QueueName::Rest;
        self.take(&Step::Append { queue, is_stored: true });
        // A FLASH is read for each home.
        (0..3).for_each(|_| self.take(&Step::Read { queue, is_read: true }));
    }

    pub(crate) fn under_way(&self, peer: usize, name: QueueName) -> Vec<u64> {
        let sent = self.sent.get(&(peer, usize::from(name == QueueName::Rest)));
        sent.map_or(Vec::new(), |sent| sent.values().map(numbered).collect())
    }

    pub(crate) fn says(&mut self, peer: u8, answer: u8) {
        self.take(&Step::Answer { peer, which: 0, answer });
        // Where it went on to another home, that one's read is answered.
        self.take(&Step::Read { queue: true, is_read: true });
    }
}
