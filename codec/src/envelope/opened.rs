//! What is inside an open envelope once it has been verified.

use crate::account::Account;
use crate::chain::{ChainId, Position};
use crate::id::{MessageId, Salt};
use crate::item::{Item, parse_items};
use crate::padding::is_padding;
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

/// The content of an envelope and who wrote it.
pub struct Opened {
    pub(super) author: Account,
    pub(super) first: Position,
    pub(super) chain: ChainId,
    pub(super) several: bool,
    pub(super) content: Zeroizing<Vec<u8>>,
}

impl Opened {
    /// Who wrote it.
    #[must_use]
    pub const fn author(&self) -> &Account {
        &self.author
    }

    /// The chain its messages belong to.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The messages, in the author's order. Padding is none.
    #[must_use]
    pub fn messages(&self) -> Vec<OpenedMessage<'_>> {
        // The content was parsed before this value was made, so the fallback is never taken.
        let items = parse_items(self.several, &self.content).unwrap_or_default();
        let positions = (0..).map_while(|steps| self.first.advance(steps));
        items
            .into_iter()
            .filter(|item| !is_padding(item))
            .zip(positions)
            .map(|(item, position)| {
                let salt = Salt::open(&self.author, position);
                OpenedMessage { id: item.id(&self.author, &salt), item, position, salt }
            })
            .collect()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened {{ author: {}, first: {:?} }}", self.author.id(), self.first)
    }
}

/// One message of an opened envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedMessage<'a> {
    /// The item.
    pub item: Item<'a>,
    /// Where it stands in its chain.
    pub position: Position,
    /// What its id is salted with; together with the item it is evidence.
    pub salt: Salt,
    /// The id, unless a reference is still to be resolved.
    pub id: Option<MessageId>,
}
