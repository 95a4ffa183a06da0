//! Reserving and sealing (spec/11-session.md, "Counters and memory").

use super::begin;
use super::open::Event;
use super::opened::Opened;
use super::ratchet::{self, Steps};
use super::receive::Hints;
use super::session::Session;
use super::sessions::{SessionNumber, Sessions};
use super::{Party, Recipient};
use crate::envelope::SealedHead;
use crate::error::{DecodeError, ErrorKind};
use crate::item::{Item, check_items, put_items};
use crate::key_store::{KeyStore, KeyStoreError};
use crate::limits::{ENVELOPE_ITEMS_MAX, ENVELOPE_OCTETS_MAX, FIRST_FLIGHTS_MAX};
use crate::padding;
use crate::realm::Realm;
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

/// Octets an item takes besides its body when there are several: family, revision, length.
const ITEM_HEAD_OCTETS: usize = 4;

/// How long an envelope is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// As long as what is in it.
    Own,
    /// As long as the next step, with padding.
    Step,
}

/// What was reserved.
#[derive(Debug)]
#[must_use = "what was reserved may be used only after its snapshot has been stored"]
pub struct Reserved {
    /// The session the message will go out in.
    pub session: SessionNumber,
    /// Whether a snapshot of it must be stored before [`Sessions::seal`] gives an envelope.
    pub must_store: bool,
    /// What happened: a session began, others ended for it or because of their age.
    pub events: Vec<Event>,
}

/// An envelope to be sent, and what it says.
#[derive(Debug)]
pub struct Sent {
    /// The octets.
    pub envelope: Vec<u8>,
    /// The session it is of.
    pub session: SessionNumber,
    /// The same the recipient will open, so that the author knows the ids.
    pub said: Opened,
}

/// Why nothing was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// No items, too many, or too long for the space there is.
    Items(DecodeError),
    /// The recipient's keys are weak: it needs a new card.
    WeakKey,
    /// No counters are reserved and stored for this: [`Sessions::reserve`] first.
    NotReserved,
    /// The recipient is this device itself.
    Oneself,
    /// The recipient has been revoked.
    Revoked,
    /// The device's keys cannot be used now, or there is no room for one more session with somebody
    /// whose certificate is not held.
    Unavailable,
}

