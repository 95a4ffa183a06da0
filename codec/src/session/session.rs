//! One session: two ways, a ratchet, and how old it is.

use super::Party;
use super::epoch::Role;
use super::ratchet::Ratchet;
use super::receive::Receiving;
use super::send::Sending;
use crate::chain::ChainId;
use core::fmt;

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
    /// Counts of this device's comings and goings: when something was opened in it last (0 for
    /// never), and when it was used last.
    pub(super) opened: u64,
    pub(super) used: u64,
    pub(super) ratchet: Ratchet,
    /// None in a session that was put back from a backup.
    pub(super) sending: Option<Sending>,
    pub(super) receiving: Receiving,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session {} with {:?}, epoch {}", self.number, self.peer, self.ratchet.epoch)
    }
}
