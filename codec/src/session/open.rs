//! Opening: which session an envelope belongs to, and what it changes there.

use super::begin::{self, Begun};
use super::message_keys::MessageKeys;
use super::opened::Opened;
use super::ratchet;
use super::receive::{Hints, Place};
use super::replay::Memory;
use super::session::Session;
use super::sessions::{SessionNumber, Sessions};
use super::{Party, Window};
use crate::envelope::{OpenError, SealedClass, SealedEnvelope};
use crate::item::parse_items;
use crate::key_store::KeyStore;
use crate::realm::Realm;
use alloc::vec::Vec;
use zeroize::Zeroizing;

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

/// What a device must remember of a session's beginning for as long as it keeps the prekey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// The prekey the session was made to.
    pub prekey: [u8; 32],
    /// SHA-256(E).
    pub digest: [u8; 32],
}

/// Something that happened to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A session began.
    Began(SessionNumber),
    /// A session ended to make room: its snapshot is to be destroyed.
    Ended(SessionNumber),
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

/// What an envelope's tag has proved, before anything has changed.
struct Proved {
    place: Place,
    items: u32,
    content: Zeroizing<Vec<u8>>,
    salt_secret: Zeroizing<[u8; 32]>,
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

    fn open_chain(
        &mut self,
        envelope: &SealedEnvelope<'_>,
        hint: [u8; 3],
        now: Option<u64>,
    ) -> Result<Received, OpenError> {
        let mut refusal = OpenError::UnknownHint;
        let mut found = None;
        for expected in self.index.find(hint) {
            let Some(session) = self.all.get(&expected.session) else { continue };
            let Some(place) = session.receiving.place(expected.parity, expected.counter) else {
                continue;
            };
            match prove_at(session, self.realm, envelope, place, now) {
                Ok(proved) => {
                    found = Some((expected.session, proved));
                    break;
                }
                Err(other) => refusal = other,
            }
        }
        let (number, proved) = found.ok_or(refusal)?;
        self.accept(number, envelope, proved, now).ok_or(refusal)
    }

    fn open_at_random(
        &mut self,
        envelope: &SealedEnvelope<'_>,
        hint: [u8; 2],
        residue: u16,
        now: Option<u64>,
    ) -> Result<Received, OpenError> {
        let mut refusal = OpenError::UnknownHint;
        let mut found = None;
        'sessions: for (number, session) in &self.all {
            for place in session.receiving.random_access_places(hint, residue) {
                match prove_at(session, self.realm, envelope, place, now) {
                    Ok(proved) => {
                        found = Some((*number, proved));
                        break 'sessions;
                    }
                    Err(other) => refusal = other,
                }
            }
        }
        let (number, proved) = found.ok_or(refusal)?;
        self.accept(number, envelope, proved, now).ok_or(refusal)
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
            let sessions = self.all.iter().filter(|(_, s)| {
                s.role == super::epoch::Role::Responder && s.ephemeral == *ephemeral
            });
            let mut proved = None;
            for (number, session) in sessions {
                match prove_flight(session, self.realm, envelope, now) {
                    Ok(flight) => proved = Some((*number, flight)),
                    Err(OpenError::Decode(error)) => return Err(OpenError::Decode(error)),
                    Err(_) => {}
                }
            }
            let (number, proved) = proved.ok_or(OpenError::Replay)?;
            return self.accept(number, envelope, proved, now).ok_or(OpenError::Replay);
        }
        let realm = self.realm;
        let prove = |begun: &mut Begun| prove_flight(&begun.session, realm, envelope, now);
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
        let remembered = begin::remembered(&begun);
        self.remember(remembered);
        let (number, ended) = self.add(begun.session);
        let mut received =
            self.accept(number.0, envelope, proved, now).ok_or(OpenError::UnknownHint)?;
        let mut events: Vec<Event> = ended.into_iter().map(Event::Ended).collect();
        events.push(Event::Began(number));
        events.append(&mut received.events);
        Ok(Received { remembered: Some(remembered), events, ..received })
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
        let session = self.all.get_mut(&number)?;
        (session.opened, session.used) = (event, event);
        let mut hints = Hints { session: number, index: &mut self.index };
        let events = session.accept(&proved, envelope.several(), now, self.window, &mut hints);
        let opened = Opened {
            author: session.peer,
            chain: session.incoming,
            first: proved.place.counter,
            salt_secret: proved.salt_secret,
            several: envelope.several(),
            content: proved.content,
        };
        let session_number = SessionNumber(number);
        let is_stranger = session.is_stranger;
        Some(Received { opened, is_stranger, session: session_number, remembered: None, events })
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
        if let Some(sending) = &mut self.sending {
            sending.flight = None;
        }
        if proved.place.epoch == self.ratchet.epoch {
            events.extend(self.follow());
        }
        // The content was parsed when its tag was found right.
        let items = parse_items(several, &proved.content).unwrap_or_default();
        for item in items.iter().filter(|item| ratchet::is_step(item)) {
            events.extend(self.take_step(item, proved.place.epoch, now, window, hints));
        }
        events
    }
}

/// Tries the envelope at one place; nothing changes.
fn prove_at(
    session: &Session,
    realm: Realm,
    envelope: &SealedEnvelope<'_>,
    place: Place,
    now: Option<u64>,
) -> Result<Proved, OpenError> {
    // "Where the reader can tell that it is another it refuses the envelope" (spec/03-envelope.md).
    if u32::from(envelope.parity) != place.epoch & 1 {
        return Err(crate::error::DecodeError::at_octet(
            crate::error::ErrorKind::Inconsistent,
            "epoch",
            0,
        )
        .into());
    }
    let keys = session.receiving.keys(place, now).ok_or(OpenError::UnknownHint)?;
    prove(session, realm, envelope, place, &keys)
}

/// "the keys of the counters 0 to 15 that are still there are tried in turn"
fn prove_flight(
    session: &Session,
    realm: Realm,
    envelope: &SealedEnvelope<'_>,
    now: Option<u64>,
) -> Result<Proved, OpenError> {
    let mut refusal = OpenError::BadTag;
    for place in begin::flight_places() {
        let Some(keys) = session.receiving.keys(place, now) else { continue };
        match prove(session, realm, envelope, place, &keys) {
            Err(OpenError::BadTag) => {}
            Ok(proved) => return Ok(proved),
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}

fn prove(
    session: &Session,
    realm: Realm,
    envelope: &SealedEnvelope<'_>,
    place: Place,
    keys: &MessageKeys,
) -> Result<Proved, OpenError> {
    let content = keys.open(realm, envelope).ok_or(OpenError::BadTag)?;
    let items = parse_items(envelope.several(), &content)?.len();
    let items = u32::try_from(items).unwrap_or(u32::MAX);
    session.receiving.check_items(place, items)?;
    Ok(Proved { place, items, content, salt_secret: keys.salt_secret() })
}

impl Received {
    /// Who wrote it.
    #[must_use]
    pub const fn author(&self) -> &Party {
        self.opened.author()
    }
}
