//! Which sessions were begun: so that a first flight begins one once (spec/11-session.md, "Replay").

use super::Party;
use crate::account::Account;
use crate::digest;
use crate::limits::{
    REPLAY_CONTACT_HANDSET_MAX, REPLAY_CONTACT_MAX, REPLAY_STRANGERS_HANDSET_MAX,
    REPLAY_STRANGERS_MAX,
};
use alloc::collections::{BTreeMap, BTreeSet};

/// What a device must remember of a session's beginning for as long as it keeps the prekey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// The prekey the session was made to.
    pub prekey: [u8; 32],
    /// The contact's device that began it; none for a stranger.
    pub contact: Option<(Account, u8)>,
    /// The first 16 octets of SHA-256(E).
    pub digest: [u8; 16],
}

/// "room for 4,096 from strangers (a handset 256) and for 1,024 from each contact's device".
#[derive(Debug, Clone, Copy)]
pub(super) struct Budgets {
    strangers: usize,
    contact: usize,
}

impl Budgets {
    pub(super) const STATION: Self =
        Self { strangers: REPLAY_STRANGERS_MAX, contact: REPLAY_CONTACT_MAX };

    pub(super) const HANDSET: Self =
        Self { strangers: REPLAY_STRANGERS_HANDSET_MAX, contact: REPLAY_CONTACT_HANDSET_MAX };

    const fn of(self, contact: Option<(Account, u8)>) -> usize {
        if contact.is_some() { self.contact } else { self.strangers }
    }
}

/// Every session begun from a first flight, for each prekey still kept and each who has room of its
/// own in it.
#[derive(Default)]
pub(super) struct Memory(BTreeMap<Room, BTreeSet<[u8; 16]>>);

type Room = ([u8; 32], Option<(Account, u8)>);

impl Memory {
    /// What is remembered of an E.
    pub(super) fn digest(ephemeral: &[u8; 32]) -> [u8; 16] {
        digest::first(&digest::sha256(ephemeral))
    }

    pub(super) fn contains(&self, digest: &[u8; 16]) -> bool {
        self.0.values().any(|digests| digests.contains(digest))
    }

    /// The contact's device that began the session of this E.
    pub(super) fn contact_of(&self, digest: &[u8; 16]) -> Option<(Account, u8)> {
        let mut rooms = self.0.iter().filter(|(_, digests)| digests.contains(digest));
        rooms.find_map(|((_, contact), _)| *contact)
    }

    /// "Where it is full no further session begins".
    pub(super) fn is_full(
        &self,
        budgets: Budgets,
        prekey: &[u8; 32],
        contact: Option<(Account, u8)>,
    ) -> bool {
        self.taken(prekey, contact) >= budgets.of(contact)
    }

    /// "A prekey whose memory is half full is replaced."
    pub(super) fn is_half_full(&self, budgets: Budgets, remembered: &Remembered) -> bool {
        let taken = self.taken(&remembered.prekey, remembered.contact);
        taken.saturating_mul(2) >= budgets.of(remembered.contact)
    }

    pub(super) fn remember(&mut self, remembered: Remembered) {
        let room = (remembered.prekey, remembered.contact);
        self.0.entry(room).or_default().insert(remembered.digest);
    }

    /// Forgets what belongs to prekeys that were destroyed: their flights open no more.
    pub(super) fn keep(&mut self, prekeys: &[[u8; 32]]) {
        self.0.retain(|(prekey, _), _| prekeys.contains(prekey));
    }

    pub(super) fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).fold(0, usize::saturating_add)
    }

    fn taken(&self, prekey: &[u8; 32], contact: Option<(Account, u8)>) -> usize {
        self.0.get(&(*prekey, contact)).map_or(0, BTreeSet::len)
    }
}

impl Remembered {
    /// Of a session of `peer` to a prekey; `is_stranger` if its certificate is not held.
    pub(super) fn of(
        prekey: [u8; 32],
        peer: &Party,
        is_stranger: bool,
        ephemeral: &[u8; 32],
    ) -> Self {
        let contact = (!is_stranger).then_some((peer.account, peer.device));
        Self { prekey, contact, digest: Memory::digest(ephemeral) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_room_of_its_own_until_the_prekey_is_gone() {
        let budgets = Budgets { strangers: 2, contact: 1 };
        let (prekey, friend) = ([1; 32], Some((Account([2; 32]), 1)));
        let mut memory = Memory::default();
        let stranger = |octet| Remembered { prekey, contact: None, digest: [octet; 16] };
        assert!(!memory.is_half_full(budgets, &stranger(0)));
        memory.remember(stranger(0));
        memory.remember(stranger(0));
        assert!(memory.contains(&[0; 16]) && !memory.contains(&[1; 16]));
        assert!(memory.is_half_full(budgets, &stranger(0)));
        assert!(!memory.is_full(budgets, &prekey, None));
        memory.remember(stranger(1));
        assert!(memory.is_full(budgets, &prekey, None));
        assert!(
            !memory.is_full(budgets, &prekey, friend) && !memory.is_full(budgets, &[9; 32], None)
        );
        memory.remember(Remembered { prekey: [9; 32], contact: friend, digest: [2; 16] });
        assert_eq!(memory.len(), 3);
        memory.keep(&[[9; 32]]);
        assert!(memory.len() == 1 && memory.contains(&[2; 16]) && !memory.contains(&[0; 16]));
    }
}
