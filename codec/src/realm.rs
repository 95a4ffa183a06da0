//! The realm a message belongs to: live or exercise, and the network's number.
//!
//! A realm is never carried on the wire. It enters every signature context and every AAD, so what
//! was said in an exercise can never be shown as live, nor the other way round
//! (spec/00-conventions.md, "Realm").

use core::fmt;
use core::str::FromStr;

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
}

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
        let (mode, network) = text.split_once('/').ok_or(RealmError)?;
        let mode = match mode {
            "live" => Mode::Live,
            "exercise" => Mode::Exercise,
            _ => return Err(RealmError),
        };
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if network.len() != 8 || !network.bytes().all(lower_hex) {
            return Err(RealmError);
        }
        let network = u32::from_str_radix(network, 16).map_err(|_| RealmError)?;
        Ok(Self { mode, network })
    }
}

/// A text that names no realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealmError;

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
            assert_eq!(text.parse::<Realm>(), Err(RealmError), "{text}");
        }
    }
}
