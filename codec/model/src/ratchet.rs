//! Steps (spec/11-session.md, "Ratchet"): plain ones of X25519, hybrid ones of X-Wing as well.
//!
//! X-Wing is one perfect key encapsulation that stands also against who breaks X25519: what is
//! assumed of ML-KEM. A weak or malformed key is not modelled.

use crate::protocol::Run;
use crate::state::{Answer, Chain, Claim, End, FORGED, Offered, State};
use crate::term::{Node, Scalar, Term};

/// Which step is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Hybrid,
}

impl Run {
    /// Whether this side may offer a step now: "only who sends in the newest epoch and has opened an
    /// envelope of it. One step a side is under way at a time".
    pub(crate) fn may_offer(&self, end: &End) -> bool {
        let its_turn = (end.send.epoch % 2 == 1) == end.initiator;
        let idle = end.offered.is_none() && end.answer.is_none();
        its_turn && end.epoch_heard && idle && end.send.epoch < self.scope.steps
    }

    pub(crate) fn offer(&mut self, end: &mut End, kind: Kind, claim: &mut Claim) {
        let (session, epoch) = (end.session, end.send.epoch + 1);
        let private = self.terms.scalar(Scalar::Step { session, epoch });
        claim.offered(end.initiator, epoch);
        if kind == Kind::Hybrid {
            let decapsulation = self.terms.scalar(Scalar::Decapsulation { session, epoch });
            end.offered = Some(Offered { private, decapsulation: Some(decapsulation), send: None });
            return;
        }
        let offer = self.terms.public_half(private);
        let shared = self.terms.x25519(private, end.peer_current);
        let root = self.step(end.carry, shared, offer);
        let send = self.enter(end, root, epoch);
        end.offered = Some(Offered { private, decapsulation: None, send: Some(send) });
    }

    /// What a side says of a step in each envelope.
    pub(crate) fn step_items(&mut self, end: &End) -> Vec<Term> {
        let mut items = Vec::new();
        if let Some(offered) = end.offered {
            items.push(self.terms.public_half(offered.private));
            items.extend(
                offered.decapsulation.map(|key| self.terms.make(Node::EncapsulationKey(key))),
            );
        }
        items.extend(end.answer.map(|answer| answer.ciphertext));
        items
    }

    /// Whether a side says of what it seals now that it is post-quantum.
    pub(crate) fn is_post_quantum(&self, end: &End) -> bool {
        let rules = &self.scope.rules;
        let offers = end.offered.is_some_and(|offered| offered.decapsulation.is_some());
        if offers && !rules.post_quantum_not_by_offer {
            return true;
        }
        end.post_quantum
            .is_some_and(|first| end.send.epoch >= first || !rules.post_quantum_by_epoch)
    }

    /// An envelope of this epoch was opened: what was offered or answered for it has arrived.
    pub(crate) fn follow(&mut self, end: &mut End, epoch: u8) {
        let of_epoch = |send: &Chain| send.epoch == epoch;
        if let Some((offered, send)) =
            end.offered.and_then(|offered| Some((offered, offered.send.filter(of_epoch)?)))
        {
            end.send = self.advanced(send, end.send.next);
            end.own = Some(offered.private);
            end.offered = None;
        }
        if let Some(answer) = end.answer.filter(|answer| of_epoch(&answer.send)) {
            end.send = self.advanced(answer.send, end.send.next);
            end.answer = None;
        }
    }

    /// Does what the items of an envelope of this epoch ask. "What comes in another epoch than the
    /// newest, from the side whose turn it is not … does nothing."
    pub(crate) fn take_items(&mut self, end: &mut End, epoch: u8, items: &[Term]) {
        let again = end.answer.is_some() && !self.scope.rules.hybrid_answered_once;
        let newest = end.receive.last().map(|chain| chain.epoch);
        if end.send.epoch != epoch || newest != Some(epoch) && !again {
            return;
        }
        let their_turn = (epoch % 2 == 1) != end.initiator;
        match (items, their_turn) {
            ([offer], true) if matches!(self.terms.node(*offer), Node::Group(_)) => {
                self.take_up(end, epoch, *offer);
            }
            ([offer, key], true) => self.answer(end, epoch, (*offer, *key)),
            ([ciphertext], false) => self.take_answer(end, epoch, *ciphertext),
            _ => {}
        }
    }

