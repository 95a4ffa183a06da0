//! Where the replication of each topic from each peer stands (spec/06-relay.md, "Federation").

use super::Federation;
use super::record::Replicated;
use super::route::PeerId;
use crate::address::Address;
use crate::client::Cursors;
use chappe_codec::precedence::Precedence;
use std::collections::BTreeMap;

/// By peer and topic.
#[derive(Debug, Default)]
pub(super) struct Replication {
    known: BTreeMap<([u8; 32], [u8; 16]), Replicated>,
    /// Whether the disk does not know all of it in one place.
    pub(super) has_changed: bool,
}

impl Replication {
    pub(super) fn recover(&mut self, replicated: Replicated) {
        self.known.insert((replicated.peer, replicated.topic), replicated);
        // Written anew behind all of them, so that the old ones can be let go.
        self.has_changed = true;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Replicated> {
        self.known.values()
    }
}

impl Federation {
    /// Where to go on with a topic of a peer. "Its cursors are forgotten when the peer's log has another
    /// name." `None`: old records are still being read.
    #[must_use]
    pub fn cursors(&self, peer: PeerId, topic: Address, log: u64) -> Option<Cursors> {
        let [_, rest] = &self.queues;
        if !rest.is_recovered {
            return None;
        }
        let key = (self.keys.get(peer.index()).copied()?, topic.octets);
        let known = self.replication.known.get(&key).filter(|known| known.log == log);
        Some(known.map_or_else(Cursors::default, |known| known.cursors))
    }

    /// A peer's log is shorter than is remembered, as after an old copy of it was put back: everything is read
    /// again.
    pub fn begin_again(&mut self, peer: PeerId, topic: Address) {
        let Some(key) = self.keys.get(peer.index()).copied() else { return };
        if let Some(known) = self.replication.known.get_mut(&(key, topic.octets)) {
            known.cursors = Cursors::default();
            self.replication.has_changed = true;
        }
    }

    /// So many parcels up to a cursor are durable here.
    pub fn replicated(
        &mut self,
        peer: PeerId,
        (topic, log): (Address, u64),
        (precedence, cursor): (Precedence, u64),
        parcels: u64,
    ) {
        let Some(key) = self.keys.get(peer.index()).copied() else { return };
        if let Some(link) = self.links.get(peer.index()) {
            link.counts.replicate(parcels);
        }
        let topic = topic.octets;
        let begun = Replicated { peer: key, topic, log, cursors: Cursors::default() };
        let known = self.replication.known.entry((key, topic)).or_insert(begun);
        if known.log != log {
            *known = begun;
        }
        if cursor > known.cursors.get(precedence) {
            known.cursors.set(precedence, cursor);
            self.replication.has_changed = true;
        }
    }
}
