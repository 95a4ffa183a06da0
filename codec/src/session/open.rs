//! Opening: which session an envelope belongs to, and what it changes there.

use super::begin::{self, Begun};
use super::epoch::Role;
use super::hint;
use super::opened::Opened;
use super::ratchet;
use super::receive::Hints;
use super::replay::{Memory, Remembered};
use super::session::{Session, Silence};
use super::sessions::{SessionNumber, Sessions};
use super::trial::{Proved, Trial};
use super::{Party, Window};
use crate::account::Account;
use crate::envelope::{OpenError, SealedClass, SealedEnvelope};
use crate::item::parse_items;
use crate::key_store::KeyStore;
use alloc::vec::Vec;

/// What an envelope that opened brought.
#[derive(Debug)]
pub struct Received {
    /// What it said, and who.
    pub opened: Opened,
    /// Whether the author's certificate is not held: an unverified claim until it is.
    pub is_stranger: bool,
    /// The session it came in, whose snapshot has changed.
    pub session: SessionNumber,
    /// If it began the session: to be written where [`Sessions::remember`] finds it again, together
    /// with the snapshot.
    pub remembered: Option<Remembered>,
    /// What else happened, in order.
    pub events: Vec<Event>,
}

/// Something that happened to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A session began.
    Began(SessionNumber),
    /// A session ended: nothing is sent in it any more, and of what may still come its snapshot, which
    /// has changed, has a few keys.
    Ended(SessionNumber),
    /// Nothing is left of a session: its snapshot is to be destroyed.
    Forgotten(SessionNumber),
    /// The memory of this prekey is half full: it is to be replaced (spec/11-session.md, "Replay").
    PrekeyHalfFull {
        /// The prekey.
        prekey: [u8; 32],
    },
    /// This side sends in this epoch from now on.
    Stepped {
        /// The epoch.
        epoch: u32,
    },
    /// The same, and from this epoch on the session is post-quantum.
    PostQuantum {
        /// The epoch.
        epoch: u32,
    },
    /// An offer with a weak key or with what is no key: it did nothing.
    UselessOffer,
}

impl Sessions {
    /// Opens a sealed envelope, whichever session it belongs to or begins. `now` is the time in
    /// seconds since 1970 if this device has a clock.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: silence towards outside, and nothing has changed.
    pub fn open(
        &mut self,
        keys: &impl KeyStore,
        envelope: &[u8],
        now: Option<u64>,
    ) -> Result<Received, OpenError> {
        let envelope = SealedEnvelope::parse(envelope)?;
        match &envelope.class {
            SealedClass::Chain { hint } => self.open_chain(&envelope, *hint, now),
            SealedClass::RandomAccess { hint, residue } => {
                self.open_at_random(&envelope, *hint, *residue, now)
            }
            SealedClass::FirstFlight { .. } | SealedClass::StrangerFlight { .. } => {
                self.open_flight(keys, &envelope, now)
            }
        }
    }

    /// "In classes 1 and 2 the parity says which epochs come into question" (spec/03-envelope.md).
    fn open_chain(
        &mut self,
        envelope: &SealedEnvelope<'_>,
        hint: [u8; 3],
        now: Option<u64>,
    ) -> Result<Received, OpenError> {
        let parity = envelope.parity;
        let mut trial = Trial::new(self.realm, envelope, now);
        for expected in self.index.find(hint).into_iter().filter(|e| e.parity == parity) {
            let (number, counter) = (expected.session, expected.counter);
            if let Some(session) = self.of_number(number)
                && let Some(place) = session.receiving.place(parity, counter)
            {
                trial.go(number, &session.receiving, place);
            } else if let Some(ended) = self.ended.get(&number)
                && let Some(place) = ended.kept.place(parity, counter)
            {
                trial.go(number, &ended.kept, place);
            }
        }
        let (number, proved) = trial.outcome()?;
        self.accept(number, envelope, proved, now).ok_or(OpenError::UnknownHint)
    }

    /// The session of this number. All are looked at, so that the time of a look-up does not say where
    /// among them it stands.
    fn of_number(&self, number: u32) -> Option<&Session> {
        let mut found = None;
        for session in self.all.values() {
            found = if session.number == number { Some(session) } else { found };
        }
        found
    }

    fn open_at_random(
        &mut self,
        envelope: &SealedEnvelope<'_>,
        hint: [u8; 3],
        residue: u8,
        now: Option<u64>,
    ) -> Result<Received, OpenError> {
        let parity = envelope.parity;
        let mut trial = Trial::new(self.realm, envelope, now);
        for (number, session) in &self.all {
            for place in session.receiving.random_access_places(hint, residue, parity) {
                trial.go(*number, &session.receiving, place);
            }
        }
        for (number, ended) in &self.ended {
            let counter = hint::nearest(ended.behind, residue);
            for place in ended.kept.random_access_places(counter, hint, parity) {
                trial.go(*number, &ended.kept, place);
            }
        }
        let (number, proved) = trial.outcome()?;
        self.accept(number, envelope, proved, now).ok_or(OpenError::UnknownHint)
    }

