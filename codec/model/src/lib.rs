//! Sessions (spec/11-session.md) in the small, explored to the end.
//!
//! Two honest devices, an attacker who is the network and has an account of his own, a few sessions,
//! messages and ratchet steps; keys and states are read at any time, devices crash. Every run of that
//! is looked at. Cryptography is perfect: a key is known or it is not. What is searched for is
//! in [`claims`]; what a rule is for shows when it is taken out ([`scope::Rules`]).
//!
//! What the model leaves out, and why nothing is lost or what is:
//!
//! - *Hints, blocks and windows.* A chain is one hash chain, every key passed over is kept and a receiver
//!   tries all it holds, so more opens than by the specification, never less. What hints and windows are
//!   for is a system of its own ([`windows`]).
//! - *The mask of strangers' flights.* The claim is in the clear. Who reads it is no property here.
//! - *Forgeries.* A forged envelope is judged where the attacker first could make it, and followed only if
//!   it begins a session. What he does inside a session he has the keys of is not limited by any claim.
//! - *Active quantum computers.* Who breaks X25519 records, reads states and forges nothing. X-Wing is one
//!   key encapsulation that he does not break.
//! - Everything larger than the scopes ([`scope`]).

pub mod claims;
pub mod explore;
mod fingerprint;
mod keys;
mod knowledge;
mod moves;
pub mod outcome;
mod protocol;
mod ratchet;
pub mod scope;
mod state;
mod term;
pub mod windows;
pub mod without;

use crate::explore::System;
use crate::outcome::{Outcome, Progress};
use crate::protocol::Run;
use crate::scope::Scope;
use crate::state::State;
use std::fmt;

impl Scope {
    /// Looks at every state of the scope, or stops at the first violation.
    pub fn explore(&self, progress: impl FnMut(&Progress)) -> Outcome {
        explore::explore(Run::new(self.clone()), progress)
    }
}

impl System for Run {
    type State = State;

    fn name(&self) -> &'static str {
        self.scope.name
    }

    fn initial(&mut self) -> State {
        self.beginning()
    }

    fn steps(&mut self, state: &State, words: bool) -> Vec<(String, State)> {
        self.speaks = words;
        self.following(state)
    }

    fn violation(&mut self, state: &State) -> Option<String> {
        self.broken(state)
    }

    fn newest_epoch(&self, state: &State) -> Option<u8> {
        state.messages.iter().filter(|said| said.opened > 0).map(|said| said.epoch).max()
    }
}

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
