//! What is claimed, as predicates over a state. Documents in words: spec/14-threats.md.
//!
//! The attacker is the network throughout. *Read* means that he was given a key or a whole state.
//!
//! - **Secrecy.** He derives no message unless (i) he could follow when it was sealed: a state of the
//!   session had been read and the session has not healed since; or (ii) its recipient's state was read
//!   before it was opened; or (iii) he has the root of its epoch. The root of epoch 0 follows from the
//!   responder's identity key and prekey together, or from the initiator's identity key and `e`. The root of
//!   epoch k + 1 follows from what epoch k carries on together with one private half of the step.
//! - **Forward secrecy.** Of what was opened before anything was read he derives nothing of epoch 2 or a
//!   later one, and of epochs 0 and 1 only by (iii).
//! - **Healing.** A session has healed from the epoch that the last side's offer leads to, once each side
//!   whose state was read has made a new offer. He derives nothing that is sealed in that epoch or a later
//!   one as long as nothing more is read. He is passive in a session that he can follow.
//! - **Agreement.** What a side accepts under the name of an honest account was sealed by it, to this side,
//!   in this session, at this counter; and it is accepted once. Not claimed where the author's identity
//!   key was read, or the recipient's prekey: who has that poses as anyone in sessions he begins.
//! - **One key, one envelope.** No key seals two envelopes that differ, also after crashes and with
//!   devices put back. (A nonce comes with its key.)
//! - **Post-quantum.** Who breaks every X25519 agreement of what he recorded derives no message of which its
//!   author's device says that it is post-quantum, unless (ii), or a state of the session was read and no
//!   hybrid step was made since, not counting one that the side that was read had offered by then. What is
//!   not said to be post-quantum he derives: it is said exactly then. He forges nothing: who said it is
//!   proved by X25519 and Ed25519 alone.
//! - **One epoch, one root.** Two sides that are in the same epoch of a session have the same keys in it.
//! - **Strangers.** A session carries the name of an account only with the identity key of its certificate.

use crate::Principal;
use crate::keys::public;
use crate::knowledge::Knowledge;
use crate::protocol::Run;
use crate::state::{Claim, End, Envelope, FORGED, Message, State};
use crate::term::{Node, Scalar, Term};
use std::collections::HashMap;

impl Run {
    /// The property that a state violates.
    pub(crate) fn broken(&mut self, state: &State) -> Option<String> {
        if let Some(wrong) = state.wrong {
            return Some(wrong.to_owned());
        }
        if self.key_used_twice(state) {
            return Some(
                "one key, one envelope: two envelopes that differ under one key and nonce".into(),
            );
        }
        if let Some(property) = self.epochs_differ(state) {
            return Some(property);
        }
        if self.scope.breaks_x25519 {
            return self.not_post_quantum(state);
        }
        let lost = self.lost_roots(state);
        let slots = self.slots(state);
        let (early, twice) = (self.scope.early_epochs_given_up, self.scope.second_reading_given_up);
        let seen = self.seen(state);
        let mut attacker = Knowledge::of(&self.terms, seen, false);
        let lost_epoch = |session: u8, epoch: u8| {
            lost.get(usize::from(session)).is_some_and(|bits| bits & bit(epoch) != 0)
        };
        for said in &state.messages {
            if attacker.derives(said.text) {
                let given_up = lost_epoch(said.session, said.epoch);
                let allowed = match (said.read_before, said.read_after) {
                    (false, _) => early,
                    (true, true) => twice || said.epoch == 0,
                    (true, false) => true,
                };
                let excused = said.exposed || given_up && allowed;
                if let Some(property) = broken_secrecy(said, excused) {
                    return Some(format!(
                        "{property}: the attacker has what {} said, session {} way {} counter {}, epoch {}",
                        said.author, said.session, said.way, said.counter, said.epoch
                    ));
                }
            }
        }
        for (session, epoch, key, owner) in slots {
            let claim = state.claims.get(usize::from(session)).copied().unwrap_or_default();
            if !claim.follows(epoch) && !lost_epoch(session, epoch) && attacker.derives(key) {
                let property = if claim.clean_from > 0 { "healing" } else { "agreement" };
                return Some(format!(
                    "{property}: the attacker can write to {owner} in session {session}, epoch {epoch}"
                ));
            }
        }
        None
    }

