//! A node without sockets between clients and scripted disks: everything that happens is what a test
//! makes happen. Clients and node speak the protocol to one another, octet for octet.

// Each test program uses its own part of this.
#![allow(dead_code)]

use super::scripted_store::{Disk, DiskHandle};
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::node::{Leave, LogName, Node, NodeOptions, Now, Peer, SenderTag, SlotId};
use chappe_relay::protocol::{ClientEvent, ClientLane, LaneRequests, Read, Reason, Request};
use chappe_relay::{Address, Parcel, TransportSecret};
use chappe_store::{Store, StoreEvent};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(crate) const REALM: Realm = Realm { mode: Mode::Exercise, network: 42 };
pub(crate) const LOGS: [LogName; 2] = [LogName::Flash, LogName::Rest];

/// One lane of one client: both ends of it.
struct TestLane {
    client: ClientLane,
    relay: LaneRequests,
    id: SlotId,
    outcomes: BTreeMap<u64, Result<(), Reason>>,
    publishes: Vec<u64>,
    pub(crate) reads: BTreeMap<u64, TestRead>,
    is_stalled: bool,
}

/// A fetch or subscription as its client sees it.
#[derive(Debug, Clone)]
pub(crate) struct TestRead {
    pub(crate) address: Address,
    pub(crate) from: u64,
    pub(crate) is_subscription: bool,
    /// The cursors behind the parcels, and the parcels.
    pub(crate) given: Vec<(u64, Parcel)>,
    /// Octets of credit given and of deliveries taken.
    pub(crate) credit: u64,
    pub(crate) spent: u64,
    pub(crate) end: Option<(u64, bool)>,
    pub(crate) refused: Option<Reason>,
}

pub(crate) struct TestNode {
    pub(crate) node: Node,
    pub(crate) disks: [DiskHandle; 2],
    pub(crate) now: Now,
    change: fn(&mut NodeOptions),
    lanes: BTreeMap<(u8, Precedence), TestLane>,
    /// Told behind each acknowledgement, before anything else happens.
    pub(crate) acknowledged: Vec<(u8, Precedence, u64)>,
}

fn node(disks: &[DiskHandle; 2], kept: [usize; 2], change: fn(&mut NodeOptions)) -> Node {
    let mut options = NodeOptions::new(REALM, [7; 16]);
    change(&mut options);
    let [flash, rest] = disks;
    Node::new(options, Box::new(flash.open(kept[0])), Box::new(rest.open(kept[1])))
}

impl TestNode {
    pub(crate) fn start(seconds: u64) -> Self {
        Self::start_with(seconds, |_| {})
    }

    pub(crate) fn start_with(seconds: u64, change: fn(&mut NodeOptions)) -> Self {
        let disks = [DiskHandle::new(1), DiskHandle::new(2)];
        let node = node(&disks, [0; 2], change);
        let now = Now { seconds, instant: Instant::now() };
        Self { node, disks, now, change, lanes: BTreeMap::new(), acknowledged: Vec::new() }
    }

    /// A node on stores of the test's own, and no disks.
    pub(crate) fn on(seconds: u64, [flash, rest]: [Box<dyn Store>; 2]) -> Self {
        let mut test = Self::start(seconds);
        test.restart_on([flash, rest]);
        test
    }

    /// Such a one is killed and started again.
    pub(crate) fn restart_on(&mut self, [flash, rest]: [Box<dyn Store>; 2]) {
        self.lanes.clear();
        self.node = Node::new(NodeOptions::new(REALM, [7; 16]), flash, rest);
    }

    /// A store says something.
    pub(crate) fn told(&mut self, log: usize, event: StoreEvent) {
        self.node.store_event(LOGS[log], event, self.now);
        self.settle();
    }

    /// The program is killed and started again. Groups under way became durable, or did not.
    pub(crate) fn restart(&mut self, kept: bool) {
        let kept = if kept { usize::MAX } else { 0 };
        self.lanes.clear();
        self.node = node(&self.disks, [kept; 2], self.change);
    }

    pub(crate) fn set_seconds(&mut self, seconds: u64) {
        let passed = Duration::from_secs(seconds.saturating_sub(self.now.seconds));
        self.now = Now { seconds, instant: self.now.instant + passed };
        self.node.on_time(self.now);
        self.settle();
    }

