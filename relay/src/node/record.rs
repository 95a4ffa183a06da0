//! What lies in a relay's logs (spec/15-store.md, "Records").
//!
//! ```text
//! octet 0      kind: 2 a parcel that was looked at for duplicates before it was stored, 3 one that was
//!              not, since old records were still being read
//! octets 1-5   when it was stored, by the relay's clock (u40)
//! …            parcel
//! ```
//!
//! Kind 1 was version 1's. A record of a kind this program does not know is passed over.

use crate::parcel::ParcelRef;
use chappe_codec::time;

const JUDGED: u8 = 2;
const UNJUDGED: u8 = 3;

/// Octets in front of the parcel.
pub(super) const RECORD_HEAD_OCTETS: usize = 6;

/// A record where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    /// Whether it was looked at for duplicates.
    pub(super) is_judged: bool,
    pub(super) stored_seconds: u64,
    pub(super) parcel: ParcelRef<'a>,
}

impl<'a> Record<'a> {
    pub(super) fn parse(octets: &'a [u8]) -> Option<Self> {
        let (kind, rest) = octets.split_first()?;
        let (stored, parcel) = rest.split_first_chunk::<5>()?;
        let is_judged = match *kind {
            JUDGED => true,
            UNJUDGED => false,
            _ => return None,
        };
        let [a, b, c, d, e] = *stored;
        let stored_seconds = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        Some(Self { is_judged, stored_seconds, parcel: ParcelRef::parse(parcel).ok()? })
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.reserve(self.octets());
        out.push(if self.is_judged { JUDGED } else { UNJUDGED });
        out.extend_from_slice(&time::seconds_to_bytes(self.stored_seconds));
        out.extend_from_slice(self.parcel.octets());
    }

    pub(super) const fn octets(&self) -> usize {
        self.parcel.octets().len().saturating_add(RECORD_HEAD_OCTETS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::path::Path;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn octets_of(text: &Value) -> Vec<u8> {
        let digits = text.as_str().unwrap().as_bytes().chunks(2);
        let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.map(octet).collect()
    }

    #[test]
    fn every_record_is_read_as_the_vectors_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/store/record.json");
        let book: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let vectors = book["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 9);
        for vector in vectors {
            let octets = octets_of(&vector["in"]["octets"]);
            let found = Record::parse(&octets);
            let shown = found.map(|record| {
                json!({
                    "looked_at": record.is_judged,
                    "stored": record.stored_seconds.to_string(),
                    "parcel": hex(record.parcel.octets()),
                })
            });
            assert_eq!(json!({ "record": shown }), vector["out"], "{}", vector["id"]);
            if let Some(record) = found {
                let mut again = Vec::new();
                record.put(&mut again);
                assert_eq!(again, octets, "{}", vector["id"]);
            }
        }
    }
}
