//! Base45 (RFC 9285): octets in the characters of a QR code's alphanumeric mode.
//!
//! Two octets become three characters, the least significant first; a last odd one becomes two.

use crate::error::{DecodeError, ErrorKind};
use alloc::string::String;
use alloc::vec::Vec;

/// RFC 9285 §4.1, table 1.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

const BASE: u32 = 45;

/// Writes octets as base45.
#[must_use]
pub fn encode(octets: &[u8]) -> String {
    let mut out = String::new();
    let (pairs, odd) = octets.as_chunks::<2>();
    for pair in pairs {
        put(&mut out, u32::from(u16::from_be_bytes(*pair)), 3);
    }
    for octet in odd {
        put(&mut out, u32::from(*octet), 2);
    }
    out
}

/// Reads base45.
///
/// # Errors
///
/// Of the field `base45`, the first to be found: [`ErrorKind::BadCharacter`]; [`ErrorKind::Truncated`]
/// for a single character at the end; [`ErrorKind::NotCanonical`] for a group above what its octets
/// hold. Offsets count characters.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    let refused = |kind, at| Err(DecodeError::at_character(kind, "base45", at));
    let mut digits = Vec::with_capacity(text.len());
    for (character, at) in text.chars().zip(0_usize..) {
        match ALPHABET.iter().zip(0_u32..).find(|(known, _)| char::from(**known) == character) {
            Some((_, digit)) => digits.push(digit),
            None => return refused(ErrorKind::BadCharacter, at),
        }
    }
    let mut out = Vec::new();
    let (groups, rest) = digits.as_chunks::<3>();
    for (group, index) in groups.iter().zip(0_usize..) {
        match u16::try_from(value(group)) {
            Ok(pair) => out.extend_from_slice(&pair.to_be_bytes()),
            Err(_) => return refused(ErrorKind::NotCanonical, index.saturating_mul(3)),
        }
    }
    let at = groups.len().saturating_mul(3);
    match (rest, u8::try_from(value(rest))) {
        ([], _) => {}
        ([_], _) => return refused(ErrorKind::Truncated, at),
        (_, Ok(octet)) => out.push(octet),
        (_, Err(_)) => return refused(ErrorKind::NotCanonical, at),
    }
    Ok(out)
}

/// Appends a value as so many characters.
fn put(out: &mut String, value: u32, characters: usize) {
    let mut rest = value;
    for _ in 0..characters {
        out.push(character(rest % BASE));
        rest /= BASE;
    }
}

/// The value of a group's digits.
fn value(group: &[u32]) -> u32 {
    group.iter().rev().fold(0, |value, digit| value.saturating_mul(BASE).saturating_add(*digit))
}

fn character(digit: u32) -> char {
    // A digit is below 45, so there is always one.
    usize::try_from(digit)
        .ok()
        .and_then(|digit| ALPHABET.get(digit))
        .map_or('0', |octet| char::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 9285 §4.3 and §4.4.
    #[test]
    fn known_answers() {
        for (octets, text) in [
            (&b"AB"[..], "BB8"),
            (b"Hello!!", "%69 VD92EX0"),
            (b"base-45", "UJCLQE7W581"),
            (b"ietf!", "QED8WEX0"),
            (b"", ""),
        ] {
            assert_eq!(encode(octets), text);
            assert_eq!(decode(text).unwrap(), octets);
        }
    }

    #[test]
    fn what_is_no_base45_is_refused() {
        let refusal = |text| decode(text).map_err(|error| (error.kind, error.offset));
        // RFC 9285 §6: "GGW" is 65,536.
        assert_eq!(refusal("GGW"), Err((ErrorKind::NotCanonical, 0)));
        assert_eq!(refusal("000GGW"), Err((ErrorKind::NotCanonical, 3)));
        // 5 · 45 + 30 = 255 is an octet, one more is none.
        assert_eq!(refusal("U5"), Ok(alloc::vec![255]));
        assert_eq!(refusal("V5"), Err((ErrorKind::NotCanonical, 0)));
        assert_eq!(refusal("::"), Err((ErrorKind::NotCanonical, 0)));
        assert_eq!(refusal("BB8a"), Err((ErrorKind::BadCharacter, 3)));
        assert_eq!(refusal("BB8A"), Err((ErrorKind::Truncated, 3)));
        assert_eq!(refusal("é"), Err((ErrorKind::BadCharacter, 0)));
    }

    proptest! {
        #[test]
        fn octets_read_back(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&encode(&octets)), Ok(octets));
        }

        #[test]
        fn a_text_has_one_reading(text in "[0-9A-Z $%*+./:-]{0,30}") {
            if let Ok(octets) = decode(&text) {
                prop_assert_eq!(encode(&octets), text);
            }
        }
    }
}
