//! All sessions of a device: who is admitted, which session is used, which must go.

use super::ended::Ended;
use super::hint::HintIndex;
use super::peers::{Peers, Standing};
use super::receive::Hints;
use super::replay::Memory;
use super::session::Session;
use super::snapshot::{self, Snapshot, Stored};
use super::{Event, Party, Remembered, Window};
use crate::account::Account;
use crate::error::{DecodeError, ErrorKind};
use crate::key_store::{KeyStore, KeyStoreError};
use crate::limits::{PEER_ENDED_SESSIONS_MAX, PEER_SESSIONS_MAX, STRANGER_SESSIONS_MAX};
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
    next_number: u32,
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

    /// A device was revoked: nothing of its sessions is left, and it begins no more.
    pub fn revoke(&mut self, account: Account, device: u8) -> Vec<Event> {
        self.peers.revoke(account, device);
        let live = self.numbers(|s| s.is_with(account, device));
        self.end_all(&live, None);
        let is_theirs = |e: &Ended| (e.peer.account, e.peer.device) == (account, device);
        let left: Vec<u32> =
            self.ended.values().filter(|e| is_theirs(e)).map(|e| e.number).collect();
        left.iter().for_each(|number| self.forget(*number));
        // Some of those that were live had nothing left to keep.
        let mut gone: Vec<u32> = live.into_iter().map(|number| number.0).chain(left).collect();
        gone.sort_unstable();
        gone.dedup();
        gone.into_iter().map(|number| Event::Forgotten(SessionNumber(number))).collect()
    }

    /// Ends a session: of its keys those of counters passed over and of first flights are left, for
    /// seven days. What has ended already is forgotten.
    pub fn end(&mut self, number: SessionNumber, now: Option<u64>) -> Vec<Event> {
        let event = self.next_event();
        let Some(session) = self.all.remove(&number.0) else {
            let is_there = self.ended.contains_key(&number.0);
            self.forget(number.0);
            return is_there.then_some(Event::Forgotten(number)).into_iter().collect();
        };
        let (peer, is_stranger) = (session.peer, session.is_stranger);
        let mut hints = Hints { session: number.0, index: &mut self.index };
        let ended = Ended::of(session, event, now, &mut hints);
        ended.expect(&mut hints);
        self.ended.insert(number.0, ended);
        if let Some(forgotten) = self.forget_if_empty(number.0) {
            return alloc::vec![forgotten];
        }
        let mut events = alloc::vec![Event::Ended(number)];
        if is_stranger {
            events.extend(self.forget_surplus(STRANGER_SESSIONS_MAX, |e| e.is_stranger));
        }
        events.extend(self.forget_surplus(PEER_ENDED_SESSIONS_MAX, |e| {
            (e.peer.account, e.peer.device, e.is_stranger)
                == (peer.account, peer.device, is_stranger)
        }));
        events
    }

    /// Destroys what is too old: keys kept for seven days, and sessions that were begun and not
    /// answered for 30. To be called every day or so where there is a clock; the snapshots of the
    /// sessions named, and of those in [`Sessions::all`], are to be stored, or destroyed where there is
    /// none any more.
    pub fn expire(&mut self, now: u64) -> Vec<Event> {
        let given_up = self.numbers(|session| session.is_given_up(Some(now)));
        let mut events = self.end_all(&given_up, Some(now));
        for (number, session) in &mut self.all {
            let mut hints = Hints { session: *number, index: &mut self.index };
            session.receiving.skipped.expire(Some(now), &mut hints);
        }
        let ended: Vec<u32> = self.ended.keys().copied().collect();
        for number in ended {
            let mut hints = Hints { session: number, index: &mut self.index };
            if let Some(ended) = self.ended.get_mut(&number)
                && ended.kept.expire(Some(now), &mut hints)
            {
                let forgotten = self.forget_if_empty(number);
                events.push(forgotten.unwrap_or(Event::Ended(SessionNumber(number))));
            }
        }
        events
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

    /// How much is held.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            sessions: self.all.len(),
            hints: self.index.len(),
            ended: self.ended.len(),
            skipped: (self.all.values().map(|session| session.receiving.skipped.len()))
                .chain(self.ended.values().map(|ended| ended.kept.len()))
                .sum(),
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

    /// Whether one more session may begin: contacts make room, and of strangers those that were not
    /// answered.
    pub(super) fn has_room(&self, peer: &Party, is_stranger: bool) -> bool {
        let is_full = |max: usize, among: &dyn Fn(&Session) -> bool| {
            let those = || self.all.values().filter(|s| s.is_stranger && among(s));
            those().count() >= max && those().all(Session::is_answered)
        };
        !is_stranger
            || !is_full(STRANGER_SESSIONS_MAX, &|_| true)
                && !is_full(PEER_SESSIONS_MAX, &|s| s.peer == *peer)
    }

    /// Adds a session, makes room for it, and returns which ones ended for it.
    pub(super) fn add(
        &mut self,
        mut session: Session,
        now: Option<u64>,
    ) -> (SessionNumber, Vec<Event>) {
        let peer = session.peer;
        let mut events = Vec::new();
        if session.is_stranger {
            // "never take the room of others"
            events.extend(self.make_room(PEER_SESSIONS_MAX, now, |s| {
                s.is_stranger && s.peer == peer
            }));
            events.extend(self.make_room(STRANGER_SESSIONS_MAX, now, |s| s.is_stranger));
        } else {
            events.extend(self.make_room(PEER_SESSIONS_MAX, now, |s| {
                !s.is_stranger && s.is_with(peer.account, peer.device)
            }));
        }
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        session.number = number;
        let mut hints = Hints { session: number, index: &mut self.index };
        session.receiving.expect(self.window, &mut hints);
        self.all.insert(number, session);
        (SessionNumber(number), events)
    }

    /// Ends the sessions unused longest until there is room for one more among these; of strangers'
    /// those first that were not answered.
    fn make_room(
        &mut self,
        max: usize,
        now: Option<u64>,
        among: impl Fn(&Session) -> bool,
    ) -> Vec<Event> {
        let those = self.all.values().filter(|s| among(s));
        let mut those: Vec<(bool, u64, u32)> =
            those.map(|s| (s.is_stranger && s.is_answered(), s.used, s.number)).collect();
        those.sort_unstable();
        those.truncate(those.len().saturating_add(1).saturating_sub(max));
        let numbers: Vec<SessionNumber> =
            those.into_iter().map(|(.., number)| SessionNumber(number)).collect();
        self.end_all(&numbers, now)
    }

    /// Ends what this side began with a device and waits for in vain: "then `e` is destroyed".
    pub(super) fn expire_with(&mut self, peer: &Party, now: Option<u64>) -> Vec<Event> {
        let numbers = self.numbers(|s| s.peer == *peer && s.is_given_up(now));
        self.end_all(&numbers, now)
    }

    fn end_all(&mut self, numbers: &[SessionNumber], now: Option<u64>) -> Vec<Event> {
        numbers.iter().flat_map(|number| self.end(*number, now)).collect()
    }

    /// Forgets the ended sessions that ended first until there are so many of these.
    fn forget_surplus(&mut self, max: usize, among: impl Fn(&Ended) -> bool) -> Vec<Event> {
        let mut those: Vec<(u64, u32)> =
            self.ended.values().filter(|e| among(e)).map(|e| (e.ended, e.number)).collect();
        those.sort_unstable();
        those.truncate(those.len().saturating_sub(max));
        those.iter().for_each(|(_, number)| self.forget(*number));
        those.into_iter().map(|(_, number)| Event::Forgotten(SessionNumber(number))).collect()
    }

    pub(super) fn forget_if_empty(&mut self, number: u32) -> Option<Event> {
        let is_empty = self.ended.get(&number).is_some_and(|ended| ended.kept.is_empty());
        is_empty.then(|| {
            self.forget(number);
            Event::Forgotten(SessionNumber(number))
        })
    }

    /// Wipes what is left of an ended session.
    fn forget(&mut self, number: u32) {
        if let Some(ended) = self.ended.remove(&number) {
            let mut hints = Hints { session: number, index: &mut self.index };
            ended.kept.forget_hints(&mut hints);
        }
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