    pub(crate) fn publish(&mut self, client: u8, parcel: &Parcel) -> u64 {
        let lane = self.lane(client, parcel.precedence);
        let octets = parcel.to_bytes();
        let parcel = chappe_relay::parcel::ParcelRef::parse(&octets).unwrap();
        let number = lane.client.publish(parcel);
        lane.publishes.push(number);
        self.settle();
        number
    }

    pub(crate) fn fetch(
        &mut self,
        client: u8,
        precedence: Precedence,
        address: Address,
        cursor: u64,
        limit: u16,
    ) -> u64 {
        let lane = self.lane(client, precedence);
        let number = lane.client.fetch(Read { address, delegation: &[] }, cursor, limit);
        lane.reads.insert(number, TestRead::new(address, cursor, None));
        self.settle();
        number
    }

    pub(crate) fn subscribe(
        &mut self,
        client: u8,
        precedence: Precedence,
        address: Address,
        cursor: u64,
        credit: u32,
    ) -> u64 {
        let lane = self.lane(client, precedence);
        let number = lane.client.subscribe(Read { address, delegation: &[] }, cursor, credit);
        lane.reads.insert(number, TestRead::new(address, cursor, Some(credit)));
        self.settle();
        number
    }

    pub(crate) fn credit(&mut self, client: u8, precedence: Precedence, number: u64, octets: u32) {
        let lane = self.lane(client, precedence);
        lane.client.credit(number, octets);
        if let Some(read) = lane.reads.get_mut(&number) {
            read.credit += u64::from(octets);
        }
        self.settle();
    }

    pub(crate) fn stop(&mut self, client: u8, precedence: Precedence, number: u64) {
        self.lane(client, precedence).client.stop(number);
        self.settle();
    }

    /// A client reads no further, or goes on.
    pub(crate) fn stall(&mut self, client: u8, is_stalled: bool) {
        for ((other, _), lane) in &mut self.lanes {
            if *other == client {
                lane.is_stalled = is_stalled;
            }
        }
        self.settle();
    }

    /// A client is gone, with all its lanes.
    pub(crate) fn close(&mut self, client: u8) {
        let gone: Vec<_> = self.lanes.keys().filter(|key| key.0 == client).copied().collect();
        for key in gone {
            let lane = self.lanes.remove(&key).unwrap();
            self.node.close_lane(lane.id);
        }
        self.settle();
    }

    pub(crate) fn outcome(
        &self,
        client: u8,
        precedence: Precedence,
        number: u64,
    ) -> Option<Result<(), Reason>> {
        self.lanes.get(&(client, precedence))?.outcomes.get(&number).copied()
    }

    pub(crate) fn read(&self, client: u8, precedence: Precedence, number: u64) -> &TestRead {
        &self.lanes[&(client, precedence)].reads[&number]
    }

    /// All reads of all clients.
    pub(crate) fn reads(&self) -> Vec<(u8, Precedence, u64, TestRead)> {
        let mut all = Vec::new();
        for ((client, precedence), lane) in &self.lanes {
            for (number, read) in &lane.reads {
                all.push((*client, *precedence, *number, read.clone()));
            }
        }
        all
    }

    /// Something happens at a disk. Whether there was anything to happen.
    pub(crate) fn at_disk(
        &mut self,
        log: usize,
        happens: impl FnOnce(&mut Disk) -> Option<chappe_store::StoreEvent>,
    ) -> bool {
        let event = happens(&mut self.disks[log].disk());
        let Some(event) = event else { return false };
        self.node.store_event(LOGS[log], event, self.now);
        self.settle();
        true
    }

    pub(crate) fn recover_all(&mut self) {
        for log in 0..2 {
            while self.at_disk(log, |disk| disk.tell(100)) {}
        }
    }

    /// Everything asked of the disks is answered, and what is asked upon that.
    pub(crate) fn answer_all(&mut self) {
        loop {
            let mut has_answered = false;
            for log in 0..2 {
                has_answered |= self.at_disk(log, Disk::append_next);
                has_answered |= self.at_disk(log, |disk| disk.read(0));
            }
            if !has_answered {
                return;
            }
        }
    }

    /// The parcels on both disks, those of FLASH first.
    pub(crate) fn stored(&self) -> Vec<Parcel> {
        let logs = self.disks.iter();
        logs.flat_map(|log| log.disk().records.values().map(|one| on_disk(one)).collect::<Vec<_>>())
            .collect()
    }

