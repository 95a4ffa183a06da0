//! Why the log could not do what it was asked.

use crate::recovery::Damage;
use std::fmt;
use std::io;

/// Why the log could not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The storage failed.
    Io {
        /// What was being done, as a verb phrase: "sync", "read".
        doing: &'static str,
        /// The file's name inside the log's folder.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process, or another [`Log`](crate::Log) of this one, holds the log.
    Locked,
    /// A file with a segment's ending but not a segment's name lies in the folder.
    StrangeFile {
        /// The file's name.
        name: String,
    },
    /// A segment was written in a version of the format this program does not know.
    UnknownVersion {
        /// The segment's file name.
        name: String,
        /// The version it states.
        version: u8,
    },
    /// Records before the tail do not verify, and the options say to refuse that.
    Corrupt(Damage),
    /// The record is one of those corruption hit; the log was opened to contain that.
    Damaged {
        /// The record's sequence number.
        sequence: u64,
    },
    /// No record has that number: it is not written yet, or it was discarded.
    NoSuchRecord {
        /// The number asked for.
        sequence: u64,
    },
    /// A record is longer than [`RECORD_OCTETS_MAX`](crate::limits::RECORD_OCTETS_MAX).
    RecordTooLong {
        /// Its octets.
        octets: usize,
    },
    /// A batch passes [`BATCH_OCTETS_MAX`](crate::limits::BATCH_OCTETS_MAX) or
    /// [`BATCH_RECORDS_MAX`](crate::limits::BATCH_RECORDS_MAX).
    BatchTooLong {
        /// Its records.
        records: usize,
    },
    /// An earlier sync or clean-up failed, so what is on disk is unknown. Nothing more is appended;
    /// opening the log again finds out what survived.
    Poisoned,
    /// Sequence numbers or offsets would pass what the format can hold.
    Exhausted,
    /// The cluster did not store the group in time, or does not answer. It may store it later.
    Unanswered,
    /// Groups wait faster than the cluster stores them.
    Busy {
        /// Octets that wait.
        octets: usize,
    },
}

impl StoreError {
    /// Names the file and the deed of an I/O error.
    pub(crate) fn io(doing: &'static str, name: &str) -> impl FnOnce(io::Error) -> Self {
        let name = name.to_owned();
        move |source| Self::Io { doing, name, source }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, name, source } => write!(f, "cannot {doing} {name}: {source}"),
            Self::Locked => f.write_str("the log is in use by another process"),
            Self::StrangeFile { name } => write!(f, "{name} is not a segment of this log"),
            Self::UnknownVersion { name, version } => {
                write!(f, "{name} has version {version}, which this program does not know")
            }
            Self::Corrupt(damage) => write!(f, "corruption: {damage}"),
            Self::Damaged { sequence } => write!(f, "record {sequence} is damaged"),
            Self::NoSuchRecord { sequence } => write!(f, "there is no record {sequence}"),
            Self::RecordTooLong { octets } => write!(f, "a record of {octets} octets is too long"),
            Self::BatchTooLong { records } => write!(f, "a batch of {records} records is too long"),
            Self::Poisoned => f.write_str("an earlier sync failed; the log must be opened again"),
            Self::Exhausted => f.write_str("the log has no room for more sequence numbers"),
            Self::Unanswered => f.write_str("the cluster does not answer"),
            Self::Busy { octets } => write!(f, "{octets} octets wait to be stored already"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Locked
            | Self::StrangeFile { .. }
            | Self::UnknownVersion { .. }
            | Self::Corrupt(_)
            | Self::Damaged { .. }
            | Self::NoSuchRecord { .. }
            | Self::RecordTooLong { .. }
            | Self::BatchTooLong { .. }
            | Self::Poisoned
            | Self::Exhausted
            | Self::Unanswered
            | Self::Busy { .. } => None,
        }
    }
}
