//! Federation without sockets (spec/06-relay.md, "Federation"): what becomes of a `forward`, and what waits for the
//! relay's peers.
//!
//! A [`Federation`] is part of a node and driven by the same thread. What is to be kept, what the two stores
//! say, what peers answer and the time go in; groups for the stores and parcels for the peers come out.
//! After each piece of work [`Federation::flush`] starts what can be started.

mod backoff;
mod counts;
mod entry;
mod forwarding;
mod link;
mod open_ranges;
mod queue;
mod record;
mod recovering;
mod replication;
mod route;
mod upkeep;

pub use backoff::Jitter;
pub use counts::PeerCounts;
pub use link::Outgoing;
pub use record::{Kept, OpenRange, QueueRecord, Replicated};
pub use route::{Homes, PeerId, Route, route};

use crate::key::TransportKey;
use crate::limits::{GROUP_RECORDS_MAX, QUEUE_RECORDS_MAX};
use crate::node::Now;
use crate::parcel::ParcelRef;
use crate::protocol::Reason;
use chappe_codec::precedence::Precedence;
use chappe_store::{Store, StoreEvent};
use entry::Entry;
use link::Link;
use queue::Queue;
use replication::Replication;
use std::collections::HashMap;
use std::time::Instant;

/// A queue of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueName {
    /// FLASH has its own.
    Flash,
    /// All else.
    Rest,
}

impl QueueName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Flash, Self::Rest];

    /// The queue of a precedence.
    #[must_use]
    pub const fn of(precedence: Precedence) -> Self {
        match precedence {
            Precedence::Flash => Self::Flash,
            Precedence::Immediate | Precedence::Priority | Precedence::Routine => Self::Rest,
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Flash => 0,
            Self::Rest => 1,
        }
    }
}

/// How a federation is set up.
#[derive(Debug)]
pub struct FederationOptions {
    /// This relay's own key.
    pub own: TransportKey,
    /// The peers' keys, and where what is of each is counted. Their order gives the [`PeerId`]s.
    pub peers: Vec<(TransportKey, PeerCounts)>,
    /// Octets of records that may wait for one peer, in each of the two queues.
    pub queue_octets: u64,
    /// Octets a queue's log has at least before it is compacted.
    pub compact_octets: u64,
    /// For the jitter of pauses.
    pub jitter_seed: u64,
}

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is durable, and what it keeps with it.
    Durable(u64),
    /// It is not stored.
    Failed(u64),
}

/// What waits for the peers of a relay.
#[derive(Debug)]
pub struct Federation {
    own: TransportKey,
    by_key: HashMap<[u8; 32], PeerId>,
    keys: Vec<[u8; 32]>,
    links: Vec<Link>,
    queues: [Queue; 2],
    replication: Replication,
    queue_octets: u64,
    jitter: Jitter,
    next: Option<Instant>,
}

impl Federation {
    /// A federation on two stores, for FLASH and for all else. Their events go to [`Federation::store_event`].
    /// Of peers beyond [`PEERS_MAX`](crate::limits::PEERS_MAX) nothing is known.
    #[must_use]
    pub fn new(
        options: FederationOptions,
        flash: Box<dyn Store>,
        rest: Box<dyn Store>,
        now: Instant,
    ) -> Self {
        let FederationOptions { own, peers, queue_octets, compact_octets, jitter_seed } = options;
        let mut federation = Self {
            own,
            by_key: HashMap::new(),
            keys: Vec::new(),
            links: Vec::new(),
            queues: [Queue::new(flash, compact_octets), Queue::new(rest, compact_octets)],
            replication: Replication::default(),
            queue_octets,
            jitter: Jitter::new(jitter_seed),
            next: None,
        };
        for ((key, counts), id) in peers.into_iter().take(crate::limits::PEERS_MAX).zip(0_u16..) {
            federation.by_key.insert(key.to_bytes(), PeerId(id));
            federation.keys.push(key.to_bytes());
            federation.links.push(Link::new(counts, now));
        }
        federation
    }

    /// The peer with this key.
    #[must_use]
    pub fn peer(&self, key: TransportKey) -> Option<PeerId> {
        self.by_key.get(&key.to_bytes()).copied()
    }

    /// All peers, in the order of the options.
    pub fn peers(&self) -> impl Iterator<Item = PeerId> {
        (0..u16::try_from(self.links.len()).unwrap_or(u16::MAX)).map(PeerId)
    }

    /// What becomes of a `forward`.
    ///
    /// # Errors
    /// [`Reason::NoRoute`].
    pub fn route(
        &self,
        named: &[[u8; 32]],
        hops_left: u8,
        precedence: Precedence,
    ) -> Result<Route, Reason> {
        let peer = |key: &[u8; 32]| self.by_key.get(key).copied();
        route(self.own, peer, named, hops_left, precedence)
    }

