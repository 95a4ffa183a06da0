//! Ended sessions: what may still come of them (spec/11-session.md, "Endings").

use super::Party;
use super::epoch::Role;
use super::passed_over::{PassedOver, Skipped};
use super::receive::Hints;
use super::session::Session;
use crate::chain::ChainId;
use crate::limits::FIRST_FLIGHTS_MAX;

/// An ended session: "keeps the keys of counters passed over, and those of first flights, until they
/// are seven days old, and nothing else".
pub(super) struct Ended {
    pub(super) number: u32,
    pub(super) role: Role,
    pub(super) peer: Party,
    pub(super) is_stranger: bool,
    pub(super) ephemeral: [u8; 32],
    pub(super) incoming: ChainId,
    /// When it ended, as this device counts; orders the ended ones.
    pub(super) ended: u64,
    /// n. The keys of counters from it on are those of first flights, which have no hint of a chain.
    pub(super) behind: u32,
    pub(super) kept: PassedOver,
}

impl Ended {
    /// What is left of a session; the rest is wiped. None of its hints is held any more.
    pub(super) fn of(
        session: Session,
        ended: u64,
        now: Option<u64>,
        index: &mut Hints<'_>,
    ) -> Self {
        let Session { number, role, peer, is_stranger, ephemeral, incoming, receiving, .. } =
            session;
        receiving.forget_hints(index);
        let behind = receiving.behind;
        let flights = (role == Role::Responder)
            .then(|| receiving.live().find(|live| live.epoch == 0).map(|live| live.keys.clone()))
            .flatten();
        let mut kept = receiving.skipped;
        if let Some(mut keys) = flights {
            keys.chain.advance(behind);
            while keys.chain.counter() < FIRST_FLIGHTS_MAX {
                let counter = keys.chain.counter();
                let hint = keys.hints.of(counter);
                let keys = keys.chain.take();
                kept.push(Skipped { counter, epoch: 0, hint, since: now, keys });
            }
        }
        Self { number, role, peer, is_stranger, ephemeral, incoming, ended, behind, kept }
    }

    /// Holds the hints of counters passed over.
    pub(super) fn expect(&self, index: &mut Hints<'_>) {
        self.kept.expect(self.behind, index);
    }
}
