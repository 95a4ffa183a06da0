//! What a signal says, as far as it says it by itself, in whatever form it came.

use super::flaw::Flaw;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::item::{Family, Item};
use chappe_codec::signal::check::{self, Violation};
use chappe_codec::signal::packed::item::{self as packed_item, Referenced};
use chappe_codec::signal::packed::{Packed, Repeat, TextBuffer};
use chappe_codec::signal::{EncodeError, Message, ReferencedMessage};

/// A signal that was read. All but packed ones are whole and name all of the message they refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading<'a> {
    /// The message; where only a prefix is known of the one it refers to, it bears no identifier.
    pub(crate) content: Packed<'a>,
    /// The message it refers to.
    pub(crate) referenced: Referenced,
}

impl<'a> Reading<'a> {
    /// A message that lacks nothing.
    pub(crate) fn whole(message: Message<'a>) -> Self {
        let referenced = Referenced::Known(message.referenced_message);
        Self { content: Packed::Whole(message), referenced }
    }

    /// Reads a signal's item: the standard wire or the packed form.
    ///
    /// # Errors
    ///
    /// Those of the form, at a bit of the body; `Inconsistent` in `form` if it is no signal.
    pub(crate) fn of_item(
        item: &Item<'a>,
        buffer: &'a mut TextBuffer,
    ) -> Result<Self, DecodeError> {
        if (item.family, item.revision) == (Family::SIGNAL, 0) {
            return Message::parse_standard(item.body).map(Self::whole);
        }
        let read = packed_item::parse(item, buffer)?;
        Ok(Self { content: read.packed, referenced: read.referenced })
    }

    /// The message, if nothing of it is missing.
    ///
    /// # Errors
    ///
    /// `Unsupported`: it is a repeat, or refers by a prefix.
    pub(crate) fn message(&self) -> Result<Message<'a>, Flaw> {
        let missing = |message: &str| Flaw {
            message: message.into(),
            ..Flaw::of_field(ErrorKind::Unsupported, "reference")
        };
        match (self.content, self.referenced) {
            (Packed::Repeat(_), _) => {
                Err(missing("reference unknown: it repeats a message that is not at hand"))
            }
            (_, Referenced::Prefix(_)) => Err(missing("reference unknown: only its beginning is")),
            (Packed::Whole(message), Referenced::Known(_)) => Ok(message),
        }
    }

    /// Only a test (Whiteflag type T).
    pub(crate) const fn is_test(&self) -> bool {
        match self.content {
            Packed::Whole(message) => message.test,
            Packed::Repeat(repeat) => repeat.test,
        }
    }

    /// It cannot be said which message it refers to, or what it repeats.
    pub(crate) const fn is_reference_unknown(&self) -> bool {
        matches!(self.content, Packed::Repeat(_))
            || matches!(self.referenced, Referenced::Prefix(_))
    }

    /// The standard's short notation (2.7), of a repeat without what it repeats: `Q(7)`.
    pub(crate) fn notation(&self) -> String {
        match self.content {
            Packed::Whole(message) => message.to_string(),
            Packed::Repeat(Repeat { code, test, indicator, .. }) => {
                format!("{}{code}({indicator})", if test { "T:" } else { "" })
            }
        }
    }

    /// The digits known of the identifier: all, or the first 16 and an ellipsis.
    pub(crate) fn identifier(&self) -> String {
        match self.referenced {
            Referenced::Known(identifier) => identifier.to_string(),
            Referenced::Prefix(prefix) => crate::hex::encode(&prefix) + "…",
        }
    }

    /// The rules it breaks; none can be said of a repeat.
    pub(crate) fn violations(&self) -> Option<Vec<Violation>> {
        let Packed::Whole(mut message) = self.content else { return None };
        if let Referenced::Prefix(_) = self.referenced {
            // It does refer to a message, whichever that is.
            message.referenced_message = ReferencedMessage([0xFF; 32]);
        }
        Some(check::violations(&message))
    }
}

/// A message as the octets of an item (spec/02-item.md, "Message id"), packed or on the standard
/// wire. They read back with [`Item::from_canonical`].
///
/// # Errors
///
/// It names an encryption.
pub(crate) fn to_item(message: &Message<'_>, packed: bool) -> Result<Vec<u8>, Flaw> {
    let canonical = if packed {
        let body = Packed::Whole(*message).to_vec().map_err(refused)?;
        packed_item::item(&body, message.referenced_message).canonical()
    } else {
        Item::signal(&to_standard(message)?).canonical()
    };
    // Only a prefix has no canonical form, and here is none.
    Ok(canonical.unwrap_or_default())
}

/// The standard wire.
///
/// # Errors
///
/// It names an encryption.
pub(crate) fn to_standard(message: &Message<'_>) -> Result<Vec<u8>, Flaw> {
    message.to_standard_vec().map_err(refused)
}

fn refused(error: EncodeError) -> Flaw {
    match error {
        EncodeError::Encrypted(_) => Flaw {
            message: error.to_string(),
            ..Flaw::of_field(ErrorKind::Unsupported, "EncryptionIndicator")
        },
        // What is read here is whole and has its limits: nothing else is left but its length.
        _ => Flaw { message: error.to_string(), ..Flaw::of_field(ErrorKind::TooLong, "message") },
    }
}