impl Sessions {
    /// Sees to it that `items` items can go to a recipient: begins a session if the one they would go
    /// in cannot take them or was silent for too long, makes the step of the ratchet that is due, and asks for counters. `fresh` fills
    /// what it is given from a healthy random source; it is called only where a session or a step
    /// is made.
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing has changed then.
    pub fn reserve(
        &mut self,
        keys: &impl KeyStore,
        to: &Recipient,
        items: usize,
        steps: Steps,
        now: Option<u64>,
        fresh: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Reserved, SealError> {
        let items = counted(items)?;
        if self.is_revoked(&to.party) {
            return Err(SealError::Revoked);
        }
        let current = self.current_session(&to.party).filter(|session| {
            session.sending.next_counter(items).is_some() && !session.is_silent(now)
        });
        let (number, mut events) = match current {
            Some(session) => (SessionNumber(session.number), Vec::new()),
            None => {
                if items > FIRST_FLIGHTS_MAX {
                    return Err(too_long("items"));
                }
                let mut seed = Zeroizing::new([0; 32]);
                fresh(&mut *seed);
                self.begin(keys, to, seed, now)?
            }
        };
        let Some(session) = self.all.get_mut(&number.0) else { return Err(SealError::NotReserved) };
        if session.silence.since.is_none() {
            session.silence.since = now;
        }
        let mut hints = Hints { session: number.0, index: &mut self.index };
        if session.prepare_step(steps, now, self.window, fresh, &mut hints) {
            session.sending.must_be_stored();
        }
        let sending = &mut session.sending;
        if let Some(first) = sending.next_counter(items) {
            sending.reserve(first, items);
        }
        // One more where a step may go with them.
        let with_step = items.saturating_add(1);
        if session.ratchet.pending.is_sendable()
            && with_step <= MAX_ITEMS
            && let Some(first) = sending.next_counter(with_step)
        {
            sending.reserve(first, with_step);
        }
        events.extend(self.expire_with(&to.party, now));
        let must_store = self.all.get(&number.0).is_none_or(|s| !s.sending.is_durable);
        Ok(Reserved { session: number, must_store, events })
    }

    /// Begins a session with a recipient, whatever others there are.
    pub(super) fn begin(
        &mut self,
        keys: &impl KeyStore,
        to: &Recipient,
        seed: Zeroizing<[u8; 32]>,
        now: Option<u64>,
    ) -> Result<(SessionNumber, Vec<Event>), SealError> {
        let mut session = begin::initiate(keys, self.realm, &self.me, to, seed)?;
        session.is_stranger = self.is_stranger(&to.party);
        if !self.has_room(&to.party, session.is_stranger) {
            return Err(SealError::Unavailable);
        }
        let event = self.next_event();
        (session.heard, session.used, session.begun) = (event, event, now);
        let (number, mut events) = self.add(session, now);
        events.push(Event::Began(number));
        Ok((number, events))
    }

    /// Seals items to a recipient, in counters that are reserved and stored, with the step of the
    /// ratchet that is under way if `space` octets hold both. Without items it seals such a step alone.
    /// The envelope is as long as what is in it: for the air, where octets are time.
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing has changed then.
    pub fn seal(
        &mut self,
        to: &Recipient,
        items: &[Item<'_>],
        space: usize,
    ) -> Result<Sent, SealError> {
        self.seal_within(to, items, space, Length::Own)
    }

    /// The same for a relay, which sees how long an envelope is: "as long as one of the *steps* of
    /// chapter 06 with padding items" (spec/03-envelope.md, "Length").
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing has changed then.
    pub fn seal_padded(&mut self, to: &Recipient, items: &[Item<'_>]) -> Result<Sent, SealError> {
        self.seal_within(to, items, ENVELOPE_OCTETS_MAX, Length::Step)
    }

    fn seal_within(
        &mut self,
        to: &Recipient,
        items: &[Item<'_>],
        space: usize,
        length: Length,
    ) -> Result<Sent, SealError> {
        if !items.is_empty() {
            check_items(items)?;
        }
        // A step of the ratchet may still come behind them.
        if items.iter().any(padding::is_padding) {
            let refused = DecodeError::at_octet(ErrorKind::Unexpected, "family", 0);
            return Err(SealError::Items(refused));
        }
        if self.is_revoked(&to.party) {
            return Err(SealError::Revoked);
        }
        let space = space.min(ENVELOPE_OCTETS_MAX);
        let least = counted(items.len().max(1))?;
        let realm_and_author = (self.realm, self.me);
        let current = self.current_session(&to.party).map(|session| session.number);
        let session = current.and_then(|number| self.all.get_mut(&number));
        let Some(session) = session.filter(|session| !session.is_silent(None)) else {
            return Err(SealError::NotReserved);
        };
        let sending = &session.sending;

        let body = session.ratchet.body();
        let mut all: Vec<Item<'_>> = Vec::with_capacity(items.len().saturating_add(1));
        all.extend_from_slice(items);
        let mut first = sending.next_counter(least).ok_or(SealError::NotReserved)?;
        if let Some(body) = &body {
            let with_step = least.saturating_add(u32::from(!items.is_empty()));
            let begins = sending.next_counter(with_step).filter(|_| with_step <= MAX_ITEMS);
            let fits = |first| {
                let overhead = sending.class(first, &session.ephemeral).overhead();
                let step = body.len().saturating_add(ITEM_HEAD_OCTETS);
                let heads = items.len().saturating_mul(2);
                overhead.saturating_add(octets_of(items)).saturating_add(step).saturating_add(heads)
                    <= space
            };
            if let Some(begins) =
                begins.filter(|first| fits(*first) && sending.is_reserved(*first, with_step))
            {
                first = begins;
                all.push(ratchet::item(body));
            }
        }
        let count = counted(all.len())?;
        if !sending.is_reserved(first, count) {
            return Err(SealError::NotReserved);
        }
        if length == Length::Step {
            let overhead = sending.class(first, &session.ephemeral).overhead();
            all.extend(padding::behind(&all, overhead));
        }
        let (realm, author) = realm_and_author;
        let (envelope, said) = session.seal_at(realm, author, first, &all, space)?;
        let session = SessionNumber(session.number);
        let event = self.next_event();
        if let Some(session) = self.all.get_mut(&session.0) {
            session.used = event;
        }
        Ok(Sent { envelope, session, said })
    }
}

impl Session {
    /// Seals items under the counters from `first` on, which is not behind the next one.
    pub(super) fn seal_at(
        &mut self,
        realm: Realm,
        author: Party,
        first: u32,
        items: &[Item<'_>],
        space: usize,
    ) -> Result<(Vec<u8>, Opened), SealError> {
        let count = padding::messages_among(items);
        let several = items.len() > 1;
        let overhead = self.sending.class(first, &self.ephemeral).overhead();
        let expected = octets_of(items).saturating_add(items.len().saturating_mul(2));
        let mut content = Zeroizing::new(Vec::with_capacity(expected));
        put_items(&mut content, items);
        let total = overhead.saturating_add(content.len());
        if total > space {
            return Err(too_long("envelope"));
        }

        let epoch = self.sending.epoch;
        let (class, keys) = self.sending.take(first, count, &self.ephemeral);
        let mut envelope = Vec::with_capacity(total);
        SealedHead::put(&mut envelope, &class, epoch, several);
        let head = envelope.len();
        envelope.extend_from_slice(&content);
        let salt_secret = keys.seal(realm, head, &mut envelope).ok_or(too_long("envelope"))?;
        let chain = self.outgoing;
        Ok((envelope, Opened { author, chain, epoch, first, salt_secret, several, content }))
    }
}

const MAX_ITEMS: u32 = 32;
#[expect(clippy::disallowed_macros, reason = "run by the compiler, over constants")]
const _: () = assert!(MAX_ITEMS as usize == ENVELOPE_ITEMS_MAX);

fn counted(items: usize) -> Result<u32, SealError> {
    let refused = |kind| Err(SealError::Items(DecodeError::at_octet(kind, "items", 0)));
    match u32::try_from(items) {
        Ok(0) => refused(ErrorKind::Missing),
        Ok(count) if count <= MAX_ITEMS => Ok(count),
        Ok(_) | Err(_) => refused(ErrorKind::TooLong),
    }
}

/// Octets of a lone item each: lengths come on top where there are several.
fn octets_of(items: &[Item<'_>]) -> usize {
    items.iter().map(Item::octets).fold(0, usize::saturating_add)
}

const fn too_long(field: &'static str) -> SealError {
    SealError::Items(DecodeError::at_octet(ErrorKind::TooLong, field, 0))
}

impl From<DecodeError> for SealError {
    fn from(error: DecodeError) -> Self {
        Self::Items(error)
    }
}

impl From<KeyStoreError> for SealError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::WeakKey => Self::WeakKey,
            KeyStoreError::UnknownKey | KeyStoreError::Unavailable => Self::Unavailable,
        }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(error) => write!(f, "this does not fit an envelope: {error}"),
            Self::WeakKey => f.write_str("the recipient's keys are weak; ask for a new card"),
            Self::NotReserved => f.write_str("no stored counter is left for this message"),
            Self::Oneself => f.write_str("a device does not write to itself"),
            Self::Revoked => f.write_str("the recipient's device has been revoked"),
            Self::Unavailable => f.write_str("no session can begin now"),
        }
    }
}

impl core::error::Error for SealError {}
