//! Counters of sealed chains that nothing came for (spec/06-relay.md, "What did not arrive").
//!
//! No clock, disk or network here: what was opened and stated goes in with its time; [`Gaps::close`] and
//! then [`Gaps::open`] say what is to be told. That a gap is open follows from what was taken in; what was
//! told of it is put back from the journal.

mod chain;

use super::flashes::RelayKey;
use crate::device::limits::GAP_CHAINS_MAX;
use chain::Chain;
use chappe_codec::account::Account;
use chappe_codec::chain::ChainId;
use chappe_codec::statement::Claim;
use std::collections::{BTreeMap, BTreeSet};

/// Whose chain it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sender {
    pub(crate) account: Account,
    pub(crate) device: u8,
}

/// Why something is thought to be missing, the weaker reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ground {
    /// It was passed over, which a sender may do at the end of a block.
    PassedOver,
    /// One behind it in its block came: counters of a block are used in order.
    Followed,
    /// A statement of its sender covers it.
    Said,
}

/// A counter that nothing came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// When it was passed over, in seconds since 1970 by the device's clock.
    pub(crate) since: u64,
    pub(crate) ground: Ground,
    pub(crate) is_told: bool,
}

/// How a gap that was told has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Closing {
    /// It came.
    Arrived,
    /// It could not be opened any more, or may have expired before it could be read.
    GivenUp,
    /// Its sender's statements say that it never was.
    NeverSaid,
}

/// What is kept of one chain's gaps: it stands for all that was known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) sender: Sender,
    pub(crate) chain: ChainId,
    /// The counter behind the last that is known of.
    pub(crate) next: u32,
    pub(crate) open: BTreeMap<u32, Gap>,
    /// The homes that what was told may have come to.
    pub(crate) homes: BTreeSet<RelayKey>,
}

/// Counters of one sender, of whichever chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// When the first of them was passed over.
    pub(crate) since: u64,
    pub(crate) counters: BTreeSet<(ChainId, u32)>,
    /// The homes there were while they were missing.
    pub(crate) homes: BTreeSet<RelayKey>,
}

/// Whether a message could still be opened.
pub(crate) type Expects<'a> = &'a dyn Fn(ChainId, u32) -> bool;

/// Of all senders.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    chains: BTreeMap<ChainId, Chain>,
    touches: u64,
}

impl Gaps {
    /// A message was opened.
    pub(crate) fn receive(&mut self, sender: Sender, chain: ChainId, counter: u32, at: u64) {
        self.touch(sender, chain).receive(counter, at);
    }

    /// A statement verified. Of a chain of which nothing came it says nothing: it may be one with
    /// somebody else.
    pub(crate) fn state(&mut self, author: &Account, claim: &Claim, hash: [u8; 32], at: u64) {
        if let Some(chain) = self.chains.get_mut(&claim.chain)
            && chain.sender == (Sender { account: *author, device: claim.device })
        {
            chain.state(claim, hash, at);
        }
    }

    /// What was kept of a chain.
    pub(crate) fn put_back(&mut self, standing: Standing) {
        self.touch(standing.sender, standing.chain).put_back(standing);
    }

    /// What was told to be missing and is not any more; also what was noticed from `blind_from` on, since it
    /// may have expired before it could be read, and what is not expected any more. Once that was told [`Gaps::changed`] is to be kept:
    /// after a crash in between it is told again.
    pub(crate) fn close(
        &mut self,
        blind_from: Option<u64>,
        expects: Expects<'_>,
    ) -> BTreeMap<(Sender, Closing), Lacking> {
        let mut all: BTreeMap<(Sender, Closing), Lacking> = BTreeMap::new();
        for (id, chain) in &mut self.chains {
            for (counter, (since, how)) in chain.close_now(*id, blind_from, expects) {
                let lacking = all.entry((chain.sender, how)).or_default();
                lacking.add((*id, counter), since, chain.homes());
            }
        }
        all
    }

    /// What is missing, of senders that are known, as far as it was noticed by then. Before it is told [`Gaps::changed`] is to be kept: what somebody may have been
    /// told has an end that is told, too.
    pub(crate) fn open(
        &mut self,
        noticed_by: u64,
        homes: &[RelayKey],
        is_known: &dyn Fn(&Sender) -> bool,
    ) -> BTreeMap<Sender, Lacking> {
        let mut all: BTreeMap<Sender, Lacking> = BTreeMap::new();
        for (id, chain) in self.chains.iter_mut().filter(|(_, chain)| is_known(&chain.sender)) {
            for (counter, since) in chain.open_now(noticed_by, homes) {
                let lacking = all.entry(chain.sender).or_default();
                lacking.add((*id, counter), since, chain.homes());
            }
        }
        all
    }

    /// What is to be kept now, of chains of which it is something else than before.
    pub(crate) fn changed(&mut self) -> Vec<Standing> {
        self.chains.iter_mut().filter_map(|(id, chain)| chain.changed(*id)).collect()
    }

    /// Whether something is missing that was not told.
    pub(crate) fn has_news(&self) -> bool {
        self.chains.values().any(Chain::has_news)
    }

    /// Whether a look would find nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        self.chains.values().all(Chain::is_quiet)
    }

    fn touch(&mut self, sender: Sender, id: ChainId) -> &mut Chain {
        if !self.chains.contains_key(&id) {
            self.make_room(&sender);
        }
        self.touches = self.touches.saturating_add(1);
        let chain = self.chains.entry(id).or_insert_with(|| Chain::of(sender));
        chain.touched = self.touches;
        chain
    }

    /// Where there are too many of a sender it forgets the chain that was touched longest ago: of its
    /// session no key is left.
    fn make_room(&mut self, sender: &Sender) {
        let theirs = || self.chains.iter().filter(|(_, chain)| chain.sender == *sender);
        if theirs().count() < GAP_CHAINS_MAX {
            return;
        }
        let oldest = theirs().min_by_key(|(_, chain)| chain.touched).map(|(id, _)| *id);
        oldest.and_then(|id| self.chains.remove(&id));
    }
}

impl Lacking {
    fn add(&mut self, place: (ChainId, u32), since: u64, homes: &BTreeSet<RelayKey>) {
        self.since = if self.counters.is_empty() { since } else { self.since.min(since) };
        self.counters.insert(place);
        self.homes.extend(homes);
    }
}

#[cfg(test)]
mod tests;
