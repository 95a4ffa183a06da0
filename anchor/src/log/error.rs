//! Why the log could not do what it was asked.

use crate::checkpoint::CheckpointError;
use crate::submission::SubmissionError;
use chappe_codec::error::DecodeError;
use chappe_store::StoreError;
use std::fmt;
use std::io;

/// Why the log could not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogError {
    /// The store of leaves failed.
    Store(StoreError),
    /// A file beside it could not be read or written.
    Io {
        /// What was being done, as a verb phrase.
        doing: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// There are leaves but no checkpoint: what the log promised is unknown.
    CheckpointMissing,
    /// The last checkpoint cannot be read.
    BadCheckpoint(DecodeError),
    /// The last checkpoint was signed by another key or for another origin.
    ForeignCheckpoint(CheckpointError),
    /// There are fewer leaves than the last checkpoint promised.
    Shrunk {
        /// The last checkpoint's size.
        promised: u64,
        /// The leaves found.
        found: u64,
    },
    /// The leaves are not those the last checkpoint promised.
    Forked {
        /// The last checkpoint's size.
        size: u64,
    },
    /// The oldest leaves were discarded; a log is nothing without them.
    LeavesDiscarded {
        /// The oldest leaf left.
        first: u64,
    },
    /// A stored record is no leaf with its submission.
    BadRecord {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// The latest checkpoint does not cover that leaf.
    NoSuchLeaf {
        /// The index asked for.
        index: u64,
    },
    /// A batch passes [`BATCH_SUBMISSIONS_MAX`](crate::limits::BATCH_SUBMISSIONS_MAX).
    BatchTooLong,
    /// The log holds [`LOG_LEAVES_MAX`](crate::limits::LOG_LEAVES_MAX) leaves.
    Full,
    /// Store, tree and index contradict each other: a defect or a failing disk.
    Inconsistent,
}

impl LogError {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

impl From<StoreError> for LogError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "the store of leaves: {error}"),
            Self::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            Self::CheckpointMissing => {
                f.write_str("there are leaves but no checkpoint; restore it, or the log ends here")
            }
            Self::BadCheckpoint(error) => write!(f, "the last checkpoint is malformed: {error}"),
            Self::ForeignCheckpoint(_) => {
                f.write_str("the last checkpoint is not of this ledger's key and origin")
            }
            Self::Shrunk { promised, found } => write!(
                f,
                "the last checkpoint promised {promised} leaves, {found} are left; signing fewer \
                 would be a lie"
            ),
            Self::Forked { size } => write!(
                f,
                "the first {size} leaves are not those the last checkpoint promised; signing them \
                 would be a lie"
            ),
            Self::LeavesDiscarded { first } => {
                write!(f, "the leaves before {first} were discarded")
            }
            Self::BadRecord { index, error } => write!(f, "record {index} is no leaf: {error}"),
            Self::NoSuchLeaf { index } => write!(f, "there is no leaf {index}"),
            Self::BatchTooLong => f.write_str("too many submissions for one batch"),
            Self::Full => f.write_str("the log is full"),
            Self::Inconsistent => {
                f.write_str("stored leaves, tree and index contradict each other")
            }
        }
    }
}

impl std::error::Error for LogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Io { source, .. } => Some(source),
            Self::BadCheckpoint(error) | Self::BadRecord { error, .. } => Some(error),
            Self::ForeignCheckpoint(error) => Some(error),
            Self::CheckpointMissing
            | Self::Shrunk { .. }
            | Self::Forked { .. }
            | Self::LeavesDiscarded { .. }
            | Self::NoSuchLeaf { .. }
            | Self::BatchTooLong
            | Self::Full
            | Self::Inconsistent => None,
        }
    }
}

/// Why a submission was not taken in.
#[derive(Debug)]
pub enum IntakeError {
    /// A key or signature does not hold; submitting it again is in vain.
    Refused(SubmissionError),
    /// The log failed; the submission may be brought again.
    Log(LogError),
}

impl From<SubmissionError> for IntakeError {
    fn from(error: SubmissionError) -> Self {
        Self::Refused(error)
    }
}

impl From<LogError> for IntakeError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Log(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IntakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Log(error) => Some(error),
        }
    }
}
