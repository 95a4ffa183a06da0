//! What opening found.

use std::fmt;
use std::ops::Range;

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Sequence numbers the log holds, damaged ones included. The start is above 0 when older
    /// records were discarded.
    pub sequences: Range<u64>,
    /// What a power cut left of an unconfirmed batch; it was cut off.
    pub torn: Option<TornTail>,
    /// Places that do not verify and are no torn tail. Empty unless the log was opened with
    /// [`OnCorruption::Contain`](crate::OnCorruption::Contain).
    pub damage: Vec<Damage>,
}

impl Recovery {
    /// Whether the log was exactly as its last writer left it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.torn.is_none() && self.damage.is_empty()
    }
}

/// The end of a log that was cut off because its batch was never confirmed.
///
/// A batch is confirmed for a reader of the disk when something of a later batch, or a later
/// segment, is there. Rot inside the very last batch therefore looks like a torn one: it is cut off
/// too, and this report is what tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment's file name.
    pub segment: String,
    /// Octet in that file from which on it was cut.
    pub offset: u64,
    /// Octets cut off.
    pub octets: u64,
    /// Whole records among them: written after the tear in the same batch.
    pub records: u64,
}

impl fmt::Display for TornTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, offset, octets, records } = self;
        write!(
            f,
            "torn tail of {octets} octets ({records} whole records) cut off {segment} at {offset}"
        )
    }
}

/// A place that does not verify and is no torn tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment's file name.
    pub segment: String,
    /// Octet in that file where it begins.
    pub offset: u64,
    /// Octets up to the next record that verifies, or to the end of the segment.
    pub octets: u64,
    /// The records lost. Empty when only a segment's own header is hit.
    pub sequences: Range<u64>,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, offset, octets, sequences } = self;
        write!(f, "{octets} octets of {segment} at {offset} do not verify; ")?;
        if sequences.is_empty() {
            return f.write_str("no record is lost");
        }
        write!(f, "records {} to before {} are lost", sequences.start, sequences.end)
    }
}