    /// What the claims say of who breaks X25519.
    fn not_post_quantum(&mut self, state: &State) -> Option<String> {
        let (slots, seen) = (self.slots(state), self.seen(state));
        let mut attacker = Knowledge::of(&self.terms, seen, true);
        for said in &state.messages {
            let property = match (said.post_quantum, attacker.derives(said.text)) {
                (true, true) if !said.exposed => "post-quantum: the attacker has what was said so",
                (false, false) => {
                    "post-quantum exactly then: not said, and the attacker has it not"
                }
                (true, _) | (false, true) => continue,
            };
            return Some(format!(
                "{property}: by {}, session {} way {} counter {}, epoch {}",
                said.author, said.session, said.way, said.counter, said.epoch
            ));
        }
        for (session, epoch, key, owner) in slots {
            let claim = state.claims.get(usize::from(session)).copied().unwrap_or_default();
            if claim.is_hybrid(epoch) && attacker.derives(key) {
                return Some(format!(
                    "post-quantum: the attacker has a key of {owner} in session {session}, epoch {epoch}"
                ));
            }
        }
        None
    }

    /// Two sides of one session in one epoch have it from one root.
    fn epochs_differ(&self, state: &State) -> Option<String> {
        let newest = |end: &End| end.receive.last().map(|chain| chain.epoch);
        let mut ends = state.ends.iter().filter(|end| end.session != FORGED && end.named);
        ends.find_map(|end| {
            let other = state.ends.iter().find(|other| {
                other.session == end.session && other.owner == end.peer && end.owner == other.peer
            })?;
            let differ = newest(other) == newest(end) && other.carry != end.carry;
            differ.then(|| {
                format!(
                    "one epoch, one root: the sides of session {} have different keys of epoch {}",
                    end.session,
                    newest(end).unwrap_or_default()
                )
            })
        })
    }

    /// Keys under which a side would accept something next.
    fn slots(&mut self, state: &State) -> Vec<(u8, u8, Term, Principal)> {
        let mut slots = Vec::new();
        let named = |end: &&End| end.session != FORGED && end.named && end.peer != Principal::E;
        for end in state.ends.iter().filter(named) {
            slots.extend(
                end.skipped.iter().map(|(epoch, _, key)| (end.session, *epoch, *key, end.owner)),
            );
            for chain in &end.receive {
                let key = self.message_key(chain.key);
                slots.push((end.session, chain.epoch, key, end.owner));
            }
        }
        slots
    }

    fn key_used_twice(&self, state: &State) -> bool {
        let mut keys = HashMap::new();
        state.wire.iter().any(|envelope| match self.terms.node(envelope.sealed) {
            Node::Sealed { key, .. } => {
                keys.insert(*key, envelope.sealed).is_some_and(|before| before != envelope.sealed)
            }
            _ => false,
        })
    }

    /// Everything the attacker was shown.
    pub(crate) fn seen(&mut self, state: &State) -> impl Iterator<Item = Term> + use<> {
        let mut seen = state.read.clone();
        for of in [Principal::A, Principal::B, Principal::E] {
            seen.push(public(&mut self.terms, Scalar::Identity(of)));
            seen.push(public(&mut self.terms, Scalar::Prekey(of)));
        }
        let own = [Scalar::Identity(Principal::E), Scalar::Prekey(Principal::E), Scalar::Attacker];
        seen.extend(own.map(|scalar| self.terms.scalar(scalar)));
        for Envelope { flight, claim, sealed } in &state.wire {
            seen.extend(flight.iter().chain(claim.iter().map(|(_, identity)| identity)));
            seen.push(*sealed);
        }
        seen.into_iter()
    }

    /// For each session the epochs whose root the claims give up, as bits.
    fn lost_roots(&mut self, state: &State) -> Vec<u8> {
        let scope = self.scope.clone();
        let mut read = |scalar| state.read.contains(&self.terms.scalar(scalar));
        let sessions = scope.sessions.iter().zip(&state.claims);
        sessions
            .map(|(plan, claim)| {
                let responder =
                    read(Scalar::Identity(plan.keys)) && read(Scalar::Prekey(plan.keys));
                let initiator = read(Scalar::Identity(plan.initiator)) && claim.ephemeral;
                let mut lost = u8::from(responder || initiator);
                for epoch in 0..scope.steps {
                    let carried = (claim.carries | lost) & bit(epoch) != 0;
                    if carried && claim.halves & bit(epoch + 1) != 0 {
                        lost |= bit(epoch + 1);
                    }
                }
                lost
            })
            .collect()
    }

