//! A message of the stream: some groups of one writer (spec/15-store.md, "A message").
//!
//! ```text
//! octets 0-2    "chb"
//! octet 3       version 2
//! octets 4-7    CRC-32C of the log's identity and of octets 8 to the end
//! octets 8-15   writer (u64): drawn whenever a store is opened
//! octets 16-23  number (u64) of the message among the writer's, from 1 on
//! octets 24-27  number of records (u32); then the octets of each (u32), then the records
//! ```
//!
//! Integers are big-endian. A record's sequence is the message's place in the stream times 4096 plus
//! the record's index, so sequences increase and leave gaps.

use super::limits::MESSAGE_RECORDS_MAX;
use crate::store::RecordBuffer;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Octets before the lengths of the records.
pub(super) const HEADER_OCTETS: usize = 28;

/// Octets a record takes beside itself.
pub(super) const LENGTH_OCTETS: usize = 4;

const MAGIC: [u8; 4] = *b"chb\x02";

/// Who wrote a message, and which of theirs it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) writer: u64,
    pub(super) number: u64,
}

impl Header {
    /// The id the cluster knows the message by.
    pub(super) fn message_id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(self.writer.to_be_bytes())
            .chain_update(self.number.to_be_bytes())
            .finalize();
        digest.iter().take(16).fold(String::with_capacity(32), |mut id, octet| {
            // A String takes all that is written.
            match write!(id, "{octet:02x}") {
                Ok(()) | Err(_) => {}
            }
            id
        })
    }
}

/// Writes a message.
pub(super) fn encode<'a>(
    identity: u64,
    header: Header,
    records: impl Iterator<Item = &'a [u8]> + Clone,
) -> Vec<u8> {
    let mut covered = Vec::new();
    for field in [header.writer, header.number] {
        covered.extend_from_slice(&field.to_be_bytes());
    }
    let count = u32::try_from(records.clone().count()).unwrap_or(u32::MAX);
    covered.extend_from_slice(&count.to_be_bytes());
    for record in records.clone() {
        // `fits` refused what is longer.
        covered.extend_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_be_bytes());
    }
    for record in records {
        covered.extend_from_slice(record);
    }
    let mut message = MAGIC.to_vec();
    message.extend_from_slice(&checksum(identity, &covered).to_be_bytes());
    message.append(&mut covered);
    message
}

/// Reads a message; `None` when it does not verify.
pub(super) fn parse(identity: u64, message: &[u8]) -> Option<(Header, Records<'_>)> {
    let rest = message.strip_prefix(&MAGIC)?;
    let (stated, covered) = rest.split_first_chunk::<4>()?;
    if checksum(identity, covered) != u32::from_be_bytes(*stated) {
        return None;
    }
    let (writer, rest) = covered.split_first_chunk()?;
    let (number, rest) = rest.split_first_chunk()?;
    let (count, rest) = rest.split_first_chunk()?;
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    if count == 0 || count > MESSAGE_RECORDS_MAX {
        return None;
    }
    let (lengths, records) = rest.split_at_checked(count.checked_mul(LENGTH_OCTETS)?)?;
    let records = Records { lengths, octets: records };
    let header =
        Header { writer: u64::from_be_bytes(*writer), number: u64::from_be_bytes(*number) };
    records.are_whole().then_some((header, records))
}

/// The records of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records<'a> {
    lengths: &'a [u8],
    octets: &'a [u8],
}

impl<'a> Records<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.octets;
        self.lengths.as_chunks::<LENGTH_OCTETS>().0.iter().map_while(move |length| {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (record, behind) = rest.split_at_checked(length)?;
            rest = behind;
            Some(record)
        })
    }

    fn are_whole(self) -> bool {
        let count = self.lengths.len().checked_div(LENGTH_OCTETS);
        let (found, octets) = self.iter().fold((0_usize, 0_usize), |(count, octets), record| {
            (count.saturating_add(1), octets.saturating_add(record.len()))
        });
        Some(found) == count && octets == self.octets.len()
    }
}

/// Octets that records take in a message, the header left out.
pub(super) fn octets_of(records: &RecordBuffer) -> usize {
    records.octets().saturating_add(records.len().saturating_mul(LENGTH_OCTETS))
}

fn checksum(identity: u64, covered: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&identity.to_be_bytes()), covered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jetstream::order::Order;
    use crate::jetstream::reads::first_sequence;
    use serde_json::{Value, json};
    use std::path::Path;

    const HEADER: Header = Header { writer: 8, number: 9 };

    #[test]
    fn no_octet_may_change_and_none_may_be_missing() {
        let message = encode(5, HEADER, [&b"record"[..]].into_iter());
        for index in 0..message.len() {
            let mut other = message.clone();
            other[index] ^= 1;
            assert!(parse(5, &other).is_none(), "octet {index}");
            assert!(parse(5, &message[..index]).is_none(), "{index} octets");
        }
    }

    fn vectors(name: &str, count: usize) -> Vec<Value> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/store");
        let text = std::fs::read(folder.join(name)).unwrap();
        let book: Value = serde_json::from_slice(&text).unwrap();
        let vectors = book["vectors"].as_array().unwrap().clone();
        assert_eq!(vectors.len(), count);
        vectors
    }

    fn octets_of(text: &Value) -> Vec<u8> {
        let digits = text.as_str().unwrap().as_bytes().chunks(2);
        let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.map(octet).collect()
    }

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn identity_of(vector: &Value) -> u64 {
        u64::from_str_radix(vector["in"]["identity"].as_str().unwrap(), 16).unwrap()
    }

    #[test]
    fn every_message_is_read_as_the_vectors_say() {
        for vector in vectors("message.json", 15) {
            let octets = octets_of(&vector["in"]["octets"]);
            let found = parse(identity_of(&vector), &octets);
            let shown = found.map(|(header, records)| {
                json!({
                    "writer": format!("{:016x}", header.writer),
                    "number": header.number.to_string(),
                    "records": records.iter().map(hex).collect::<Vec<_>>(),
                    "id": header.message_id(),
                })
            });
            assert_eq!(json!({ "message": shown }), vector["out"], "{}", vector["id"]);
            if let Some((header, records)) = found {
                let held: Vec<&[u8]> = records.iter().collect();
                let again = encode(identity_of(&vector), header, held.into_iter());
                assert_eq!(again, octets, "{}", vector["id"]);
            }
        }
    }

    #[test]
    fn every_stream_is_read_as_the_vectors_say() {
        for vector in vectors("stream.json", 11) {
            let (mut order, mut records, mut damaged) = (Order::default(), vec![], vec![]);
            for message in vector["in"]["messages"].as_array().unwrap() {
                let place: u64 = message[0].as_str().unwrap().parse().unwrap();
                let octets = octets_of(&message[1]);
                match parse(identity_of(&vector), &octets) {
                    Some((header, held)) if order.counts(&header) => {
                        for (record, sequence) in held.iter().zip(first_sequence(place)..) {
                            records.push(json!([sequence.to_string(), hex(record)]));
                        }
                    }
                    Some(_) => {}
                    None => damaged.push(place.to_string()),
                }
            }
            let found = json!({ "records": records, "damaged": damaged });
            assert_eq!(found, vector["out"], "{}", vector["id"]);
        }
    }
}
