//! Where the node and its [`Federation`] meet (spec/06-relay.md, "Federation").

use super::admission::{Applicant, Leave};
use super::publishing::may_come;
use super::slots::SlotId;
use super::{LogName, Node, NodeEvent, Now};
use crate::federation::{Federation, QueueName, Route, Settled};
use crate::parcel::ParcelRef;
use crate::protocol::{GroupId, Reason, SessionError};
use chappe_store::StoreEvent;
use std::collections::VecDeque;
use std::time::Instant;

/// The queues' groups count behind the node's two logs.
pub(super) const FIRST_QUEUE: usize = 2;

/// What an operator is told of a queue's store.
fn told(log: LogName, parcels: usize, event: StoreEvent) -> Option<NodeEvent> {
    match event {
        StoreEvent::RecoveryEnded(recovery) => {
            Some(NodeEvent::Recovered { log, parcels, recovery })
        }
        StoreEvent::Failed { error } => Some(NodeEvent::StoreFailed { log, error }),
        StoreEvent::WorksAgain(recovery) => Some(NodeEvent::StoreWorksAgain { log, recovery }),
        StoreEvent::Damaged(damage) => Some(NodeEvent::Damaged { log, damage }),
        StoreEvent::Compacted { error: Some(error), .. } => {
            Some(NodeEvent::CompactionFailed { log, error })
        }
        _ => None,
    }
}

/// The federation, and which lanes wait for which group of its queues.
#[derive(Debug)]
pub(super) struct Forwarding {
    federation: Federation,
    /// By queue: a group's number and its lanes.
    lanes: [VecDeque<(u64, Vec<SlotId>)>; 2],
    /// By queue: lanes that are not read on until its next group begins.
    blocked: [Vec<SlotId>; 2],
}

