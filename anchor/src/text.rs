//! Texts of lines, read with the same framing as octets; offsets count characters
//! (spec/00-conventions.md, "Error names").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Flaw, Parsed, refuse};
use nom::Parser;
use nom::bytes::complete::tag;

/// Parses a whole text of at most `octets_max` octets.
pub(crate) fn parse_text<'a, T>(
    text: &'a [u8],
    octets_max: usize,
    parser: impl Parser<&'a [u8], Output = T, Error = Flaw>,
) -> Result<T, DecodeError> {
    if text.len() > octets_max {
        return Err(DecodeError::at_character(ErrorKind::TooLong, "text", 0));
    }
    framing::parse_all(text, parser).map_err(|error| {
        let before = text.get(..error.offset).unwrap_or_default();
        let characters = String::from_utf8_lossy(before).chars().count();
        DecodeError::at_character(error.kind, error.field, characters)
    })
}

/// Takes a line and its newline; returns it without.
///
/// A control character is refused: signed notes have none but the newline (C2SP signed-note,
/// "Format").
pub(crate) fn line(input: &[u8]) -> Parsed<'_, &[u8]> {
    let Some(end) = input.iter().position(|&octet| octet < 0x20) else {
        let at_end = input.get(input.len()..).unwrap_or_default();
        return refuse(ErrorKind::Truncated, "", at_end);
    };
    let (text, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
    match rest.split_first() {
        Some((b'\n', rest)) => Ok((rest, text)),
        Some(_) | None => refuse(ErrorKind::BadCharacter, "", rest),
    }
}

/// Takes an expected literal.
pub(crate) fn literal<'a>(expected: &'static str) -> impl FnMut(&'a [u8]) -> Parsed<'a, ()> {
    move |input| tag(expected).map(|_| ()).parse(input)
}

/// Takes a line that is a decimal number without leading zeros, at most `max`.
pub(crate) fn decimal_line<'a>(max: u64) -> impl FnMut(&'a [u8]) -> Parsed<'a, u64> {
    move |input| {
        let (rest, digits) = line(input)?;
        match parse_decimal(digits) {
            Ok(value) if value <= max => Ok((rest, value)),
            Ok(_) => refuse(ErrorKind::OutOfRange, "", input),
            Err(kind) => refuse(kind, "", input),
        }
    }
}

/// Reads a decimal number without leading zeros.
pub(crate) fn parse_decimal(digits: &[u8]) -> Result<u64, ErrorKind> {
    if digits.is_empty() {
        return Err(ErrorKind::Missing);
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(ErrorKind::BadCharacter);
    }
    if digits.len() > 1 && digits.starts_with(b"0") {
        return Err(ErrorKind::NotCanonical);
    }
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or(ErrorKind::OutOfRange)
}

/// Takes a line that is base64 of at least one and at most `octets_max` octets.
pub(crate) fn base64_line<'a>(octets_max: usize) -> impl FnMut(&'a [u8]) -> Parsed<'a, Vec<u8>> {
    move |input| {
        let (rest, encoded) = line(input)?;
        match decode_base64(encoded, octets_max) {
            Ok(octets) => Ok((rest, octets)),
            Err(kind) => refuse(kind, "", input),
        }
    }
}

/// Takes a line that is base64 of 32 octets.
pub(crate) fn hash_line(input: &[u8]) -> Parsed<'_, [u8; 32]> {
    let (rest, octets) = base64_line(32)(input)?;
    match <[u8; 32]>::try_from(octets) {
        Ok(hash) => Ok((rest, hash)),
        Err(_) => refuse(ErrorKind::TooShort, "", input),
    }
}

/// Reads base64 (RFC 4648 §4), padded, in its one canonical form, not empty.
pub(crate) fn decode_base64(encoded: &[u8], octets_max: usize) -> Result<Vec<u8>, ErrorKind> {
    if encoded.is_empty() {
        return Err(ErrorKind::Missing);
    }
    if encoded.len() > octets_max.div_ceil(3).saturating_mul(4) {
        return Err(ErrorKind::TooLong);
    }
    let in_alphabet =
        |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
    if !encoded.iter().all(in_alphabet) {
        return Err(ErrorKind::BadCharacter);
    }
    // What is left to be wrong is padding, length or the unused bits of the last character.
    let octets = STANDARD.decode(encoded).map_err(|_| ErrorKind::NotCanonical)?;
    if octets.len() > octets_max {
        return Err(ErrorKind::TooLong);
    }
    Ok(octets)
}

/// Writes base64 (RFC 4648 §4), padded.
pub(crate) fn encode_base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_one_form() {
        assert_eq!(decode_base64(b"AA==", 1), Ok(vec![0]));
        assert_eq!(decode_base64(b"AB==", 1), Err(ErrorKind::NotCanonical));
        assert_eq!(decode_base64(b"AA", 1), Err(ErrorKind::NotCanonical));
        assert_eq!(decode_base64(b"A-==", 1), Err(ErrorKind::BadCharacter));
        assert_eq!(decode_base64(b"AAAA", 2), Err(ErrorKind::TooLong));
        assert_eq!(decode_base64(b"", 2), Err(ErrorKind::Missing));
    }

    #[test]
    fn decimals_have_one_form() {
        assert_eq!(parse_decimal(b"0"), Ok(0));
        assert_eq!(parse_decimal(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse_decimal(b"18446744073709551616"), Err(ErrorKind::OutOfRange));
        assert_eq!(parse_decimal(b"01"), Err(ErrorKind::NotCanonical));
        assert_eq!(parse_decimal(b"+1"), Err(ErrorKind::BadCharacter));
        assert_eq!(parse_decimal(b""), Err(ErrorKind::Missing));
    }

    #[test]
    fn offsets_count_characters() {
        let error = parse_text("é\nb\n".as_bytes(), 100, |input| {
            let (input, _) = line(input)?;
            literal("a")(input)
        })
        .unwrap_err();
        assert_eq!(error, DecodeError::at_character(ErrorKind::BadLiteral, "", 2));
    }
}
