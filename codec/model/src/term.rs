//! Terms: what octets stand for when cryptography is perfect (Dolev and Yao, 1983).

use crate::Principal;
use crate::fingerprint::Quick;
use std::collections::HashMap;

/// A term, by its place in [`Terms`]. Equal terms have equal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Term(u32);

/// How a term is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// What everybody can write: an account, a class, an octet.
    Public(&'static str),
    /// A private X25519 half, a decapsulation key or the shared secret of an encapsulation.
    Scalar(Scalar),
    /// The base point times all of these scalars, sorted: X25519 commutes.
    Group(Vec<Term>),
    /// The text of a message of an honest author, the n-th with this counter.
    Text { session: u8, way: u8, counter: u8, attempt: u8 },
    /// `KDF(secrets…, label, parts…)`.
    Derived(&'static str, Vec<Term>),
    /// AES-256-GCM-SIV under a key that brings its nonce with it.
    Sealed { key: Term, aad: Term, plain: Term },
    /// The encapsulation key of this decapsulation key (X-Wing).
    EncapsulationKey(Term),
    /// What carries this shared secret to who has the decapsulation key.
    Ciphertext { decapsulation: Term, shared: Term },
    /// Several terms side by side.
    Tuple(Vec<Term>),
}

/// Whose secret, made for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scalar {
    /// The identity key.
    Identity(Principal),
    /// The prekey.
    Prekey(Principal),
    /// `e` of a session.
    Ephemeral(u8),
    /// `f` of the step to this epoch.
    Step { session: u8, epoch: u8 },
    /// The decapsulation key of the hybrid step to this epoch.
    Decapsulation { session: u8, epoch: u8 },
    /// The shared secret of an encapsulation for the step to this epoch, the n-th.
    Encapsulated { session: u8, epoch: u8, attempt: u8 },
    /// One the attacker made himself.
    Attacker,
}

/// All terms of one exploration.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    nodes: Vec<Node>,
    places: HashMap<Node, Term, Quick>,
}

impl Terms {
    /// The term made this way.
    pub(crate) fn make(&mut self, node: Node) -> Term {
        if let Some(term) = self.places.get(&node) {
            return *term;
        }
        let term = Term(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node.clone());
        self.places.insert(node, term);
        term
    }

    /// How a term is made.
    #[must_use]
    pub(crate) fn node(&self, term: Term) -> &Node {
        const NOTHING: &Node = &Node::Public("nothing");
        self.nodes.get(term.0 as usize).unwrap_or(NOTHING)
    }

    /// A constant everybody knows.
    pub(crate) fn public(&mut self, name: &'static str) -> Term {
        self.make(Node::Public(name))
    }

    /// A private half.
    pub(crate) fn scalar(&mut self, scalar: Scalar) -> Term {
        self.make(Node::Scalar(scalar))
    }

    /// The public half of a private one.
    pub(crate) fn public_half(&mut self, scalar: Term) -> Term {
        self.make(Node::Group(vec![scalar]))
    }

    /// `X25519(scalar, element)`.
    pub(crate) fn x25519(&mut self, scalar: Term, element: Term) -> Term {
        let mut scalars = match self.node(element) {
            Node::Group(scalars) => scalars.clone(),
            _ => Vec::new(),
        };
        scalars.push(scalar);
        scalars.sort_unstable();
        self.make(Node::Group(scalars))
    }

    /// `KDF` of everything in `parts`, under a label of its own.
    pub(crate) fn derive(&mut self, label: &'static str, parts: &[Term]) -> Term {
        self.make(Node::Derived(label, parts.to_vec()))
    }

    /// Several terms side by side.
    pub(crate) fn tuple(&mut self, parts: &[Term]) -> Term {
        self.make(Node::Tuple(parts.to_vec()))
    }
}
