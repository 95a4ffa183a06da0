//! What answers those who ask for ids or proofs of what this device said (spec/04-statement.md, "Asking
//! for what is missing").

use super::{ChainState, DATA_ENVELOPE_OCTETS_MAX, OPEN, Path, Sent};
use chappe_codec::chain::ChainId;
use chappe_codec::id::MessageId;
use chappe_codec::item::Family;
use chappe_codec::limits::ITEM_OCTETS_MAX;
use chappe_codec::statement::{Ids, Proof, Request};

/// Octets of a first flight around its items (spec/03-envelope.md): the most a contact's envelope has.
const FIRST_FLIGHT_OVERHEAD: usize = 52;

/// Octets of an item before its body, without a reference.
const ITEM_HEAD_OCTETS: usize = 2;

/// What answers a request: the family and body of an item.
pub(crate) struct Answer {
    pub(crate) family: Family,
    pub(crate) body: Vec<u8>,
}

impl Sent<'_> {
    /// What answers a contact's request out of what this device said, each small enough for an envelope of
    /// its own on its way. "Of a sealed chain only who is a party of it" is answered
    /// (spec/04-statement.md).
    pub(crate) fn answers(&self, request: &Request, asker: &str) -> Vec<Answer> {
        let own = self.device.identity.account().id();
        let visible = |state: &&ChainState| state.to == OPEN || state.to == asker;
        let chain_of =
            |account, chain| self.chains.get(chain).filter(|_| account == own).filter(visible);
        match *request {
            Request::Ids { account, chain, first, count } => {
                let state = chain_of(account, &chain);
                state.map_or_else(Vec::new, |state| self.ids(state, chain, first, count))
            }
            Request::Proof { account, chain, counter } => {
                let state = chain_of(account, &chain);
                state.and_then(|state| self.proof(state, counter)).into_iter().collect()
            }
            Request::ProofOf(id) => {
                let states = self.chains.values().filter(visible);
                let found = states.flat_map(|state| state.ids.iter().map(move |one| (state, one)));
                let mut proofs = found
                    .filter(|(_, (_, known))| **known == id)
                    .filter_map(|(state, (counter, _))| self.proof(state, *counter));
                proofs.next().into_iter().collect()
            }
        }
    }

    /// The ids there are, until the first that is not.
    fn ids(&self, state: &ChainState, chain: ChainId, first: u32, count: u16) -> Vec<Answer> {
        let wanted = (first..=u32::MAX).take(count.into());
        let ids: Vec<MessageId> =
            wanted.map_while(|counter| state.ids.get(&counter).copied()).collect();
        let at_once = self.room().saturating_sub(Ids::HEAD_OCTETS) / 32;
        let account = self.device.identity.account().id();
        let starts = (first..=u32::MAX).step_by(at_once.max(1));
        let parts = starts.zip(ids.chunks(at_once.max(1)));
        let parts = parts.filter_map(|(first, ids)| Ids::new(account, chain, first, ids.to_vec()));
        parts.map(|ids| Answer { family: Family::IDS, body: ids.to_bytes() }).collect()
    }

    fn proof(&self, state: &ChainState, counter: u32) -> Option<Answer> {
        let statement = state.statements.iter().find(|statement| {
            let claim = &statement.claim;
            counter.checked_sub(claim.first).is_some_and(|place| place < u32::from(claim.count))
        })?;
        let claim = &statement.claim;
        let ids = (claim.first..=u32::MAX).take(claim.count.into());
        let ids: Vec<MessageId> =
            ids.map(|counter| state.ids.get(&counter).copied()).collect::<Option<_>>()?;
        let body = Proof::new(statement.clone(), counter, &ids)?.to_bytes();
        (body.len() <= self.room()).then_some(Answer { family: Family::PROOF, body })
    }

    /// Octets of a body that fits into any sealed envelope on this way.
    const fn room(&self) -> usize {
        let space = match self.path {
            Path::Relay { .. } => ITEM_OCTETS_MAX,
            Path::Radio => DATA_ENVELOPE_OCTETS_MAX - FIRST_FLIGHT_OVERHEAD,
        };
        space - ITEM_HEAD_OCTETS
    }
}
