//! The node without sockets: parcels into the logs, and out of them for whoever may read them.
//!
//! A [`Node`] is driven by one thread. Requests of lanes, answers of the two stores and the time go in; what
//! is to be written to lanes is taken out. After each piece of work [`Node::flush`] starts what can be
//! started, and [`Node::take_ready`] says which lanes have something to write or may be read on.

mod access;
mod account;
mod admission;
mod duplicates;
mod entries;
mod fan_out;
mod fingerprint;
mod forwarding;
mod group;
mod lane;
mod levels;
mod live;
mod live_filter;
mod publishing;
mod reader;
mod reading;
mod record;
mod recovering;
mod senders;
mod shelf;
pub(crate) mod slots;
mod staged;
mod storing;
mod upkeep;

pub use access::{Grant, may_read};
pub use admission::{Admission, Applicant, Leave, ListedKeys, SenderTag};
pub use lane::Peer;
pub use levels::{Levels, LogLevels};
pub use slots::SlotId;
pub use storing::NodeEvent;
pub use upkeep::Counters;

use crate::admission::Ground;
use crate::counts::Counts;
use crate::federation::QueueName;
use crate::limits::{ADDRESS_OCTETS_DEFAULT, SENDER_OCTETS_DEFAULT};
use crate::protocol::{ConnectionRole, RelayMessage, Request, SessionError};
use bytes::Bytes;
use chappe_codec::digest;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_store::Store;
use duplicates::{Duplicates, log_of};
use fan_out::FanOut;
use fingerprint::Fingerprints;
use forwarding::Forwarding;
use group::NodeLog;
use lane::Lane;
use live_filter::LiveFilter;
use reader::Reader;
use recovering::Unjudged;
use senders::Senders;
use shelf::Shelves;
use slots::Slots;
use staged::{Staged, Unnoted};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The time, as the driver's clocks show it.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Seconds after 1970.
    pub seconds: u64,
    /// For what is measured and not dated.
    pub instant: Instant,
}

/// How a node is set up.
#[derive(Debug)]
pub struct NodeOptions {
    /// The realm it serves.
    pub realm: Realm,
    /// Octets of records one sender may have stored.
    pub sender_octets: u64,
    /// Octets of records one address may have stored.
    pub address_octets: u64,
    /// Sixteen random octets: the key duplicates are found with.
    pub fingerprint_key: [u8; 16],
    /// Who may use it.
    pub admission: Box<dyn Admission>,
    /// Where it counts.
    pub counts: Counts,
    /// How often few ROUTINE parcels are synced at most.
    pub routine_sync_every: Duration,
}

impl NodeOptions {
    /// A node for everybody, with the quotas of [`limits`](crate::limits), that syncs at once.
    #[must_use]
    pub fn new(realm: Realm, fingerprint_key: [u8; 16]) -> Self {
        Self {
            realm,
            sender_octets: SENDER_OCTETS_DEFAULT,
            address_octets: ADDRESS_OCTETS_DEFAULT,
            fingerprint_key,
            admission: Box::new(ListedKeys::default()),
            counts: Counts::default(),
            routine_sync_every: Duration::ZERO,
        }
    }
}

/// One of the two logs of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogName {
    /// FLASH has its own.
    Flash,
    /// All else.
    Rest,
    /// Of the forward queue, FLASH.
    ForwardFlash,
    /// Of the forward queue, all else.
    ForwardRest,
}

impl LogName {
    const fn index(self) -> usize {
        match self {
            Self::Flash => 0,
            Self::Rest => 1,
            Self::ForwardFlash => 2,
            Self::ForwardRest => 3,
        }
    }
}

/// What a lane's driver asks before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneState {
    /// Whether the next request may be handed over now. When it may again the lane is told ready.
    pub takes_requests: bool,
    /// Whether everything asked is answered and the client ended its half: when all is written the
    /// relay ends its own.
    pub is_done: bool,
}

/// Parcels on disk and where each address's lie. A parcel costs some 60 octets of memory: 16 in its
/// address's shelf, 40 in the table of duplicates; the rest is slack.
#[derive(Debug)]
pub struct Node {
    options: NodeOptions,
    name: u64,
    fingerprints: Fingerprints,
    duplicates: Duplicates,
    shelves: Shelves,
    senders: Senders,
    logs: [NodeLog; 2],
    lanes: Slots<Lane>,
    readers: Slots<Reader>,
    fan_out: FanOut,
    live: LiveFilter,
    staged: Staged,
    unnoted: Unnoted,
    unjudged: Vec<Unjudged>,
    /// Readers whose leave ends, by when.
    grants: BTreeSet<(u64, SlotId)>,
    /// Readers that wait until old records are read.
    waiting: Vec<SlotId>,
    ready: Vec<SlotId>,
    events: Vec<NodeEvent>,
    upkeep: upkeep::Upkeep,
    counters: Counters,
    forwarding: Option<Box<Forwarding>>,
    /// The relay's clock as it was handed in last.
    seconds: u64,
    instant: Option<Instant>,
}

