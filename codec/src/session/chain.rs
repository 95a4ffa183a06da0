//! Blocks and chain keys: one key a counter, and none that gives an earlier one away
//! (spec/11-session.md, "Keys of an epoch").

use super::message_keys::MessageKeys;
use crate::digest::Keyed;
use zeroize::Zeroizing;

/// Counters in one block.
pub(super) const BLOCK_COUNTERS: u32 = 256;

/// A place in a chain: the keys of this counter and of every later one, of no earlier one.
#[derive(Clone)]
pub(super) struct Chain {
    counter: u32,
    /// `block_(b+1)`, b the block of `counter`.
    next_block: Zeroizing<[u8; 32]>,
    /// `chain_(b,i)`.
    key: Zeroizing<[u8; 32]>,
    /// The same, ready to be expanded: each key is, twice.
    keyed: Keyed,
}

impl Chain {
    /// The chain from counter 0, of `block_0`.
    pub(super) fn of_block(block: &[u8; 32]) -> Self {
        let (next_block, key) = enter_block(block);
        Self::from_parts(0, next_block, key)
    }

    /// A chain as [`Chain::parts`] gave it.
    pub(super) fn from_parts(
        counter: u32,
        next_block: Zeroizing<[u8; 32]>,
        key: Zeroizing<[u8; 32]>,
    ) -> Self {
        let keyed = Keyed::new(&key);
        Self { counter, next_block, key, keyed }
    }

    /// Counter, `block_(b+1)` and `chain_(b,i)`.
    pub(super) fn parts(&self) -> (u32, &[u8; 32], &[u8; 32]) {
        (self.counter, &self.next_block, &self.key)
    }

    pub(super) const fn counter(&self) -> u32 {
        self.counter
    }

    /// K, N and S of this counter.
    pub(super) fn message_keys(&self) -> MessageKeys {
        MessageKeys::of_chain_key(&self.keyed)
    }

    /// K, N and S of this counter; goes on to the next.
    pub(super) fn take(&mut self) -> MessageKeys {
        let keys = self.message_keys();
        self.step();
        keys
    }

    /// Goes on to `counter`; stays where that is passed already.
    pub(super) fn advance(&mut self, counter: u32) {
        // Whole blocks first: a hash each, not one a counter.
        let mut block = self.counter / BLOCK_COUNTERS;
        while block < counter / BLOCK_COUNTERS {
            self.enter_next_block();
            block = block.saturating_add(1);
        }
        while self.counter < counter {
            self.step();
        }
    }

    fn step(&mut self) {
        let next = self.counter.saturating_add(1);
        if next.is_multiple_of(BLOCK_COUNTERS) {
            self.enter_next_block();
        } else {
            let mut key = Zeroizing::new([0; 32]);
            self.keyed.expand("chappe-next-key/1", &[], &mut *key);
            self.keyed = Keyed::new(&key);
            self.key = key;
            self.counter = next;
        }
    }

    fn enter_next_block(&mut self) {
        let block = self.counter / BLOCK_COUNTERS;
        (self.next_block, self.key) = enter_block(&self.next_block);
        self.keyed = Keyed::new(&self.key);
        self.counter = block.saturating_add(1).saturating_mul(BLOCK_COUNTERS);
    }
}

/// `block_(b+1)` and `chain_(b,0)`, of `block_b`.
fn enter_block(block: &[u8; 32]) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
    let keyed = Keyed::new(block);
    let (mut next_block, mut key) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    keyed.expand("chappe-next-block/1", &[], &mut *next_block);
    keyed.expand("chappe-chain-key/1", &[], &mut *key);
    (next_block, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_a_counter_gives_the_same_key() {
        let start = Chain::of_block(&[5; 32]);
        let mut stepped = start.clone();
        // Over four blocks; Miri would hash for minutes.
        let counters = if cfg!(miri) { 0..4 } else { 0..1_100 };
        for counter in counters {
            assert_eq!(stepped.counter(), counter);
            let mut jumped = start.clone();
            jumped.advance(counter);
            assert_eq!(jumped.parts(), stepped.parts());
            jumped.advance(counter / 2);
            assert_eq!(jumped.counter(), counter);
            assert_eq!(*stepped.message_keys().octets(), *stepped.take().octets());
        }
    }
}
