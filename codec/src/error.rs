//! The one error every parser of this workspace returns: what is wrong, in which field, where.

use core::fmt;

/// Why bytes or text were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The field it is wrong in, by the name `spec/` gives it.
    pub field: &'static str,
    /// Where: counted from the start of the input, in [`DecodeError::unit`]s.
    pub offset: usize,
    /// What `offset` counts.
    pub unit: Unit,
}

impl DecodeError {
    /// An error at an octet of the input.
    #[must_use]
    pub const fn at_octet(kind: ErrorKind, field: &'static str, offset: usize) -> Self {
        Self { kind, field, offset, unit: Unit::Octet }
    }

    /// An error at a bit of the input (the standard wire is not octet-aligned).
    #[must_use]
    pub const fn at_bit(kind: ErrorKind, field: &'static str, offset: usize) -> Self {
        Self { kind, field, offset, unit: Unit::Bit }
    }

    /// An error at a character of a text (a field's value, a line).
    #[must_use]
    pub const fn at_character(kind: ErrorKind, field: &'static str, offset: usize) -> Self {
        Self { kind, field, offset, unit: Unit::Character }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {} {}", self.field, self.kind, self.unit, self.offset)
    }
}

impl core::error::Error for DecodeError {}

/// What an offset counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bits, the most significant bit of the first octet being 0.
    Bit,
    /// A character of a text.
    Character,
    /// Octets.
    Octet,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bit => "bit",
            Self::Character => "character",
            Self::Octet => "octet",
        })
    }
}

/// The kinds of refusal. The names returned by [`ErrorKind::name`] are part of `spec/` and of the
/// test vectors: they are registered once and never change meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ends inside the field.
    Truncated,
    /// Octets are left after the last field.
    Trailing,
    /// The field is longer than its maximum in `limits`.
    TooLong,
    /// The field is shorter than its format asks.
    TooShort,
    /// A literal (prefix, magic, separator) is not the one expected.
    BadLiteral,
    /// A character outside the field's alphabet.
    BadCharacter,
    /// A nibble above 9 where a decimal digit belongs.
    BadDigit,
    /// A version this program does not know.
    UnknownVersion,
    /// A code (message code, type, class) this program does not know.
    UnknownCode,
    /// A code the standard reserves.
    Reserved,
    /// A number outside its range.
    OutOfRange,
    /// Well-formed, but not the one encoding that is allowed.
    NotCanonical,
    /// Padding bits that are not zero.
    BadPadding,
    /// A field that must be there is absent.
    Missing,
    /// A field that must not be there, or is there twice.
    Unexpected,
    /// A checksum that does not match its bytes.
    BadChecksum,
    /// Two fields contradict each other or break a rule of the standard that joins them.
    Inconsistent,
    /// A part that is valid but that this release cannot handle yet.
    Unsupported,
}

impl ErrorKind {
    /// The registered name, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Trailing => "trailing",
            Self::TooLong => "too_long",
            Self::TooShort => "too_short",
            Self::BadLiteral => "bad_literal",
            Self::BadCharacter => "bad_character",
            Self::BadDigit => "bad_digit",
            Self::UnknownVersion => "unknown_version",
            Self::UnknownCode => "unknown_code",
            Self::Reserved => "reserved",
            Self::OutOfRange => "out_of_range",
            Self::NotCanonical => "not_canonical",
            Self::BadPadding => "bad_padding",
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::BadChecksum => "bad_checksum",
            Self::Inconsistent => "inconsistent",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the input ends too early",
            Self::Trailing => "there are octets left over",
            Self::TooLong => "longer than allowed",
            Self::TooShort => "shorter than its format",
            Self::BadLiteral => "not the expected literal",
            Self::BadCharacter => "a character that is not allowed here",
            Self::BadDigit => "not a decimal digit",
            Self::UnknownVersion => "a version this program does not know",
            Self::UnknownCode => "a code this program does not know",
            Self::Reserved => "a reserved code",
            Self::OutOfRange => "outside its range",
            Self::NotCanonical => "not the one allowed encoding",
            Self::BadPadding => "padding bits that are not zero",
            Self::Missing => "missing",
            Self::Unexpected => "not expected here",
            Self::BadChecksum => "a wrong checksum",
            Self::Inconsistent => "in contradiction with another field",
            Self::Unsupported => "not handled by this release",
        })
    }
}
