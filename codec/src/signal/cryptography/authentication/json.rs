//! JSON objects, strictly: a name given twice is refused, unknown members are passed over.

use crate::error::ErrorKind;
use crate::signal::cryptography::error::CryptographyError;
use alloc::string::String;
use core::cell::Cell;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// What became of a member that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Member {
    Absent,
    Text(String),
}

impl Member {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text),
        }
    }

    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text),
        }
    }
}

/// Reads the texts of the members named, and refuses an object that has one of those forbidden.
/// `whole` is what errors call the object.
pub(super) fn members<const N: usize>(
    octets: &[u8],
    whole: &'static str,
    named: [&'static str; N],
    forbidden: &[&'static str],
) -> Result<[Member; N], CryptographyError> {
    let refusal = Cell::new(None);
    // RFC 8259 §8.1. Of members that are passed over the reader would not notice.
    let text = core::str::from_utf8(octets).map_err(|error| {
        let is_cut = error.error_len().is_none();
        let kind = if is_cut { ErrorKind::Truncated } else { ErrorKind::BadLiteral };
        CryptographyError::format(kind, whole)
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Members { named, forbidden, refusal: &refusal };
    let found = seed.deserialize(&mut reader).map_err(|error| {
        let kind = if error.is_eof() { ErrorKind::Truncated } else { ErrorKind::BadLiteral };
        refusal.take().unwrap_or(CryptographyError::format(kind, whole))
    })?;
    reader.end().map_err(|_| CryptographyError::format(ErrorKind::Trailing, whole))?;
    Ok(found)
}

struct Members<'a, const N: usize> {
    named: [&'static str; N],
    forbidden: &'a [&'static str],
    /// Why it was refused, if not because it is no JSON: serde's error holds only a text.
    refusal: &'a Cell<Option<CryptographyError>>,
}

impl<const N: usize> Members<'_, N> {
    fn refuse<E: Error>(&self, kind: ErrorKind, field: &'static str) -> E {
        self.refusal.set(Some(CryptographyError::format(kind, field)));
        E::custom("refused")
    }
}

impl<'de, const N: usize> DeserializeSeed<'de> for Members<'_, N> {
    type Value = [Member; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Member; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = [const { Member::Absent }; N];
        while let Some(name) = map.next_key::<String>()? {
            if let Some(field) = self.forbidden.iter().find(|one| **one == name) {
                return Err(self.refuse(ErrorKind::Unsupported, field));
            }
            let slots = self.named.iter().zip(&mut found);
            let Some((field, slot)) = slots.into_iter().find(|(one, _)| **one == name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if *slot != Member::Absent {
                return Err(self.refuse(ErrorKind::Unexpected, field));
            }
            *slot = match map.next_value_seed(Text)? {
                Some(text) => Member::Text(text),
                None => return Err(self.refuse(ErrorKind::BadLiteral, field)),
            };
        }
        Ok(found)
    }
}

/// A text; nothing for any other value, which is read to its end.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<S: serde::de::SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf8_is_refused_in_members_passed_over_too() {
        let read = |octets: &[u8]| members(octets, "jws", ["a"], &[]).map(|[a]| a.into_text());
        assert_eq!(read(b"{\"b\":\"\xc3\xa9\",\"a\":\"1\"}"), Ok(Some(String::from("1"))));
        let refused = |kind| Err(CryptographyError::format(kind, "jws"));
        assert_eq!(read(b"{\"b\":\"\xff\",\"a\":\"1\"}"), refused(ErrorKind::BadLiteral));
        assert_eq!(read(b"{\"b\":\"\xc3"), refused(ErrorKind::Truncated));
    }
}
