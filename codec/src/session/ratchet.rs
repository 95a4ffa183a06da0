//! Steps of the ratchet: what is offered, by whom, when, and what an offer that came does
//! (spec/11-session.md, "Ratchet").

use super::agreement;
use super::epoch::{EpochKeys, Role};
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

/// F ‖ encapsulation key.
pub(super) const HYBRID_OFFER_OCTETS: usize = 32 + ENCAPSULATION_KEY_OCTETS;

const OFFER: u8 = 0;
const HYBRID_OFFER: u8 = 1;
const HYBRID_ANSWER: u8 = 2;

/// What the next root will be made of.
pub(super) struct Ratchet {
    /// The newest epoch.
    pub(super) epoch: u32,
    /// `carry_k` of the newest epoch.
    pub(super) carry: Zeroizing<[u8; 32]>,
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
    /// The seed of the encapsulation key, repeated until it is answered. The private half of its F
    /// is this side's current key.
    HybridOffer(Zeroizing<[u8; hybrid::SEED_OCTETS]>),
    /// A hybrid offer to be answered: F ‖ encapsulation key.
    ToAnswer(Box<[u8; HYBRID_OFFER_OCTETS]>),
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
}

impl Ratchet {
    /// The body of the item that is to go with the next envelope.
    pub(super) fn body(&self) -> Option<Vec<u8>> {
        let of = |kind: u8, content: &[&[u8]]| {
            let mut body = alloc::vec![kind];
            content.iter().for_each(|part| body.extend_from_slice(part));
            Some(body)
        };
        match &self.pending {
            Pending::Offer(public) => of(OFFER, &[public]),
            Pending::HybridOffer(seed) => {
                let public = public_half(self.own.as_ref()?);
                of(HYBRID_OFFER, &[&public, &*hybrid::encapsulation_key(seed)])
            }
            Pending::HybridAnswer(ciphertext) => of(HYBRID_ANSWER, &[&**ciphertext]),
            Pending::None | Pending::ToAnswer(_) => None,
        }
    }

    /// `R_(k+1) = KDF(carry_k ‖ X25519(f, P), "chappe-step/1", k + 1, F, 32)`; `None` for a weak key.
    pub(super) fn next_root(
        &self,
        private: &[u8; 32],
        other: &[u8; 32],
        offered: &[u8; 32],
    ) -> Option<Zeroizing<[u8; 32]>> {
        let agreed = agree(private, other)?;
        let secret: Zeroizing<[u8; 64]> = agreement::joined(&[&self.carry, &agreed]);
        let epoch = self.epoch.checked_add(1)?;
        let parts: [&[u8]; 2] = [&epoch.to_be_bytes(), offered];
        Some(agreement::derive_key(&*secret, "chappe-step/1", &parts))
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
    HybridOffer(&'a [u8; HYBRID_OFFER_OCTETS]),
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
        self.ratchet.post_quantum.is_some_and(|first| self.sending.epoch >= first)
    }

    /// "B may offer in even epochs, A in odd ones".
    fn is_turn_of(&self, role: Role) -> bool {
        self.ratchet.epoch.is_multiple_of(2) == (role == Role::Responder)
    }

    /// Whether this side may offer a step, and has none under way: "only who sends in the newest epoch
    /// and has opened an envelope of it".
    pub(super) fn may_offer(&self) -> bool {
        self.is_turn_of(self.role)
            && self.sending.epoch == self.ratchet.epoch
            && self.receiving.is_in_newest()
            && matches!(self.ratchet.pending, Pending::None)
    }

    fn is_due(&self, now: Option<u64>) -> bool {
        let ratchet = &self.ratchet;
        // "B offers in its first answer."
        let is_first = ratchet.epoch == 0 && self.role == Role::Responder;
        let counters = (self.sending.counter().saturating_sub(ratchet.sent))
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
            self.offer_hybrid(fresh);
            return true;
        }
        (steps.now || self.is_due(now)) && self.offer(now, window, fresh, index)
    }

    pub(super) fn offer(
        &mut self,
        now: Option<u64>,
        window: Window,
        fresh: &mut dyn FnMut(&mut [u8]),
        index: &mut Hints<'_>,
    ) -> bool {
        let mut private = Zeroizing::new([0; 32]);
        fresh(&mut *private);
        let public = public_half(&private);
        let Some(root) = self.ratchet.next_root(&private, &self.ratchet.other, &public) else {
            return false;
        };
        self.ratchet.own = Some(private);
        self.ratchet.pending = Pending::Offer(public);
        self.enter(&root, false, now, window, index);
        true
    }

    /// The step itself is made of the answer.
    pub(super) fn offer_hybrid(&mut self, fresh: &mut dyn FnMut(&mut [u8])) {
        let mut private = Zeroizing::new([0; 32]);
        fresh(&mut *private);
        let mut seed = Zeroizing::new([0; hybrid::SEED_OCTETS]);
        fresh(&mut *seed);
        self.ratchet.own = Some(private);
        self.ratchet.pending = Pending::HybridOffer(seed);
    }

