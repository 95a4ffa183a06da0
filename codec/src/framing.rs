//! Framing: fixed and length-prefixed fields read with `nom`, every failure named and located.
//!
//! A parser is written as a sequence of [`field`]s over `&[u8]`; [`parse`] and [`parse_all`] turn
//! nom's way of failing into a [`DecodeError`] with the field's name and its octet offset.
//!
//! ```
//! use chappe_codec::framing::{self, field};
//! use nom::number::complete::{be_u16, u8};
//!
//! fn point(input: &[u8]) -> framing::Parsed<'_, (u8, u16)> {
//!     let (input, version) = field("version", u8)(input)?;
//!     let (input, counter) = field("counter", be_u16)(input)?;
//!     Ok((input, (version, counter)))
//! }
//!
//! assert_eq!(framing::parse_all(&[1, 0, 2], point), Ok((1, 2)));
//! let error = framing::parse_all(&[1, 0], point).unwrap_err();
//! assert_eq!((error.field, error.offset), ("counter", 1));
//! ```

use crate::error::{DecodeError, ErrorKind};
use nom::error::ParseError;
use nom::{Err, IResult, Parser};

/// What a framed parser returns: the rest of the input and the value, or a [`Flaw`].
pub type Parsed<'a, T> = IResult<&'a [u8], T, Flaw>;

/// A failure inside a parser, located by how many octets were left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    remaining: usize,
    kind: ErrorKind,
    field: &'static str,
}

impl ParseError<&[u8]> for Flaw {
    fn from_error_kind(input: &[u8], kind: nom::error::ErrorKind) -> Self {
        let kind = match kind {
            nom::error::ErrorKind::Eof => ErrorKind::Truncated,
            nom::error::ErrorKind::Tag => ErrorKind::BadLiteral,
            _ => ErrorKind::OutOfRange,
        };
        Self { remaining: input.len(), kind, field: "" }
    }

    fn append(_: &[u8], _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// Parses the whole input; what is left over is an error.
pub fn parse_all<'a, T>(
    input: &'a [u8],
    parser: impl Parser<&'a [u8], Output = T, Error = Flaw>,
) -> Result<T, DecodeError> {
    let (rest, value) = parse(input, parser)?;
    if rest.is_empty() {
        return Ok(value);
    }
    let offset = input.len().saturating_sub(rest.len());
    Err(DecodeError::at_octet(ErrorKind::Trailing, "end", offset))
}

/// Parses a prefix of the input and returns what is left.
pub fn parse<'a, T>(
    input: &'a [u8],
    mut parser: impl Parser<&'a [u8], Output = T, Error = Flaw>,
) -> Result<(&'a [u8], T), DecodeError> {
    match parser.parse(input) {
        Ok(parsed) => Ok(parsed),
        Err(Err::Error(flaw) | Err::Failure(flaw)) => {
            let offset = input.len().saturating_sub(flaw.remaining);
            Err(DecodeError::at_octet(flaw.kind, flaw.field, offset))
        }
        // Streaming parsers are not used; if one slips in, its answer means "not enough input".
        Err(Err::Incomplete(_)) => {
            Err(DecodeError::at_octet(ErrorKind::Truncated, "", input.len()))
        }
    }
}

/// Names a field: a failure inside is reported under this name, at the field's first octet.
pub fn field<'a, T>(
    name: &'static str,
    mut parser: impl Parser<&'a [u8], Output = T, Error = Flaw>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, T> {
    move |input| {
        parser.parse(input).map_err(|error| {
            error.map(|flaw| {
                if flaw.field.is_empty() {
                    Flaw { remaining: input.len(), field: name, ..flaw }
                } else {
                    flaw
                }
            })
        })
    }
}

/// Takes exactly `N` octets.
pub fn octets<'a, const N: usize>(input: &'a [u8]) -> Parsed<'a, [u8; N]> {
    match input.split_first_chunk::<N>() {
        Some((taken, rest)) => Ok((rest, *taken)),
        None => {
            Err(Err::Error(Flaw { remaining: input.len(), kind: ErrorKind::Truncated, field: "" }))
        }
    }
}

/// Fails at the first octet of `at`, as a value a rule refuses.
pub fn refuse<'a, T>(kind: ErrorKind, name: &'static str, at: &'a [u8]) -> Parsed<'a, T> {
    Err(Err::Failure(Flaw { remaining: at.len(), kind, field: name }))
}

/// The longest encoding of a length: values stay below 2^28.
const LENGTH_OCTETS_MAX: usize = 4;

/// Reads a length: base-128, least significant group first, the shortest form only, below 2^28.
pub fn length(input: &[u8]) -> Parsed<'_, usize> {
    let mut value: usize = 0;
    let mut shift: u32 = 0;
    for (index, octet) in input.iter().take(LENGTH_OCTETS_MAX).enumerate() {
        let group = usize::from(octet & 0x7F);
        value |= group.checked_shl(shift).unwrap_or(0);
        shift = shift.saturating_add(7);
        if octet & 0x80 == 0 {
            if index > 0 && group == 0 {
                return refuse(ErrorKind::NotCanonical, "", input);
            }
            let rest = input.get(index.saturating_add(1)..).unwrap_or_default();
            return Ok((rest, value));
        }
    }
    let kind =
        if input.len() < LENGTH_OCTETS_MAX { ErrorKind::Truncated } else { ErrorKind::TooLong };
    refuse(kind, "", input)
}

/// Appends a length in the form [`length`] reads. Lengths of 2^28 and above are cut by the caller's
/// own limit long before; they saturate here.
pub fn put_length(out: &mut alloc::vec::Vec<u8>, value: usize) {
    let mut rest = value.min((1 << 28) - 1);
    loop {
        let group = u8::try_from(rest & 0x7F).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            out.push(group);
            return;
        }
        out.push(group | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_length_reads_back(value in 0_usize..(1 << 28)) {
            let mut bytes = Vec::new();
            put_length(&mut bytes, value);
            prop_assert_eq!(parse_all(&bytes, length), Ok(value));
        }

        #[test]
        fn a_length_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..6)) {
            if let Ok((rest, value)) = parse(&bytes, length) {
                let mut again = Vec::new();
                put_length(&mut again, value);
                prop_assert_eq!(bytes.strip_suffix(rest), Some(&again[..]));
            }
        }
    }

    #[test]
    fn a_padded_length_is_refused() {
        let error = parse_all(&[0x80, 0x00], field("length", length)).unwrap_err();
        assert_eq!(error, DecodeError::at_octet(ErrorKind::NotCanonical, "length", 0));
    }
}