    /// Of homes, those that have room for a parcel; and the group of the queue that would keep it.
    ///
    /// # Errors
    /// [`Reason::TryLater`]: the disk fails, or none has room.
    pub fn admit(&self, homes: &Homes, parcel: &ParcelRef<'_>) -> Result<(Homes, u64), Reason> {
        let index = QueueName::of(parcel.precedence).index();
        let queue = self.queues.get(index).ok_or(Reason::TryLater)?;
        let is_full = queue.waiting() >= QUEUE_RECORDS_MAX || !queue.has_room();
        if queue.has_failed || is_full {
            return Err(Reason::TryLater);
        }
        let octets = record_octets(homes, parcel);
        let mut with_room = Homes::default();
        for home in homes.iter() {
            let link = self.links.get(home.index());
            if link
                .and_then(|link| link.sides.get(index))
                .is_some_and(|side| side.has_room(octets, self.queue_octets))
            {
                with_room.push(home);
            }
        }
        // "A home whose queue is full is left out; `try_later` is for when no other is left."
        if with_room.is_empty() { Err(Reason::TryLater) } else { Ok((with_room, queue.group())) }
    }

    /// Keeps a parcel for homes that [`Federation::admit`] gave. It is kept when the group that gave is durable.
    pub fn keep(&mut self, homes: Homes, hops_left: u8, parcel: &ParcelRef<'_>, now: Now) {
        let index = QueueName::of(parcel.precedence).index();
        let keys: Vec<[u8; 32]> =
            homes.iter().filter_map(|home| self.keys.get(home.index()).copied()).collect();
        let record = Kept { taken_seconds: now.seconds, hops_left, homes: &keys, parcel: *parcel };
        let mut entry = Entry {
            homes,
            open: record::all(&homes),
            offered: 0,
            precedence: parcel.precedence,
            put_off: 0,
            put_off_by: 0,
            octets: u32::try_from(record.octets()).unwrap_or(u32::MAX),
            taken_seconds: now.seconds,
            expiry_seconds: parcel.expiry_seconds(),
        };
        entry.offered = self.choose(index, &entry, now.instant);
        for peer in entry.offered_to() {
            if let Some(link) = self.links.get_mut(peer.index()) {
                link.charge(index, entry.octets);
            }
        }
        if let Some(queue) = self.queues.get_mut(index) {
            queue.keep(&record, entry);
        }
    }

    /// Whether the group of a queue that grows may grow further. It has when the one before it is durable.
    #[must_use]
    pub fn has_room(&self, name: QueueName) -> bool {
        self.queues.get(name.index()).is_none_or(Queue::has_room)
    }

    /// Starts what can be started. Call it after every batch.
    pub fn flush(&mut self) {
        self.queues.iter_mut().for_each(Queue::start_group);
    }

    /// Takes in what a store says. What became of a group is told to whoever waits for it.
    pub fn store_event(
        &mut self,
        name: QueueName,
        event: &StoreEvent,
        now: Now,
    ) -> Option<Settled> {
        let index = name.index();
        match event {
            StoreEvent::Recovered(records) => self.recover(index, records, now),
            StoreEvent::RecoveryEnded(recovery) => {
                self.recovery_ended(index, recovery.sequences.end, now);
            }
            StoreEvent::Appended { number, sequences } => {
                self.appended(index, *number, sequences.clone(), now);
                return Some(Settled::Durable(*number));
            }
            StoreEvent::AppendFailed { number, .. } => {
                self.append_failed(index, *number);
                return Some(Settled::Failed(*number));
            }
            StoreEvent::Read { number, records } => {
                self.read(index, *number, records.as_ref().ok(), now);
            }
            StoreEvent::Failed { .. } => self.set_failed(index, true),
            StoreEvent::WorksAgain(_) => self.set_failed(index, false),
            StoreEvent::Followed(_)
            | StoreEvent::Discarded { .. }
            | StoreEvent::Compacted { .. }
            | StoreEvent::Damaged(_)
            | StoreEvent::Said(_) => {}
        }
        None
    }

    /// Says on disk what became of everything, before the relay ends: else what was sent last is sent again
    /// after the next start. Whether that is still on its way to the disk.
    pub fn save_all(&mut self) -> bool {
        QueueName::ALL.into_iter().for_each(|name| self.save(name.index()));
        self.flush();
        self.queues.iter().any(|queue| !queue.has_failed && queue.is_writing())
    }

    /// The last group of each queue that is durable.
    #[must_use]
    pub fn durable(&self) -> [u64; 2] {
        let [flash, rest] = &self.queues;
        [flash.durable, rest.durable]
    }

    /// When [`Federation::on_time`] is due; `None`: at once.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Parcels that wait in memory, by queue: for tests of what is bounded.
    #[must_use]
    pub fn waiting(&self) -> [usize; 2] {
        let [flash, rest] = &self.queues;
        [flash.waiting(), rest.waiting()]
    }

    /// Parcels on the way to a peer, those being read included.
    #[must_use]
    pub fn on_the_way(&self, peer: PeerId) -> usize {
        let sides = self.links.get(peer.index()).map(|link| &link.sides);
        sides.map_or(0, |sides| sides.iter().fold(0, |sum, side| side.flying().saturating_add(sum)))
    }

    fn set_failed(&mut self, index: usize, has_failed: bool) {
        if let Some(queue) = self.queues.get_mut(index) {
            queue.has_failed = has_failed;
        }
    }
}

/// Octets of the record that would keep it.
fn record_octets(homes: &Homes, parcel: &ParcelRef<'_>) -> u32 {
    let keys = homes.iter().count().saturating_mul(32);
    let octets = parcel.octets().len().saturating_add(keys).saturating_add(8);
    u32::try_from(octets).unwrap_or(u32::MAX)
}

/// A group of the queue is bounded as one of the node's logs is.
const _: () = assert!(GROUP_RECORDS_MAX < QUEUE_RECORDS_MAX);
