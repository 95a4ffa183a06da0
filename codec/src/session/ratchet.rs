//! Steps of the ratchet: what is offered, by whom, when, and what an offer that came does
//! (spec/11-session.md, "Ratchet").

use super::agreement;
use super::epoch::{Role, WayKeys};
use super::hybrid::{self, CIPHERTEXT_OCTETS, ENCAPSULATION_KEY_OCTETS};
use super::receive::Hints;
use super::session::Session;
use super::{Event, Window};
use crate::item::{Family, Item, Reference};
use crate::limits::ENVELOPE_OCTETS_MAX;
use alloc::boxed::Box;
use alloc::vec::Vec;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// "when 64 counters or a day have passed since the last step".
const STEP_COUNTERS: u32 = 64;
const STEP_SECONDS: u64 = 24 * 60 * 60;

const OFFER: u8 = 0;
const HYBRID_OFFER: u8 = 1;
const HYBRID_ANSWER: u8 = 2;

/// The root and what the next one will be made of.
pub(super) struct Ratchet {
    /// The newest epoch.
    pub(super) epoch: u32,
    /// R of the newest epoch.
    pub(super) root: Zeroizing<[u8; 32]>,
    /// Whether an odd number of offers, hybrid ones not counted, has been taken up.
    pub(super) is_odd: bool,
    /// The private half of this side's current key; none once it has served, and for a prekey.
    pub(super) own: Option<Zeroizing<[u8; 32]>>,
    /// The other side's current key.
    pub(super) other: [u8; 32],
    pub(super) pending: Pending,
    /// The first epoch that is post-quantum.
    pub(super) post_quantum: Option<u32>,
    /// Counters sent and received, and the time, at the last step.
    pub(super) sent: u32,
    pub(super) received: u32,
    pub(super) since: Option<u64>,
}

/// The step that is under way.
pub(super) enum Pending {
    None,
    /// F, repeated until the other side is in the newest epoch.
    Offer([u8; 32]),
    /// The seed of the encapsulation key, repeated until it is answered.
    HybridOffer(Zeroizing<[u8; hybrid::SEED_OCTETS]>),
    /// An encapsulation key to be answered.
    ToAnswer(Box<[u8; ENCAPSULATION_KEY_OCTETS]>),
    /// A ciphertext, repeated until the other side is in the newest epoch.
    HybridAnswer(Box<[u8; CIPHERTEXT_OCTETS]>),
}

/// Which steps the path a message goes out on has room for, and what its user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Steps {
    /// Offer a step now, where one is possible, rather than when it is due.
    pub now: bool,
    /// Over a relay: make a session post-quantum that is not, and answer where the other side
    /// asks for it.
    pub hybrid: bool,
}

impl Pending {
    /// Whether an item is to go with the next envelope.
    pub(super) const fn is_sendable(&self) -> bool {
        matches!(self, Self::Offer(_) | Self::HybridOffer(_) | Self::HybridAnswer(_))
    }

    /// The body of the item that is to go with the next envelope.
    pub(super) fn body(&self) -> Option<Vec<u8>> {
        let of = |kind: u8, content: &[u8]| {
            let mut body = Vec::with_capacity(content.len().saturating_add(1));
            body.push(kind);
            body.extend_from_slice(content);
            Some(body)
        };
        match self {
            Self::Offer(key) => of(OFFER, key),
            Self::HybridOffer(seed) => of(HYBRID_OFFER, &*hybrid::encapsulation_key(seed)),
            Self::HybridAnswer(ciphertext) => of(HYBRID_ANSWER, &**ciphertext),
            Self::None | Self::ToAnswer(_) => None,
        }
    }
}

/// An item of the ratchet with this body.
pub(super) const fn item(body: &[u8]) -> Item<'_> {
    Item { family: Family::RATCHET, revision: 0, reference: Reference::None, body }
}

/// Whether a session takes this item for itself: of the ratchet, with a body of a known kind and
/// its size. Any other is kept as a message that nobody understands.
#[must_use]
pub(super) fn is_step(item: &Item<'_>) -> bool {
    step(item).is_some()
}

enum Step<'a> {
    Offer(&'a [u8; 32]),
    HybridOffer(&'a [u8; ENCAPSULATION_KEY_OCTETS]),
    HybridAnswer(&'a [u8; CIPHERTEXT_OCTETS]),
}

fn step<'a>(item: &Item<'a>) -> Option<Step<'a>> {
    if item.family != Family::RATCHET || item.revision != 0 {
        return None;
    }
    let (kind, content) = item.body.split_first()?;
    match *kind {
        OFFER => Some(Step::Offer(content.try_into().ok()?)),
        HYBRID_OFFER => Some(Step::HybridOffer(content.try_into().ok()?)),
        HYBRID_ANSWER => Some(Step::HybridAnswer(content.try_into().ok()?)),
        _ => None,
    }
}

