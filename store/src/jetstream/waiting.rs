//! Groups between the call and the answer, in the order of the calls.

use super::batch::{HEADER_OCTETS, octets_of};
use super::limits::{MESSAGE_RECORDS_MAX, WAITING_OCTETS_MAX};
use super::reads::{Reads, first_sequence};
use crate::error::StoreError;
use crate::limits::RECORD_OCTETS_MAX;
use crate::store::{Group, StoreEvent};
use std::collections::VecDeque;

/// Groups that came, those that are under way, and answers that must wait for those before them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    entries: VecDeque<Entry>,
    octets: usize,
    /// What the message under way holds.
    sent: Vec<Entry>,
}

/// A group, or the answer it has already.
#[derive(Debug)]
enum Entry {
    Group(Group),
    Refused(u64, StoreError),
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.sent.is_empty()
    }

    /// The records of the message under way.
    pub(super) fn sent_records(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let groups = self.sent.iter().filter_map(|entry| match entry {
            Entry::Group(group) => Some(group),
            Entry::Refused(..) => None,
        });
        groups.flat_map(|group| (0..group.records.len()).filter_map(|at| group.records.get(at)))
    }

    /// Takes a group in, or refuses it in its turn.
    pub(super) fn take(&mut self, group: Group, message_octets: usize, reads: &Reads) {
        let octets = octets_of(&group.records);
        let total = self.octets.saturating_add(octets);
        let refused = check(&group, message_octets).err().or_else(|| {
            (total > WAITING_OCTETS_MAX).then_some(StoreError::Busy { octets: self.octets })
        });
        match refused {
            Some(error) => self.refuse(group.number, error, reads),
            None => {
                self.octets = total;
                self.entries.push_back(Entry::Group(group));
            }
        }
    }

    /// Answers a group as not stored, after those before it.
    pub(super) fn refuse(&mut self, number: u64, error: StoreError, reads: &Reads) {
        let entry = Entry::Refused(number, error);
        if self.is_empty() {
            answer(entry, reads);
        } else {
            self.entries.push_back(entry);
        }
    }

    /// Puts as many groups as fit into a message that is then under way. Whether there were any.
    pub(super) fn pack(&mut self, message_octets: usize) -> bool {
        let (mut octets, mut records) = (HEADER_OCTETS, 0_usize);
        while let Some(entry) = self.entries.pop_front() {
            if let Entry::Group(group) = &entry {
                let own = octets_of(&group.records);
                octets = octets.saturating_add(own);
                records = records.saturating_add(group.records.len());
                let fits = octets <= message_octets && records <= MESSAGE_RECORDS_MAX;
                if !fits && !self.sent.is_empty() {
                    self.entries.push_front(entry);
                    break;
                }
                self.octets = self.octets.saturating_sub(own);
            }
            self.sent.push(entry);
        }
        !self.sent.is_empty()
    }

    /// Answers what is under way: it is stored at this place.
    pub(super) fn stored(&mut self, place: u64, reads: &Reads) {
        let mut next = first_sequence(place);
        for entry in std::mem::take(&mut self.sent) {
            match entry {
                Entry::Group(group) => {
                    let count = u64::try_from(group.records.len()).unwrap_or(u64::MAX);
                    let sequences = next..next.saturating_add(count);
                    next = sequences.end;
                    reads.tell(StoreEvent::Appended { number: group.number, sequences });
                }
                Entry::Refused(..) => answer(entry, reads),
            }
        }
    }

    /// Answers everything as failed.
    pub(super) fn give_up(&mut self, reads: &Reads) {
        self.octets = 0;
        let sent = std::mem::take(&mut self.sent);
        for entry in sent.into_iter().chain(std::mem::take(&mut self.entries)) {
            let entry = match entry {
                Entry::Group(group) => Entry::Refused(group.number, StoreError::Unanswered),
                Entry::Refused(..) => entry,
            };
            answer(entry, reads);
        }
    }
}

fn answer(entry: Entry, reads: &Reads) {
    if let Entry::Refused(number, error) = entry {
        reads.tell(StoreEvent::AppendFailed { number, error });
    }
}

fn check(group: &Group, message_octets: usize) -> Result<(), StoreError> {
    if let Some(long) = group.records.iter().find(|record| record.len() > RECORD_OCTETS_MAX) {
        return Err(StoreError::RecordTooLong { octets: long.len() });
    }
    let records = group.records.len();
    let octets = octets_of(&group.records).saturating_add(HEADER_OCTETS);
    if records > MESSAGE_RECORDS_MAX || octets > message_octets {
        return Err(StoreError::BatchTooLong { records });
    }
    Ok(())
}
