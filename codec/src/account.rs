//! Accounts: the 32 octets that name a root (spec/10-identity.md, "Root and account").

use crate::digest;
use crate::key::VerifyKey;
use core::fmt;

/// A person or an organisation: its root's key, or the hash of a root of several keys. It enters
/// every hash and key derivation that takes an "account".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub [u8; 32]);

impl Account {
    /// The account whose root is this one key.
    #[must_use]
    pub fn of_key(key: &VerifyKey) -> Self {
        Self(key.to_bytes())
    }

    /// `H("chappe-account/1", account)[..8]`.
    #[must_use]
    pub fn id(&self) -> AccountId {
        AccountId(digest::first(&digest::hash("chappe-account/1", &[&self.0])))
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({:?})", self.id())
    }
}

/// The eight octets that stand for an account where space is short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub [u8; 8]);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
