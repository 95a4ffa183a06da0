//! Who stored what.

use super::account::Account;
use super::admission::SenderTag;
use super::slots::{SlotId, Slots};
use crate::limits::SENDERS_MAX;
use crate::sums::SenderSum;
use std::collections::HashMap;

/// Of the senders known, so many go together when there are too many: looking through all of them for
/// one would be work for every newcomer of a flood.
const FORGOTTEN_AT_ONCE: usize = SENDERS_MAX / 16;

/// Senders by their tags, at most [`SENDERS_MAX`] beside those connected.
#[derive(Debug, Default)]
pub(super) struct Senders {
    slots: Slots<Sender>,
    by_tag: HashMap<SenderTag, SlotId>,
}

/// What one sender has stored.
#[derive(Debug, Default)]
pub(super) struct Sender {
    tag: SenderTag,
    pub(super) account: Account,
    lanes: usize,
}

impl Senders {
    /// A lane of a sender begins.
    pub(super) fn open(&mut self, tag: SenderTag, now_seconds: u64) -> SlotId {
        if !self.by_tag.contains_key(&tag) && self.by_tag.len() >= SENDERS_MAX {
            self.forget_least(now_seconds);
        }
        let slots = &mut self.slots;
        let id = *self
            .by_tag
            .entry(tag)
            .or_insert_with(|| slots.insert(Sender { tag, ..Sender::default() }));
        if let Some(sender) = self.slots.get_mut(id) {
            sender.lanes = sender.lanes.saturating_add(1);
        }
        id
    }

    /// A lane of a sender is gone.
    pub(super) fn close(&mut self, id: SlotId) {
        if let Some(sender) = self.slots.get_mut(id) {
            sender.lanes = sender.lanes.saturating_sub(1);
        }
    }

    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut Sender> {
        self.slots.get_mut(id)
    }

    /// What the senders in some places have stored, but for those who have nothing; `None` behind the last
    /// place, else where to go on.
    pub(super) fn sums(
        &mut self,
        from: usize,
        count: usize,
        now_seconds: u64,
        into: &mut Vec<SenderSum>,
    ) -> Option<usize> {
        let end = from.saturating_add(count);
        for sender in self.slots.range_mut(from..end) {
            if sender.account.octets(now_seconds) > 0 {
                into.push(SenderSum { tag: sender.tag, hours: sender.account.hours().to_vec() });
            }
        }
        (end < self.slots.places()).then_some(end)
    }

    /// Takes in what was saved.
    pub(super) fn restore(&mut self, sums: Vec<SenderSum>) {
        for SenderSum { tag, hours } in sums.into_iter().take(SENDERS_MAX) {
            let sender = Sender { tag, account: Account::of_hours(hours), lanes: 0 };
            let id = self.slots.insert(sender);
            if let Some(before) = self.by_tag.insert(tag, id) {
                self.slots.remove(before);
            }
        }
    }

    /// How many are counted.
    pub(super) fn len(&self) -> usize {
        self.by_tag.len()
    }

    /// Forgets those who have stored least and are not connected: what they would get back is little.
    fn forget_least(&mut self, now_seconds: u64) {
        let mut idle: Vec<(u64, SlotId, SenderTag)> = Vec::new();
        for (tag, id) in &self.by_tag {
            if let Some(sender) = self.slots.get_mut(*id)
                && sender.lanes == 0
            {
                idle.push((sender.account.octets(now_seconds), *id, *tag));
            }
        }
        if idle.len() > FORGOTTEN_AT_ONCE {
            idle.select_nth_unstable_by_key(FORGOTTEN_AT_ONCE, |(octets, id, _)| (*octets, *id));
        }
        for (_, id, tag) in idle.into_iter().take(FORGOTTEN_AT_ONCE) {
            self.by_tag.remove(&tag);
            self.slots.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(number: usize) -> SenderTag {
        let mut octets = [0; 16];
        for (octet, of_number) in octets.iter_mut().zip(number.to_be_bytes()) {
            *octet = of_number;
        }
        SenderTag(octets)
    }

    #[test]
    fn senders_are_bounded_and_those_connected_or_with_most_stored_stay() {
        let mut senders = Senders::default();
        let connected = senders.open(tag(usize::MAX), 0);
        let heavy = senders.open(tag(usize::MAX - 1), 0);
        senders.get_mut(heavy).unwrap().account.add(1_000_000, 9);
        senders.close(heavy);
        for number in 0..SENDERS_MAX * 2 {
            let id = senders.open(tag(number), 0);
            senders.close(id);
            assert!(senders.by_tag.len() <= SENDERS_MAX);
        }
        assert!(senders.get_mut(connected).is_some());
        assert_eq!(senders.get_mut(heavy).unwrap().account.octets(0), 9);
        assert_eq!(senders.open(tag(usize::MAX - 1), 0), heavy);
    }
}
