//! One read of a lane.

use super::slots::SlotId;
use crate::address::Address;
use chappe_codec::precedence::Precedence;

/// A fetch, a subscription or a listen.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) lane: SlotId,
    pub(super) number: u64,
    pub(super) address: Address,
    pub(super) precedence: Precedence,
    pub(super) kind: ReaderKind,
    pub(super) state: ReaderState,
    /// What the client knows: the cursor behind the last delivery.
    pub(super) cursor: u64,
    /// Everything before this is dealt with.
    pub(super) position: u64,
    /// Where the page under way ends.
    pub(super) page_end: u64,
    /// Whether more than that is left for a fetch.
    pub(super) more: bool,
    /// When its leave to read ends.
    pub(super) until_seconds: Option<u64>,
    /// Whether what it hears comes as datagrams.
    pub(super) datagrams: bool,
    /// Its place among those who read the address.
    pub(super) place: usize,
    pub(super) is_watching: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReaderKind {
    /// At most so many parcels, once.
    Fetch { limit: u16 },
    /// As long as there is credit.
    Subscription { credit: i64 },
    /// What is said live.
    Listen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReaderState {
    /// Waits until old records are read.
    Waiting,
    /// Has got everything there is.
    Tail,
    /// Something is left for it in the log.
    Behind,
    /// Waits for its turn to read a page.
    Queued,
    /// A page is being read.
    Reading,
}

impl Reader {
    pub(super) const fn is_fetch(&self) -> bool {
        matches!(self.kind, ReaderKind::Fetch { .. })
    }

    pub(super) const fn listens(&self) -> bool {
        matches!(self.kind, ReaderKind::Listen)
    }

    pub(super) const fn has_credit(&self) -> bool {
        match self.kind {
            ReaderKind::Subscription { credit } => credit > 0,
            ReaderKind::Fetch { .. } | ReaderKind::Listen => true,
        }
    }

    /// Takes a delivery from the credit: one may begin "while any credit is left and takes what it
    /// needs".
    pub(super) fn spend(&mut self, octets: usize) {
        if let ReaderKind::Subscription { credit } = &mut self.kind {
            *credit = credit.saturating_sub(i64::try_from(octets).unwrap_or(i64::MAX));
        }
    }
}
