//! The origin: the line that names a ledger and the realm it serves (spec/07-anchor.md, "Log").

use crate::limits::LEDGER_NAME_OCTETS_MAX;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::realm::Realm;
use std::fmt;
use std::str::FromStr;

/// What every origin of ours begins with.
const PREFIX: &str = "chappe/";

/// A ledger's name in its realm: `chappe/live/00000001/ledger`.
///
/// It is the first line of every checkpoint and the name of the key that signs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
    realm: Realm,
}

impl Origin {
    /// The origin of the ledger `name` in `realm`.
    ///
    /// A name is one to 64 of `a`–`z`, `0`–`9`, `-`, `.` and `_`.
    ///
    /// # Errors
    ///
    /// `missing`, `too_long` or `bad_character`, in the field `name`.
    pub fn new(realm: Realm, name: &str) -> Result<Self, DecodeError> {
        let prefix = format!("{PREFIX}{realm}/");
        check_name(name, prefix.len())?;
        Ok(Self { text: prefix + name, realm })
    }

    /// The realm the ledger serves.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        self.realm
    }

    /// The whole line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Origin {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let rest = text.strip_prefix(PREFIX).ok_or(DecodeError::at_character(
            ErrorKind::BadLiteral,
            "origin",
            0,
        ))?;
        let refused = DecodeError::at_character(ErrorKind::BadLiteral, "realm", PREFIX.len());
        let (realm, name) = rest.rsplit_once('/').ok_or(refused)?;
        let realm: Realm = realm.parse().map_err(|_| refused)?;
        let origin = Self::new(realm, name)?;
        // One origin, one text: a realm that reads loosely must not open a second spelling.
        if origin.text != text {
            return Err(DecodeError::at_character(ErrorKind::NotCanonical, "origin", 0));
        }
        Ok(origin)
    }
}

fn check_name(name: &str, offset: usize) -> Result<(), DecodeError> {
    if name.is_empty() {
        return Err(DecodeError::at_character(ErrorKind::Missing, "name", offset));
    }
    if name.len() > LEDGER_NAME_OCTETS_MAX {
        return Err(DecodeError::at_character(ErrorKind::TooLong, "name", offset));
    }
    let allowed = |octet: u8| {
        octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'.' | b'_')
    };
    match name.bytes().position(|octet| !allowed(octet)) {
        None => Ok(()),
        Some(at) => {
            let offset = offset.saturating_add(at);
            Err(DecodeError::at_character(ErrorKind::BadCharacter, "name", offset))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::realm::Mode;

    #[test]
    fn an_origin_reads_back() {
        let realm = Realm { mode: Mode::Live, network: 1 };
        let origin = Origin::new(realm, "ledger").unwrap();
        assert_eq!(origin.as_str(), "chappe/live/00000001/ledger");
        assert_eq!(origin.as_str().parse(), Ok(origin));
    }

    #[test]
    fn what_is_no_origin_is_refused_by_name() {
        for (text, kind, field) in [
            ("", ErrorKind::BadLiteral, "origin"),
            ("example.com/log", ErrorKind::BadLiteral, "origin"),
            ("chappe/live/1/ledger", ErrorKind::BadLiteral, "realm"),
            ("chappe/live/00000001", ErrorKind::BadLiteral, "realm"),
            ("chappe/live/00000001/", ErrorKind::Missing, "name"),
            ("chappe/live/00000001/Ledger", ErrorKind::BadCharacter, "name"),
            ("chappe/live/00000001/a b", ErrorKind::BadCharacter, "name"),
            ("chappe/live/00000001/a+b", ErrorKind::BadCharacter, "name"),
        ] {
            let error = text.parse::<Origin>().unwrap_err();
            assert_eq!((error.kind, error.field), (kind, field), "{text}");
        }
    }
}
