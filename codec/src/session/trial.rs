//! Trying an envelope with keys that may be its own; nothing changes.

use super::begin;
use super::message_keys::MessageKeys;
use super::passed_over::PassedOver;
use super::ratchet;
use super::receive::{self, Place, Receiving};
use crate::envelope::{OpenError, SealedEnvelope};
use crate::item::parse_items;
use crate::padding;
use crate::realm::Realm;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// What an envelope's tag has proved, before anything has changed.
pub(super) struct Proved {
    pub(super) place: Place,
    /// How many messages, each with a counter: padding is none.
    pub(super) items: u32,
    /// Whether some of them are the session's own.
    pub(super) has_steps: bool,
    pub(super) content: Zeroizing<Vec<u8>>,
    pub(super) salt_secret: Zeroizing<[u8; 32]>,
}

/// One envelope tried at one place after the other until a tag is right. Nothing changes.
pub(super) struct Trial<'a> {
    realm: Realm,
    envelope: &'a SealedEnvelope<'a>,
    now: Option<u64>,
    outcome: Result<(u32, Proved), OpenError>,
    is_over: bool,
}

impl<'a> Trial<'a> {
    pub(super) const fn new(
        realm: Realm,
        envelope: &'a SealedEnvelope<'a>,
        now: Option<u64>,
    ) -> Self {
        Self { realm, envelope, now, outcome: Err(OpenError::UnknownHint), is_over: false }
    }

    pub(super) fn go(&mut self, session: u32, held: &impl Held, place: Place) {
        if self.is_over {
            return;
        }
        let Some(keys) = held.keys(place, self.now) else { return };
        match keys.open(self.realm, self.envelope) {
            Some(content) => {
                self.is_over = true;
                self.outcome = prove(held, self.envelope, place, content, &keys)
                    .map(|proved| (session, proved));
            }
            None => self.outcome = Err(OpenError::BadTag),
        }
    }

    /// "the keys of the counters 0 to 15 that are still there are tried in turn"
    pub(super) fn go_through_flights(&mut self, session: u32, held: &impl Held) {
        begin::flight_places().for_each(|place| self.go(session, held, place));
    }

    pub(super) fn outcome(self) -> Result<(u32, Proved), OpenError> {
        self.outcome
    }
}

/// "What is inside is looked at when the tag is right" (spec/03-envelope.md).
fn prove(
    held: &impl Held,
    envelope: &SealedEnvelope<'_>,
    place: Place,
    content: Zeroizing<Vec<u8>>,
    keys: &MessageKeys,
) -> Result<Proved, OpenError> {
    let items = parse_items(envelope.several(), &content)?;
    let has_steps = items.iter().any(ratchet::is_step);
    let items = padding::messages_among(&items);
    held.check_items(place, items)?;
    Ok(Proved { place, items, has_steps, content, salt_secret: keys.salt_secret() })
}

/// Where an envelope's keys may be: in a session, or in what is left of one.
pub(super) trait Held {
    fn keys(&self, place: Place, now: Option<u64>) -> Option<MessageKeys>;

    /// Whether an envelope of so many items may stand there.
    fn check_items(&self, place: Place, items: u32) -> Result<(), OpenError>;
}

impl Held for Receiving {
    fn keys(&self, place: Place, now: Option<u64>) -> Option<MessageKeys> {
        self.keys(place, now)
    }

    fn check_items(&self, place: Place, items: u32) -> Result<(), OpenError> {
        self.check_items(place, items)
    }
}

impl Held for PassedOver {
    fn keys(&self, place: Place, now: Option<u64>) -> Option<MessageKeys> {
        self.keys(place, now)
    }

    fn check_items(&self, place: Place, items: u32) -> Result<(), OpenError> {
        receive::check_block(place, items)?;
        self.check_items(place, items)
    }
}
