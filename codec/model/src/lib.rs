//! Sessions (spec/11-session.md) in the small, explored to the end.
//!
//! Two honest devices, an attacker who is the network and has an account of his own, a few sessions,
//! messages and ratchet steps; keys and states are read at any time, devices crash. Every run of that
//! is looked at. Cryptography is perfect: a key is known or it is not. What is searched for is
//! in [`claims`]; what a rule is for shows when it is taken out ([`scope::Rules`]).
//!
//! What the model leaves out, and why nothing is lost or what is:
//!
//! - *Hints.* A receiver tries every key it holds, so more opens than by the specification, never less.
//! - *Blocks and windows.* A chain is one hash chain and every key passed over is kept: loss beyond the
//!   windows is a question of availability.
//! - *The mask of strangers' flights.* The claim is in the clear. Who reads it is no property here.
//! - *Forgeries.* A forged envelope is judged where the attacker first could make it, and followed only if
//!   it begins a session. What he does inside a session he has the keys of is not limited by any claim.
//! - *Hybrid steps.* An attacker who computes discrete logarithms is not in the model.
//! - Everything larger than the scopes ([`scope`]).

pub mod claims;
pub mod explore;
mod keys;
mod knowledge;
mod moves;
mod protocol;
pub mod scope;
mod state;
mod term;

use std::fmt;

/// Who takes part: one device of one account each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// Honest.
    A,
    /// Honest.
    B,
    /// The attacker's own account.
    E,
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
