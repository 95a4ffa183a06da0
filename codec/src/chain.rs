//! Chains: the numbered messages of one device to one peer, or to the open public
//! (spec/03-envelope.md, "chain").

use crate::account::Account;
use crate::digest;
use crate::realm::Realm;
use core::fmt;

/// Device 0: the account's root of one key itself (spec/00-conventions.md, "Keys and accounts").
pub const ROOT_DEVICE: u8 = 0;

/// Where a message stands: device, epoch and counter. The peer is known from the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The author's device; 0 is a root of one key itself.
    pub device: u8,
    /// Raised when a device's counters are lost, so that none is used twice.
    pub epoch: u16,
    /// The number of the message in its chain.
    pub counter: u32,
}

impl Position {
    /// The position `steps` further on, or `None` past the last counter.
    #[must_use]
    pub fn advance(self, steps: u32) -> Option<Self> {
        Some(Self { counter: self.counter.checked_add(steps)?, ..self })
    }
}

/// Eight octets that name a chain in statements.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(pub [u8; 8]);

impl ChainId {
    /// The chain of what a device says in the open (spec/04-statement.md).
    #[must_use]
    pub fn open(realm: Realm, account: &Account, device: u8, epoch: u16) -> Self {
        Self(digest::first(&digest::hash(
            "chappe-chain/1",
            &[&realm.to_bytes(), &account.0, &[device], &epoch.to_be_bytes()],
        )))
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
