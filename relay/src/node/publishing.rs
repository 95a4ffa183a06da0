//! A parcel comes in.

use super::admission::Leave;
use super::duplicates::{Copy, log_of};
use super::fingerprint::Fingerprint;
use super::group::{Judgement, Pending};
use super::record::Record;
use super::slots::SlotId;
use super::{Node, Now};
use crate::limits::{EXPIRY_AHEAD_SECONDS_MAX, UNJUDGED_MAX};
use crate::parcel::ParcelRef;
use crate::protocol::{GroupId, Reason};

impl Node {
    /// Stores a parcel, or says why not.
    pub(super) fn judge(
        &mut self,
        id: SlotId,
        number: u64,
        parcel: &ParcelRef<'_>,
        key: Fingerprint,
        now: Now,
    ) {
        match self.try_publish_as(id, number, parcel, key, now) {
            Ok(()) => self.options.counts.take(parcel.precedence),
            Err(reason) => {
                self.options.counts.refuse(parcel.precedence, reason);
                self.share_out();
                self.refuse(id, number, reason);
            }
        }
    }

    /// Stores a parcel that came outside a batch.
    pub(super) fn try_publish(
        &mut self,
        id: SlotId,
        number: u64,
        parcel: &ParcelRef<'_>,
        now: Now,
    ) -> Result<(), Reason> {
        let key = self.fingerprints.of(parcel);
        self.try_publish_as(id, number, parcel, key, now)
    }

    fn try_publish_as(
        &mut self,
        id: SlotId,
        number: u64,
        parcel: &ParcelRef<'_>,
        parcel_key: Fingerprint,
        now: Now,
    ) -> Result<(), Reason> {
        let (precedence, expiry_seconds) = (parcel.precedence, parcel.expiry_seconds());
        let Some(lane) = self.lanes.get_mut(id) else { return Ok(()) };
        may_come(lane.peer.leave, parcel, now)?;
        if self.unnoted.may_hold(parcel_key) {
            self.note_copies();
        }
        let Some(lane) = self.lanes.get_mut(id) else { return Ok(()) };
        let is_recovered = self.logs.iter().all(|log| log.is_recovered);
        let log = self.logs.get_mut(log_of(precedence)).ok_or(Reason::TryLater)?;
        if log.has_failed {
            return Err(Reason::TryLater);
        }
        let is_shared = log.is_shared;
        let key = log.key(parcel_key);
        let body_octets = parcel.octets().len();
        if is_recovered {
            let covering =
                |key| self.duplicates.covering(key, expiry_seconds, precedence, now.seconds);
            // Of a shared log only what is durable is known, each log for itself.
            let copy = if is_shared {
                [0, 1].map(|index| parcel_key.in_log(index)).into_iter().find_map(covering)
            } else {
                [key].into_iter().find_map(covering)
            };
            if let Some(copy) = copy {
                return self.repeats(id, number, body_octets, copy);
            }
        } else if self.unjudged.len() >= UNJUDGED_MAX {
            return Err(Reason::TryLater);
        }

        // What others append at this moment may come to lie before it.
        let is_judged = is_recovered && !is_shared;
        let record = Record { is_judged, stored_seconds: now.seconds, parcel: *parcel };
        let octets = u32::try_from(record.octets()).unwrap_or(u32::MAX);
        let shelf = match lane.last_shelf {
            Some((address, place))
                if address == parcel.address
                    && self.shelves.get(place).is_some_and(|shelf| shelf.address == address) =>
            {
                place
            }
            _ => {
                let place = self.shelves.place(parcel.address);
                lane.last_shelf = Some((parcel.address, place));
                place
            }
        };
        let on_shelf = self.shelves.get_mut(shelf).ok_or(Reason::TryLater)?;
        let sender = self.senders.get_mut(lane.sender).ok_or(Reason::TryLater)?;
        let added = u64::from(octets);
        let of_sender = sender.account.octets(now.seconds).saturating_add(added);
        // A peer is not held "to a sender's quota".
        if of_sender > self.options.sender_octets && !lane.peer.leave.is_peer {
            return Err(Reason::SenderFull);
        }
        let of_address = on_shelf.account.octets(now.seconds).saturating_add(added);
        if of_address > self.options.address_octets {
            return Err(Reason::MailboxFull);
        }
        sender.account.add(expiry_seconds, added);
        on_shelf.account.add(expiry_seconds, added);
        on_shelf.pending = on_shelf.pending.saturating_add(1);
        let keeps = !on_shelf.subscribers(precedence).is_empty();

        let group = log.group();
        let judgement = if is_judged {
            let copy = Copy::new(expiry_seconds, precedence, group.number);
            self.unnoted.push(key, copy, (group.log, log.forming.entries.len()));
            Judgement::New
        } else {
            Judgement::Waits
        };
        let entry = Pending {
            key,
            // Noted with those of its batch.
            previous: None,
            shelf,
            sender: lane.sender,
            precedence,
            judgement,
            expiry_seconds,
            octets,
            stored_seconds: now.seconds,
            kept: 0..0,
        };
        log.push(&record, entry, keeps);
        lane.answers.wait_for(number, body_octets, group);
        if lane.register(group) {
            log.forming.lanes.push(id);
        }
        Ok(())
    }

    /// "A duplicate is acknowledged like the copy it repeats, and not before that is durable."
    fn repeats(
        &mut self,
        id: SlotId,
        number: u64,
        octets: usize,
        copy: Copy,
    ) -> Result<(), Reason> {
        let group = self.group_of(copy);
        let Some(lane) = self.lanes.get_mut(id) else { return Ok(()) };
        match group {
            Some(group) => {
                lane.answers.wait_for(number, octets, group);
                if lane.register(group)
                    && let Some(log) = self.logs.get_mut(group.log)
                {
                    let is_growing = log.group() == group;
                    let forming =
                        if is_growing { Some(&mut log.forming) } else { log.under_way_mut() };
                    if let Some(forming) = forming {
                        forming.lanes.push(id);
                    }
                }
            }
            None => {
                lane.answers.is_durable(number, octets);
                self.mark_ready(id);
            }
        }
        Ok(())
    }

    /// The group a copy is waiting in; `None`: it is durable.
    pub(super) fn group_of(&self, copy: Copy) -> Option<GroupId> {
        let log = self.logs.get(copy.log())?;
        let growing = log.group();
        let under_way = GroupId { number: growing.number.saturating_sub(1), ..growing };
        if copy.is_of(growing) {
            // An old group that shares its bits with one that nothing waits for yet is durable.
            return (!log.forming.entries.is_empty()).then_some(growing);
        }
        (log.under_way().is_some() && copy.is_of(under_way)).then_some(under_way)
    }
}

/// What is asked of every parcel, whether it is stored here, kept for others, or said live.
pub(super) fn may_come(leave: Leave, parcel: &ParcelRef<'_>, now: Now) -> Result<(), Reason> {
    if parcel.precedence > leave.highest {
        return Err(Reason::NotPermitted);
    }
    is_in_time(parcel, now)
}

/// "Its expiry counts as for any parcel."
pub(super) fn is_in_time(parcel: &ParcelRef<'_>, now: Now) -> Result<(), Reason> {
    let expiry_seconds = parcel.expiry_seconds();
    if expiry_seconds <= now.seconds {
        return Err(Reason::Expired);
    }
    if expiry_seconds > now.seconds.saturating_add(EXPIRY_AHEAD_SECONDS_MAX) {
        return Err(Reason::ExpiryTooFar);
    }
    Ok(())
}
