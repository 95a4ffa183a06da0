//! What honest devices do (spec/11-session.md), and what everything is made of.

use crate::Principal;
use crate::keys::public;
use crate::ratchet::{Kind, note_hybrid};
use crate::scope::{Planned, Scope};
use crate::state::{Claim, End, Envelope, FORGED, Message, State};
use crate::term::{Node, Scalar, Term, Terms};

/// Counters reserved at a time: 64 in the specification, two here.
const BLOCK: u8 = 2;

/// An exploration's terms and rules.
pub(crate) struct Run {
    pub(crate) scope: Scope,
    pub(crate) terms: Terms,
    /// Whether what happens is said in words.
    pub(crate) speaks: bool,
}

/// What came out of an envelope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    pub(crate) text: Term,
    pub(crate) counter: u8,
}

impl Run {
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope, terms: Terms::default(), speaks: false }
    }

    pub(crate) fn beginning(&self) -> State {
        State {
            ends: Vec::new(),
            wire: Vec::new(),
            read: Vec::new(),
            memory: Vec::new(),
            expired: Vec::new(),
            card: self.scope.card_from_start,
            messages: Vec::new(),
            claims: vec![Claim::default(); self.scope.sessions.len()],
            begun: 0,
            reveals: 0,
            crashes: 0,
            restores: 0,
            forged: 0,
            wrong: None,
        }
    }

    /// The initiator draws `e` and makes `R_0` from a card.
    pub(crate) fn begin(&mut self, state: &State, session: u8, plan: Planned) -> State {
        let terms = &mut self.terms;
        let e = terms.scalar(Scalar::Ephemeral(session));
        let ephemeral = terms.public_half(e);
        let own_identity = terms.scalar(Scalar::Identity(plan.initiator));
        let identity = public(terms, Scalar::Identity(plan.keys));
        let prekey = public(terms, Scalar::Prekey(plan.keys));
        let own_public = terms.public_half(own_identity);
        let shared = [
            terms.x25519(own_identity, prekey),
            terms.x25519(e, identity),
            terms.x25519(e, prekey),
        ];
        let parties = (plan.initiator, plan.account);
        let root = self.root(shared, parties, [own_public, identity, prekey, ephemeral]);
        let send = self.chain(root, 0, 0, 0);
        let end = End {
            owner: plan.initiator,
            session,
            initiator: true,
            ephemeral,
            peer: plan.account,
            peer_identity: identity,
            named: true,
            answered: false,
            epoch_heard: false,
            carry: self.carry(root),
            send,
            written: send,
            reserved: 0,
            receive: vec![self.chain(root, 0, 1, 0)],
            skipped: Vec::new(),
            own: Some(e),
            peer_current: prekey,
            offered: None,
            answer: None,
            post_quantum: None,
            kept: Vec::new(),
        };
        let mut next = state.clone();
        next.ends.push(end);
        next.begun += 1;
        next
    }

    /// Seals the next message of a side, with a new offer if asked; an offer or answer under way is
    /// repeated.
    pub(crate) fn seal(
        &mut self,
        state: &State,
        place: usize,
        offer: Option<Kind>,
    ) -> Option<State> {
        let mut next = state.clone();
        let end = next.ends.get_mut(place)?;
        if let Some(kind) = offer {
            self.offer(end, kind, next.claims.get_mut(usize::from(end.session))?);
        }
        let counter = end.send.next;
        if self.scope.rules.reservation && counter >= end.reserved {
            end.reserved = (counter / BLOCK + 1) * BLOCK;
            end.written = self.advanced(end.send, end.reserved);
        }
        let (way, session, epoch) = (u8::from(!end.initiator), end.session, end.send.epoch);
        let plan = *self.scope.sessions.get(usize::from(session))?;
        let attempt = state
            .messages
            .iter()
            .filter(|said| (said.session, said.way, said.counter) == (session, way, counter))
            .count();
        let attempt = u8::try_from(attempt).unwrap_or(u8::MAX);
        let text = self.terms.make(Node::Text { session, way, counter, attempt });
        let first = end.initiator && !end.answered;
        let own_identity = public(&mut self.terms, Scalar::Identity(end.owner));
        let mut envelope = Envelope {
            flight: first.then_some(end.ephemeral),
            claim: (first && plan.stranger).then_some((end.owner, own_identity)),
            sealed: text,
        };
        let mut parts = vec![text];
        parts.extend(self.step_items(end));
        let plain = self.terms.tuple(&parts);
        let aad = self.aad(&envelope);
        let key = self.message_key(end.send.key);
        envelope.sealed = self.terms.make(Node::Sealed { key, aad, plain });
        end.send = self.advanced(end.send, counter + 1);
        let post_quantum = self.is_post_quantum(end);
        let claim = next.claims.get(usize::from(session)).copied().unwrap_or_default();
        let follows = if self.scope.breaks_x25519 {
            claim.read_since_hybrid(epoch)
        } else {
            claim.follows(epoch)
        };
        let read_before = state.reveals > 0;
        let message = Message {
            session,
            way,
            counter,
            epoch,
            text,
            author: end.owner,
            to: end.peer,
            opened: 0,
            exposed: end.peer == Principal::E || follows,
            post_quantum,
            read_before,
            read_after: false,
        };
        next.wire.push(envelope);
        next.messages.push(message);
        Some(next)
    }

    /// A recipient tries what came; nothing changes if nothing opens.
    pub(crate) fn deliver(
        &mut self,
        state: &State,
        envelope: Envelope,
        to: Principal,
    ) -> Option<State> {
        let remembered = envelope.flight.is_some_and(|e| state.memory.contains(&(to, e)));
        for place in 0..state.ends.len() {
            let end = state.ends.get(place)?.clone();
            if end.owner != to || envelope.flight.is_some_and(|e| e != end.ephemeral) {
                continue;
            }
            if let Some((end, opened)) = self.open(end, envelope) {
                let mut next = state.clone();
                accept(&mut next, &end, opened, &self.terms);
                note_hybrid(&mut next, &end);
                *next.ends.get_mut(place)? = end;
                return Some(next);
            }
        }
        if remembered && self.scope.rules.replay_memory {
            return None;
        }
        self.authors(state, envelope, to).into_iter().find_map(|(author, identity, named)| {
            self.begin_answering(state, envelope, to, (author, identity, named), None)
        })
    }

    /// Who may have written a first flight: account, identity key, whether it has the name.
    fn authors(
        &mut self,
        state: &State,
        envelope: Envelope,
        to: Principal,
    ) -> Vec<(Principal, Term, bool)> {
        let contacts: Vec<Principal> = [Principal::A, Principal::B, Principal::E]
            .into_iter()
            .filter(|of| *of != to && (to != Principal::B || *of != Principal::A || state.card))
            .collect();
        let mut held = |of| public(&mut self.terms, Scalar::Identity(of));
        match envelope.claim {
            None => contacts.into_iter().map(|of| (of, held(of), true)).collect(),
            Some((of, identity)) if contacts.contains(&of) => {
                if held(of) == identity {
                    vec![(of, identity, true)]
                } else {
                    Vec::new()
                }
            }
            Some((of, identity)) => vec![(of, identity, false)],
        }
    }

    /// A side that answers: `R_0` from the responder's private halves and what the flight says. With
    /// `text`, the attacker seals it himself under the key that comes out.
    pub(crate) fn begin_answering(
        &mut self,
        state: &State,
        mut envelope: Envelope,
        to: Principal,
        (author, identity, named): (Principal, Term, bool),
        text: Option<Term>,
    ) -> Option<State> {
        let ephemeral = envelope.flight?;
        if state.expired.contains(&to) {
            return None;
        }
        let root = self.root_of_flight(ephemeral, to, author, identity);
        let receive = self.chain(root, 0, 0, 0);
        if let Some(text) = text {
            let (key, aad) = (self.message_key(receive.key), self.aad(&envelope));
            let plain = self.terms.tuple(&[text]);
            envelope.sealed = self.terms.make(Node::Sealed { key, aad, plain });
        }
        let send = self.chain(root, 0, 1, 0);
        let of_plan = (0..state.begun).find(|session| {
            let e = public(&mut self.terms, Scalar::Ephemeral(*session));
            e == ephemeral && text.is_none()
        });
        let end = End {
            owner: to,
            session: of_plan.unwrap_or(FORGED),
            initiator: false,
            ephemeral,
            peer: author,
            peer_identity: identity,
            named,
            answered: false,
            epoch_heard: false,
            carry: self.carry(root),
            send,
            written: send,
            reserved: 0,
            receive: vec![receive],
            skipped: Vec::new(),
            own: None,
            peer_current: ephemeral,
            offered: None,
            answer: None,
            post_quantum: None,
            kept: Vec::new(),
        };
        let (end, opened) = self.open(end, envelope)?;
        let mut next = state.clone();
        accept(&mut next, &end, opened, &self.terms);
        next.ends.push(end);
        if !next.memory.contains(&(to, ephemeral)) {
            next.memory.push((to, ephemeral));
        }
        Some(next)
    }

    /// `R_0` as the responder computes it.
    pub(crate) fn root_of_flight(
        &mut self,
        ephemeral: Term,
        to: Principal,
        author: Principal,
        identity: Term,
    ) -> Term {
        let own_identity = self.terms.scalar(Scalar::Identity(to));
        let own_prekey = self.terms.scalar(Scalar::Prekey(to));
        let publics = [
            identity,
            self.terms.public_half(own_identity),
            self.terms.public_half(own_prekey),
            ephemeral,
        ];
        let shared = [
            self.terms.x25519(own_prekey, identity),
            self.terms.x25519(own_identity, ephemeral),
            self.terms.x25519(own_prekey, ephemeral),
        ];
        self.root(shared, (author, to), publics)
    }

    /// Tries every key a side holds.
    fn open(&mut self, mut end: End, envelope: Envelope) -> Option<(End, Opened)> {
        let Node::Sealed { key, aad, plain } = *self.terms.node(envelope.sealed) else {
            return None;
        };
        if aad != self.aad(&envelope) {
            return None;
        }
        let (epoch, counter) = self.find(&mut end, key)?;
        let Node::Tuple(parts) = self.terms.node(plain) else { return None };
        let (text, items) = parts.split_first()?;
        let (text, items) = (*text, items.to_vec());
        if !self.scope.rules.key_deletion {
            end.kept.push(key);
        }
        end.answered = true;
        self.follow(&mut end, epoch);
        end.epoch_heard |= end.send.epoch == epoch;
        self.take_items(&mut end, epoch, &items);
        end.written = if self.scope.rules.reservation {
            self.advanced(end.send, end.reserved.max(end.send.next))
        } else {
            end.send
        };
        Some((end, Opened { text, counter }))
    }

    /// The epoch and counter whose key this is. It and what went before are destroyed, the keys of
    /// counters passed over are kept.
    fn find(&mut self, end: &mut End, key: Term) -> Option<(u8, u8)> {
        if let Some(place) = end.skipped.iter().position(|(.., held)| *held == key) {
            let (epoch, counter, _) = end.skipped.remove(place);
            return Some((epoch, counter));
        }
        let mut found = None;
        for chain in &end.receive {
            for counter in chain.next..self.scope.messages {
                let there = self.advanced(*chain, counter);
                if self.message_key(there.key) == key {
                    found = Some((chain.epoch, counter));
                }
            }
        }
        let (epoch, counter) = found?;
        for chain in std::mem::take(&mut end.receive) {
            let passed = if chain.epoch <= epoch { chain.next..counter } else { 0..0 };
            for counter in passed {
                let there = self.advanced(chain, counter);
                end.skipped.push((chain.epoch, counter, self.message_key(there.key)));
            }
            if chain.epoch >= epoch {
                end.receive.push(self.advanced(chain, counter + 1));
            }
        }
        Some((epoch, counter))
    }

    /// After a crash a device goes on from what was written.
    pub(crate) fn crash(&self, state: &State, who: Principal) -> State {
        let mut next = state.clone();
        next.crashes += 1;
        for end in next.ends.iter_mut().filter(|end| end.owner == who) {
            end.send = end.written;
            end.reserved = end.written.next;
        }
        next
    }

    /// A device is put back from a backup: no sessions, nothing remembered.
    pub(crate) fn restore(&self, state: &State, who: Principal) -> State {
        let mut next = state.clone();
        next.restores += 1;
        next.ends.retain(|end| end.owner != who);
        next.memory.retain(|(of, _)| *of != who);
        if self.scope.rules.prekeys_not_restored && !next.expired.contains(&who) {
            next.expired.push(who);
        }
        next
    }
}

/// Counts what was accepted, and compares it with what its author said, to whom, where.
fn accept(state: &mut State, end: &End, opened: Opened, terms: &Terms) {
    if !matches!(terms.node(opened.text), Node::Text { .. }) {
        return;
    }
    let Some(said) = state.messages.iter_mut().find(|said| said.text == opened.text) else {
        return;
    };
    let as_said = said.to == end.owner
        && said.author == end.peer
        && said.session == end.session
        && said.counter == opened.counter
        && (said.way == 0) != end.initiator;
    said.opened = (said.opened + 1).min(2);
    if !as_said {
        state.wrong = Some(
            "agreement: accepted as said by the other side to this one in this session and place, and was not",
        );
    } else if said.opened > 1 {
        state.wrong = Some("injective agreement: one message was accepted twice");
    }
}
