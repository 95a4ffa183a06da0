//! Message ids (spec/02-item.md, "Message id").

use crate::digest;
use crate::key::AccountKey;
use core::fmt;

/// What a message is referred to by, in our realm: it stands in Whiteflag's ReferencedMessage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub [u8; 32]);

impl MessageId {
    /// `H("chappe-id/1", account key, salt, canonical item)`.
    #[must_use]
    pub fn of(account: &AccountKey, salt: &Salt, canonical_item: &[u8]) -> Self {
        Self(digest::hash("chappe-id/1", &[&account.to_bytes(), &salt.0, canonical_item]))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What keeps a guessable message from being found by its id. In sealed envelopes it is known only
/// to those who opened them; showing it is showing the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);
