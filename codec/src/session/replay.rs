//! Which sessions were begun: so that a first flight begins one once (spec/11-session.md, "Replay").

use crate::digest;
use crate::limits::REPLAY_MEMORY_MAX;
use alloc::collections::{BTreeMap, BTreeSet};

/// SHA-256(E) of every session begun from a first flight, for each prekey still kept.
#[derive(Default)]
pub(super) struct Memory(BTreeMap<[u8; 32], BTreeSet<[u8; 32]>>);

impl Memory {
    /// What is remembered of an E.
    pub(super) fn digest(ephemeral: &[u8; 32]) -> [u8; 32] {
        digest::sha256(ephemeral)
    }

    pub(super) fn contains(&self, digest: &[u8; 32]) -> bool {
        self.0.values().any(|digests| digests.contains(digest))
    }

    /// "a full one takes no new session until the prekey is replaced".
    pub(super) fn is_full(&self, prekey: &[u8; 32]) -> bool {
        self.0.get(prekey).is_some_and(|digests| digests.len() >= REPLAY_MEMORY_MAX)
    }

    pub(super) fn remember(&mut self, prekey: [u8; 32], digest: [u8; 32]) {
        if !self.is_full(&prekey) {
            self.0.entry(prekey).or_default().insert(digest);
        }
    }

    /// Forgets what belongs to prekeys that were destroyed: their flights open no more.
    pub(super) fn keep(&mut self, prekeys: &[[u8; 32]]) {
        self.0.retain(|prekey, _| prekeys.contains(prekey));
    }

    pub(super) fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).sum()
    }
}
