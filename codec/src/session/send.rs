//! What one way of a session sends: counters that are reserved on durable storage before they are
//! used (spec/11-session.md, "Counters and memory").

use super::agreement::MASK_OCTETS;
use super::chain::Chain;
use super::epoch::WayKeys;
use super::hint::{self, FAR_COUNTERS};
use super::message_keys::MessageKeys;
use crate::envelope::SealedClass;
use crate::limits::{FIRST_FLIGHTS_MAX, SESSION_COUNTERS_MAX};

/// One way of a session, sending.
pub(super) struct Sending {
    pub(super) epoch: u32,
    pub(super) keys: WayKeys,
    /// The keys of the next epoch, which this side enters once it has opened something of it.
    pub(super) next: Option<WayKeys>,
    /// The chain behind the block: counters below its own may be used once a snapshot has been
    /// stored that begins with it.
    pub(super) behind: Chain,
    /// Whether it has been stored.
    pub(super) is_durable: bool,
    /// Counts what has to be stored before anything more is sent.
    pub(super) generation: u64,
    /// As long as nothing was opened in a session this side began.
    pub(super) flight: Option<Flight>,
}

/// What is before the ciphertext of every first flight of a session, but for E.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) hint: [u8; 3],
    /// To somebody who does not hold our card: who we say we are, masked.
    pub(super) masked: Option<[u8; MASK_OCTETS]>,
}

impl Sending {
    pub(super) fn new(epoch: u32, keys: WayKeys, flight: Option<Flight>) -> Self {
        let behind = keys.chain.clone();
        Self { epoch, keys, next: None, behind, is_durable: false, generation: 0, flight }
    }

    pub(super) const fn counter(&self) -> u32 {
        self.keys.chain.counter()
    }

    /// The first counter of the next envelope of `items` items: "An envelope does not reach over a
    /// multiple of 64 that is not its first counter." `None` where the session has none left.
    pub(super) fn next_counter(&self, items: u32) -> Option<u32> {
        let counter = self.counter();
        let room = FAR_COUNTERS.saturating_sub(counter % FAR_COUNTERS);
        let first = if items <= room { counter } else { counter.checked_add(room)? };
        self.may_stand(first, items).then_some(first)
    }

    /// Whether an envelope of `items` items may begin with this counter.
    pub(super) const fn may_stand(&self, first: u32, items: u32) -> bool {
        let room = FAR_COUNTERS.saturating_sub(first % FAR_COUNTERS);
        // "A session has at most 16 counters without an answer".
        let limit = if self.flight.is_some() { FIRST_FLIGHTS_MAX } else { SESSION_COUNTERS_MAX };
        items <= room && first.saturating_add(items) <= limit
    }

    /// Whether these counters may be used now.
    pub(super) fn is_reserved(&self, first: u32, items: u32) -> bool {
        self.is_durable && first.saturating_add(items) <= self.behind.counter()
    }

    /// Asks for the block these counters are in.
    pub(super) fn reserve(&mut self, first: u32, items: u32) {
        let end = first.saturating_add(items).next_multiple_of(FAR_COUNTERS);
        if end > self.behind.counter() {
            self.behind.advance(end);
            self.must_be_stored();
        }
    }

    /// Nothing leaves until a snapshot of what is now has been stored.
    pub(super) const fn must_be_stored(&mut self) {
        self.is_durable = false;
        self.generation = self.generation.saturating_add(1);
    }

    /// A snapshot of this generation has been stored.
    pub(super) const fn stored(&mut self, generation: u64) {
        if generation == self.generation {
            self.is_durable = true;
        }
    }

    /// Takes the keys of an envelope of `items` items, its class and epoch.
    pub(super) fn take(
        &mut self,
        first: u32,
        items: u32,
        ephemeral: &[u8; 32],
    ) -> (SealedClass, MessageKeys) {
        self.keys.chain.advance(first);
        let class = self.class(first, ephemeral);
        let keys = self.keys.chain.take();
        self.keys.chain.advance(first.saturating_add(items));
        (class, keys)
    }

    /// The class of an envelope at this counter.
    pub(super) fn class(&self, first: u32, ephemeral: &[u8; 32]) -> SealedClass {
        let ephemeral = *ephemeral;
        match self.flight {
            Some(Flight { hint, masked: None }) => SealedClass::FirstFlight { hint, ephemeral },
            Some(Flight { hint, masked: Some(masked) }) => {
                SealedClass::StrangerFlight { hint, ephemeral, masked }
            }
            None if hint::is_random_access(first) => {
                // Its first counter / 256, modulo 256.
                let [.., residue, _] = first.to_be_bytes();
                SealedClass::RandomAccess { hint: self.keys.hints.at_random(first), residue }
            }
            None => SealedClass::Chain { hint: self.keys.hints.in_chain(first) },
        }
    }

    /// Sends in the next epoch from now on.
    pub(super) fn enter(&mut self, epoch: u32, mut keys: WayKeys) {
        let mut behind = keys.chain.clone();
        behind.advance(self.behind.counter());
        self.behind = behind;
        keys.chain.advance(self.counter());
        (self.epoch, self.keys, self.next) = (epoch, keys, None);
        // A crash must not bring back the epoch the other side has been led out of.
        self.must_be_stored();
    }
}
