//! What keys are made from (spec/11-session.md, "Beginning", "Keys of an epoch", "Ratchet").

use crate::Principal;
use crate::protocol::Run;
use crate::state::{Chain, Envelope};
use crate::term::{Scalar, Term, Terms};

impl Run {
    pub(crate) fn root(
        &mut self,
        shared: [Term; 3],
        (initiator, responder): (Principal, Principal),
        publics: [Term; 4],
    ) -> Term {
        let mut parts = shared.to_vec();
        if self.scope.rules.parties {
            parts.extend([self.account(initiator), self.account(responder)]);
        }
        parts.extend(publics);
        self.terms.derive("session", &parts)
    }

    pub(crate) fn step(&mut self, carry: Term, shared: Term, offer: Term) -> Term {
        let shared = self.scope.rules.ratchet.then_some(shared);
        let parts: Vec<Term> = [Some(carry), shared, Some(offer)].into_iter().flatten().collect();
        self.terms.derive("step", &parts)
    }

    /// The root behind a hybrid step.
    pub(crate) fn hybrid_step(
        &mut self,
        [carry, agreed, shared]: [Term; 3],
        [offer, key, ciphertext]: [Term; 3],
    ) -> Term {
        let mixed = self.scope.rules.hybrid_mixed.then_some(shared);
        let parts: Vec<Term> =
            [Some(carry), Some(agreed), mixed, Some(offer), Some(key), Some(ciphertext)]
                .into_iter()
                .flatten()
                .collect();
        self.terms.derive("hybrid step", &parts)
    }

    pub(crate) fn carry(&mut self, root: Term) -> Term {
        if self.scope.rules.split_root { self.terms.derive("carry", &[root]) } else { root }
    }

    pub(crate) fn chain(&mut self, root: Term, epoch: u8, way: u8, next: u8) -> Chain {
        let label = if way == 0 { "chain from the initiator" } else { "chain to the initiator" };
        let key = self.terms.derive(label, &[root]);
        self.advanced(Chain { epoch, key, next: 0 }, next)
    }

    /// The chain at a later counter.
    pub(crate) fn advanced(&mut self, mut chain: Chain, to: u8) -> Chain {
        while chain.next < to {
            chain.key = self.terms.derive("next key", &[chain.key]);
            chain.next += 1;
        }
        chain
    }

    /// `K ‖ N ‖ S` of a chain key.
    pub(crate) fn message_key(&mut self, chain_key: Term) -> Term {
        self.terms.derive("message", &[chain_key])
    }

    pub(crate) fn aad(&mut self, envelope: &Envelope) -> Term {
        let class = match (envelope.flight, envelope.claim) {
            (None, _) => "class 1",
            (Some(_), None) => "class 3",
            (Some(_), Some(_)) => "class 4",
        };
        let mut parts = vec![self.terms.public(class)];
        parts.extend(envelope.flight);
        if let Some((account, identity)) = envelope.claim {
            parts.extend([self.account(account), identity]);
        }
        self.terms.tuple(&parts)
    }

    pub(crate) fn account(&mut self, of: Principal) -> Term {
        self.terms.public(match of {
            Principal::A => "account A",
            Principal::B => "account B",
            Principal::E => "account E",
        })
    }
}

/// The public half of a private one.
pub(crate) fn public(terms: &mut Terms, scalar: Scalar) -> Term {
    let scalar = terms.scalar(scalar);
    terms.public_half(scalar)
}
