//! States by 128 bits of themselves, and quick tables.
//!
//! A state is not kept: its fingerprint is. Two of n states share one with a probability of about
//! n² / 2^129, if the function behaves like a random one: for the 20 million of
//! [`MAX_STATES`](crate::explore::MAX_STATES) that is 2^-80, for the scopes as they are less. Only then would
//! a state, and what follows from it, be passed over. That no state of the short scopes is passed over
//! is a test.

use std::hash::{BuildHasher, Hash, Hasher};

/// 128 bits of a value.
pub(crate) fn fingerprint(value: &impl Hash) -> u128 {
    let mut hasher = Lanes::default();
    value.hash(&mut hasher);
    let (high, low) = (fold(hasher.high.0, FINISH), fold(hasher.low.0, FINISH));
    u128::from(high) << 64 | u128::from(low)
}

/// Digits of π behind the point (as in the constants of Blowfish): odd, and nothing up a sleeve.
const HIGH: u64 = 0x243F_6A88_85A3_08D3;
const LOW: u64 = 0x1319_8A2E_0370_7345;
const FINISH: u64 = 0xA409_3822_299F_31D1;

/// Two lanes that take in the same words under different multipliers.
struct Lanes {
    high: Lane<23, HIGH>,
    low: Lane<41, LOW>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { high: Lane(LOW), low: Lane(HIGH) }
    }
}

impl Hasher for Lanes {
    fn finish(&self) -> u64 {
        fold(self.low.0, FINISH)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.high.write(bytes);
        self.low.write(bytes);
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.high.write_u64(word);
        self.low.write_u64(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

/// The halves of the product, one over the other: every bit of the result hangs on every bit of `word`.
fn fold(word: u64, multiplier: u64) -> u64 {
    let product = u128::from(word).wrapping_mul(u128::from(multiplier));
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    {
        (product >> 64) as u64 ^ product as u64
    }
}

/// For tables of terms: one lane.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quick;

impl BuildHasher for Quick {
    type Hasher = Lane<23, HIGH>;

    fn build_hasher(&self) -> Lane<23, HIGH> {
        Lane(LOW)
    }
}

/// One lane: how far it is turned before a word, and its multiplier.
pub(crate) struct Lane<const TURN: u32, const MULTIPLIER: u64>(u64);

impl<const TURN: u32, const MULTIPLIER: u64> Hasher for Lane<TURN, MULTIPLIER> {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.write_u64(chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        // Without the rotation a word that meets its lane's own value would wipe the lane out for good.
        self.0 = fold(self.0.rotate_left(TURN) ^ word, MULTIPLIER).wrapping_add(FINISH);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

/// For tables of fingerprints, which are as good as random already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AsItIs;

impl BuildHasher for AsItIs {
    type Hasher = LowHalf;

    fn build_hasher(&self) -> LowHalf {
        LowHalf(0)
    }
}

/// The low half of a fingerprint.
pub(crate) struct LowHalf(u64);

impl Hasher for LowHalf {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |word, byte| word << 8 | u64::from(*byte));
    }

    fn write_u128(&mut self, fingerprint: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "the low half")]
        {
            self.0 = fingerprint as u64;
        }
    }
}
