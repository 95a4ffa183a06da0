//! A record on disk, and the header of a segment.
//!
//! ```text
//! segment header, 28 octets            record header, 24 octets
//! octets 0-6   "chplog" and 0x1A       octets 0-3   payload length (u32)
//! octet 7      version 1               octets 4-11  sequence (u64)
//! octets 8-15  first sequence (u64)    octets 12-15 position in its batch (u32)
//! octets 16-23 log identity (u64)      octets 16-19 CRC32C of identity, octets 0-15 and payload
//! octets 24-27 CRC32C of 0-23          octets 20-23 CRC32C of identity and octets 0-19
//!                                      then the payload
//! ```
//!
//! The header has a checksum of its own so that a damaged payload does not take the records behind
//! it with it. The position tells to which batch a record belongs: a record of a later batch proves
//! that all before it had been synced.
//!
//! The log's identity, a number nobody outside knows, opens both checksums. Without it someone who
//! may store payloads could store one that holds a record in full, and a search for the next whole
//! record behind a damaged one would find that.

use crate::limits::{BATCH_RECORDS_MAX, RECORD_OCTETS_MAX};

/// Octets of a record's header.
pub const RECORD_HEADER_OCTETS: usize = 24;

/// Octets of a segment's header.
pub const SEGMENT_HEADER_OCTETS: usize = 28;

/// The one version of the format there is.
pub const SEGMENT_VERSION: u8 = 1;

/// What a segment begins with. The last octet keeps text tools from printing the rest.
const SEGMENT_MAGIC: [u8; 7] = *b"chplog\x1a";

/// A record's header, verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// The record's number in the log.
    pub sequence: u64,
    /// How many records of its batch came before it.
    pub position: u32,
    /// Octets of the payload.
    pub payload_octets: u32,
    payload_checksum: u32,
}

/// What the octets at some place hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// A whole record.
    Record(RecordHeader, &'a [u8]),
    /// A whole header whose payload does not verify or is cut short.
    HeaderOnly(RecordHeader),
    /// Nothing that verifies.
    Nothing,
}

impl RecordHeader {
    /// The number of the first record of this one's batch; `None` in a header no writer makes.
    #[must_use]
    pub fn batch(&self) -> Option<u64> {
        self.sequence.checked_sub(u64::from(self.position))
    }

    /// Octets of header and payload.
    #[must_use]
    pub fn octets(&self) -> usize {
        usize::try_from(self.payload_octets)
            .unwrap_or(usize::MAX)
            .saturating_add(RECORD_HEADER_OCTETS)
    }

    /// Verifies a header. `None` unless it could have been written by [`put`].
    #[must_use]
    pub fn parse(identity: u64, octets: &[u8; RECORD_HEADER_OCTETS]) -> Option<Self> {
        let (covered, rest) = octets.split_first_chunk::<20>()?;
        let (fields, payload_checksum) = covered.split_first_chunk::<16>()?;
        let (length, rest_of_fields) = fields.split_first_chunk::<4>()?;
        let (sequence, position) = rest_of_fields.split_first_chunk::<8>()?;
        if u32::from_be_bytes(rest.try_into().ok()?) != header_checksum(identity, covered) {
            return None;
        }
        let header = Self {
            sequence: u64::from_be_bytes(*sequence),
            position: u32::from_be_bytes(position.try_into().ok()?),
            payload_octets: u32::from_be_bytes(*length),
            payload_checksum: u32::from_be_bytes(payload_checksum.try_into().ok()?),
        };
        let within = usize::try_from(header.payload_octets).ok()? <= RECORD_OCTETS_MAX
            && usize::try_from(header.position).ok()? < BATCH_RECORDS_MAX
            && header.batch().is_some();
        within.then_some(header)
    }

    /// Whether `payload` is what this header was written for.
    #[must_use]
    pub fn fits(&self, identity: u64, payload: &[u8]) -> bool {
        u32::try_from(payload.len()) == Ok(self.payload_octets)
            && payload_checksum(identity, &self.fields(), payload) == self.payload_checksum
    }

    fn fields(&self) -> [u8; 16] {
        let [a, b, c, d] = self.payload_octets.to_be_bytes();
        let [e, f, g, h, i, j, k, l] = self.sequence.to_be_bytes();
        let [m, n, o, p] = self.position.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

/// Appends a record. The payload must be within [`RECORD_OCTETS_MAX`] and the position below
/// [`BATCH_RECORDS_MAX`]; what is not could not be read back.
pub fn put(out: &mut Vec<u8>, identity: u64, sequence: u64, position: u32, payload: &[u8]) {
    let payload_octets = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut header = RecordHeader { sequence, position, payload_octets, payload_checksum: 0 };
    let fields = header.fields();
    header.payload_checksum = payload_checksum(identity, &fields, payload);
    let [a, b, c, d] = header.payload_checksum.to_be_bytes();
    let [e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = fields;
    let covered = [e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, a, b, c, d];
    out.extend_from_slice(&covered);
    out.extend_from_slice(&header_checksum(identity, &covered).to_be_bytes());
    out.extend_from_slice(payload);
}

/// Looks for a record at the first octet of `input`.
#[must_use]
pub fn find(identity: u64, input: &[u8]) -> Found<'_> {
    let Some((octets, rest)) = input.split_first_chunk::<RECORD_HEADER_OCTETS>() else {
        return Found::Nothing;
    };
    let Some(header) = RecordHeader::parse(identity, octets) else {
        return Found::Nothing;
    };
    let payload = usize::try_from(header.payload_octets).ok().and_then(|length| rest.get(..length));
    match payload {
        Some(payload) if header.fits(identity, payload) => Found::Record(header, payload),
        _ => Found::HeaderOnly(header),
    }
}

fn payload_checksum(identity: u64, fields: &[u8; 16], payload: &[u8]) -> u32 {
    let checksum = crc32c::crc32c(&identity.to_be_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(checksum, fields), payload)
}

fn header_checksum(identity: u64, covered: &[u8; 20]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&identity.to_be_bytes()), covered)
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

/// The version a segment states, when its magic and checksum are right and the version is not ours.
#[must_use]
pub fn foreign_version(header: &[u8]) -> Option<u8> {
    let header = header.first_chunk::<SEGMENT_HEADER_OCTETS>()?;
    let (fields, checksum) = header.split_last_chunk::<4>()?;
    let version = *fields.strip_prefix(&SEGMENT_MAGIC)?.first()?;
    let whole = crc32c::crc32c(fields) == u32::from_be_bytes(*checksum);
    (whole && version != SEGMENT_VERSION).then_some(version)
}
