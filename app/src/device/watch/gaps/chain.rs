//! One sealed chain: which of its counters nothing came for, and why they are thought to be missing.

use super::{Closing, Expects, Gap, Ground, Sender, Standing};
use crate::device::limits::{GAP_AT_ONCE_MAX, GAP_COUNTERS_MAX, GAP_HOMES_MAX};
use crate::device::watch::flashes::RelayKey;
use chappe_codec::chain::ChainId;
use chappe_codec::limits::SESSION_COUNTERS_MAX;
use chappe_codec::statement::Claim;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Counters are reserved in blocks, and a sender that was restarted goes on with the next
/// (spec/11-session.md, "Counters and memory").
const BLOCK: u32 = 64;

/// What the first statement of a chain has for the hash of the one before it.
const NONE_BEFORE: [u8; 32] = [0; 32];

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) sender: Sender,
    /// Orders chains by when something was said in them last.
    pub(super) touched: u64,
    /// The counter behind the last that is known of.
    next: u32,
    open: BTreeMap<u32, Gap>,
    /// Of gaps that were told and are open no more: since when they were, and how they closed.
    closed: BTreeMap<u32, (u64, Closing)>,
    /// The homes that what was told may have come to.
    homes: BTreeSet<RelayKey>,
    /// Of the last statement its hash, and the counter behind it.
    stated: Option<([u8; 32], u32)>,
    /// Whether something else is to be kept than was.
    is_changed: bool,
}

impl Chain {
    pub(super) const fn of(sender: Sender) -> Self {
        Self {
            sender,
            touched: 0,
            next: 0,
            open: BTreeMap::new(),
            closed: BTreeMap::new(),
            homes: BTreeSet::new(),
            stated: None,
            is_changed: false,
        }
    }

    /// A message was opened.
    pub(super) fn receive(&mut self, counter: u32, at: u64) {
        self.pass_over(counter, at);
        self.next = self.next.max(counter.saturating_add(1));
        self.close(counter, Closing::Arrived);
        let block = counter.saturating_sub(counter % BLOCK);
        for (_, gap) in self.open.range_mut(block..counter) {
            gap.ground = gap.ground.max(Ground::Followed);
        }
    }

    /// A statement over it verified.
    pub(super) fn state(&mut self, claim: &Claim, hash: [u8; 32], at: u64) {
        let end = claim.first.saturating_add(claim.count.into()).min(SESSION_COUNTERS_MAX);
        let first = claim.first.min(end);
        self.pass_over(end, at);
        for (_, gap) in self.open.range_mut(first..end) {
            gap.ground = Ground::Said;
        }
        // Statements follow one another: between two that do, nothing was said.
        let silent_from = match self.stated {
            _ if claim.previous == NONE_BEFORE => 0,
            Some((before, behind)) if claim.previous == before => behind,
            _ => first,
        };
        self.close_all(silent_from.min(first)..first, Closing::NeverSaid);
        self.stated = Some((hash, end));
    }

    /// What was kept stands for all that was known.
    pub(super) fn put_back(&mut self, standing: Standing) {
        (self.next, self.open, self.homes) = (standing.next, standing.open, standing.homes);
        self.closed.clear();
        self.is_changed = false;
    }

    /// Closes what is waited for no more; gives what of all that has closed was told to be missing.
    pub(super) fn close_now(
        &mut self,
        id: ChainId,
        blind_from: Option<u64>,
        expects: Expects<'_>,
    ) -> BTreeMap<u32, (u64, Closing)> {
        let is_blind = |gap: &Gap| blind_from.is_some_and(|from| gap.since >= from);
        let (blind, seen): (Vec<_>, Vec<_>) = self.open.iter().partition(|(_, gap)| is_blind(gap));
        let lost = seen.into_iter().filter(|(counter, _)| !expects(id, **counter));
        let lost: Vec<u32> = lost.chain(blind).map(|(counter, _)| *counter).collect();
        // What was given up is not found again when what was taken in is gone through.
        self.is_changed |= !lost.is_empty();
        lost.into_iter().for_each(|counter| self.close(counter, Closing::GivenUp));
        let closed = std::mem::take(&mut self.closed);
        self.is_changed |= !closed.is_empty();
        closed
    }

    /// What is missing and is to be told, and since when each is. It counts as told.
    pub(super) fn open_now(&mut self, noticed_by: u64, homes: &[RelayKey]) -> Vec<(u32, u64)> {
        let mut open = Vec::new();
        for (counter, gap) in &mut self.open {
            if gap.ground > Ground::PassedOver && gap.since <= noticed_by {
                self.is_changed |= !std::mem::replace(&mut gap.is_told, true);
                open.push((*counter, gap.since));
            }
        }
        if !open.is_empty() {
            self.take_homes(homes);
        }
        open
    }

    /// The homes that what was told may have come to.
    pub(super) const fn homes(&self) -> &BTreeSet<RelayKey> {
        &self.homes
    }

    /// What is to be kept now, if it is something else than before.
    pub(super) fn changed(&mut self, chain: ChainId) -> Option<Standing> {
        if !std::mem::take(&mut self.is_changed) {
            return None;
        }
        if self.open.is_empty() {
            self.homes.clear();
        }
        let (open, homes) = (self.open.clone(), self.homes.clone());
        Some(Standing { sender: self.sender, chain, next: self.next, open, homes })
    }

    /// Whether something is missing that was not told.
    pub(super) fn has_news(&self) -> bool {
        let mut open = self.open.values();
        open.any(|gap| !gap.is_told && gap.ground > Ground::PassedOver)
    }

    /// Whether a look would find nothing.
    pub(super) fn is_quiet(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty()
    }

    /// Counters before `end` that are not known of have been passed over.
    fn pass_over(&mut self, end: u32, at: u64) {
        let from = self.next.max(end.saturating_sub(GAP_AT_ONCE_MAX));
        let gap = Gap { since: at, ground: Ground::PassedOver, is_told: false };
        self.open.extend((from..end).map(|counter| (counter, gap)));
        self.next = self.next.max(end);
        // "The lowest counters making room" (spec/11-session.md, "Receiving").
        let surplus = self.open.len().saturating_sub(GAP_COUNTERS_MAX);
        let lowest: Vec<u32> = self.open.keys().copied().take(surplus).collect();
        lowest.into_iter().for_each(|counter| self.close(counter, Closing::GivenUp));
    }

    fn close_all(&mut self, counters: Range<u32>, how: Closing) {
        let open: Vec<u32> = self.open.range(counters).map(|(counter, _)| *counter).collect();
        open.into_iter().for_each(|counter| self.close(counter, how));
    }

    /// Nothing is missing there any more; of what was told that is told, too.
    fn close(&mut self, counter: u32, how: Closing) {
        let Some(gap) = self.open.remove(&counter).filter(|gap| gap.is_told) else { return };
        self.closed.insert(counter, (gap.since, how));
        if self.closed.len() > GAP_COUNTERS_MAX {
            self.closed.pop_first();
        }
    }

    /// Something is missing that may have come to these.
    fn take_homes(&mut self, homes: &[RelayKey]) {
        for home in homes {
            if self.homes.len() < GAP_HOMES_MAX {
                self.is_changed |= self.homes.insert(*home);
            }
        }
    }
}
