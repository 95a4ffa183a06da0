//! Short texts in few bits (spec/09-packed.md, "Texts"): what packed signals hold, and the family
//! 04 of items, Unicode text.
//!
//! ```
//! use chappe_codec::text::{self, TextBuffer};
//!
//! let body = text::to_vec("Pont coupé, passez par l'école.")?;
//! assert!(body.len() < 32);
//! let mut buffer = TextBuffer::new();
//! assert_eq!(text::parse(&body, &mut buffer)?, "Pont coupé, passez par l'école.");
//! # Ok::<(), chappe_codec::error::DecodeError>(())
//! ```

mod cheapest;
mod form;
mod model;

use crate::error::{DecodeError, ErrorKind};
use crate::limits::{SIGNAL_OCTETS_MAX, SIGNAL_TEXT_OCTETS_MAX};
use crate::packing::{Buffer, Comparison, Counter, Sink, Source};
use crate::signal::EncodeError;
use alloc::vec::Vec;

/// Room for the longest text there is, in UTF-8.
#[derive(Clone)]
pub struct TextBuffer([u8; SIGNAL_TEXT_OCTETS_MAX]);

/// Reads a body of family 04 into `buffer`.
///
/// # Errors
///
/// Named `Text` (`message` above 2,048 octets), at a bit: whatever [`emit`] would not have written is refused.
pub fn parse<'b>(octets: &[u8], buffer: &'b mut TextBuffer) -> Result<&'b str, DecodeError> {
    if octets.len() > SIGNAL_OCTETS_MAX {
        let bit = SIGNAL_OCTETS_MAX.saturating_mul(8);
        return Err(DecodeError::at_bit(ErrorKind::TooLong, "message", bit));
    }
    let mut source = Source::new(octets);
    source.field(FIELD);
    let text = read(&mut source, buffer)?;
    source.finish()?;
    // "One message has one encoding": the writer itself says which.
    let mut comparison = Comparison::new(octets);
    comparison.field(FIELD);
    write(text, &mut comparison);
    comparison.finish()?;
    Ok(text)
}

/// How many octets [`emit`] writes.
///
/// # Errors
///
/// `TooLong`, at a character, beyond [`SIGNAL_TEXT_OCTETS_MAX`] octets of UTF-8.
pub fn octets(text: &str) -> Result<usize, DecodeError> {
    if text.len() > SIGNAL_TEXT_OCTETS_MAX {
        let at = text.floor_char_boundary(SIGNAL_TEXT_OCTETS_MAX);
        let characters = text.get(..at).map_or(0, |whole| whole.chars().count());
        return Err(DecodeError::at_character(ErrorKind::TooLong, FIELD, characters));
    }
    let mut count = Counter(0);
    write(text, &mut count);
    Ok(count.0.div_ceil(8))
}

/// Writes a body of family 04 to the beginning of `out`; gives the number of octets written.
///
/// # Errors
///
/// `out` is too short, or the text longer than [`SIGNAL_TEXT_OCTETS_MAX`] octets of UTF-8.
pub fn emit(text: &str, out: &mut [u8]) -> Result<usize, EncodeError> {
    if text.len() > SIGNAL_TEXT_OCTETS_MAX {
        return Err(EncodeError::TooLong { octets_max: SIGNAL_TEXT_OCTETS_MAX });
    }
    let mut count = Counter(0);
    write(text, &mut count);
    let octets_needed = count.0.div_ceil(8);
    let out = out.get_mut(..octets_needed).ok_or(EncodeError::TooShort { octets_needed })?;
    let mut sink = Buffer::new(out);
    write(text, &mut sink);
    sink.finish();
    Ok(octets_needed)
}

/// The body in a buffer of its own.
///
/// # Errors
///
/// `TooLong`, as [`octets`] says.
pub fn to_vec(text: &str) -> Result<Vec<u8>, DecodeError> {
    let mut out = alloc::vec![0; octets(text)?];
    let mut sink = Buffer::new(&mut out);
    write(text, &mut sink);
    sink.finish();
    Ok(out)
}

const FIELD: &str = "Text";

/// Writes a text of at most [`SIGNAL_TEXT_OCTETS_MAX`] octets in its one form.
pub(crate) fn write(text: &str, sink: &mut impl Sink) {
    form::write(text.as_bytes(), sink);
}

/// Reads a text to the end of the body, as far as that holds whole characters.
pub(crate) fn read<'b>(
    source: &mut Source<'_>,
    buffer: &'b mut TextBuffer,
) -> Result<&'b str, DecodeError> {
    let mut room = Room { buffer: &mut buffer.0, length: 0 };
    form::read(source, &mut room)?;
    let length = room.length;
    let octets = buffer.0.get(..length).unwrap_or_default();
    core::str::from_utf8(octets).map_err(|_| source.refuse(ErrorKind::BadCharacter))
}

impl TextBuffer {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; SIGNAL_TEXT_OCTETS_MAX])
    }

    /// Characters of seven bits, gathered.
    pub(crate) fn fill(&mut self, characters: impl Iterator<Item = u8>) -> &str {
        let mut length: usize = 0;
        for (slot, octet) in self.0.iter_mut().zip(characters) {
            *slot = octet;
            length = length.saturating_add(1);
        }
        let text = self.0.get(..length).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }
}

impl Default for TextBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// Without the text: it may be nobody's business.
impl core::fmt::Debug for TextBuffer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TextBuffer")
    }
}

/// A buffer being filled.
struct Room<'b> {
    buffer: &'b mut [u8; SIGNAL_TEXT_OCTETS_MAX],
    length: usize,
}

impl Room<'_> {
    /// Appends octets; tells whether there was room.
    fn push(&mut self, octets: &[u8]) -> bool {
        let rest = self.buffer.get_mut(self.length..).unwrap_or_default();
        let Some(target) = rest.get_mut(..octets.len()) else { return false };
        #[expect(clippy::disallowed_methods, reason = "cut to the same length one line up")]
        target.copy_from_slice(octets);
        self.length = self.length.saturating_add(octets.len());
        true
    }

    /// Exchanges capitals and small letters in all that was appended.
    fn swap_case(&mut self) {
        let filled = self.buffer.get_mut(..self.length).unwrap_or_default();
        filled.iter_mut().for_each(|octet| *octet = swapped(*octet));
    }
}

/// `a` to `z` and `A` to `Z` exchanged; everything else as it is.
const fn swapped(octet: u8) -> u8 {
    if octet.is_ascii_alphabetic() { octet ^ 0x20 } else { octet }
}
