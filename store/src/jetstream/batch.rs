//! A message of the stream: some groups of one writer, or the fence that a writer begins with.
//!
//! ```text
//! octets 0-2    "chb"
//! octet 3       version 1
//! octets 4-7    CRC-32C of the log's identity and of octets 8 to the end
//! octet 8       kind: 1 fence, 2 records
//! octets 9-11   zero
//! octets 12-19  epoch (u64)
//! octets 20-27  writer (u64): drawn anew for every fence
//! octets 28-35  number of the message among the writer's (u64): the fence is 0
//! octets 36-39  number of records (u32); then the octets of each (u32), then the records
//! ```
//!
//! Integers are big-endian. A record's sequence is the message's place in the stream times 4096 plus
//! the record's index, so sequences increase and leave gaps.

use super::limits::MESSAGE_RECORDS_MAX;
use crate::store::RecordBuffer;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Octets before the lengths of the records.
pub(super) const HEADER_OCTETS: usize = 40;

/// Octets a record takes beside itself.
pub(super) const LENGTH_OCTETS: usize = 4;

const MAGIC: [u8; 4] = *b"chb\x01";

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Fence,
    Records,
}

/// Who wrote a message, and which of theirs it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) epoch: u64,
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
    let mut covered = vec![match header.kind {
        Kind::Fence => 1,
        Kind::Records => 2,
    }];
    covered.extend_from_slice(&[0; 3]);
    for field in [header.epoch, header.writer, header.number] {
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
    let ([kind, zeros @ ..], rest) = covered.split_first_chunk::<4>()?;
    let kind = match (*kind, zeros) {
        (1, [0, 0, 0]) => Kind::Fence,
        (2, [0, 0, 0]) => Kind::Records,
        _ => return None,
    };
    let (epoch, rest) = rest.split_first_chunk()?;
    let (writer, rest) = rest.split_first_chunk()?;
    let (number, rest) = rest.split_first_chunk()?;
    let (count, rest) = rest.split_first_chunk()?;
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    if count > MESSAGE_RECORDS_MAX {
        return None;
    }
    let (lengths, records) = rest.split_at_checked(count.checked_mul(LENGTH_OCTETS)?)?;
    let records = Records { lengths, octets: records };
    let header = Header {
        kind,
        epoch: u64::from_be_bytes(*epoch),
        writer: u64::from_be_bytes(*writer),
        number: u64::from_be_bytes(*number),
    };
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

    const HEADER: Header = Header { kind: Kind::Records, epoch: 7, writer: 8, number: 9 };

    #[test]
    fn what_is_written_is_read() {
        let records: [&[u8]; 3] = [b"one", b"", b"three"];
        let message = encode(5, HEADER, records.into_iter());
        let (header, read) = parse(5, &message).unwrap();
        assert_eq!(header, HEADER);
        assert_eq!(read.iter().collect::<Vec<_>>(), records);
    }

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

    #[test]
    fn another_logs_message_is_not_read() {
        assert!(parse(6, &encode(5, HEADER, std::iter::empty())).is_none());
    }
}
