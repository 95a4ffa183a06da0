//! What may happen next.

use crate::Principal;
use crate::keys::public;
use crate::knowledge::Knowledge;
use crate::protocol::Run;
use crate::ratchet::Kind;
use crate::state::{Envelope, FORGED, State};
use crate::term::{Node, Scalar, Term};

const HONEST: [Principal; 2] = [Principal::A, Principal::B];

impl Run {
    /// Every state that can follow, each with what happened, if it is to be said.
    pub(crate) fn following(&mut self, state: &State) -> Vec<(String, State)> {
        let mut steps = Vec::new();
        self.begin_and_seal(state, &mut steps);
        for envelope in &state.wire {
            for to in HONEST {
                if let Some(next) = self.deliver(state, *envelope, to) {
                    let words =
                        self.say(|run| format!("{to} opens {}", run.words(state, envelope)));
                    steps.push((words, next));
                }
            }
        }
        self.reveals(state, &mut steps);
        self.mishaps(state, &mut steps);
        if state.forged < self.scope.forged_flights {
            self.forged_flights(state, &mut steps);
        }
        steps.into_iter().map(|(words, next)| (words, next.canonical())).collect()
    }

    fn begin_and_seal(&mut self, state: &State, steps: &mut Vec<(String, State)>) {
        if let Some(plan) = self.scope.sessions.get(usize::from(state.begun)).copied() {
            let words = self.say(|_| {
                format!(
                    "{} begins session {} with the card of account {}, which holds the keys of {}",
                    plan.initiator, state.begun, plan.account, plan.keys
                )
            });
            steps.push((words, self.begin(state, state.begun, plan)));
        }
        for (place, end) in state.ends.iter().enumerate() {
            if end.send.next >= self.scope.messages || end.session == FORGED {
                continue;
            }
            for offer in [None, Some(Kind::Plain), Some(Kind::Hybrid)] {
                let possible = offer != Some(Kind::Hybrid) || self.scope.hybrid_steps;
                if offer.is_some() && !(possible && self.may_offer(end)) {
                    continue;
                }
                let words = self.say(|_| {
                    let with = match (offer, end.offered, end.answer) {
                        (Some(Kind::Plain), ..) => " with a new offer",
                        (Some(Kind::Hybrid), ..) => " with a new hybrid offer",
                        (None, Some(_), _) => " with its offer again",
                        (None, None, Some(_)) => " with its answer",
                        (None, None, None) => "",
                    };
                    format!(
                        "{} seals counter {} of session {} in epoch {}{with}",
                        end.owner, end.send.next, end.session, end.send.epoch
                    )
                });
                steps.extend(self.seal(state, place, offer).map(|next| (words, next)));
            }
        }
    }

    fn reveals(&mut self, state: &State, steps: &mut Vec<(String, State)>) {
        if state.reveals >= self.scope.reveals {
            return;
        }
        for who in HONEST {
            let identity = Scalar::Identity(who);
            let keys = self.scope.reveal_keys;
            if keys && !state.read.contains(&self.terms.scalar(identity)) {
                let next = self.reveal(state, Some(identity), who);
                let words = self.say(|_| format!("the attacker reads the identity key of {who}"));
                steps.push((words, next));
            }
            let prekey = Scalar::Prekey(who);
            let answers = self.scope.sessions.iter().any(|plan| plan.account == who);
            let there = keys && answers && !state.expired.contains(&who);
            if there && !state.read.contains(&self.terms.scalar(prekey)) {
                let next = self.reveal(state, Some(prekey), who);
                let words = self.say(|_| format!("the attacker reads the prekey of {who}"));
                steps.push((words, next));
            }
            if self.scope.reveal_states {
                let next = self.reveal(state, None, who);
                let words = self.say(|_| format!("the attacker reads all that {who} holds"));
                steps.push((words, next));
            }
        }
    }

    fn mishaps(&mut self, state: &State, steps: &mut Vec<(String, State)>) {
        if self.scope.prekey_expires && !state.expired.contains(&Principal::B) {
            let mut next = state.clone();
            next.expired.push(Principal::B);
            steps.push((self.say(|_| "B destroys its prekey".to_owned()), next));
        }
        if !state.card {
            let words = self.say(|_| "A's card comes to B".to_owned());
            steps.push((words, self.card_comes(state)));
        }
        for who in HONEST {
            if !state.ends.iter().any(|end| end.owner == who) {
                continue;
            }
            if state.crashes < self.scope.crashes {
                let words = self.say(|_| format!("{who} crashes and starts again"));
                steps.push((words, self.crash(state, who)));
            }
            if state.restores < self.scope.restores {
                let words = self.say(|_| format!("{who} is put back from a backup"));
                steps.push((words, self.restore(state, who)));
            }
        }
    }

