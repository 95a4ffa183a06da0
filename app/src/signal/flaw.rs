//! What is wrong with one line, in the terms of spec/00-conventions.md.

use chappe_codec::error::{DecodeError, ErrorKind, Unit};
use serde_json::{Value, json};

/// Why a line gave no result: the codec's error, its field free to be one the codec has no name for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) kind: ErrorKind,
    pub(crate) field: String,
    pub(crate) offset: usize,
    pub(crate) unit: Unit,
    pub(crate) message: String,
}

impl Flaw {
    /// A flaw of the line or of its JSON, at an octet.
    pub(crate) fn at_octet(
        kind: ErrorKind,
        field: &str,
        offset: usize,
        message: impl Into<String>,
    ) -> Self {
        Self { kind, field: field.into(), offset, unit: Unit::Octet, message: message.into() }
    }

    /// A flaw of a whole field, whatever it holds.
    pub(crate) fn of_field(kind: ErrorKind, field: &str) -> Self {
        let unit = Unit::Character;
        Self { kind, field: field.into(), offset: 0, unit, message: kind.to_string() }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"error": {
            "kind": self.kind.name(),
            "field": self.field,
            "offset": self.offset,
            "unit": self.unit.to_string(),
            "message": self.message,
        }})
    }
}

impl From<DecodeError> for Flaw {
    fn from(error: DecodeError) -> Self {
        Self {
            kind: error.kind,
            field: error.field.into(),
            offset: error.offset,
            unit: error.unit,
            message: error.kind.to_string(),
        }
    }
}
