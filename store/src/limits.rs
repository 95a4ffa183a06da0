//! Every maximum of the log, in one place.

/// Octets of one record's payload.
pub const RECORD_OCTETS_MAX: usize = 1 << 20;

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
