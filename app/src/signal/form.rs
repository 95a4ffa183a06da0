//! The forms a line can hold a message in, told apart by how it begins.

use super::flaw::Flaw;
use super::json::{self, Pairs};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::signal::Message;

/// A line that was understood so far; a [`Message`] is a view over it.
pub(crate) enum Form<'a> {
    /// Pairs, from JSON of either shape.
    Fields(Pairs),
    /// The text form.
    Text(&'a str),
    /// The standard wire, from hexadecimal digits.
    Wire(Vec<u8>),
}

impl<'a> Form<'a> {
    /// `{` begins JSON, `WF` the text form, anything else is hexadecimal digits.
    pub(crate) fn read(line: &'a [u8]) -> Result<Self, Flaw> {
        let line = core::str::from_utf8(line).map_err(|error| {
            Flaw::at_octet(ErrorKind::BadCharacter, "line", error.valid_up_to(), "not UTF-8")
        })?;
        if line.trim_start().starts_with('{') {
            json::read(line).map(Form::Fields)
        } else if line.starts_with("WF") {
            Ok(Form::Text(line))
        } else {
            read_hexadecimal(line).map(Form::Wire)
        }
    }

    /// The message.
    pub(crate) fn message(&self) -> Result<Message<'_>, Flaw> {
        let message = match self {
            Form::Fields(pairs) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                Message::from_pairs(&pairs)
            }
            Form::Text(text) => Message::parse_serialized(text),
            Form::Wire(octets) => Message::parse_standard(octets),
        };
        message.map_err(Flaw::from)
    }
}

/// Hexadecimal digits of either case.
fn read_hexadecimal(text: &str) -> Result<Vec<u8>, Flaw> {
    let refuse = |kind, at| DecodeError::at_character(kind, "line", at).into();
    let mut octets = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for (at, character) in text.chars().enumerate() {
        let digit = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let digit = digit.ok_or_else(|| refuse(ErrorKind::BadCharacter, at))?;
        high = match high {
            None => Some(digit << 4),
            Some(high) => {
                octets.push(high | digit);
                None
            }
        };
    }
    match high {
        Some(_) => Err(refuse(ErrorKind::TooShort, text.len())),
        None => Ok(octets),
    }
}