    /// Sessions begun under another identity key than the certificate's end; the others get their name.
    fn card_comes(&mut self, state: &State) -> State {
        let mut next = state.clone();
        next.card = true;
        let identity = public(&mut self.terms, Scalar::Identity(Principal::A));
        let of_a = |owner, peer| owner == Principal::B && peer == Principal::A;
        if self.scope.rules.claims_bound {
            next.ends.retain(|end| !of_a(end.owner, end.peer) || end.peer_identity == identity);
        }
        for end in next.ends.iter_mut().filter(|end| of_a(end.owner, end.peer)) {
            end.named = true;
            if end.session == FORGED && end.peer_identity != identity {
                next.wrong = Some("strangers: what the attacker said is shown under A's name");
            }
        }
        next
    }

    /// First flights the attacker can make, each with an E of his own or one that was sent.
    fn forged_flights(&mut self, state: &State, steps: &mut Vec<(String, State)>) {
        let text = self.terms.public("the attacker's text");
        let mut ephemerals = vec![public(&mut self.terms, Scalar::Attacker)];
        ephemerals.extend(state.wire.iter().filter_map(|envelope| envelope.flight));
        ephemerals.dedup();
        let identities = [Principal::A, Principal::B, Principal::E]
            .map(|of| (of, public(&mut self.terms, Scalar::Identity(of))));
        for to in HONEST {
            for ephemeral in &ephemerals {
                if state.memory.contains(&(to, *ephemeral)) {
                    continue;
                }
                for author in [Principal::A, Principal::B].into_iter().filter(|of| *of != to) {
                    let held = to != Principal::B || state.card;
                    for (of, identity) in identities {
                        // With a card at hand another identity key than the card's is refused.
                        if held && of != author {
                            continue;
                        }
                        let flight = (*ephemeral, to, author, identity);
                        let words = self.say(|_| {
                            format!(
                                "the attacker makes {to} a first flight as {author} with the identity key of {of}"
                            )
                        });
                        let next = self.forged_flight(state, flight, held, text);
                        steps.extend(next.map(|next| (words, next)));
                    }
                }
            }
        }
    }

    fn forged_flight(
        &mut self,
        state: &State,
        (ephemeral, to, author, identity): (Term, Principal, Principal, Term),
        held: bool,
        text: Term,
    ) -> Option<State> {
        let root = self.root_of_flight(ephemeral, to, author, identity);
        let first = self.chain(root, 0, 0, 0);
        let key = self.message_key(first.key);
        let seen = self.seen(state);
        if !Knowledge::of(&self.terms, seen, self.scope.breaks_x25519).derives(key) {
            return None;
        }
        let genuine = public(&mut self.terms, Scalar::Identity(author)) == identity;
        let mut read = |scalar| state.read.contains(&self.terms.scalar(scalar));
        let by_prekey = read(Scalar::Prekey(to));
        let expected = read(Scalar::Identity(author))
            || (by_prekey && self.scope.prekey_impersonation_expected);
        let envelope = Envelope {
            flight: Some(ephemeral),
            claim: (!held).then_some((author, identity)),
            sealed: text,
        };
        // With the genuine identity key it is the case the claims give up: judged, not followed.
        if genuine && expected {
            return None;
        }
        let author = (author, identity, held);
        let mut next = self.begin_answering(state, envelope, to, author, Some(text))?;
        next.forged += 1;
        if genuine {
            next.wrong = Some(if by_prekey {
                "agreement: the attacker poses as another towards the owner of a prekey he has read"
            } else {
                "agreement: the attacker poses as another"
            });
        }
        Some(next)
    }

    /// Words, if they are asked for.
    fn say(&self, words: impl FnOnce(&Self) -> String) -> String {
        if self.speaks { words(self) } else { String::new() }
    }

    fn words(&self, state: &State, envelope: &Envelope) -> String {
        let kind = match (envelope.flight, envelope.claim) {
            (None, _) => "the envelope",
            (Some(_), None) => "the first flight",
            (Some(_), Some(_)) => "the stranger's flight",
        };
        let Node::Sealed { plain, .. } = self.terms.node(envelope.sealed) else {
            return kind.to_owned();
        };
        let Node::Tuple(parts) = self.terms.node(*plain) else { return kind.to_owned() };
        state.messages.iter().find(|said| parts.first() == Some(&said.text)).map_or_else(
            || kind.to_owned(),
            |said| {
                format!(
                    "{kind} of {}, session {}, counter {}",
                    said.author, said.session, said.counter
                )
            },
        )
    }
}
