//! Lower-case hex, as every text form of this protocol writes octets.

use crate::exit::{Exit, Failure, Outcome};
use std::fmt::Write;

pub(crate) fn encode(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len().saturating_mul(2)), |mut text, octet| {
        // Writing to a String cannot fail.
        write!(text, "{octet:02x}").unwrap_or_default();
        text
    })
}

/// Reads lower-case hex, the one form octets are written in; `what` names it in the error.
pub(crate) fn decode(what: &str, text: &str) -> Outcome<Vec<u8>> {
    let refused = || {
        Failure::new(
            Exit::Malformed,
            "bad_character",
            format!("{what} is not written in the digits 0-9 and a-f"),
        )
    };
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(refused());
    }
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => nibble(*high)
                .zip(nibble(*low))
                .map(|(high, low)| (high << 4) | low)
                .ok_or_else(refused),
            _ => Err(refused()),
        })
        .collect()
}

/// Reads hex of exactly `N` octets.
pub(crate) fn decode_array<const N: usize>(what: &str, text: &str) -> Outcome<[u8; N]> {
    let octets = decode(what, text)?;
    let found = octets.len();
    octets.try_into().map_err(|_| {
        Failure::new(
            Exit::Malformed,
            "length",
            format!("{what} must be {N} octets of hex, not {found}"),
        )
    })
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}
