//! The forms a line can hold a message in, told apart by how it begins.

use super::flaw::Flaw;
use super::json::{self, Pairs};
use super::reading::Reading;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::item::{Family, parse_items};
use chappe_codec::signal::Message;
use chappe_codec::signal::packed::TextBuffer;
use chappe_codec::signal::packed::item::REVISION;

/// A line that was understood so far; a [`Reading`] is a view over it.
pub(crate) enum Form<'a> {
    /// Pairs, from JSON of either shape.
    Fields(Pairs),
    /// The text form.
    Text(&'a str),
    /// The standard wire, from hexadecimal digits.
    Wire(Vec<u8>),
    /// The item of a packed signal, from hexadecimal digits.
    Packed(Vec<u8>),
}

impl<'a> Form<'a> {
    /// `{` begins JSON, `WF` the text form, anything else is hexadecimal digits.
    pub(crate) fn read(line: &'a [u8]) -> Result<Self, Flaw> {
        let line = utf8(line)?;
        if line.trim_start().starts_with('{') {
            json::read(line).map(Form::Fields)
        } else if line.starts_with("WF") {
            Ok(Form::Text(line))
        } else {
            read_hexadecimal(line).map(Form::of_octets)
        }
    }

    /// The standard wire begins with `WF`, a packed signal with its family and revision.
    fn of_octets(octets: Vec<u8>) -> Self {
        match octets.as_slice() {
            [family, revision_and_form, ..]
                if *family == Family::SIGNAL.code() && revision_and_form >> 2 == REVISION =>
            {
                Self::Packed(octets)
            }
            _ => Self::Wire(octets),
        }
    }

    /// What it says. Packed texts are unpacked into `buffer`.
    pub(crate) fn reading<'r>(&'r self, buffer: &'r mut TextBuffer) -> Result<Reading<'r>, Flaw> {
        let message = match self {
            Form::Fields(pairs) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                Message::from_pairs(&pairs)
            }
            Form::Text(text) => Message::parse_serialized(text),
            Form::Wire(octets) => Message::parse_standard(octets),
            Form::Packed(octets) => return Ok(read_item(octets, buffer)?),
        };
        Ok(Reading::whole(message?))
    }
}

fn read_item<'r>(octets: &'r [u8], buffer: &'r mut TextBuffer) -> Result<Reading<'r>, DecodeError> {
    let items = parse_items(false, octets)?;
    let item = items.first().ok_or(DecodeError::at_octet(ErrorKind::Truncated, "family", 0))?;
    Reading::of_item(item, buffer)
}

/// A line of UTF-8.
pub(crate) fn utf8(line: &[u8]) -> Result<&str, Flaw> {
    core::str::from_utf8(line).map_err(|error| {
        Flaw::at_octet(ErrorKind::BadCharacter, "line", error.valid_up_to(), "not UTF-8")
    })
}

/// Hexadecimal digits of either case.
pub(crate) fn read_hexadecimal(text: &str) -> Result<Vec<u8>, Flaw> {
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