    /// The attacker is given a private half, or all that a device holds.
    pub(crate) fn reveal(
        &mut self,
        state: &State,
        scalar: Option<Scalar>,
        who: Principal,
    ) -> State {
        let mut next = state.clone();
        next.reveals += 1;
        next.messages.iter_mut().for_each(|said| said.read_after = true);
        if let Some(scalar) = scalar {
            next.read.push(self.terms.scalar(scalar));
            return next;
        }
        next.read.push(self.terms.scalar(Scalar::Identity(who)));
        if !state.expired.contains(&who) {
            next.read.push(self.terms.scalar(Scalar::Prekey(who)));
        }
        for end in state.ends.iter().filter(|end| end.owner == who) {
            next.read.extend(held(end));
            if let Some(claim) = next.claims.get_mut(usize::from(end.session)) {
                let offered = end.offered.iter().map(|offered| &offered.private);
                for half in end.own.iter().chain(offered) {
                    if let Node::Scalar(scalar) = self.terms.node(*half) {
                        claim.half_read(*scalar);
                    }
                }
                claim.state_read(end, self.scope.offer_under_way_given_up);
            }
        }
        for said in next.messages.iter_mut().filter(|said| said.to == who && said.opened == 0) {
            said.exposed = true;
        }
        next
    }
}

impl Claim {
    /// Whether the attacker may read what is sealed in this epoch from now on.
    pub(crate) fn follows(&self, epoch: u8) -> bool {
        self.to_heal.0 || self.to_heal.1 || epoch < self.clean_from
    }

    /// Whether a hybrid step leads to this epoch or one before it, but none since what was read.
    pub(crate) fn read_since_hybrid(&self, epoch: u8) -> bool {
        let hybrid_before = (0..=epoch).any(|step| self.hybrid & bit(step) != 0);
        hybrid_before && !self.is_hybrid(epoch)
    }

    /// Whether one does, and nothing was read since: who breaks X25519 does not follow.
    fn is_hybrid(&self, epoch: u8) -> bool {
        (0..=epoch).any(|step| self.hybrid & bit(step) != 0 && Some(step) > self.read_to)
    }

    /// A side made an offer for the step to this epoch.
    pub(crate) fn offered(&mut self, initiator: bool, epoch: u8) {
        let followed = self.to_heal.0 || self.to_heal.1;
        let side = if initiator { &mut self.to_heal.0 } else { &mut self.to_heal.1 };
        *side = false;
        if followed && !self.to_heal.0 && !self.to_heal.1 {
            self.clean_from = epoch;
        }
    }

    fn state_read(&mut self, end: &End, offer_given_up: bool) {
        let side = if end.initiator { &mut self.to_heal.0 } else { &mut self.to_heal.1 };
        *side = true;
        if let Some(newest) = end.receive.last() {
            self.carries |= bit(newest.epoch);
            // With the decapsulation key of an offer under way its answer opens too.
            let offers = end.offered.is_some_and(|offered| offered.decapsulation.is_some());
            let read_to = newest.epoch + u8::from(offers && offer_given_up);
            self.read_to = self.read_to.max(Some(read_to));
        }
    }

    fn half_read(&mut self, scalar: Scalar) {
        match scalar {
            Scalar::Ephemeral(_) => {
                self.ephemeral = true;
                self.halves |= bit(1);
            }
            Scalar::Step { epoch, .. } => self.halves |= bit(epoch) | bit(epoch + 1),
            Scalar::Identity(_)
            | Scalar::Prekey(_)
            | Scalar::Decapsulation { .. }
            | Scalar::Encapsulated { .. }
            | Scalar::Attacker => {}
        }
    }
}

fn broken_secrecy(said: &Message, excused: bool) -> Option<&'static str> {
    if !excused && !said.read_before {
        return Some("forward secrecy");
    }
    if !excused && !said.read_after {
        return Some("healing");
    }
    if !excused {
        return Some("secrecy");
    }
    let untouched = !said.read_before && !said.exposed;
    (untouched && said.epoch >= 2).then_some("forward secrecy from epoch 2 on")
}

/// What lies in the memory of a device for one session.
fn held(end: &End) -> Vec<Term> {
    let mut held = vec![end.carry, end.send.key, end.written.key];
    held.extend(end.receive.iter().map(|chain| chain.key));
    held.extend(end.skipped.iter().map(|(.., key)| *key));
    held.extend(end.own);
    if let Some(offered) = &end.offered {
        held.push(offered.private);
        held.extend(offered.decapsulation);
        held.extend(offered.send.map(|send| send.key));
    }
    held.extend(end.answer.map(|answer| answer.send.key));
    held.extend(&end.kept);
    held
}

const fn bit(epoch: u8) -> u8 {
    1_u8.wrapping_shl(epoch as u32)
}
