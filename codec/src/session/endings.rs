//! How sessions end: for room, by age, by revocation, or because somebody says so
//! (spec/11-session.md, "Beginning" and "Endings").

use super::ended::Ended;
use super::receive::Hints;
use super::session::Session;
use super::sessions::{SessionNumber, Sessions};
use super::{Event, Party};
use crate::account::Account;
use crate::limits::{PEER_ENDED_SESSIONS_MAX, PEER_SESSIONS_MAX, STRANGER_SESSIONS_MAX};
use alloc::vec::Vec;

impl Sessions {
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
            events.extend(
                self.make_room(PEER_SESSIONS_MAX, now, |s| s.is_stranger && s.peer == peer),
            );
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

    pub(super) fn end_all(&mut self, numbers: &[SessionNumber], now: Option<u64>) -> Vec<Event> {
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
}
