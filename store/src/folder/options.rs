//! How a folder store is opened.

use crate::limits::{FOLDER_SEGMENT_OCTETS_DEFAULT, FOLDER_SEGMENT_OCTETS_MAX, SEGMENT_OCTETS_MIN};
use std::time::Duration;

/// How a [`FolderStore`](crate::FolderStore) is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderOptions {
    /// Octets of a segment: what is set aside at once, and the most that is written before the next
    /// is begun. A start reads the last segment in full before it takes appends. Values outside
    /// [`SEGMENT_OCTETS_MIN`]..=[`FOLDER_SEGMENT_OCTETS_MAX`] are moved to the nearer end. A group
    /// larger than this gets a segment of its own.
    pub segment_octets: u64,
    /// A segment is written again without its dead records when these are at least this share of
    /// its octets, in percent.
    pub dead_percent: u8,
    /// How long to wait after a failure of the disk before it is tried again; doubled with every
    /// attempt that fails, up to [`RETRY_PAUSE_MAX`](crate::limits::RETRY_PAUSE_MAX).
    pub retry_pause: Duration,
    /// Octets a second that are read and verified again when there is nothing else to do; 0: never.
    pub scrub_octets_per_second: u64,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self {
            segment_octets: FOLDER_SEGMENT_OCTETS_DEFAULT,
            dead_percent: 50,
            retry_pause: Duration::from_millis(100),
            scrub_octets_per_second: 1 << 20,
        }
    }
}

impl FolderOptions {
    /// The segment size within its limits.
    pub(super) fn segment_octets(&self) -> u64 {
        self.segment_octets.clamp(SEGMENT_OCTETS_MIN, FOLDER_SEGMENT_OCTETS_MAX)
    }
}