    fn open_flight(
        &mut self,
        keys: &impl KeyStore,
        envelope: &SealedEnvelope<'_>,
        now: Option<u64>,
    ) -> Result<Received, OpenError> {
        let Some(ephemeral) = begin::ephemeral_of(envelope) else {
            return Err(OpenError::UnknownHint);
        };
        // "A first flight with a known E opens in that session or not at all."
        if self.memory.contains(&Memory::digest(ephemeral)) {
            let is_it = |role, of: &[u8; 32]| role == Role::Responder && of == ephemeral;
            let mut trial = Trial::new(self.realm, envelope, now);
            for (number, session) in &self.all {
                if is_it(session.role, &session.ephemeral) {
                    trial.go_through_flights(*number, &session.receiving);
                }
            }
            for (number, ended) in &self.ended {
                if is_it(ended.role, &ended.ephemeral) {
                    trial.go_through_flights(*number, &ended.kept);
                }
            }
            let author = self.memory.contact_of(&Memory::digest(ephemeral));
            let of_revoked = author.is_some_and(|who| self.peers.is_revoked(who));
            let (number, proved) = trial.outcome().map_err(|refusal| match refusal {
                // "`revoked` when none fits and its session was of a device that is revoked since, else
                // `replay`"
                OpenError::UnknownHint | OpenError::BadTag if of_revoked => OpenError::Revoked,
                OpenError::UnknownHint | OpenError::BadTag => OpenError::Replay,
                other => other,
            })?;
            return self.accept(number, envelope, proved, now).ok_or(OpenError::Replay);
        }
        let realm = self.realm;
        let prove = |begun: &mut Begun| {
            let mut trial = Trial::new(realm, envelope, now);
            trial.go_through_flights(0, &begun.session.receiving);
            trial.outcome().map(|(_, proved)| proved)
        };
        let (begun, proved) = match &envelope.class {
            SealedClass::StrangerFlight { hint, ephemeral, masked } => {
                begin::answer_stranger(self, keys, *hint, ephemeral, masked, prove)?
            }
            SealedClass::FirstFlight { hint, ephemeral } => {
                begin::answer_contact(self, keys, *hint, ephemeral, prove)?
            }
            SealedClass::Chain { .. } | SealedClass::RandomAccess { .. } => {
                return Err(OpenError::UnknownHint);
            }
        };
        let Begun { mut session, remembered } = begun;
        self.remember(remembered);
        session.begun = now;
        let (number, mut events) = self.add(session, now);
        let mut received =
            self.accept(number.0, envelope, proved, now).ok_or(OpenError::UnknownHint)?;
        events.push(Event::Began(number));
        events.append(&mut received.events);
        if self.memory.is_half_full(self.window.memory(), &remembered) {
            events.push(Event::PrekeyHalfFull { prekey: remembered.prekey });
        }
        Ok(Received { remembered: Some(remembered), events, ..received })
    }

    /// Whose first flight an envelope may be, if it is of a device that was revoked: of the session its E
    /// belongs to, or of whom its hint fits. Nothing proves it, since E and hint are in clear: it is for
    /// a person to see that somebody tries.
    #[must_use]
    pub fn revoked_author(&self, envelope: &[u8]) -> Option<(Account, u8)> {
        self.revoked_author_of(&SealedEnvelope::parse(envelope).ok()?.class)
    }

    fn revoked_author_of(&self, class: &SealedClass) -> Option<(Account, u8)> {
        let (hint, ephemeral) = match class {
            SealedClass::FirstFlight { hint, ephemeral } => (Some(hint), ephemeral),
            SealedClass::StrangerFlight { ephemeral, .. } => (None, ephemeral),
            SealedClass::Chain { .. } | SealedClass::RandomAccess { .. } => return None,
        };
        let by_memory = self.memory.contact_of(&Memory::digest(ephemeral));
        let by_hint = || {
            let authors = self.peers.authors(*hint?, ephemeral);
            authors
                .map(|(party, _)| (party.account, party.device))
                .find(|who| self.peers.is_revoked(*who))
        };
        by_memory.filter(|who| self.peers.is_revoked(*who)).or_else(by_hint)
    }

    /// Changes what an opened envelope changes. `None` for a session that is not there.
    fn accept(
        &mut self,
        number: u32,
        envelope: &SealedEnvelope<'_>,
        proved: Proved,
        now: Option<u64>,
    ) -> Option<Received> {
        let event = self.next_event();
        let mut hints = Hints { session: number, index: &mut self.index };
        let (peer, chain, is_stranger, events);
        if let Some(session) = self.all.get_mut(&number) {
            (session.heard, session.used) = (event, event);
            events = session.accept(&proved, envelope.several(), now, self.window, &mut hints);
            (peer, chain, is_stranger) = (session.peer, session.incoming, session.is_stranger);
        } else {
            let ended = self.ended.get_mut(&number)?;
            ended.kept.destroy(proved.place.counter, proved.items, &mut hints);
            ended.kept.expire(now, &mut hints);
            (peer, chain, is_stranger) = (ended.peer, ended.incoming, ended.is_stranger);
            events = self.forget_if_empty(number).into_iter().collect();
        }
        let opened = Opened {
            author: peer,
            chain,
            epoch: proved.place.epoch,
            first: proved.place.counter,
            salt_secret: proved.salt_secret,
            several: envelope.several(),
            content: proved.content,
        };
        let session = SessionNumber(number);
        Some(Received { opened, is_stranger, session, remembered: None, events })
    }
}

impl Session {
    fn accept(
        &mut self,
        proved: &Proved,
        several: bool,
        now: Option<u64>,
        window: Window,
        hints: &mut Hints<'_>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        self.receiving.accept(proved.place, proved.items, now, window, hints);
        // "Until A has opened something of B's in this session".
        self.sending.flight = None;
        self.silence = Silence { counter: self.sending.counter(), since: None };
        if proved.place.epoch == self.ratchet.epoch {
            events.extend(self.follow());
        }
        if !proved.has_steps {
            return events;
        }
        // The content was parsed when its tag was found right.
        let items = parse_items(several, &proved.content).unwrap_or_default();
        for item in items.iter().filter(|item| ratchet::is_step(item)) {
            events.extend(self.take_step(item, proved.place.epoch, now, window, hints));
        }
        events
    }
}

impl Received {
    /// Who wrote it.
    #[must_use]
    pub const fn author(&self) -> &Party {
        self.opened.author()
    }
}
