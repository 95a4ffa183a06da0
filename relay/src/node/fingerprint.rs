//! By what a parcel is known again.

use crate::parcel::ParcelRef;
use polyval::universal_hash::UniversalHash;
use polyval::{Block, Key, Polyval};
use std::fmt;
use std::hash::{Hash, Hasher};

/// 128 bits of address and envelope under a key drawn at every start. Who does not know the key cannot
/// make two parcels meet: for two different ones of at most 16,384 octets the chance is 1,026 / 2^128
/// (RFC 8452 §8, on POLYVAL as a universal hash).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint([u64; 2]);

impl Fingerprint {
    /// The same parcel in a log that is looked at for itself: what one log holds then hides nothing in
    /// another.
    pub(super) const fn in_log(self, index: usize) -> Self {
        let Self([low, high]) = self;
        let mark = if index == 0 { 1 } else { 2 };
        Self([low, high ^ mark])
    }

    #[cfg(test)]
    pub(super) const fn of_halves(low: u64, high: u64) -> Self {
        Self([low, high])
    }

    /// 64 of its bits, for what may be wrong once in a long while.
    pub(super) const fn short(self) -> u64 {
        let [short, _] = self.0;
        short
    }

    /// Bits that say which part of a table it belongs to; others than the hash of the part.
    pub(super) const fn shard(self) -> u64 {
        let [_, shard] = self.0;
        shard
    }
}

/// It is a hash already.
impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.short());
    }
}

/// Hands a fingerprint through.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct PassedThrough(u64);

impl Hasher for PassedThrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Makes fingerprints under one key.
#[derive(Clone)]
pub(super) struct Fingerprints(Polyval);

impl Fingerprints {
    pub(super) fn new(key: [u8; 16]) -> Self {
        Self(Polyval::new(&Key::from(key)))
    }

    /// Kind, address and envelope; not the expiry, nor the precedence.
    pub(super) fn of(&self, parcel: &ParcelRef<'_>) -> Fingerprint {
        let envelope = parcel.envelope();
        let (blocks, rest) = envelope.as_chunks::<16>();
        let mut hash = self.0.clone();
        hash.update(&[Block::from(parcel.address.octets)]);
        hash.update(Block::cast_slice_from_core(blocks));
        if !rest.is_empty() {
            let mut last = [0; 16];
            for (octet, of_rest) in last.iter_mut().zip(rest) {
                *octet = *of_rest;
            }
            hash.update(&[Block::from(last)]);
        }
        let octets = u64::try_from(envelope.len()).unwrap_or(u64::MAX).to_le_bytes();
        let [a, b, c, d, e, f, g, h] = octets;
        let kind = parcel.address.kind.code();
        hash.update(&[Block::from([a, b, c, d, e, f, g, h, kind, 0, 0, 0, 0, 0, 0, 0])]);
        let tag: [u8; 16] = hash.finalize().into();
        let tag = u128::from_le_bytes(tag);
        let low = u64::try_from(tag & u128::from(u64::MAX)).unwrap_or(0);
        let high = u64::try_from(tag >> 64).unwrap_or(0);
        Fingerprint([low, high])
    }
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprints")
    }
}
