//! What an attacker can work out of what he has seen.

use crate::fingerprint::Quick;
use crate::term::{Node, Term, Terms};
use std::collections::{HashMap, HashSet};

/// Everything derivable from a set of terms: parts of tuples, what opens, what can be put together.
#[derive(Debug)]
pub(crate) struct Knowledge<'terms> {
    terms: &'terms Terms,
    breaks_x25519: bool,
    held: HashSet<Term, Quick>,
    groups: Vec<&'terms [Term]>,
    asked: HashMap<Term, bool, Quick>,
}

impl<'terms> Knowledge<'terms> {
    /// Takes apart what was seen until nothing more opens. Who breaks X25519 has the private half of every
    /// public one.
    pub(crate) fn of(
        terms: &'terms Terms,
        seen: impl Iterator<Item = Term>,
        breaks_x25519: bool,
    ) -> Self {
        let mut knowledge = Self {
            terms,
            breaks_x25519,
            held: HashSet::default(),
            groups: Vec::new(),
            asked: HashMap::default(),
        };
        let mut sealed = Vec::new();
        let mut open: Vec<Term> = seen.collect();
        loop {
            while let Some(term) = open.pop() {
                if !knowledge.held.insert(term) {
                    continue;
                }
                match terms.node(term) {
                    Node::Tuple(parts) => open.extend(parts),
                    Node::Group(scalars) => {
                        knowledge.groups.push(scalars);
                        if let (true, [private]) = (knowledge.breaks_x25519, scalars.as_slice()) {
                            open.push(*private);
                        }
                    }
                    Node::Ciphertext { decapsulation, shared } => {
                        sealed.push((*decapsulation, *shared));
                    }
                    Node::Sealed { key, aad, plain } => {
                        open.push(*aad);
                        sealed.push((*key, *plain));
                    }
                    Node::Public(_)
                    | Node::Scalar(_)
                    | Node::Text { .. }
                    | Node::Derived(..)
                    | Node::EncapsulationKey(_) => {}
                }
            }
            knowledge.asked.clear();
            sealed.retain(|(key, plain)| {
                let opens = knowledge.derives(*key);
                if opens {
                    open.push(*plain);
                }
                !opens
            });
            if open.is_empty() {
                return knowledge;
            }
        }
    }

    /// Whether the attacker can have this term.
    pub(crate) fn derives(&mut self, term: Term) -> bool {
        if self.held.contains(&term) {
            return true;
        }
        if let Some(answer) = self.asked.get(&term) {
            return *answer;
        }
        let terms = self.terms;
        let answer = match terms.node(term) {
            Node::Public(_) => true,
            Node::Scalar(_) | Node::Text { .. } => false,
            Node::Derived(_, parts) | Node::Tuple(parts) => {
                parts.iter().all(|part| self.derives(*part))
            }
            Node::Sealed { key, aad, plain } => {
                self.derives(*key) && self.derives(*aad) && self.derives(*plain)
            }
            Node::Group(scalars) => self.derives_element(scalars),
            Node::EncapsulationKey(decapsulation) => self.derives(*decapsulation),
            Node::Ciphertext { decapsulation, shared } => {
                self.derives(*shared) && self.derives(*decapsulation)
            }
        };
        self.asked.insert(term, answer);
        answer
    }

    /// An element is known if a known one becomes it by multiplying with known scalars.
    fn derives_element(&mut self, scalars: &[Term]) -> bool {
        let unknown: Vec<Term> =
            scalars.iter().copied().filter(|scalar| !self.held.contains(scalar)).collect();
        unknown.is_empty()
            || self.groups.iter().any(|from| contains(scalars, from) && contains(from, &unknown))
    }
}

/// Whether the sorted `whole` holds every part as often as `parts` does.
fn contains(whole: &[Term], parts: &[Term]) -> bool {
    let mut rest = whole.iter();
    parts.iter().all(|part| rest.by_ref().any(|term| term == part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Principal;
    use crate::term::Scalar;

    #[test]
    fn a_shared_secret_needs_one_private_half() {
        let mut terms = Terms::default();
        let a = terms.scalar(Scalar::Identity(Principal::A));
        let b = terms.scalar(Scalar::Prekey(Principal::B));
        let (public_a, public_b) = (terms.public_half(a), terms.public_half(b));
        let shared = terms.x25519(a, public_b);
        let key = terms.derive("key", &[shared]);
        let with = |seen: &[Term], breaks_x25519| {
            Knowledge::of(&terms, seen.iter().copied(), breaks_x25519).derives(key)
        };
        let knows = |seen: &[Term]| with(seen, false);
        assert!(!knows(&[public_a, public_b]));
        assert!(with(&[public_a, public_b], true));
        assert!(!with(&[public_a], true));
        assert!(knows(&[public_a, public_b, a]));
        assert!(knows(&[public_a, b]));
        assert!(!knows(&[a]));
    }

    #[test]
    fn what_opens_may_open_more() {
        let mut terms = Terms::default();
        let inner = terms.scalar(Scalar::Attacker);
        let text = terms.make(Node::Text { session: 0, way: 0, counter: 0, attempt: 0 });
        let outer = terms.scalar(Scalar::Ephemeral(0));
        let aad = terms.public("aad");
        let first = terms.make(Node::Sealed { key: inner, aad, plain: text });
        let second = terms.make(Node::Sealed { key: outer, aad, plain: inner });
        let knows =
            |seen: &[Term]| Knowledge::of(&terms, seen.iter().copied(), false).derives(text);
        assert!(knows(&[first, second, outer]));
        assert!(!knows(&[first, second]));
    }

    #[test]
    fn who_breaks_x25519_has_no_decapsulation_key() {
        let mut terms = Terms::default();
        let decapsulation = terms.scalar(Scalar::Decapsulation { session: 0, epoch: 1 });
        let shared = terms.scalar(Scalar::Encapsulated { session: 0, epoch: 1, attempt: 0 });
        let key = terms.make(Node::EncapsulationKey(decapsulation));
        let ciphertext = terms.make(Node::Ciphertext { decapsulation, shared });
        let knows =
            |seen: &[Term]| Knowledge::of(&terms, seen.iter().copied(), true).derives(shared);
        assert!(!knows(&[key, ciphertext]));
        assert!(knows(&[ciphertext, decapsulation]));
    }
}
