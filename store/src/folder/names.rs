//! What the files of a folder store are called (spec/15-store.md, "A log in a folder", "Which files count").
//!
//! ```text
//! FIRST-IDENTITY.store               a segment as it was appended
//! FIRST-NEXT-ROUND-IDENTITY.store    what compaction made of the segments from FIRST to before NEXT
//! NUMBER-IDENTITY.spare              a segment that is ready, or begun so short a time ago that its
//!                                    name does not tell its first sequence yet
//! IDENTITY.part                      what a compaction is writing
//! ```
//!
//! All numbers have 16 hexadecimal digits. A segment that begins inside the range of a compacted one
//! was replaced by it; of two compacted ones of the same range the later round counts.

use crate::error::StoreError;
use std::cmp::Reverse;

const SEGMENT_ENDING: &str = ".store";
const SPARE_ENDING: &str = ".spare";
const PART_ENDING: &str = ".part";

/// What a segment's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentName {
    pub(super) first: u64,
    pub(super) compacted: Option<Compacted>,
    pub(super) identity: u64,
}

/// What a compacted segment's name says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compacted {
    /// The sequence behind the range it stands for.
    pub(super) next: u64,
    /// Tells it from one of the same range that it replaces.
    pub(super) round: u64,
}

/// What a file's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileName {
    Segment(SegmentName),
    Spare { number: u64, identity: u64 },
    Part { identity: u64 },
}

impl SegmentName {
    pub(super) fn file_name(self) -> String {
        let Self { first, compacted, identity } = self;
        match compacted {
            None => format!("{first:016x}-{identity:016x}{SEGMENT_ENDING}"),
            Some(Compacted { next, round }) => {
                format!("{first:016x}-{next:016x}-{round:016x}-{identity:016x}{SEGMENT_ENDING}")
            }
        }
    }

    /// Sorts what replaces before what it replaces.
    fn order(&self) -> (u64, Reverse<(u64, u64)>) {
        let compacted =
            self.compacted.map_or((0, 0), |compacted| (compacted.next, compacted.round));
        (self.first, Reverse(compacted))
    }
}

impl FileName {
    /// Reads a file name; `None` for a file that does not claim to be ours.
    pub(super) fn parse(name: &str) -> Option<Result<Self, StoreError>> {
        let ending = [SEGMENT_ENDING, SPARE_ENDING, PART_ENDING]
            .into_iter()
            .find(|ending| name.ends_with(ending))?;
        let stem = name.strip_suffix(ending)?;
        let numbers: Option<Vec<u64>> =
            stem.split('-').map(|number| u64::from_str_radix(number, 16).ok()).collect();
        let parsed = match (ending, numbers.as_deref()) {
            (SEGMENT_ENDING, Some(&[first, identity])) => {
                Some(Self::Segment(SegmentName { first, compacted: None, identity }))
            }
            (SEGMENT_ENDING, Some(&[first, next, round, identity])) if first < next => {
                let compacted = Some(Compacted { next, round });
                Some(Self::Segment(SegmentName { first, compacted, identity }))
            }
            (SPARE_ENDING, Some(&[number, identity])) => Some(Self::Spare { number, identity }),
            (PART_ENDING, Some(&[identity])) => Some(Self::Part { identity }),
            _ => None,
        };
        // One name, one spelling.
        let parsed = parsed.filter(|parsed| parsed.file_name() == name);
        Some(parsed.ok_or_else(|| StoreError::StrangeFile { name: name.to_owned() }))
    }

    pub(super) fn file_name(self) -> String {
        match self {
            Self::Segment(name) => name.file_name(),
            Self::Spare { number, identity } => {
                format!("{number:016x}-{identity:016x}{SPARE_ENDING}")
            }
            Self::Part { identity } => format!("{identity:016x}{PART_ENDING}"),
        }
    }

    pub(super) fn identity(self) -> u64 {
        match self {
            Self::Segment(name) => name.identity,
            Self::Spare { identity, .. } | Self::Part { identity } => identity,
        }
    }
}

/// Sorts segments and takes out those that a compacted one replaced.
pub(super) fn take_replaced(segments: &mut Vec<SegmentName>) -> Vec<SegmentName> {
    segments.sort_unstable_by_key(SegmentName::order);
    let mut covered_before = 0;
    let mut replaced = Vec::new();
    segments.retain(|segment| {
        let is_replaced = segment.first < covered_before;
        if is_replaced {
            replaced.push(*segment);
        } else if let Some(compacted) = segment.compacted {
            covered_before = compacted.next;
        }
        !is_replaced
    });
    replaced
}
