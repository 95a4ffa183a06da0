//! A record on disk, and the header of a segment (spec/15-store.md, "A segment").
//!
//! ```text
//! segment header, 28 octets            record header, 16 octets
//! octets 0-6   "chplog" and 0x1A       octets 0-3   CRC32C of identity, octets 4-15 and payload
//! octet 7      version 2               octets 4-9   sequence (48 bits)
//! octets 8-15  first sequence (u64)    octets 10-11 position in its batch (u16)
//! octets 16-23 log identity (u64)      octets 12-15 bit 31 set, bit 30: last of its group,
//! octets 24-27 CRC32C of 0-23                       bits 29-0: payload length
//!                                      then the payload
//! ```
//!
//! One checksum in front of all that it covers: a record is verified in one pass. When it does not
//! verify, its length is only a guess; the guess counts when the next record in turn lies there.
//! The bit that is always set keeps a stretch of zeros from ever being a record.
//!
//! A batch is what was written and synced together. The position tells to which batch a record
//! belongs: a record of a later batch proves that all before it had been synced. A batch may hold
//! several groups; a group counts in full or not at all.
//!
//! The log's identity, a number nobody outside knows, opens the checksum. Without it someone who
//! may store payloads could store one that holds a record in full, and a search for the next whole
//! record behind a damaged one would find that.

use crate::limits::RECORD_OCTETS_MAX;

/// Octets of a record's header.
pub const RECORD_HEADER_OCTETS: usize = 16;

/// Octets of a segment's header.
pub const SEGMENT_HEADER_OCTETS: usize = 28;

/// The one version of the format this program writes and reads.
pub const SEGMENT_VERSION: u8 = 2;

/// What a segment begins with. The last octet keeps text tools from printing the rest.
const SEGMENT_MAGIC: [u8; 7] = *b"chplog\x1a";

const IS_RECORD: u32 = 1 << 31;
const ENDS_GROUP: u32 = 1 << 30;

/// How the records of one log are checked: CRC-32C that begins with the log's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum {
    begun: u32,
}

impl Checksum {
    /// For the log of this identity.
    #[must_use]
    pub fn of(identity: u64) -> Self {
        Self { begun: crc32c::crc32c(&identity.to_be_bytes()) }
    }

    fn over(self, octets: &[u8]) -> u32 {
        crc32c::crc32c_append(self.begun, octets)
    }
}

/// What a record's header says beside the checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// The record's number in the log, at most [`SEQUENCE_MAX`](crate::limits::SEQUENCE_MAX).
    pub sequence: u64,
    /// How many records of its batch came before it.
    pub position: u16,
    /// Whether it is the last of its group.
    pub ends_group: bool,
    /// Octets of the payload.
    pub payload_octets: u32,
}

impl RecordHeader {
    /// The number of the first record of this one's batch.
    #[must_use]
    pub fn batch(&self) -> u64 {
        self.sequence.saturating_sub(u64::from(self.position))
    }

    /// Octets of header and payload.
    #[must_use]
    pub fn octets(&self) -> usize {
        usize::try_from(self.payload_octets)
            .unwrap_or(usize::MAX)
            .saturating_add(RECORD_HEADER_OCTETS)
    }

    /// Reads a header without verifying it. `None` for what [`put`] never writes.
    #[must_use]
    pub fn parse(octets: &[u8; RECORD_HEADER_OCTETS]) -> Option<Self> {
        let [_, _, _, _, a, b, c, d, e, f, position @ .., g, h, i, j] = *octets;
        let length = u32::from_be_bytes([g, h, i, j]);
        let payload_octets = length & !(IS_RECORD | ENDS_GROUP);
        let header = Self {
            sequence: u64::from_be_bytes([0, 0, a, b, c, d, e, f]),
            position: u16::from_be_bytes(position),
            ends_group: length & ENDS_GROUP != 0,
            payload_octets,
        };
        let within = length & IS_RECORD != 0
            && usize::try_from(payload_octets).ok()? <= RECORD_OCTETS_MAX
            && u64::from(header.position) <= header.sequence;
        within.then_some(header)
    }

