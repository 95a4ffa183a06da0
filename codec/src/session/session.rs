//! One session: two ways, a ratchet, and how old it is.

use super::Party;
use super::epoch::Role;
use super::ratchet::Ratchet;
use super::receive::Receiving;
use super::send::Sending;
use crate::chain::ChainId;
use core::fmt;

/// "Who has sent 64 counters or for a day in a session without opening anything in it sends its next
/// in a new one" (spec/11-session.md, "Endings").
const SILENCE_COUNTERS: u32 = 64;
const SILENCE_SECONDS: u64 = 24 * 60 * 60;

/// "One in which nothing of the other side's was opened stays open for 30 days at most".
const UNANSWERED_SECONDS: u64 = 30 * 24 * 60 * 60;

/// One session with one device.
pub(super) struct Session {
    /// This device's name for it.
    pub(super) number: u32,
    pub(super) role: Role,
    pub(super) peer: Party,
    /// Whether the peer's certificate is not held: who it is, is what it says.
    pub(super) is_stranger: bool,
    /// E, as sent.
    pub(super) ephemeral: [u8; 32],
    /// The chains of what this side sends and receives.
    pub(super) outgoing: ChainId,
    pub(super) incoming: ChainId,
    /// When it began, in seconds since 1970.
    pub(super) begun: Option<u64>,
    /// Counts of this device's comings and goings: when it began it or opened something in it last
    /// and when it was used last.
    pub(super) heard: u64,
    pub(super) used: u64,
    pub(super) silence: Silence,
    pub(super) ratchet: Ratchet,
    pub(super) sending: Sending,
    pub(super) receiving: Receiving,
}

/// What was sent since something was opened last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Silence {
    /// The counter it began with.
    pub(super) counter: u32,
    /// When the first of it was reserved, in seconds since 1970.
    pub(super) since: Option<u64>,
}

impl Session {
    /// Whether the other side may have lost this session: the next goes in a new one.
    pub(super) fn is_silent(&self, now: Option<u64>) -> bool {
        let sent = self.sending.counter().saturating_sub(self.silence.counter);
        sent >= SILENCE_COUNTERS || is_older(self.silence.since, now, SILENCE_SECONDS)
    }

    /// Whether this side began it, was never answered, and has waited long enough.
    pub(super) fn is_given_up(&self, now: Option<u64>) -> bool {
        self.sending.flight.is_some() && is_older(self.begun, now, UNANSWERED_SECONDS)
    }

    /// Whether both sides have said something that the other one's program can have seen.
    pub(super) const fn is_answered(&self) -> bool {
        match self.role {
            Role::Initiator => self.sending.flight.is_none(),
            Role::Responder => self.sending.counter() > 0,
        }
    }

    pub(super) fn is_with(&self, account: crate::account::Account, device: u8) -> bool {
        (self.peer.account, self.peer.device) == (account, device)
    }
}

/// Whether so many seconds have passed; never without a clock.
fn is_older(since: Option<u64>, now: Option<u64>, seconds: u64) -> bool {
    now.zip(since).is_some_and(|(now, since)| now.saturating_sub(since) >= seconds)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session {} with {:?}, epoch {}", self.number, self.peer, self.ratchet.epoch)
    }
}
