//! Message ids (spec/02-item.md, "Message id").

use crate::account::Account;
use crate::chain::Position;
use crate::digest;
use core::fmt;

/// What a message is referred to by, in our realm: it stands in Whiteflag's ReferencedMessage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub [u8; 32]);

impl MessageId {
    /// `H("chappe-id/1", account, salt, canonical item)`.
    #[must_use]
    pub fn of(account: &Account, salt: &Salt, canonical_item: &[u8]) -> Self {
        Self(digest::hash("chappe-id/1", &[&account.0, &salt.0, canonical_item]))
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

impl Salt {
    /// The salt of a message in an open envelope, which anyone can compute:
    /// `H("chappe-salt/1", account, device, epoch, counter)[..16]` (spec/03-envelope.md).
    #[must_use]
    pub fn open(author: &Account, position: Position) -> Self {
        let parts: [&[u8]; 4] = [
            &author.0,
            &[position.device],
            &position.epoch.to_be_bytes(),
            &position.counter.to_be_bytes(),
        ];
        Self(digest::first(&digest::hash("chappe-salt/1", &parts)))
    }

    /// The salt of a message in a sealed envelope: `MAC(S, "chappe-item-salt/1", counter)[..16]`,
    /// where `secret` is the envelope's S (spec/11-session.md).
    #[must_use]
    pub fn sealed(secret: &[u8; 32], counter: u32) -> Self {
        Self(digest::first(&digest::mac(secret, "chappe-item-salt/1", &[&counter.to_be_bytes()])))
    }
}