impl Node {
    /// A node on two stores, for FLASH and for all else. Their events go to [`Node::store_event`].
    #[must_use]
    pub fn new(options: NodeOptions, flash: Box<dyn Store>, rest: Box<dyn Store>) -> Self {
        let (first, second) = (flash.identity().to_be_bytes(), rest.identity().to_be_bytes());
        let name = digest::hash("chappe-relay-log/1", &[&first, &second]);
        Self {
            name: u64::from_be_bytes(digest::first(&name)),
            fingerprints: Fingerprints::new(options.fingerprint_key),
            options,
            duplicates: Duplicates::default(),
            shelves: Shelves::default(),
            senders: Senders::default(),
            logs: [NodeLog::new(0, flash), NodeLog::new(1, rest)],
            lanes: Slots::default(),
            readers: Slots::default(),
            fan_out: FanOut::default(),
            live: LiveFilter::default(),
            staged: Staged::default(),
            unnoted: Unnoted::default(),
            unjudged: Vec::new(),
            grants: BTreeSet::new(),
            waiting: Vec::new(),
            ready: Vec::new(),
            events: Vec::new(),
            upkeep: upkeep::Upkeep::default(),
            counters: Counters::default(),
            forwarding: None,
            seconds: 0,
            instant: None,
        }
    }

    /// The name of its logs (spec/06-relay.md, "Hello").
    #[must_use]
    pub const fn log_name(&self) -> u64 {
        self.name
    }

