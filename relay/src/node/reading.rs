//! Reads: who asks for what, and pages out of the logs.

use super::access::may_read;
use super::duplicates::log_of;
use super::lane::Lane;
use super::reader::{Reader, ReaderKind, ReaderState};
use super::record::{RECORD_HEAD_OCTETS, Record};
use super::slots::SlotId;
use super::{Node, Now};
use crate::address::AddressKind;
use crate::limits::{
    CREDIT_MAX, FETCH_OCTETS_MAX, FETCH_PARCELS_MAX, PAGE_OCTETS_MAX, PAGE_PARCELS_MAX, READS_MAX,
};
use crate::protocol::{Read, Reason, RelayMessage, put_delivery};
use chappe_store::{ReadRequest, StoreError, StoredRecords};

impl Node {
    pub(super) fn fetch(
        &mut self,
        id: SlotId,
        number: u64,
        read: &Read<'_>,
        cursor: u64,
        limit: u16,
        now: Now,
    ) {
        if limit == 0 || limit > FETCH_PARCELS_MAX {
            return self.refuse(id, number, Reason::BadLimit);
        }
        self.open(id, number, read, cursor, ReaderKind::Fetch { limit }, false, now);
    }

    pub(super) fn subscribe(
        &mut self,
        id: SlotId,
        number: u64,
        read: &Read<'_>,
        cursor: u64,
        credit: u32,
        now: Now,
    ) {
        let credit = i64::from(credit).min(CREDIT_MAX);
        self.open(id, number, read, cursor, ReaderKind::Subscription { credit }, false, now);
    }

    pub(super) fn listen(
        &mut self,
        id: SlotId,
        number: u64,
        read: &Read<'_>,
        datagrams: bool,
        now: Now,
    ) {
        self.open(id, number, read, 0, ReaderKind::Listen, datagrams, now);
    }

    #[allow(clippy::too_many_arguments)] // one for each field of the three messages
    fn open(
        &mut self,
        id: SlotId,
        number: u64,
        read: &Read<'_>,
        cursor: u64,
        kind: ReaderKind,
        datagrams: bool,
        now: Now,
    ) {
        self.seconds = now.seconds;
        let realm = self.options.realm;
        let Some(lane) = self.lanes.get_mut(id) else { return };
        let is_fetch = matches!(kind, ReaderKind::Fetch { .. });
        if !is_fetch && lane.watches >= READS_MAX {
            return self.refuse(id, number, Reason::TooMany);
        }
        // "A peer may read topics only (else `not_your_mailbox`, whatever delegation it shows)."
        if lane.peer.leave.is_peer && read.address.kind == AddressKind::Mailbox {
            return self.refuse(id, number, Reason::NotYourMailbox);
        }
        let grant =
            match may_read(lane.peer.key, &read.address, read.delegation, realm, now.seconds) {
                Ok(grant) => grant,
                Err(reason) => return self.refuse(id, number, reason),
            };
        let reader = Reader {
            lane: id,
            number,
            address: read.address,
            precedence: lane.precedence,
            kind,
            state: ReaderState::Waiting,
            cursor,
            position: cursor,
            page_end: cursor,
            more: false,
            until_seconds: grant.until_seconds,
            datagrams,
            place: 0,
            is_watching: false,
        };
        let reader = self.readers.insert(reader);
        lane.reads.insert(number, reader);
        if is_fetch {
            lane.fetches = lane.fetches.saturating_add(1);
        } else {
            lane.watches = lane.watches.saturating_add(1);
        }
        if let Some(until) = grant.until_seconds {
            self.grants.insert((until, reader));
        }
        if self.logs.iter().all(|log| log.is_recovered) {
            self.begin_reading(reader);
        } else {
            self.waiting.push(reader);
        }
    }

    /// A reader goes to work.
    pub(super) fn begin_reading(&mut self, id: SlotId) {
        let Some(reader) = self.readers.get_mut(id) else { return };
        let (kind, precedence) = (reader.kind, reader.precedence);
        let log = self.logs.get(log_of(precedence));
        if reader.cursor > log.map_or(0, |log| log.next) {
            let (lane, number) = (reader.lane, reader.number);
            // Another relay of the same log may have come further than this one.
            let is_shared = log.is_some_and(|log| log.is_shared);
            self.forget_reader(id);
            let reason = if is_shared { Reason::TryLater } else { Reason::CursorAhead };
            return self.refuse(lane, number, reason);
        }
        if kind != ReaderKind::Listen {
            reader.state = ReaderState::Behind;
        }
        if kind == ReaderKind::Listen {
            self.watch(id);
        }
        if kind != ReaderKind::Listen {
            self.schedule(id);
        }
    }