    fn fields(&self) -> [u8; 12] {
        let [_, _, a, b, c, d, e, f] = self.sequence.to_be_bytes();
        let [g, h] = self.position.to_be_bytes();
        let group = if self.ends_group { ENDS_GROUP } else { 0 };
        let [i, j, k, l] = (self.payload_octets | IS_RECORD | group).to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

/// Appends a record. The payload must be within [`RECORD_OCTETS_MAX`], the sequence within
/// [`SEQUENCE_MAX`](crate::limits::SEQUENCE_MAX) and the position not above it; what is not could
/// not be read back.
pub fn put(
    out: &mut Vec<u8>,
    checksum: Checksum,
    (sequence, position, ends_group): (u64, u16, bool),
    payload: &[u8],
) {
    let payload_octets = u32::try_from(payload.len()).unwrap_or(0);
    let header = RecordHeader { sequence, position, ends_group, payload_octets };
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&header.fields());
    out.extend_from_slice(payload);
    let record = out.get_mut(start..).and_then(|record| record.split_first_chunk_mut::<4>());
    if let Some((place, covered)) = record {
        *place = checksum.over(covered).to_be_bytes();
    }
}

/// The whole record at the first octet of `input`, if there is one.
#[must_use]
pub fn find(checksum: Checksum, input: &[u8]) -> Option<(RecordHeader, &[u8])> {
    let header = RecordHeader::parse(input.first_chunk()?)?;
    let record = input.get(..header.octets())?;
    let payload = verified(checksum, record)?;
    Some((header, payload))
}

/// The payload of a record cut to its length, when it verifies.
pub(crate) fn verified(checksum: Checksum, record: &[u8]) -> Option<&[u8]> {
    let (stated, covered) = record.split_first_chunk::<4>()?;
    let whole = checksum.over(covered) == u32::from_be_bytes(*stated);
    whole.then(|| record.get(RECORD_HEADER_OCTETS..))?
}

/// A segment's header for its first sequence and its log's identity.
#[must_use]
pub fn segment_header(first: u64, identity: u64) -> [u8; SEGMENT_HEADER_OCTETS] {
    let mut header = [0; SEGMENT_HEADER_OCTETS];
    let fields = SEGMENT_MAGIC
        .into_iter()
        .chain([SEGMENT_VERSION])
        .chain(first.to_be_bytes())
        .chain(identity.to_be_bytes());
    for (to, from) in header.iter_mut().zip(fields) {
        *to = from;
    }
    if let Some((fields, checksum)) = header.split_last_chunk_mut::<4>() {
        *checksum = crc32c::crc32c(fields).to_be_bytes();
    }
    header
}

/// The first sequence a segment states, when its header is whole and of this log.
pub(crate) fn stated_first(header: &[u8], identity: u64) -> Option<u64> {
    let header = header.first_chunk::<SEGMENT_HEADER_OCTETS>()?;
    let (_, behind) = header.split_first_chunk::<8>()?;
    let first = u64::from_be_bytes(*behind.first_chunk()?);
    (*header == segment_header(first, identity)).then_some(first)
}

/// The version a segment states, when its magic and checksum are right and the version is not ours.
#[must_use]
pub fn foreign_version(header: &[u8]) -> Option<u8> {
    let header = header.first_chunk::<SEGMENT_HEADER_OCTETS>()?;
    let (fields, checksum) = header.split_last_chunk::<4>()?;
    let version = *fields.strip_prefix(&SEGMENT_MAGIC)?.first()?;
    let whole = crc32c::crc32c(fields) == u32::from_be_bytes(*checksum);
    (whole && version != SEGMENT_VERSION).then_some(version)
}