impl Forwarding {
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.federation.deadline()
    }

    fn add_lane(&mut self, queue: usize, group: u64, lane: SlotId) {
        let Some(groups) = self.lanes.get_mut(queue) else { return };
        match groups.back_mut() {
            Some((number, lanes)) if *number == group => lanes.push(lane),
            _ => groups.push_back((group, vec![lane])),
        }
    }

    /// Whether a lane that forwards is not to be read on now, as for any log: a queue whose group is full for a
    /// moment would refuse what it sends.
    pub(super) fn holds(&mut self, queue: QueueName, lane: SlotId) -> bool {
        if self.federation.has_room(queue) {
            return false;
        }
        let Some(blocked) = self.blocked.get_mut(queue.index()) else { return false };
        if !blocked.contains(&lane) {
            blocked.push(lane);
        }
        true
    }

    /// The lanes that may be read on.
    fn take_blocked(&mut self) -> Vec<SlotId> {
        let mut lanes = Vec::new();
        for (name, blocked) in QueueName::ALL.into_iter().zip(&mut self.blocked) {
            if self.federation.has_room(name) {
                lanes.append(blocked);
            }
        }
        lanes
    }

    fn take_lanes(&mut self, queue: usize, group: u64) -> Vec<SlotId> {
        let Some(groups) = self.lanes.get_mut(queue) else { return Vec::new() };
        match groups.front() {
            Some((number, _)) if *number <= group => {
                groups.pop_front().map(|(_, lanes)| lanes).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

impl LogName {
    pub(super) const fn queue(self) -> Option<QueueName> {
        match self {
            Self::Flash | Self::Rest => None,
            Self::ForwardFlash => Some(QueueName::Flash),
            Self::ForwardRest => Some(QueueName::Rest),
        }
    }
}

impl Node {
    /// Gives the node peers. What their stores say goes to [`Node::store_event`] under
    /// [`LogName::ForwardFlash`] and [`LogName::ForwardRest`].
    pub fn federate(&mut self, federation: Federation) {
        let lanes = [VecDeque::new(), VecDeque::new()];
        let blocked = [Vec::new(), Vec::new()];
        self.forwarding = Some(Box::new(Forwarding { federation, lanes, blocked }));
    }

    /// What waits for its peers; `None`: it has none.
    pub fn federation(&mut self) -> Option<&mut Federation> {
        self.forwarding.as_deref_mut().map(|forwarding| &mut forwarding.federation)
    }

    /// Judges a hello of role 1: "for relays that know each other".
    pub(super) fn admit_peer(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        let federation = self.federation().ok_or(SessionError::NotAPeer)?;
        federation.peer(applicant.key).ok_or(SessionError::NotAPeer)?;
        Ok(Leave::of_peer(applicant.key))
    }

    pub(super) fn forward(
        &mut self,
        id: SlotId,
        number: u64,
        (hops_left, named): (u8, &[[u8; 32]]),
        parcel: &ParcelRef<'_>,
        now: Now,
    ) {
        if named.is_empty() {
            return self.publish(id, number, parcel, now);
        }
        match self.try_forward(id, number, (hops_left, named), parcel, now) {
            Ok(()) => self.options.counts.take(parcel.precedence),
            Err(reason) => {
                self.options.counts.refuse(parcel.precedence, reason);
                self.refuse(id, number, reason);
            }
        }
    }

    fn try_forward(
        &mut self,
        id: SlotId,
        number: u64,
        (hops_left, named): (u8, &[[u8; 32]]),
        parcel: &ParcelRef<'_>,
        now: Now,
    ) -> Result<(), Reason> {
        let federation = self.federation().ok_or(Reason::NoRoute)?;
        let Route { stores, homes } = federation.route(named, hops_left, parcel.precedence)?;
        if homes.is_empty() {
            return self.try_publish(id, number, parcel, now);
        }
        let (homes, group) = match federation.admit(&homes, parcel) {
            Ok(admitted) => admitted,
            // It is stored here, and the others are left out.
            Err(_) if stores => return self.try_publish(id, number, parcel, now),
            Err(reason) => return Err(reason),
        };
        let queue = QueueName::of(parcel.precedence).index();
        let group = GroupId { log: queue.saturating_add(FIRST_QUEUE), number: group };
        if stores {
            self.wait_also(id, Some(group));
            let published = self.try_publish(id, number, parcel, now);
            self.wait_also(id, None);
            published?;
        } else {
            self.may_be_kept(id, parcel, now)?;
            if let Some(lane) = self.lanes.get_mut(id) {
                lane.answers.wait_for(number, parcel.octets().len(), group);
            }
        }
        let Some(forwarding) = &mut self.forwarding else { return Ok(()) };
        forwarding.federation.keep(homes, hops_left.saturating_sub(1), parcel, now);
        if self.lanes.get_mut(id).is_some_and(|lane| lane.register(group)) {
            forwarding.add_lane(queue, group.number, id);
        }
        Ok(())
    }

    fn wait_also(&mut self, id: SlotId, group: Option<GroupId>) {
        if let Some(lane) = self.lanes.get_mut(id) {
            lane.answers.wait_also(group);
        }
    }

    /// "What is kept is judged as a `publish` is: precedence, expiry, and the sender's quota."
    fn may_be_kept(&mut self, id: SlotId, parcel: &ParcelRef<'_>, now: Now) -> Result<(), Reason> {
        let Some(lane) = self.lanes.get(id) else { return Ok(()) };
        may_come(lane.peer.leave, parcel, now)?;
        if lane.peer.leave.is_peer {
            return Ok(());
        }
        let sender = self.senders.get_mut(lane.sender).ok_or(Reason::TryLater)?;
        let octets = u64::try_from(parcel.octets().len()).unwrap_or(u64::MAX);
        let stored = sender.account.octets(now.seconds).saturating_add(octets);
        if stored > self.options.sender_octets {
            return Err(Reason::SenderFull);
        }
        sender.account.add(parcel.expiry_seconds(), octets);
        Ok(())
    }

    /// A store of the queue says something.
    pub(super) fn queue_event(
        &mut self,
        (log, queue): (LogName, QueueName),
        event: StoreEvent,
        now: Now,
    ) {
        let Some(forwarding) = &mut self.forwarding else { return };
        let settled = forwarding.federation.store_event(queue, &event, now);
        let waiting = forwarding.federation.waiting();
        let parcels = waiting.get(queue.index()).copied().unwrap_or(0);
        match settled {
            Some(Settled::Durable(number)) => {
                let lanes = forwarding.take_lanes(queue.index(), number);
                self.settle(&lanes);
            }
            Some(Settled::Failed(number)) => {
                let lanes = forwarding.take_lanes(queue.index(), number);
                let group = GroupId { log: queue.index().saturating_add(FIRST_QUEUE), number };
                for id in &lanes {
                    if let Some(lane) = self.lanes.get_mut(*id) {
                        lane.fail(group);
                        self.mark_ready(*id);
                    }
                }
                self.settle(&lanes);
            }
            None => self.events.extend(told(log, parcels, event)),
        }
    }

    /// The last group of each log and each queue that is durable.
    pub(super) fn durable(&self) -> [u64; 4] {
        let [flash, rest] = &self.logs;
        let queues = self.forwarding.as_ref().map_or([0; 2], |own| own.federation.durable());
        let [of_flash, of_rest] = queues;
        [flash.durable, rest.durable, of_flash, of_rest]
    }

    pub(super) fn flush_forwarding(&mut self) {
        let Some(forwarding) = &mut self.forwarding else { return };
        forwarding.federation.flush();
        for lane in forwarding.take_blocked() {
            self.mark_ready(lane);
        }
    }

    pub(super) fn forwarding_on_time(&mut self, now: Now) {
        if let Some(federation) = self.federation() {
            federation.on_time(now);
        }
    }
}