    fn lane(&mut self, client: u8, precedence: Precedence) -> &mut TestLane {
        let node = &mut self.node;
        self.lanes.entry((client, precedence)).or_insert_with(|| {
            let leave = Leave {
                sender: SenderTag([client; 16]),
                highest: Precedence::Flash,
                is_peer: false,
            };
            let key = TransportSecret::from_seed(&[client.wrapping_add(1); 32]).public();
            let id = node.open_lane(Peer { key, leave }, precedence);
            TestLane {
                client: ClientLane::new(precedence),
                relay: LaneRequests::default(),
                id,
                outcomes: BTreeMap::new(),
                publishes: Vec::new(),
                reads: BTreeMap::new(),
                is_stalled: false,
            }
        })
    }

    /// Brings octets there and back until nothing moves any more.
    pub(crate) fn settle(&mut self) {
        loop {
            self.node.flush();
            let mut ready = Vec::new();
            self.node.take_ready(&mut ready);
            let mut has_moved = false;
            for ((client, precedence), lane) in &mut self.lanes {
                has_moved |= lane.ask(&mut self.node, self.now);
                if !lane.is_stalled {
                    let acknowledged = &mut self.acknowledged;
                    has_moved |= lane.hear(&mut self.node, |number| {
                        acknowledged.push((*client, *precedence, number));
                    });
                }
            }
            if !has_moved {
                return;
            }
        }
    }
}

impl TestLane {
    /// Octets of the client go to the node.
    fn ask(&mut self, node: &mut Node, now: Now) -> bool {
        self.relay.receive(Bytes::from(self.client.take_output()));
        let mut has_moved = false;
        while node.lane_state(self.id).takes_requests {
            match self.relay.next_request().unwrap() {
                Some(Request::Begun(_)) => {}
                Some(request) => {
                    has_moved = true;
                    node.request(self.id, &request, now);
                }
                None => break,
            }
        }
        has_moved
    }

    /// Octets of the node go to the client.
    fn hear(&mut self, node: &mut Node, mut acknowledged: impl FnMut(u64)) -> bool {
        let mut chunks = Vec::new();
        node.take_output(self.id, &mut chunks);
        let has_moved = !chunks.is_empty();
        for chunk in chunks {
            self.client.receive(chunk);
        }
        // The client's end refuses what the protocol does not allow: credit among it.
        while let Some(event) = self.client.next_event().unwrap() {
            match event {
                ClientEvent::Acknowledged { number } => {
                    let (done, open) = self.publishes.iter().partition(|one| **one <= number);
                    self.publishes = open;
                    let done: Vec<u64> = done;
                    for number in done {
                        assert_eq!(self.outcomes.insert(number, Ok(())), None);
                        acknowledged(number);
                    }
                }
                ClientEvent::Refused { number, reason } => {
                    if let Some(read) = self.reads.get_mut(&number) {
                        read.refused = Some(reason);
                    } else {
                        assert_eq!(self.outcomes.insert(number, Err(reason)), None);
                        self.publishes.retain(|one| *one != number);
                    }
                }
                ClientEvent::Delivery { number, cursor, octets, given } => {
                    let read = self.reads.get_mut(&number).unwrap();
                    // "A delivery may begin while any credit is left".
                    assert!(!read.is_subscription || read.spent < read.credit);
                    read.spent += u64::try_from(octets).unwrap();
                    let envelope = given.envelope.to_vec();
                    let parcel =
                        Parcel::new(read.address, given.precedence, given.expiry_seconds, envelope);
                    read.given.push((cursor, parcel.unwrap()));
                }
                ClientEvent::Ended { number, cursor, more } => {
                    self.reads.get_mut(&number).unwrap().end = Some((cursor, more));
                }
                ClientEvent::Heard { .. } => panic!("nobody listens"),
            }
        }
        has_moved
    }
}

impl TestRead {
    fn new(address: Address, from: u64, credit: Option<u32>) -> Self {
        Self {
            address,
            from,
            is_subscription: credit.is_some(),
            given: Vec::new(),
            credit: u64::from(credit.unwrap_or(0)),
            spent: 0,
            end: None,
            refused: None,
        }
    }

    /// Whether more may come.
    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none() && self.refused.is_none()
    }
}

/// The parcel of a record: behind its kind and the time it was stored.
pub(crate) fn on_disk(record: &[u8]) -> Parcel {
    Parcel::parse(&record[6..]).unwrap()
}
