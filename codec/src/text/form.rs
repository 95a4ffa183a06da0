//! The forms a text can have, and which of them is its one encoding.

use super::cheapest::Cheapest;
use super::{Room, model, swapped};
use crate::error::{DecodeError, ErrorKind};
use crate::limits::SIGNAL_TEXT_OCTETS_MAX;
use crate::packing::codes::{self, text as form};
use crate::packing::{Sink, Source};

/// Bits of a form's own codeword.
const TOKENS_BITS: u32 = 1;
const SWAPPED_BITS: u32 = 2;
const OCTETS_BITS: u32 = 3;
const DIGITS_BITS: u32 = 4;

pub(super) fn write(text: &[u8], sink: &mut impl Sink) {
    let code = codes::TEXT.as_code();
    let in_octets = u32::try_from(text.len()).unwrap_or(u32::MAX).saturating_mul(8);
    let plain = Cheapest::of(text);
    // In the order of the table: the first of the shortest is taken.
    let mut best = (form::TOKENS, plain.bits().saturating_add(TOKENS_BITS));
    let mut offer = |symbol, bits: u32| {
        if bits < best.1 {
            best = (symbol, bits);
        }
    };
    let mut other_case = [0; SIGNAL_TEXT_OCTETS_MAX];
    let other_case = swap_into(text, &mut other_case);
    // Without a letter it is the same text, and never shorter.
    let other = (other_case != text).then(|| Cheapest::of(other_case));
    if let Some(other) = &other {
        offer(form::TOKENS_CASE_SWAPPED, other.bits().saturating_add(SWAPPED_BITS));
    }
    offer(form::OCTETS, in_octets.saturating_add(OCTETS_BITS));
    if let Some(symbol) = digits_form(text) {
        offer(symbol, (in_octets / 2).saturating_add(DIGITS_BITS));
    }
    sink.code(code, best.0);
    match best.0 {
        form::TOKENS => plain.write(text, sink),
        form::TOKENS_CASE_SWAPPED => {
            if let Some(other) = other {
                other.write(other_case, sink);
            }
        }
        form::OCTETS => text.iter().for_each(|octet| sink.put(u64::from(*octet), 8)),
        _ => text.iter().for_each(|digit| {
            let value = char::from(*digit).to_digit(16).unwrap_or(0);
            sink.put(u64::from(value), 4);
        }),
    }
}

/// Copies a text with its case swapped.
fn swap_into<'b>(text: &[u8], buffer: &'b mut [u8; SIGNAL_TEXT_OCTETS_MAX]) -> &'b [u8] {
    for (slot, octet) in buffer.iter_mut().zip(text) {
        *slot = swapped(*octet);
    }
    buffer.get(..text.len()).unwrap_or_default()
}

/// The form of an even number of hexadecimal digits, all letters of one case.
fn digits_form(text: &[u8]) -> Option<usize> {
    let lower = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    let upper = |octet: &u8| matches!(octet, b'0'..=b'9' | b'A'..=b'F');
    if text.is_empty() || !text.len().is_multiple_of(2) {
        None
    } else if text.iter().all(lower) {
        Some(form::LOWER_DIGITS)
    } else if text.iter().all(upper) {
        Some(form::UPPER_DIGITS)
    } else {
        None
    }
}

pub(super) fn read(source: &mut Source<'_>, room: &mut Room<'_>) -> Result<(), DecodeError> {
    match source.code(codes::TEXT.as_code())? {
        form::TOKENS => read_tokens(source, room),
        form::TOKENS_CASE_SWAPPED => {
            read_tokens(source, room)?;
            room.swap_case();
            Ok(())
        }
        form::OCTETS => read_octets(source, room, |octet, room| room.push(&[octet])),
        form::LOWER_DIGITS => read_octets(source, room, |octet, room| push_digits(octet, 0, room)),
        _ => read_octets(source, room, |octet, room| push_digits(octet, 0x20, room)),
    }
}

/// Whole octets as long as there are any.
fn read_octets(
    source: &mut Source<'_>,
    room: &mut Room<'_>,
    push: impl Fn(u8, &mut Room<'_>) -> bool,
) -> Result<(), DecodeError> {
    while source.bits.left() >= 8 {
        let octet = u8::try_from(source.take(8)?).unwrap_or(0);
        if !push(octet, room) {
            return Err(source.refuse(ErrorKind::TooLong));
        }
    }
    Ok(())
}

/// An octet's two digits; `case` is taken off a letter.
fn push_digits(octet: u8, case: u8, room: &mut Room<'_>) -> bool {
    let character = |digit: u8| match digit {
        0..=9 => b'0'.wrapping_add(digit),
        _ => b'a'.wrapping_add(digit).wrapping_sub(10).wrapping_sub(case),
    };
    room.push(&[character(octet >> 4), character(octet & 0xF)])
}

fn read_tokens(source: &mut Source<'_>, room: &mut Room<'_>) -> Result<(), DecodeError> {
    loop {
        let at = source.bits.position();
        let truncated = source.refuse_at(ErrorKind::Truncated, at);
        let symbol = match model::read(source) {
            Some(symbol) => symbol,
            None if source.bits.left() >= 8 => return Err(truncated),
            None => return Ok(()),
        };
        let whole = match symbol {
            model::Symbol::Token(token) => room.push(token),
            model::Symbol::Escape => {
                let mut character = [0; 4];
                let character = read_character(source, &mut character).ok_or(truncated)?;
                if core::str::from_utf8(character).is_err() {
                    return Err(source.refuse(ErrorKind::BadCharacter));
                }
                room.push(character)
            }
        };
        if !whole {
            return Err(source.refuse(ErrorKind::TooLong));
        }
    }
}

/// The octets of one character, as many as the first says; none if the body ends before.
fn read_character<'c>(source: &mut Source<'_>, character: &'c mut [u8; 4]) -> Option<&'c [u8]> {
    let mut length: usize = 1;
    for (index, slot) in character.iter_mut().enumerate() {
        if index >= length {
            break;
        }
        *slot = u8::try_from(source.bits.take(8)?).unwrap_or(0);
        if index == 0 {
            length = character_octets(*slot);
        }
    }
    character.get(..length)
}

/// How many octets of UTF-8 a character has that begins with this one.
pub(super) const fn character_octets(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xFF => 4,
        _ => 1,
    }
}