    /// "Who receives the offer computes R_(k+1), destroys the private half of P, receives in k and
    /// k + 1, and sends in epoch k + 1 from then on."
    fn take_up(&mut self, end: &mut End, epoch: u8, offer: Term) {
        let Some(own) = end.own else { return };
        let shared = self.terms.x25519(own, offer);
        let root = self.step(end.carry, shared, offer);
        end.own = None;
        end.peer_current = offer;
        self.enter_at_once(end, root, epoch + 1);
    }

    /// "Who receives it encapsulates once, computes R_(k+1), destroys the private half of P, repeats the
    /// one answer in epoch k until it opens an envelope of k + 1".
    fn answer(&mut self, end: &mut End, epoch: u8, (offer, key): (Term, Term)) {
        let Node::EncapsulationKey(decapsulation) = *self.terms.node(key) else { return };
        // Without the rule it encapsulates anew to every repetition, from what it left behind.
        let before = end.answer.and_then(|answer| answer.kept);
        let Some((carry, own)) = before.or_else(|| end.own.map(|own| (end.carry, own))) else {
            return;
        };
        if before.is_some() {
            end.receive.retain(|chain| chain.epoch <= epoch);
        }
        let (session, next) = (end.session, epoch + 1);
        let scalar =
            Scalar::Encapsulated { session, epoch: next, attempt: u8::from(before.is_some()) };
        let shared = self.terms.scalar(scalar);
        let ciphertext = self.terms.make(Node::Ciphertext { decapsulation, shared });
        let agreed = self.terms.x25519(own, offer);
        let root = self.hybrid_step([carry, agreed, shared], [offer, key, ciphertext]);
        end.own = None;
        end.peer_current = offer;
        end.post_quantum = end.post_quantum.or(Some(next));
        let send = self.enter(end, root, next);
        let kept = (!self.scope.rules.hybrid_answered_once).then_some((carry, own));
        end.answer = Some(Answer { ciphertext, send, kept });
    }

    /// "Who made the offer computes R_(k+1) with the answer and sends in k + 1."
    fn take_answer(&mut self, end: &mut End, epoch: u8, ciphertext: Term) {
        let Node::Ciphertext { decapsulation, shared } = *self.terms.node(ciphertext) else {
            return;
        };
        let Some(Offered { private, decapsulation: Some(held), .. }) = end.offered else { return };
        if held != decapsulation {
            return;
        }
        let offer = self.terms.public_half(private);
        let key = self.terms.make(Node::EncapsulationKey(held));
        let agreed = self.terms.x25519(private, end.peer_current);
        let root = self.hybrid_step([end.carry, agreed, shared], [offer, key, ciphertext]);
        end.own = Some(private);
        end.offered = None;
        if !self.scope.rules.decapsulation_key_destroyed {
            end.kept.push(held);
        }
        end.post_quantum = end.post_quantum.or(Some(epoch + 1));
        self.enter_at_once(end, root, epoch + 1);
    }

    fn enter_at_once(&mut self, end: &mut End, root: Term, epoch: u8) {
        let send = self.enter(end, root, epoch);
        end.send = self.advanced(send, end.send.next);
        end.epoch_heard = false;
    }

    /// Receives in the next epoch as well, from n on. Gives the chain to send with.
    fn enter(&mut self, end: &mut End, root: Term, epoch: u8) -> Chain {
        let received = end.receive.last().map_or(0, |chain| chain.next);
        let way = u8::from(!end.initiator);
        end.receive.push(self.chain(root, epoch, 1 - way, received));
        end.carry = self.carry(root);
        self.chain(root, epoch, way, 0)
    }
}

/// Takes down that a hybrid step was made: from its answer on the next epoch has a secret of X-Wing.
pub(crate) fn note_hybrid(state: &mut State, end: &End) {
    let Some(answer) = end.answer.filter(|_| end.session != FORGED) else { return };
    if let Some(claim) = state.claims.get_mut(usize::from(end.session)) {
        claim.hybrid |= 1_u8.wrapping_shl(u32::from(answer.send.epoch));
    }
}
