//! The realm a message belongs to: live or exercise, and the network's number.
//!
//! A realm is never carried with a message. It enters every signature context and every AAD, so what
//! was said in an exercise can never be shown as live, nor the other way round
//! (spec/00-conventions.md, "Realm").

use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, refuse};
use core::fmt;
use core::str::FromStr;
use nom::number::complete::{be_u32, u8};

/// Live or exercise, and which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Realm {
    /// Whether lives depend on it.
    pub mode: Mode,
    /// The network's number, chosen by its operators.
    pub network: u32,
}

/// Whether a realm is for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// For real.
    Live,
    /// An exercise or a test: nothing in it may raise an alarm.
    Exercise,
}

impl Realm {
    /// The five octets that enter signature contexts and AADs: mode (0 live, 1 exercise), network.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 5] {
        let [a, b, c, d] = self.network.to_be_bytes();
        let mode = match self.mode {
            Mode::Live => 0,
            Mode::Exercise => 1,
        };
        [mode, a, b, c, d]
    }

    /// Reads the five octets, which fill the input.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownCode`] for a mode other than 0 and 1, and another size.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    /// Reads the five octets from the front of the input (spec/06-relay.md, "hello").
    pub fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, code) = field("mode", u8)(input)?;
        let mode = match code {
            0 => Mode::Live,
            1 => Mode::Exercise,
            _ => return refuse(ErrorKind::UnknownCode, "mode", input),
        };
        let (rest, network) = field("network", be_u32)(rest)?;
        Ok((rest, Self { mode, network }))
    }
}

/// Hexadecimal digits of a network in text.
const NETWORK_DIGITS: usize = 8;

/// `live/00000001` or `exercise/0000002a`: the mode and the network in eight lower-case hex digits.
impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::Live => "live",
            Mode::Exercise => "exercise",
        };
        write!(f, "{mode}/{:08x}", self.network)
    }
}

impl FromStr for Realm {
    type Err = RealmError;

    fn from_str(text: &str) -> Result<Self, RealmError> {
        let refused =
            |kind, name, at| Err(RealmError { reason: DecodeError::at_character(kind, name, at) });
        let (mode, digits) = if let Some(digits) = text.strip_prefix("live/") {
            (Mode::Live, digits)
        } else if let Some(digits) = text.strip_prefix("exercise/") {
            (Mode::Exercise, digits)
        } else {
            return refused(ErrorKind::BadLiteral, "mode", 0);
        };
        // All before the digits is ASCII, and so is every digit before a wrong one.
        let start = text.len().saturating_sub(digits.len());
        let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if let Some(index) = digits.bytes().position(|byte| !is_lower_hex(byte)) {
            return refused(ErrorKind::BadDigit, "network", start.saturating_add(index));
        }
        if digits.len() < NETWORK_DIGITS {
            return refused(ErrorKind::Truncated, "network", text.len());
        }
        match u32::from_str_radix(digits, 16) {
            Ok(network) if digits.len() == NETWORK_DIGITS => Ok(Self { mode, network }),
            Ok(_) | Err(_) => {
                refused(ErrorKind::Trailing, "network", start.saturating_add(NETWORK_DIGITS))
            }
        }
    }
}

/// A text that names no realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealmError {
    /// What is wrong with it, and at which character.
    pub reason: DecodeError,
}

impl fmt::Display for RealmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a realm is written live/ or exercise/ and eight hex digits: live/00000001")
    }
}

impl core::error::Error for RealmError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_realm_reads_back() {
        for realm in [
            Realm { mode: Mode::Live, network: 1 },
            Realm { mode: Mode::Exercise, network: 0xFFFF_FFFF },
        ] {
            assert_eq!(realm.to_string().parse(), Ok(realm));
        }
    }

    #[test]
    fn only_the_one_form_is_read() {
        for text in ["", "live", "live/1", "live/0000000A", "Live/00000001", "live/000000001"] {
            assert!(text.parse::<Realm>().is_err(), "{text}");
        }
    }
}
