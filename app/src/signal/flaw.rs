//! What is wrong with one line, in the terms of spec/00-conventions.md.

use chappe_codec::error::{DecodeError, ErrorKind, Unit};
use chappe_codec::signal::cryptography::CryptographyError;
use serde_json::{Value, json};

/// Why a line gave no result: the codec's error, its field free to be one the codec has no name for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// A name registered in spec/00-conventions.md.
    pub(crate) kind: &'static str,
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
        let unit = Unit::Octet;
        Self { kind: kind.name(), field: field.into(), offset, unit, message: message.into() }
    }

    /// A flaw of a whole field, whatever it holds.
    pub(crate) fn of_field(kind: ErrorKind, field: &str) -> Self {
        let unit = Unit::Character;
        let message = kind.to_string();
        Self { kind: kind.name(), field: field.into(), offset: 0, unit, message }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"error": {
            "kind": self.kind,
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
            kind: error.kind.name(),
            field: error.field.into(),
            offset: error.offset,
            unit: error.unit,
            message: error.kind.to_string(),
        }
    }
}

/// What needs a key says no more than kind and field.
impl From<CryptographyError> for Flaw {
    fn from(error: CryptographyError) -> Self {
        Self {
            kind: error.kind.name(),
            field: error.field.into(),
            offset: 0,
            unit: Unit::Octet,
            message: error.kind.to_string(),
        }
    }
}
