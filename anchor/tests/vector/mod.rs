//! Reading the fields of a vector.

use chappe_anchor::key::LedgerKey;
use chappe_codec::error::DecodeError;
use chappe_codec::realm::{Mode, Realm};
use serde_json::Value;

/// A refusal, as a vector names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) kind: String,
    pub(crate) field: String,
}

pub(crate) fn refused(error: DecodeError) -> Refused {
    refused_as(error.kind.name(), error.field)
}

pub(crate) fn refused_as(kind: &str, field: &str) -> Refused {
    Refused { kind: kind.to_owned(), field: field.to_owned() }
}

/// The `in` of a vector.
pub(crate) struct Input<'a>(pub(crate) &'a Value);

impl Input<'_> {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap()
    }

    pub(crate) fn octets(&self, name: &str) -> Vec<u8> {
        unhex(self.text(name))
    }

    pub(crate) fn octets_list(&self, name: &str) -> Vec<Vec<u8>> {
        let list = self.0[name].as_array().unwrap();
        list.iter().map(|octets| unhex(octets.as_str().unwrap())).collect()
    }

    pub(crate) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.octets(name).try_into().unwrap()
    }

    pub(crate) fn hashes(&self, name: &str) -> Vec<[u8; 32]> {
        self.octets_list(name).into_iter().map(|hash| hash.try_into().unwrap()).collect()
    }

    pub(crate) fn keys(&self) -> Vec<LedgerKey> {
        let keys = self.0["keys"].as_array().unwrap();
        keys.iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect()
    }

    pub(crate) fn realm(&self) -> Realm {
        let [mode, network @ ..] = self.array::<5>("realm");
        let mode = if mode == 0 { Mode::Live } else { Mode::Exercise };
        Realm { mode, network: u32::from_be_bytes(network) }
    }
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
