//! All sessions of a device: who is admitted, which session is used, which must go.

use super::hint::HintIndex;
use super::peers::{Peers, Standing};
use super::receive::Hints;
use super::replay::Memory;
use super::session::Session;
use super::snapshot::{self, Snapshot};
use super::{Party, Remembered, Window};
use crate::account::Account;
use crate::error::{DecodeError, ErrorKind};
use crate::key_store::{KeyStore, KeyStoreError};
use crate::limits::{PEER_SESSIONS_MAX, STRANGER_SESSIONS_MAX};
use crate::realm::Realm;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

/// A device's own name for one of its sessions; never on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionNumber(pub u32);

/// All sessions of one device in one realm.
pub struct Sessions {
    pub(super) realm: Realm,
    pub(super) me: Party,
    pub(super) window: Window,
    pub(super) peers: Peers,
    pub(super) all: BTreeMap<u32, Session>,
    pub(super) index: HintIndex,
    pub(super) memory: Memory,
    /// Counts everything that was opened or sent, so that sessions have an order without a clock.
    pub(super) events: u64,
    /// No number names two sessions, as long as this value lives.
    next_number: u32,
}

/// How much a device's sessions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Sessions.
    pub sessions: usize,
    /// Hints held for chain envelopes.
    pub hints: usize,
    /// Keys kept of passed-over counters.
    pub skipped: usize,
    /// First flights remembered.
    pub remembered: usize,
}

impl Sessions {
    /// No sessions yet.
    #[must_use]
    pub fn new(realm: Realm, me: Party, window: Window) -> Self {
        Self {
            realm,
            me,
            window,
            peers: Peers::default(),
            all: BTreeMap::new(),
            index: HintIndex::new(),
            memory: Memory::default(),
            events: 0,
            next_number: 0,
        }
    }

    /// Goes on from the last snapshots stored of each session. What was reserved and not given back
    /// is passed over: after a crash none of it is used twice.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for octets that are no snapshot, and two of one session (`unexpected`).
    pub fn resume<'a>(
        realm: Realm,
        me: Party,
        window: Window,
        snapshots: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, DecodeError> {
        let mut sessions = Self::new(realm, me, window);
        for octets in snapshots {
            sessions.put_back(octets)?;
        }
        Ok(sessions)
    }

    /// Goes on from a copy that may be old: sessions may have gone on since, so none of these sends
    /// (spec/11-session.md: "A copy of a device's memory that is put back (a backup) must not send in
    /// the sessions it holds"). They still receive; what is sent begins new ones.
    ///
    /// # Errors
    ///
    /// As [`Sessions::resume`].
    pub fn from_backup<'a>(
        realm: Realm,
        me: Party,
        window: Window,
        snapshots: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, DecodeError> {
        let mut sessions = Self::resume(realm, me, window, snapshots)?;
        sessions.all.values_mut().for_each(|session| session.sending = None);
        Ok(sessions)
    }

    /// Takes a session up again.
    fn put_back(&mut self, octets: &[u8]) -> Result<(), DecodeError> {
        let mut session = snapshot::parse(octets)?;
        if self.all.contains_key(&session.number) {
            return Err(DecodeError::at_octet(ErrorKind::Unexpected, "number", 0));
        }
        self.events = self.events.max(session.used).max(session.opened);
        self.next_number = self.next_number.max(session.number.saturating_add(1));
        let mut hints = Hints { session: session.number, index: &mut self.index };
        session.receiving.expect_skipped(&mut hints);
        session.receiving.expect(self.window, &mut hints);
        self.all.insert(session.number, session);
        Ok(())
    }

    /// What a device knows of first flights is told it again at the start, from where it has written
    /// every [`Received::remembered`](super::Received::remembered).
    pub fn remember(&mut self, remembered: Remembered) {
        self.memory.remember(remembered.prekey, remembered.digest);
    }

