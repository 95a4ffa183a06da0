//! Sessions: how two devices that hold each other's cards come to keys used once
//! (spec/11-session.md), and the sealed envelopes made of them (spec/03-envelope.md, "Sealed").
//!
//! A device has one [`Sessions`]. It tells it whose certificates it holds ([`Sessions::admit`]) and
//! hands it every sealed envelope that comes ([`Sessions::open`]). Before it sends it reserves
//! counters ([`Sessions::reserve`]): that begins a session where there is none, makes the ratchet's
//! offers, and takes fresh octets for both. Then it stores a [`Snapshot`] and says so
//! ([`Sessions::stored`]); only then does [`Sessions::seal`] give envelopes, as many as the block has
//! counters.
//!
//! ```text
//! admit ── open ◄───────────────── envelopes
//!            │ changed
//! reserve ───┴──► snapshot ──► disk ──► stored ──► seal ──► envelopes
//! ```
//!
//! Nothing an envelope says changes anything unless its tag is right.

mod agreement;
mod begin;
mod chain;
mod ended;
mod endings;
mod epoch;
mod hint;
mod hybrid;
mod message_keys;
mod open;
mod opened;
mod passed_over;
mod peers;
mod ratchet;
mod receive;
mod replay;
#[cfg(test)]
mod round_trip;
mod seal;
mod send;
#[allow(clippy::module_inception)] // one session, beside what it is made of
mod session;
mod sessions;
mod snapshot;
mod trial;
#[cfg(test)]
mod vectors;

pub use open::{Event, Received};
pub use opened::{Message, Opened};
pub use ratchet::Steps;
pub use replay::Remembered;
pub use seal::{Reserved, SealError, Sent};
pub use sessions::{SessionNumber, Sessions, Size};
pub use snapshot::Snapshot;

use crate::account::Account;
use core::fmt;
use replay::Budgets;

/// A device of an account, and the identity key its certificate names.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Party {
    /// Whose device it is.
    pub account: Account,
    /// Its number.
    pub device: u8,
    /// The public half of its identity key (X25519), as its certificate has it.
    pub identity: [u8; 32],
}

impl Party {
    fn is_same_device(&self, other: &Self) -> bool {
        (self.account, self.device) == (other.account, other.device)
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.account.id(), self.device)
    }
}

/// Whom a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// The device.
    pub party: Party,
    /// Its newest prekey: what a new session is made to.
    pub prekey: [u8; 32],
    /// Whether it holds our card. If not, a new session says who we are, in 65 octets more.
    pub knows_us: bool,
}

/// How many counters ahead a device expects, and how many passed-over ones it keeps keys of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(u32);

impl Window {
    /// A station, and whoever has memory: 64.
    pub const STATION: Self = Self(64);

    /// A handset: 16.
    pub const HANDSET: Self = Self(16);

    /// The number of counters.
    #[must_use]
    pub const fn counters(self) -> u32 {
        self.0
    }

    /// Whether it is shorter than a block, so that a sender that was restarted, and goes on with the
    /// next one, has to be expected there.
    const fn is_short(self) -> bool {
        self.0 < hint::FAR_COUNTERS
    }

    /// Sessions remembered for one prekey: of strangers, and of each contact's device
    /// (spec/11-session.md, "Replay").
    const fn memory(self) -> Budgets {
        if self.is_short() { Budgets::HANDSET } else { Budgets::STATION }
    }
}