impl Session {
    /// Whether what this side sends now is kept from a quantum computer of later.
    pub(super) fn is_post_quantum(&self) -> bool {
        let epoch = self.sending.as_ref().map_or(self.ratchet.epoch, |sending| sending.epoch);
        self.ratchet.post_quantum.is_some_and(|first| epoch >= first)
    }

    /// Whether this side may offer a step, and has none under way.
    fn may_offer(&self) -> bool {
        let is_my_turn = self.ratchet.is_odd == (self.role == Role::Initiator);
        let sends_in_newest =
            self.sending.as_ref().is_some_and(|sending| sending.epoch == self.ratchet.epoch);
        is_my_turn
            && sends_in_newest
            && self.receiving.is_in_newest()
            && matches!(self.ratchet.pending, Pending::None)
    }

    fn is_due(&self, now: Option<u64>) -> bool {
        let ratchet = &self.ratchet;
        // "B offers in its first answer."
        let is_first = ratchet.epoch == 0 && self.role == Role::Responder;
        let sent = self.sending.as_ref().map_or(0, |sending| sending.counter());
        let counters = (sent.saturating_sub(ratchet.sent))
            .max(self.receiving.behind.saturating_sub(ratchet.received));
        let age = now.zip(ratchet.since).map_or(0, |(now, since)| now.saturating_sub(since));
        is_first || counters >= STEP_COUNTERS || age >= STEP_SECONDS
    }

    /// Makes the offer or the answer that is due, from fresh octets. Says whether one was made.
    pub(super) fn prepare_step(
        &mut self,
        steps: Steps,
        now: Option<u64>,
        window: Window,
        fresh: &mut dyn FnMut(&mut [u8]),
        index: &mut Hints<'_>,
    ) -> bool {
        if steps.hybrid && matches!(self.ratchet.pending, Pending::ToAnswer(_)) {
            return self.answer_hybrid(now, window, fresh, index);
        }
        if !self.may_offer() {
            return false;
        }
        if steps.hybrid && self.ratchet.post_quantum.is_none() && self.ratchet.epoch > 0 {
            let mut seed = Zeroizing::new([0; hybrid::SEED_OCTETS]);
            fresh(&mut *seed);
            self.ratchet.pending = Pending::HybridOffer(seed);
            return true;
        }
        (steps.now || self.is_due(now)) && self.offer(now, window, fresh, index)
    }

    fn offer(
        &mut self,
        now: Option<u64>,
        window: Window,
        fresh: &mut dyn FnMut(&mut [u8]),
        index: &mut Hints<'_>,
    ) -> bool {
        let mut private = Zeroizing::new([0; 32]);
        fresh(&mut *private);
        let public = PublicKey::from(&StaticSecret::from(*private)).to_bytes();
        let Some(root) = self.next_root(&private, &self.ratchet.other, &public) else {
            return false;
        };
        self.ratchet.own = Some(private);
        self.ratchet.is_odd = !self.ratchet.is_odd;
        self.ratchet.pending = Pending::Offer(public);
        self.enter(root, false, now, window, index);
        true
    }

    fn answer_hybrid(
        &mut self,
        now: Option<u64>,
        window: Window,
        fresh: &mut dyn FnMut(&mut [u8]),
        index: &mut Hints<'_>,
    ) -> bool {
        let Pending::ToAnswer(key) = &self.ratchet.pending else { return false };
        let mut seed = Zeroizing::new([0; hybrid::ENCAPSULATION_SEED_OCTETS]);
        fresh(&mut *seed);
        let Some((ciphertext, shared)) = hybrid::encapsulate(key, &seed) else {
            self.ratchet.pending = Pending::None;
            return false;
        };
        let epoch = self.ratchet.epoch.saturating_add(1);
        let root = hybrid::next_root(&self.ratchet.root, &shared, epoch, key, &ciphertext);
        self.ratchet.pending = Pending::HybridAnswer(ciphertext);
        self.ratchet.post_quantum.get_or_insert(epoch);
        self.enter(root, false, now, window, index);
        true
    }