    /// The realm it serves.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        self.options.realm
    }

    /// Judges who says hello.
    ///
    /// # Errors
    /// As [`Admission::admit`].
    pub fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        if applicant.hello.role == ConnectionRole::Relay {
            let leave = self.admit_peer(applicant)?;
            self.options.counts.admit(Ground::Peer);
            return Ok(leave);
        }
        self.options.admission.admit(applicant)
    }

    /// A lane begins.
    pub fn open_lane(&mut self, peer: Peer, precedence: Precedence) -> SlotId {
        let sender = self.senders.open(peer.leave.sender, self.seconds);
        self.lanes.insert(Lane::new(peer, sender, precedence))
    }

    /// A lane is gone: what it published is stored all the same.
    pub fn close_lane(&mut self, id: SlotId) {
        self.judge_staged();
        let reads: Vec<SlotId> = match self.lanes.get(id) {
            Some(lane) => lane.reads.values().copied().collect(),
            None => return,
        };
        for reader in reads {
            self.forget_reader(reader);
        }
        if let Some(lane) = self.lanes.remove(id) {
            self.senders.close(lane.sender);
        }
    }

    /// The client ended its half: what it asked is answered, its reads end.
    pub fn end_input(&mut self, id: SlotId) {
        self.judge_staged();
        self.share_out();
        let Some(lane) = self.lanes.get_mut(id) else { return };
        lane.input_ended = true;
        let watches: Vec<u64> = lane.reads.keys().copied().collect();
        for number in watches {
            self.stop(id, number);
        }
        self.mark_ready(id);
    }

    /// Takes up one request.
    pub fn request(&mut self, id: SlotId, request: &Request<'_>, now: Now) {
        self.instant = Some(now.instant);
        match request {
            Request::Publish { number, parcel } => return self.publish(id, *number, parcel, now),
            Request::Live(parcel) => return self.live(id, parcel, now),
            _ => {
                self.judge_staged();
                self.share_out();
            }
        }
        match *request {
            Request::Forward { number, hops, homes, parcel } => {
                self.forward(id, number, (hops, homes), &parcel, now);
            }
            Request::Fetch { number, read, cursor, limit } => {
                self.fetch(id, number, &read, cursor, limit, now);
            }
            Request::Subscribe { number, read, cursor, credit } => {
                self.subscribe(id, number, &read, cursor, credit, now);
            }
            Request::Listen { number, read, datagrams } => {
                self.listen(id, number, &read, datagrams, now);
            }
            Request::Credit { number, octets } => self.credit(id, number, octets, now),
            Request::Stop { number } => self.stop(id, number),
            Request::Refused { number, reason } => self.refuse(id, number, reason),
            Request::Unknown { message_type } => {
                if let Some(lane) = self.lanes.get_mut(id) {
                    lane.write(RelayMessage::UnknownMessage { message_type });
                }
                self.mark_ready(id);
            }
            Request::Begun(_) | Request::Passed | Request::Publish { .. } | Request::Live(_) => {}
        }
    }

    /// Starts what can be started: groups, FLASH first, and reads. Call it after every batch.
    pub fn flush(&mut self) {
        self.judge_staged();
        self.share_out();
        let every = self.options.routine_sync_every;
        for index in 0..self.logs.len() {
            let Some(log) = self.logs.get_mut(index) else { continue };
            if log.start_group(self.instant, every) {
                let blocked = std::mem::take(&mut log.blocked);
                for lane in blocked {
                    self.mark_ready(lane);
                }
            }
            self.start_reads(index);
        }
        self.flush_forwarding();
    }

    /// Whether a lane may be read on, and whether it is over.
    pub fn lane_state(&mut self, id: SlotId) -> LaneState {
        if !self.staged.is_empty() && self.lanes.get(id).is_some_and(Lane::is_nearly_full) {
            self.judge_staged();
        }
        let Some(lane) = self.lanes.get(id) else {
            return LaneState { takes_requests: false, is_done: true };
        };
        let is_done = lane.input_ended && lane.answers.open() == 0 && lane.reads.is_empty();
        let is_free = lane.answers.has_room() && lane.fetches == 0 && lane.has_room();
        let Some(log) = self.logs.get_mut(log_of(lane.precedence)) else {
            return LaneState { takes_requests: false, is_done };
        };
        let takes_requests = is_free && log.has_room();
        if is_free && !takes_requests && !log.blocked.contains(&id) {
            log.blocked.push(id);
        }
        let queue = QueueName::of(lane.precedence);
        let takes_requests = takes_requests
            && !(lane.has_forwarded(queue)
                && self.forwarding.as_mut().is_some_and(|own| own.holds(queue, id)));
        LaneState { takes_requests, is_done }
    }

    /// Takes what is to be written to a lane. Readers that were held back by it go on.
    pub fn take_output(&mut self, id: SlotId, into: &mut Vec<Bytes>) {
        self.judge_staged();
        let Some(lane) = self.lanes.get_mut(id) else { return };
        lane.is_ready = false;
        lane.take(into);
        for reader in std::mem::take(&mut lane.held_back) {
            self.schedule(reader);
        }
    }

    /// Takes the datagrams that are to be sent to a lane's client.
    pub fn take_datagrams(&mut self, id: SlotId) -> Vec<Bytes> {
        self.lanes.get_mut(id).map(|lane| std::mem::take(&mut lane.datagrams)).unwrap_or_default()
    }

    /// The lanes that have something to write, or may be read on, since the last call.
    pub fn take_ready(&mut self, into: &mut Vec<SlotId>) {
        into.append(&mut self.ready);
    }

    /// What an operator may want to know, since the last call.
    pub fn take_events(&mut self) -> Vec<NodeEvent> {
        std::mem::take(&mut self.events)
    }

    fn mark_ready(&mut self, id: SlotId) {
        if let Some(lane) = self.lanes.get_mut(id)
            && !lane.is_ready
        {
            lane.is_ready = true;
            self.ready.push(id);
        }
    }

    fn refuse(&mut self, id: SlotId, number: u64, reason: crate::protocol::Reason) {
        if let Some(lane) = self.lanes.get_mut(id) {
            lane.refuse(number, reason);
        }
        self.mark_ready(id);
    }

    /// Gives every lane its parts of what was written for several.
    fn share_out(&mut self) {
        if self.fan_out.is_empty() {
            return;
        }
        let octets = self.fan_out.freeze();
        let mut lanes = std::mem::take(&mut self.fan_out.lanes);
        for id in lanes.drain(..) {
            let Some(lane) = self.lanes.get_mut(id) else { continue };
            let mut spans = std::mem::take(&mut lane.spans);
            for (start, end) in spans.drain(..) {
                if end <= octets.len() && start <= end {
                    lane.share(octets.slice(start..end));
                }
            }
            lane.spans = spans;
            self.mark_ready(id);
        }
        self.fan_out.lanes = lanes;
    }
}