    /// A device whose certificate is held: its first flights are looked for from now on. A stranger
    /// that has said to be this device is this device from now on, if it has its identity key; a
    /// session with any other identity key of it ends.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn admit(
        &mut self,
        keys: &impl KeyStore,
        peer: &Party,
    ) -> Result<Vec<SessionNumber>, KeyStoreError> {
        self.peers.admit(keys, self.realm, &self.me, peer)?;
        let is_peer = |s: &Session| (s.peer.account, s.peer.device) == (peer.account, peer.device);
        let others = self.numbers(|s| is_peer(s) && s.peer.identity != peer.identity);
        others.iter().for_each(|number| self.end(*number));
        for session in self.all.values_mut().filter(|s| is_peer(s)) {
            session.is_stranger = false;
        }
        Ok(others)
    }

    /// The prekeys have changed: first flights are looked for with those there are now, and what
    /// was remembered for destroyed ones is forgotten.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn renew_prekeys(&mut self, keys: &impl KeyStore) -> Result<(), KeyStoreError> {
        self.peers.renew(keys, self.realm, &self.me)?;
        self.memory.keep(keys.prekeys());
        Ok(())
    }

    /// A device was revoked: its sessions end, whose snapshots are to be destroyed, and it begins
    /// no more.
    pub fn revoke(&mut self, account: Account, device: u8) -> Vec<SessionNumber> {
        self.peers.revoke(account, device);
        let ended = self.numbers(|s| (s.peer.account, s.peer.device) == (account, device));
        ended.iter().for_each(|number| self.end(*number));
        ended
    }

    /// Ends a session and wipes its keys.
    pub fn end(&mut self, number: SessionNumber) {
        if let Some(session) = self.all.remove(&number.0) {
            let mut hints = Hints { session: number.0, index: &mut self.index };
            session.receiving.forget_hints(&mut hints);
        }
    }

    /// What must be on disk before anything more is sent in this session, and before what it opened
    /// is acknowledged to anyone.
    #[must_use]
    pub fn snapshot(&self, number: SessionNumber) -> Option<Snapshot> {
        self.all.get(&number.0).map(|session| Snapshot::of(session, false))
    }

    /// This snapshot is on disk, synced: its counters may be used.
    pub fn stored(&mut self, snapshot: Snapshot) {
        let session = self.all.get_mut(&snapshot.number().0);
        if let Some(sending) = session.and_then(|session| session.sending.as_mut()) {
            sending.stored(snapshot.generation());
        }
    }

    /// Ends in order: the snapshots to be stored give back the counters that were not used.
    #[must_use]
    pub fn close(self) -> Vec<Snapshot> {
        self.all.values().map(|session| Snapshot::of(session, true)).collect()
    }

    /// Whether what is said in this session now stays secret from a quantum computer of later.
    #[must_use]
    pub fn is_post_quantum(&self, number: SessionNumber) -> bool {
        self.all.get(&number.0).is_some_and(Session::is_post_quantum)
    }

    /// The session a message to this device would go out in, if there is one.
    #[must_use]
    pub fn current(&self, peer: &Party) -> Option<SessionNumber> {
        self.sendable(peer, 1).map(|session| SessionNumber(session.number))
    }

    /// Every session there is.
    #[must_use]
    pub fn all(&self) -> Vec<SessionNumber> {
        self.numbers(|_| true)
    }

    /// How much is held.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            sessions: self.all.len(),
            hints: self.index.len(),
            skipped: self.all.values().map(|session| session.receiving.skipped.len()).sum(),
            remembered: self.memory.len(),
        }
    }

    /// "Each side sends in the one in which it opened something last, or in its own newest if in
    /// none": of those that can still take `items` counters.
    pub(super) fn sendable(&self, peer: &Party, items: u32) -> Option<&Session> {
        let can_send = |session: &&Session| {
            let sending = session.sending.as_ref();
            session.peer == *peer && sending.is_some_and(|s| s.next_counter(items).is_some())
        };
        self.all.values().filter(can_send).max_by_key(|s| (s.opened, s.number))
    }

    pub(super) fn next_event(&mut self) -> u64 {
        self.events = self.events.saturating_add(1);
        self.events
    }

    /// Adds a session, makes room for it, and returns which ones ended for it.
    pub(super) fn add(&mut self, mut session: Session) -> (SessionNumber, Vec<SessionNumber>) {
        let mut ended = Vec::new();
        if session.is_stranger {
            ended.extend(self.surplus(STRANGER_SESSIONS_MAX, |s| s.is_stranger));
        }
        let peer = session.peer;
        ended.extend(self.surplus(PEER_SESSIONS_MAX, |s| {
            (s.peer.account, s.peer.device) == (peer.account, peer.device)
                && s.is_stranger == session.is_stranger
        }));
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        session.number = number;
        let mut hints = Hints { session: number, index: &mut self.index };
        session.receiving.expect(self.window, &mut hints);
        self.all.insert(number, session);
        (SessionNumber(number), ended)
    }

    /// Ends the sessions unused longest until there is room for one more among these.
    fn surplus(&mut self, max: usize, among: impl Fn(&Session) -> bool) -> Vec<SessionNumber> {
        let mut those: Vec<(u64, u32)> =
            self.all.values().filter(|s| among(s)).map(|s| (s.used, s.number)).collect();
        those.sort_unstable();
        those.truncate(those.len().saturating_add(1).saturating_sub(max));
        let ended: Vec<SessionNumber> =
            those.into_iter().map(|(_, number)| SessionNumber(number)).collect();
        ended.iter().for_each(|number| self.end(*number));
        ended
    }

    fn numbers(&self, which: impl Fn(&Session) -> bool) -> Vec<SessionNumber> {
        self.all.values().filter(|s| which(s)).map(|s| SessionNumber(s.number)).collect()
    }

    pub(super) fn is_revoked(&self, party: &Party) -> bool {
        self.peers.standing(party) == Standing::Revoked
    }

    pub(super) fn is_stranger(&self, party: &Party) -> bool {
        self.peers.standing(party) == Standing::Unknown
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sessions of {:?}: {:?}", self.me, self.size())
    }
}
