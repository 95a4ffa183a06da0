//! How a log is opened.

use crate::limits::{SEGMENT_OCTETS_DEFAULT, SEGMENT_OCTETS_MAX, SEGMENT_OCTETS_MIN};

/// How a log is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Octets after which a segment is closed and the next begun. A batch is never split, so a
    /// batch larger than this gets a segment of its own. Values outside
    /// [`SEGMENT_OCTETS_MIN`]..=[`SEGMENT_OCTETS_MAX`] are moved to the nearer end.
    pub segment_octets: u64,
    /// What to do about records that do not verify and are no torn tail.
    pub on_corruption: OnCorruption,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_octets: SEGMENT_OCTETS_DEFAULT, on_corruption: OnCorruption::Refuse }
    }
}

impl Options {
    /// The segment size within its limits.
    pub(crate) fn segment_octets(&self) -> u64 {
        self.segment_octets.clamp(SEGMENT_OCTETS_MIN, SEGMENT_OCTETS_MAX)
    }
}

/// What opening does when records before the tail do not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCorruption {
    /// Fail with [`StoreError::Corrupt`](crate::StoreError::Corrupt) and change nothing. Right where
    /// every record counts: a ledger cannot go on with a leaf missing.
    Refuse,
    /// Open, report each place in [`Recovery::damage`](crate::Recovery::damage), and answer reads of
    /// the records it hit with [`StoreError::Damaged`](crate::StoreError::Damaged). Right where the
    /// rest is still worth serving: a relay.
    Contain,
}
