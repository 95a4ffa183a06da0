//! Every maximum of the log, in one place.

use std::time::Duration;

/// Octets of one record's payload.
pub const RECORD_OCTETS_MAX: usize = 1 << 20;

/// The largest sequence number: 48 bits, nine years of a million records a second.
pub const SEQUENCE_MAX: u64 = (1 << 48) - 1;

/// Records in one batch.
pub const BATCH_RECORDS_MAX: usize = 1 << 16;

/// Octets one batch takes on disk, record headers included. Opening writes the last batch once
/// more, so this also bounds what an opening costs.
pub const BATCH_OCTETS_MAX: usize = 8 << 20;

/// Octets after which a segment is closed and the next begun, unless the options say otherwise.
pub const SEGMENT_OCTETS_DEFAULT: u64 = 16 << 20;

/// The smallest segment size the options may ask for.
pub const SEGMENT_OCTETS_MIN: u64 = 4 << 10;

/// The largest segment size the options may ask for. Offsets inside a segment are kept in 32 bits,
/// and opening holds one segment in memory.
pub const SEGMENT_OCTETS_MAX: u64 = 1 << 30;

/// Octets of a segment of a folder store, unless the options say otherwise.
pub const FOLDER_SEGMENT_OCTETS_DEFAULT: u64 = 64 << 20;

/// The largest segment a folder store's options may ask for: a start reads one before it takes
/// appends.
pub const FOLDER_SEGMENT_OCTETS_MAX: u64 = 256 << 20;

/// Octets of a segment that are written at once for the first time, as zeros behind a batch: see
/// [`FolderStore`](crate::FolderStore).
pub const FILL_OCTETS: u64 = 256 << 10;

/// Octets of zeros written and synced at once to a segment nobody waits for yet: what a sync that somebody
/// waits for may find in front of it.
pub const SPARE_FILL_OCTETS: u64 = 256 << 10;

/// Records told at once after a start.
pub const RECOVERED_RECORDS_MAX: usize = 4096;

/// Octets of records told at once after a start; one record may pass it.
pub const RECOVERED_OCTETS_MAX: usize = 512 << 10;

/// Files a folder store keeps open for reading.
pub const OPEN_FILES_MAX: usize = 64;

/// How long they stay open when nothing is read: one that was removed keeps its room meanwhile.
pub const READER_IDLE: Duration = Duration::from_millis(250);

/// The longest pause between two attempts at a disk that failed.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(5);