    /// Does what an item that came in an envelope of `epoch` asks, if it is a step's.
    pub(super) fn take_step(
        &mut self,
        item: &Item<'_>,
        epoch: u32,
        now: Option<u64>,
        window: Window,
        index: &mut Hints<'_>,
    ) -> Option<Event> {
        let step = step(item)?;
        // "What comes in another epoch than the newest … does nothing."
        if epoch != self.ratchet.epoch || self.sending.is_none() {
            return None;
        }
        let is_their_turn = self.ratchet.is_odd != (self.role == Role::Initiator);
        match (step, &self.ratchet.pending) {
            (Step::Offer(public), Pending::None) if is_their_turn => {
                let root = self
                    .ratchet
                    .own
                    .as_ref()
                    .and_then(|private| self.next_root(private, public, public));
                let Some(root) = root else { return Some(Event::UselessOffer) };
                // Destroyed with its use.
                self.ratchet.own = None;
                self.ratchet.other = *public;
                self.ratchet.is_odd = !self.ratchet.is_odd;
                self.enter(root, true, now, window, index);
                Some(Event::Stepped { epoch: self.ratchet.epoch })
            }
            (Step::HybridOffer(key), Pending::None) if is_their_turn => {
                if !hybrid::is_encapsulation_key(key) {
                    return Some(Event::UselessOffer);
                }
                self.ratchet.pending = Pending::ToAnswer(Box::new(*key));
                None
            }
            (Step::HybridAnswer(ciphertext), Pending::HybridOffer(seed)) => {
                let epoch = epoch.saturating_add(1);
                let shared = hybrid::decapsulate(seed, ciphertext);
                let key = hybrid::encapsulation_key(seed);
                let root = hybrid::next_root(&self.ratchet.root, &shared, epoch, &key, ciphertext);
                self.ratchet.pending = Pending::None;
                self.ratchet.post_quantum.get_or_insert(epoch);
                self.enter(root, true, now, window, index);
                Some(Event::PostQuantum { epoch })
            }
            (Step::Offer(_) | Step::HybridOffer(_) | Step::HybridAnswer(_), _) => None,
        }
    }

    /// This side has opened an envelope of the newest epoch: it sends in it too, and what was
    /// offered has been taken up.
    pub(super) fn follow(&mut self) -> Option<Event> {
        let epoch = self.ratchet.epoch;
        let sending = self.sending.as_mut()?;
        let keys = sending.next.take()?;
        sending.enter(epoch, keys);
        let was_hybrid = matches!(self.ratchet.pending, Pending::HybridAnswer(_));
        self.ratchet.pending = Pending::None;
        Some(if was_hybrid { Event::PostQuantum { epoch } } else { Event::Stepped { epoch } })
    }

    /// `R_(k+1) = KDF(R_k ‖ X25519(f, P), "chappe-step/1", k + 1, F, 32)`; `None` for a weak key.
    fn next_root(
        &self,
        private: &[u8; 32],
        other: &[u8; 32],
        offered: &[u8; 32],
    ) -> Option<Zeroizing<[u8; 32]>> {
        let agreed = agree(private, other)?;
        let secret: Zeroizing<[u8; 64]> = agreement::joined(&[&self.ratchet.root, &agreed]);
        let epoch = self.ratchet.epoch.checked_add(1)?;
        let parts: [&[u8]; 2] = [&epoch.to_be_bytes(), offered];
        Some(agreement::derive_key(&*secret, "chappe-step/1", &parts))
    }

    /// Makes the keys of the next epoch, and sends with them at once or once the other side does.
    fn enter(
        &mut self,
        root: Zeroizing<[u8; 32]>,
        at_once: bool,
        now: Option<u64>,
        window: Window,
        index: &mut Hints<'_>,
    ) {
        let epoch = self.ratchet.epoch.saturating_add(1);
        let incoming = WayKeys::of_epoch(&root, self.role.incoming());
        let outgoing = WayKeys::of_epoch(&root, self.role.outgoing());
        self.ratchet.epoch = epoch;
        self.ratchet.root = root;
        self.ratchet.received = self.receiving.behind;
        self.ratchet.since = now;
        self.receiving.enter(epoch, incoming, window, index);
        if let Some(sending) = &mut self.sending {
            self.ratchet.sent = sending.counter();
            if at_once {
                sending.enter(epoch, outgoing);
            } else {
                sending.next = Some(outgoing);
                sending.must_be_stored();
            }
        }
    }
}

/// X25519, or `None` for an all-zero result.
pub(super) fn agree(private: &[u8; 32], public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = StaticSecret::from(*private).diffie_hellman(&PublicKey::from(*public));
    shared.was_contributory().then(|| Zeroizing::new(shared.to_bytes()))
}

// A hybrid offer fits an envelope with room for a message beside it.
const _: () = assert!(ENCAPSULATION_KEY_OCTETS * 2 < ENVELOPE_OCTETS_MAX);
