//! Packed signals in items: where the identifier of the referenced message stands
//! (spec/09-packed.md, "The item").

use super::{Packed, TextBuffer};
use crate::error::{DecodeError, ErrorKind};
use crate::id::MessageId;
use crate::item::{Family, Item, Reference};
use crate::signal::message::ReferencedMessage;

/// The revision of the signal family that is packed.
pub const REVISION: u8 = 1;

/// The item of a packed body that refers to this message; all zeros refer to none.
#[must_use]
pub const fn item<'a>(body: &'a [u8], referenced: ReferencedMessage) -> Item<'a> {
    let reference = reference_to(referenced);
    Item { family: Family::SIGNAL, revision: REVISION, reference, body }
}

const fn reference_to(referenced: ReferencedMessage) -> Reference {
    let mut index: usize = 0;
    while let Some((_, [octet, ..])) = referenced.0.split_at_checked(index) {
        if *octet != 0 {
            return Reference::Id(MessageId(referenced.0));
        }
        index = index.saturating_add(1);
    }
    Reference::None
}

/// What a packed signal's item says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedItem<'a> {
    /// The body; a whole message already bears the identifier if the item has all of it.
    pub packed: Packed<'a>,
    /// The message referred to.
    pub referenced: Referenced,
}

/// Which message an item refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referenced {
    /// This one; all zeros are none.
    Known(ReferencedMessage),
    /// The one whose id begins so: to be resolved ([`item::resolve`](crate::item::resolve)).
    Prefix([u8; 8]),
}

/// Reads the item of a packed signal.
///
/// # Errors
///
/// Those of [`Packed::parse`]; `NotCanonical` in `reference` if that is all zeros; `Inconsistent` in
/// `form` if the item is none of a packed signal, or
/// repeats no message.
pub fn parse<'a>(
    item: &Item<'a>,
    buffer: &'a mut TextBuffer,
) -> Result<PackedItem<'a>, DecodeError> {
    let refuse = |kind, field| Err(DecodeError::at_octet(kind, field, 0));
    if item.family != Family::SIGNAL || item.revision != REVISION {
        return refuse(ErrorKind::Inconsistent, "form");
    }
    let referenced = match item.reference {
        Reference::None => Referenced::Known(ReferencedMessage::NONE),
        Reference::Id(_) if item.is_zero_reference() => {
            return refuse(ErrorKind::NotCanonical, "reference");
        }
        Reference::Id(id) => Referenced::Known(ReferencedMessage(id.0)),
        Reference::Prefix(prefix) => Referenced::Prefix(prefix),
        Reference::InBody => return refuse(ErrorKind::Inconsistent, "form"),
    };
    let packed = match (Packed::parse(item.body, buffer)?, referenced) {
        (Packed::Whole(mut message), Referenced::Known(identifier)) => {
            message.referenced_message = identifier;
            Packed::Whole(message)
        }
        (Packed::Repeat(_), Referenced::Known(ReferencedMessage::NONE)) => {
            return refuse(ErrorKind::Inconsistent, "form");
        }
        (packed, _) => packed,
    };
    Ok(PackedItem { packed, referenced })
}
