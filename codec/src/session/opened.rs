//! What a sealed envelope said.

use super::Party;
use super::ratchet;
use crate::chain::ChainId;
use crate::digest;
use crate::id::{MessageId, Salt};
use crate::item::{Item, parse_items};
use crate::padding::is_padding;
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

/// The content of a sealed envelope and who wrote it.
pub struct Opened {
    pub(super) author: Party,
    pub(super) chain: ChainId,
    pub(super) epoch: u32,
    pub(super) first: u32,
    pub(super) salt_secret: Zeroizing<[u8; 32]>,
    pub(super) several: bool,
    pub(super) content: Zeroizing<Vec<u8>>,
}

impl Opened {
    /// Who wrote it.
    #[must_use]
    pub const fn author(&self) -> &Party {
        &self.author
    }

    /// The chain its messages belong to: one way of a session.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The counter of its first item.
    #[must_use]
    pub const fn first(&self) -> u32 {
        self.first
    }

    /// The epoch of the session it was sealed in.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The messages, in the author's order, without the items that are the session's own
    /// (spec/11-session.md: "They are consumed by the session").
    #[must_use]
    pub fn messages(&self) -> Vec<Message<'_>> {
        let mut messages = self.every_message();
        messages.retain(|message| !ratchet::is_step(&message.item));
        messages
    }

    /// The messages with the session's own items among them: each has an id, and a statement is over
    /// all of a chain's. Padding is no message.
    #[must_use]
    pub fn every_message(&self) -> Vec<Message<'_>> {
        // The content was parsed before this value was made, so the fallback is never taken.
        let items = parse_items(self.several, &self.content).unwrap_or_default();
        (self.first..)
            .zip(items.into_iter().filter(|item| !is_padding(item)))
            .map(|(counter, item)| {
                let salt = Salt::sealed(&self.salt_secret, counter);
                let canonical = item.canonical();
                let account = &self.author.account.0;
                let id = canonical.map(|octets| {
                    MessageId(digest::hash("chappe-id/1", &[account, &salt.0, &octets]))
                });
                Message { item, counter, salt, id }
            })
            .collect()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened {{ author: {:?}, first: {} }}", self.author, self.first)
    }
}

/// One message of a sealed envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The item.
    pub item: Item<'a>,
    /// Its number in the chain.
    pub counter: u32,
    /// What its id is salted with; together with the item it is evidence.
    pub salt: Salt,
    /// The id, unless a reference is still to be resolved.
    pub id: Option<MessageId>,
}