    /// Lets a reader that is behind read a page, if it may.
    pub(super) fn schedule(&mut self, id: SlotId) {
        let Some(reader) = self.readers.get_mut(id) else { return };
        if reader.state != ReaderState::Behind || !reader.has_credit() {
            return;
        }
        let Some(lane) = self.lanes.get_mut(reader.lane) else { return };
        if !lane.has_room() {
            if !lane.held_back.contains(&id) {
                lane.held_back.push(id);
            }
            return;
        }
        if let Some(log) = self.logs.get_mut(log_of(reader.precedence)) {
            reader.state = ReaderState::Queued;
            log.waiting_reads.push_back(id);
        }
    }

    /// Asks the store for pages, as many at a time as may be.
    pub(super) fn start_reads(&mut self, index: usize) {
        loop {
            let Some(log) = self.logs.get_mut(index) else { return };
            if log.waiting_reads.is_empty() {
                return;
            }
            let Some(number) = log.next_read() else { return };
            let Some(id) = log.waiting_reads.pop_front() else { return };
            if self.holds_back(id) {
                continue;
            }
            let Some(sequences) = self.page(id) else { continue };
            if let Some(log) = self.logs.get_mut(index) {
                log.reads.insert(number, id);
                log.store.read(ReadRequest { number, sequences });
            }
        }
    }

    /// Whether a subscription whose turn it is has to wait for its client after all.
    fn holds_back(&mut self, id: SlotId) -> bool {
        let Some(reader) = self.readers.get_mut(id).filter(|reader| !reader.is_fetch()) else {
            return false;
        };
        if self.lanes.get(reader.lane).is_none_or(Lane::has_room) {
            return false;
        }
        reader.state = ReaderState::Behind;
        self.schedule(id);
        true
    }

    /// The sequences of a reader's next page; `None` when there is nothing to read.
    fn page(&mut self, id: SlotId) -> Option<Vec<u64>> {
        let reader = self.readers.get_mut(id)?;
        let (count_max, octets_max) = match reader.kind {
            ReaderKind::Fetch { limit } => (usize::from(limit), FETCH_OCTETS_MAX),
            ReaderKind::Subscription { credit } => {
                let credit = usize::try_from(credit).unwrap_or(0);
                (PAGE_PARCELS_MAX, PAGE_OCTETS_MAX.min(credit))
            }
            ReaderKind::Listen => return None,
        };
        let (mut sequences, mut octets) = (Vec::new(), 0_usize);
        reader.more = false;
        let place = self.shelves.find(&reader.address);
        let shelf = place.and_then(|place| self.shelves.get(place));
        if let Some(shelf) = shelf {
            for entry in shelf.after(reader.precedence, reader.position, self.seconds) {
                octets = octets.saturating_add(entry.octets().saturating_sub(RECORD_HEAD_OCTETS));
                let is_full = sequences.len() >= count_max || octets > octets_max;
                if is_full && !sequences.is_empty() {
                    reader.more = true;
                    break;
                }
                sequences.push(entry.sequence);
            }
        }
        if let Some(last) = sequences.last() {
            reader.page_end = last.saturating_add(1);
            reader.state = ReaderState::Reading;
            return Some(sequences);
        }
        let end = shelf.map_or(0, |shelf| shelf.end(reader.precedence));
        reader.position = reader.position.max(end);
        if reader.is_fetch() {
            self.end_reader(id);
        } else {
            self.reach_tail(id);
        }
        None
    }

    /// A page came.
    pub(super) fn read(
        &mut self,
        index: usize,
        number: u64,
        records: Result<StoredRecords, StoreError>,
    ) {
        let reader = self.logs.get_mut(index).and_then(|log| log.reads.remove(&number));
        let Some(id) = reader else { return };
        match records {
            Ok(records) => self.deliver_page(id, &records),
            Err(_) => {
                let Some(reader) = self.readers.get(id) else { return };
                let (lane, number) = (reader.lane, reader.number);
                self.forget_reader(id);
                self.refuse(lane, number, Reason::TryLater);
            }
        }
    }

    fn deliver_page(&mut self, id: SlotId, records: &StoredRecords) {
        let Some(reader) = self.readers.get_mut(id) else { return };
        let Some(lane) = self.lanes.get_mut(reader.lane) else { return };
        let mut end = reader.page_end;
        for (sequence, octets) in records.sequences.iter().zip(records.records.iter()) {
            let Some(record) = Record::parse(octets) else { continue };
            let parcel = record.parcel;
            // What is read is what was asked for, or damaged beyond its checksum.
            if parcel.address != reader.address
                || *sequence < reader.position
                || parcel.expiry_seconds() <= self.seconds
            {
                continue;
            }
            // Other reads of the lane had pages under way too: together they may be more than there is
            // room for. The rest is read again when the client has read some.
            if !reader.has_credit() || !(reader.is_fetch() || lane.has_room()) {
                end = *sequence;
                break;
            }
            let cursor = sequence.saturating_add(1);
            let step = cursor.saturating_sub(reader.cursor);
            let body = lane.write_with(|out| {
                put_delivery(out, reader.number, step, parcel.head(), parcel.expiry_and_envelope())
            });
            reader.spend(body);
            reader.cursor = cursor;
            self.counters.delivered = self.counters.delivered.saturating_add(1);
        }
        reader.position = reader.position.max(end);
        reader.state = ReaderState::Behind;
        let (lane, is_fetch) = (reader.lane, reader.is_fetch());
        self.mark_ready(lane);
        if is_fetch {
            self.end_reader(id);
        } else {
            self.settle_reader(id);
        }
    }

