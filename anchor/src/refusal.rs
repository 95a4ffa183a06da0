//! How the ledger says no over HTTP (spec/07-anchor.md, "Refusals").

use crate::submission::SubmissionError;
use chappe_codec::error::DecodeError;
use serde_json::{Map, Value};
use std::fmt;

/// Characters of a name or message a client keeps.
const TEXT_CHARACTERS_MAX: usize = 200;

/// A refusal: what is wrong, in which field, where, and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The registered name of what is wrong.
    pub kind: String,
    /// The field it is wrong in.
    pub field: String,
    /// Where, counted in octets.
    pub offset: u64,
    /// The same for a person.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(kind: &str, field: &str, message: &str) -> Self {
        Self { kind: kind.into(), field: field.into(), offset: 0, message: message.into() }
    }

    pub(crate) fn to_json(&self) -> String {
        let mut object = Map::new();
        object.insert("kind".into(), Value::from(self.kind.as_str()));
        object.insert("field".into(), Value::from(self.field.as_str()));
        object.insert("offset".into(), Value::from(self.offset));
        object.insert("message".into(), Value::from(self.message.as_str()));
        Value::Object(object).to_string()
    }

    /// Reads what a server sent. It may be anything, so it is cut and stripped of control
    /// characters before a person sees it.
    pub(crate) fn from_json(octets: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(octets).ok()?;
        let text = |name| {
            let kept = value.get(name)?.as_str()?.chars().filter(|char| !char.is_control());
            Some(kept.take(TEXT_CHARACTERS_MAX).collect())
        };
        Some(Self {
            kind: text("kind")?,
            field: text("field")?,
            offset: value.get("offset")?.as_u64()?,
            message: text("message")?,
        })
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        let offset = u64::try_from(error.offset).unwrap_or(u64::MAX);
        Self { offset, ..Self::new(error.kind.name(), error.field, &error.to_string()) }
    }
}

impl From<SubmissionError> for Refusal {
    fn from(error: SubmissionError) -> Self {
        let offset = u64::try_from(error.offset).unwrap_or(u64::MAX);
        Self { offset, ..Self::new(error.reason.name(), error.field, &error.reason.to_string()) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} in {})", self.message, self.kind, self.field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_refusal_reads_back() {
        let refusal = Refusal { offset: 7, ..Refusal::new("truncated", "body", "it \"ends\"") };
        assert_eq!(Refusal::from_json(refusal.to_json().as_bytes()), Some(refusal));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let sent = br#"{"kind":"a\u001b[2J","field":"","offset":0,"message":"\n"}"#;
        let refusal = Refusal::from_json(sent).unwrap();
        assert_eq!((refusal.kind.as_str(), refusal.message.as_str()), ("a[2J", ""));
    }

    proptest! {
        #[test]
        fn nothing_a_server_sends_makes_it_panic(octets: Vec<u8>) {
            if let Some(refusal) = Refusal::from_json(&octets) {
                prop_assert_eq!(Refusal::from_json(refusal.to_json().as_bytes()), Some(refusal));
            }
        }
    }
}
