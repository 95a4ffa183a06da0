//! All sessions of a device: who is admitted, which session is used, which must go.

use super::ended::Ended;
use super::hint::HintIndex;
use super::peers::{Peers, Standing};
use super::receive::Hints;
use super::replay::Memory;
use super::session::Session;
use super::snapshot::{self, Snapshot, Stored};
use super::{Event, Party, Remembered, Window};
use crate::chain::ChainId;
use crate::error::{DecodeError, ErrorKind};
use crate::key_store::{KeyStore, KeyStoreError};
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
    /// No number is in both.
    pub(super) ended: BTreeMap<u32, Ended>,
    pub(super) index: HintIndex,
    pub(super) memory: Memory,
    /// Counts everything that was opened or sent, so that sessions have an order without a clock.
    pub(super) events: u64,
    /// No number names two sessions, as long as this value lives.
    pub(super) next_number: u32,
}

/// How much a device's sessions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Sessions.
    pub sessions: usize,
    /// Ended ones of which keys are left.
    pub ended: usize,
    /// Hints held for chain envelopes.
    pub hints: usize,
    /// Keys kept of passed-over counters, and of first flights of ended sessions.
    pub skipped: usize,
    /// First flights remembered.
    pub remembered: usize,
}

impl Sessions {
    /// No sessions yet. So begins, too, who was put back from a backup: it holds neither sessions nor
    /// prekeys (spec/11-session.md, "Counters and memory").
    #[must_use]
    pub fn new(realm: Realm, me: Party, window: Window) -> Self {
        Self {
            realm,
            me,
            window,
            peers: Peers::default(),
            all: BTreeMap::new(),
            ended: BTreeMap::new(),
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

    /// Takes a session up again, or what is left of one.
    fn put_back(&mut self, octets: &[u8]) -> Result<(), DecodeError> {
        let stored = snapshot::parse(octets)?;
        let number = stored.number();
        if self.all.contains_key(&number) || self.ended.contains_key(&number) {
            return Err(DecodeError::at_octet(ErrorKind::Unexpected, "number", 0));
        }
        self.next_number = self.next_number.max(number.saturating_add(1));
        let mut hints = Hints { session: number, index: &mut self.index };
        match stored {
            Stored::Live(mut session) => {
                self.events = self.events.max(session.used).max(session.heard);
                session.receiving.skipped.expect(session.receiving.behind, &mut hints);
                session.receiving.expect(self.window, &mut hints);
                self.all.insert(number, *session);
            }
            Stored::Ended(ended) => {
                self.events = self.events.max(ended.ended);
                ended.expect(&mut hints);
                self.ended.insert(number, ended);
            }
        }
        Ok(())
    }

    /// What a device knows of first flights is told it again at the start, from where it has written
    /// every [`Received::remembered`](super::Received::remembered).
    pub fn remember(&mut self, remembered: Remembered) {
        self.memory.remember(remembered);
    }

    /// A device whose certificate is held: its first flights are looked for from now on. A stranger
    /// that has said to be this device is this device from now on, if it has its identity key; a
    /// session with any other identity key of it ends. A snapshot of those that go on is to be stored.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn admit(
        &mut self,
        keys: &impl KeyStore,
        peer: &Party,
        now: Option<u64>,
    ) -> Result<Vec<Event>, KeyStoreError> {
        self.peers.admit(keys, self.realm, &self.me, peer)?;
        let is_peer = |s: &Session| s.is_with(peer.account, peer.device);
        let others = self.numbers(|s| is_peer(s) && s.peer.identity != peer.identity);
        let events = self.end_all(&others, now);
        for session in self.all.values_mut().filter(|s| is_peer(s)) {
            session.is_stranger = false;
        }
        for ended in self.ended.values_mut().filter(|ended| ended.peer == *peer) {
            ended.is_stranger = false;
        }
        Ok(events)
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

    /// What must be on disk before anything more is sent in this session, and before what it opened
    /// is acknowledged to anyone. None where nothing is left of it: then what was stored is destroyed.
    #[must_use]
    pub fn snapshot(&self, number: SessionNumber) -> Option<Snapshot> {
        let live = self.all.get(&number.0).map(|session| Snapshot::of(session, false));
        live.or_else(|| self.ended.get(&number.0).map(Snapshot::of_ended))
    }

    /// This snapshot is on disk, synced: its counters may be used.
    pub fn stored(&mut self, snapshot: Snapshot) {
        if let Some(session) = self.all.get_mut(&snapshot.number().0) {
            session.sending.stored(snapshot.generation());
        }
    }

    /// Ends in order: the snapshots to be stored give back the counters that were not used.
    #[must_use]
    pub fn close(self) -> Vec<Snapshot> {
        let ended = self.ended.values().map(Snapshot::of_ended);
        self.all.values().map(|session| Snapshot::of(session, true)).chain(ended).collect()
    }

    /// Whether what is said in this session now stays secret from a quantum computer of later.
    #[must_use]
    pub fn is_post_quantum(&self, number: SessionNumber) -> bool {
        self.all.get(&number.0).is_some_and(Session::is_post_quantum)
    }

    /// The session the next message to this device goes out in, unless it can take none.
    #[must_use]
    pub fn current(&self, peer: &Party) -> Option<SessionNumber> {
        self.current_session(peer).map(|session| SessionNumber(session.number))
    }

    /// Every session there is.
    #[must_use]
    pub fn all(&self) -> Vec<SessionNumber> {
        self.numbers(|_| true)
    }

    /// Those that have ended and of which keys are left.
    #[must_use]
    pub fn ended(&self) -> Vec<SessionNumber> {
        self.ended.keys().map(|number| SessionNumber(*number)).collect()
    }

    /// Whether the message of this counter of a chain that is received could still be opened if it came.
    /// It is not once it was opened, nor once its key is gone: for its age, for room, with its session
    /// (spec/11-session.md, "Receiving" and "Endings"). A reader waits for nothing else.
    #[must_use]
    pub fn expects(&self, chain: ChainId, counter: u32) -> bool {
        let mut live = self.all.values().filter(|session| session.incoming == chain);
        let mut ended = self.ended.values().filter(|ended| ended.incoming == chain);
        live.any(|session| session.receiving.expects(counter))
            || ended.any(|ended| ended.kept.holds(counter))
    }

    /// How much is held.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            sessions: self.all.len(),
            hints: self.index.len(),
            ended: self.ended.len(),
            skipped: (self.all.values().map(|session| session.receiving.skipped.len()))
                .chain(self.ended.values().map(|ended| ended.kept.len()))
                .fold(0, usize::saturating_add),
            remembered: self.memory.len(),
        }
    }

    /// "Each side sends in the one in which it opened something last, or in its own newest if in none;
    /// one begun since because of silence comes before it." This side begins one only where it may not
    /// go on in the one before, so whichever was begun or heard last is it.
    pub(super) fn current_session(&self, peer: &Party) -> Option<&Session> {
        self.all.values().filter(|session| session.peer == *peer).max_by_key(|s| s.heard)
    }

    pub(super) fn next_event(&mut self) -> u64 {
        self.events = self.events.saturating_add(1);
        self.events
    }

    pub(super) fn numbers(&self, which: impl Fn(&Session) -> bool) -> Vec<SessionNumber> {
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
