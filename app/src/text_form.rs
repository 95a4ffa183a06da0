//! Octets as text that people paste and print: a prefix that says what it is, then base64url without
//! padding (spec/10-identity.md, "As text").

use crate::exit::{Exit, Failure, Outcome};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine};
use chappe_codec::error::ErrorKind;

/// What a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// A contact card.
    Card,
    /// A certificate, a revocation or a succession, as the body of an item.
    Endorsement,
    /// What a root is asked to sign, with the signatures so far.
    Request,
    /// A root: how many of which keys.
    Root,
}

impl TextForm {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Card => "chappe-card:",
            Self::Endorsement => "chappe-endorsement:",
            Self::Request => "chappe-request:",
            Self::Root => "chappe-root:",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Card => "contact card",
            Self::Endorsement => "endorsement",
            Self::Request => "request",
            Self::Root => "root",
        }
    }

    /// The text of these octets.
    pub(crate) fn write(self, octets: &[u8]) -> String {
        format!("{}{}", self.prefix(), URL_SAFE_NO_PAD.encode(octets))
    }

    /// The octets of a text, of which there is one.
    pub(crate) fn read(self, text: &str) -> Outcome<Vec<u8>> {
        let refused = |kind: ErrorKind, message: String| {
            Failure::new(Exit::Malformed, kind.name(), message).advise("copy it whole")
        };
        let (name, prefix) = (self.name(), self.prefix());
        let encoded = text.strip_prefix(prefix).ok_or_else(|| {
            refused(ErrorKind::BadLiteral, format!("the text of the {name} begins with {prefix}"))
        })?;
        URL_SAFE_NO_PAD.decode(encoded).map_err(|error| match error {
            DecodeError::InvalidLastSymbol(..) => {
                refused(ErrorKind::NotCanonical, format!("the {name} is damaged at its end"))
            }
            DecodeError::InvalidLength(_) => {
                refused(ErrorKind::Truncated, format!("the {name} is cut"))
            }
            DecodeError::InvalidByte(..) | DecodeError::InvalidPadding => {
                refused(ErrorKind::BadCharacter, format!("the {name} holds a strange character"))
            }
        })
    }
}