    /// "Who receives it encapsulates once, computes R_(k+1), destroys the private half of P, repeats
    /// the one answer in epoch k until it opens an envelope of k + 1".
    pub(super) fn answer_hybrid(
        &mut self,
        now: Option<u64>,
        window: Window,
        fresh: &mut dyn FnMut(&mut [u8]),
        index: &mut Hints<'_>,
    ) -> bool {
        let Pending::ToAnswer(offer) = &self.ratchet.pending else { return false };
        let mut seed = Zeroizing::new([0; hybrid::ENCAPSULATION_SEED_OCTETS]);
        fresh(&mut *seed);
        let epoch = self.ratchet.epoch.saturating_add(1);
        let made = hybrid_parts(offer).and_then(|(offered, key)| {
            let agreed = agree(self.ratchet.own.as_ref()?, offered)?;
            let (ciphertext, shared) = hybrid::encapsulate(key, &seed)?;
            let secrets = [&*self.ratchet.carry, &*agreed, &*shared];
            let root = hybrid::next_root(secrets, epoch, offered, key, &ciphertext);
            Some((root, *offered, ciphertext))
        });
        let Some((root, offered, ciphertext)) = made else {
            self.ratchet.pending = Pending::None;
            return false;
        };
        self.ratchet.own = None;
        self.ratchet.other = offered;
        self.ratchet.pending = Pending::HybridAnswer(ciphertext);
        self.ratchet.post_quantum.get_or_insert(epoch);
        self.enter(&root, false, now, window, index);
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
        if epoch != self.ratchet.epoch {
            return None;
        }
        let is_their_turn = !self.is_turn_of(self.role);
        match (step, &self.ratchet.pending) {
            (Step::Offer(public), Pending::None) if is_their_turn => {
                let own = self.ratchet.own.as_ref();
                let root = own.and_then(|own| self.ratchet.next_root(own, public, public));
                let Some(root) = root else { return Some(Event::UselessOffer) };
                // Destroyed with its use.
                self.ratchet.own = None;
                self.ratchet.other = *public;
                self.enter(&root, true, now, window, index);
                Some(Event::Stepped { epoch: self.ratchet.epoch })
            }
            (Step::HybridOffer(offer), Pending::None) if is_their_turn => {
                if !self.is_useful(offer) {
                    return Some(Event::UselessOffer);
                }
                self.ratchet.pending = Pending::ToAnswer(Box::new(*offer));
                None
            }
            (Step::HybridAnswer(ciphertext), Pending::HybridOffer(seed)) => {
                let own = self.ratchet.own.as_ref()?;
                let agreed = agree(own, &self.ratchet.other)?;
                let epoch = epoch.saturating_add(1);
                let shared = hybrid::decapsulate(seed, ciphertext);
                let key = hybrid::encapsulation_key(seed);
                let secrets = [&*self.ratchet.carry, &*agreed, &*shared];
                let root = hybrid::next_root(secrets, epoch, &public_half(own), &key, ciphertext);
                self.ratchet.pending = Pending::None;
                self.ratchet.post_quantum.get_or_insert(epoch);
                self.enter(&root, true, now, window, index);
                Some(Event::PostQuantum { epoch })
            }
            (Step::Offer(_) | Step::HybridOffer(_) | Step::HybridAnswer(_), _) => None,
        }
    }

    /// Whether a hybrid offer can be answered: neither of its keys is weak or none.
    fn is_useful(&self, offer: &[u8; HYBRID_OFFER_OCTETS]) -> bool {
        let own = self.ratchet.own.as_ref();
        own.zip(hybrid_parts(offer)).is_some_and(|(own, (offered, key))| {
            agree(own, offered).is_some() && hybrid::is_encapsulation_key(key)
        })
    }

    /// This side has opened an envelope of the newest epoch: it sends in it too, and what was
    /// offered has been taken up.
    pub(super) fn follow(&mut self) -> Option<Event> {
        let epoch = self.ratchet.epoch;
        let keys = self.sending.next.take()?;
        self.sending.enter(epoch, keys);
        let was_hybrid = matches!(self.ratchet.pending, Pending::HybridAnswer(_));
        self.ratchet.pending = Pending::None;
        Some(if was_hybrid { Event::PostQuantum { epoch } } else { Event::Stepped { epoch } })
    }

    /// Makes the keys of the next epoch, and sends with them at once or once the other side does.
    fn enter(
        &mut self,
        root: &[u8; 32],
        at_once: bool,
        now: Option<u64>,
        window: Window,
        index: &mut Hints<'_>,
    ) {
        let epoch = self.ratchet.epoch.saturating_add(1);
        let keys = EpochKeys::of_root(root, self.role);
        self.ratchet.epoch = epoch;
        self.ratchet.carry = keys.carry;
        self.ratchet.sent = self.sending.counter();
        self.ratchet.received = self.receiving.behind;
        self.ratchet.since = now;
        self.receiving.enter(epoch, keys.incoming, window, index);
        if at_once {
            self.sending.enter(epoch, keys.outgoing);
        } else {
            self.sending.next = Some(keys.outgoing);
            self.sending.must_be_stored();
        }
    }
}

/// X25519, or `None` for an all-zero result.
pub(super) fn agree(private: &[u8; 32], public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = StaticSecret::from(*private).diffie_hellman(&PublicKey::from(*public));
    shared.was_contributory().then(|| Zeroizing::new(shared.to_bytes()))
}

fn public_half(private: &[u8; 32]) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*private)).to_bytes()
}

fn hybrid_parts(
    offer: &[u8; HYBRID_OFFER_OCTETS],
) -> Option<(&[u8; 32], &[u8; ENCAPSULATION_KEY_OCTETS])> {
    let (offered, key) = offer.split_first_chunk::<32>()?;
    Some((offered, key.try_into().ok()?))
}

// A hybrid offer fits an envelope with room for a message beside it.
#[expect(clippy::disallowed_macros, reason = "run by the compiler, over constants")]
const _: () = assert!(ENCAPSULATION_KEY_OCTETS * 2 < ENVELOPE_OCTETS_MAX);