    /// A subscription has got everything there is: what comes is given to it as it is stored.
    fn reach_tail(&mut self, id: SlotId) {
        if let Some(reader) = self.readers.get_mut(id) {
            reader.state = ReaderState::Tail;
        }
        self.watch(id);
    }

    /// A subscription could not be given something: it reads it from the log. Until it has, a parcel
    /// that comes costs nothing for it.
    pub(super) fn leave_tail(&mut self, id: SlotId) {
        if let Some(reader) = self.readers.get_mut(id) {
            reader.state = ReaderState::Behind;
        }
        self.unwatch(id);
    }

    fn watch(&mut self, id: SlotId) {
        let Some(reader) = self.readers.get_mut(id).filter(|reader| !reader.is_watching) else {
            return;
        };
        let place = self.shelves.place(reader.address);
        if let Some(shelf) = self.shelves.get_mut(place) {
            reader.place = shelf.watch(reader.precedence, reader.listens(), id);
            reader.is_watching = true;
        }
    }

    fn unwatch(&mut self, id: SlotId) {
        let Some(reader) = self.readers.get_mut(id).filter(|reader| reader.is_watching) else {
            return;
        };
        reader.is_watching = false;
        let (address, precedence) = (reader.address, reader.precedence);
        let (listens, at) = (reader.listens(), reader.place);
        let place = self.shelves.find(&address);
        if let Some(shelf) = place.and_then(|place| self.shelves.get_mut(place))
            && let Some(moved) = shelf.unwatch(precedence, listens, at)
            && let Some(moved) = self.readers.get_mut(moved)
        {
            moved.place = at;
        }
    }

    /// Whether anything is left for a subscription.
    fn settle_reader(&mut self, id: SlotId) {
        let Some(reader) = self.readers.get_mut(id) else { return };
        let place = self.shelves.find(&reader.address);
        let end = place.and_then(|place| self.shelves.get(place));
        if end.is_none_or(|shelf| shelf.end(reader.precedence) <= reader.position) {
            self.reach_tail(id);
        } else {
            self.schedule(id);
        }
    }

    /// Says the end of a read.
    fn end_reader(&mut self, id: SlotId) {
        let Some(reader) = self.readers.get(id) else { return };
        let (lane, number, more) = (reader.lane, reader.number, reader.more && reader.is_fetch());
        let cursor = if reader.listens() { 0 } else { reader.position };
        self.forget_reader(id);
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.write(RelayMessage::End { number, cursor, more });
        }
        self.mark_ready(lane);
    }

    pub(super) fn credit(&mut self, id: SlotId, number: u64, octets: u32, now: Now) {
        self.seconds = now.seconds;
        let reader = self.lanes.get(id).and_then(|lane| lane.reads.get(&number).copied());
        let Some(reader_id) = reader else { return };
        if let Some(reader) = self.readers.get_mut(reader_id)
            && let ReaderKind::Subscription { credit } = &mut reader.kind
        {
            *credit = credit.saturating_add(i64::from(octets)).min(CREDIT_MAX);
            self.schedule(reader_id);
        }
    }

    /// Ends a subscription or a listen; a fetch ends by itself.
    pub(super) fn stop(&mut self, id: SlotId, number: u64) {
        let reader = self.lanes.get(id).and_then(|lane| lane.reads.get(&number).copied());
        if let Some(reader) = reader
            && self.readers.get(reader).is_some_and(|reader| !reader.is_fetch())
        {
            self.end_reader(reader);
        }
    }

    pub(super) fn forget_reader(&mut self, id: SlotId) {
        self.unwatch(id);
        let Some(reader) = self.readers.remove(id) else { return };
        if let Some(until) = reader.until_seconds {
            self.grants.remove(&(until, id));
        }
        if let Some(lane) = self.lanes.get_mut(reader.lane) {
            lane.reads.remove(&reader.number);
            lane.held_back.retain(|other| *other != id);
            if reader.is_fetch() {
                lane.fetches = lane.fetches.saturating_sub(1);
            } else {
                lane.watches = lane.watches.saturating_sub(1);
            }
        }
    }
}
