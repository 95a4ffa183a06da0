//! Reading a whole segment and telling its records from what does not verify.

use crate::record::{self, Found, RECORD_HEADER_OCTETS, SEGMENT_HEADER_OCTETS};
use std::ops::Range;

/// What a segment's octets hold.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The whole records, in order.
    pub(crate) records: Vec<Span>,
    /// What lies between whole records and does not verify.
    pub(crate) gaps: Vec<Gap>,
    /// Where the last whole record ends, or the header.
    pub(crate) end: usize,
    /// The sequence expected there.
    pub(crate) next: u64,
    /// Whether octets other than zeros follow.
    pub(crate) has_tail: bool,
}

/// Where a whole record lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) sequence: u64,
    /// The first sequence of its batch.
    pub(crate) batch: u64,
    pub(crate) offset: usize,
}

/// Octets before a whole record that do not verify.
#[derive(Debug, Clone)]
pub(crate) struct Gap {
    pub(crate) offset: usize,
    pub(crate) octets: usize,
    /// The records that must have been there.
    pub(crate) sequences: Range<u64>,
    /// How many of [`Scan::records`] lie before it.
    pub(crate) records_before: usize,
}

impl Scan {
    /// Scans a segment, header included, that begins with sequence `first`.
    pub(crate) fn of(octets: &[u8], identity: u64, first: u64) -> Self {
        let mut scan = Self { end: SEGMENT_HEADER_OCTETS, next: first, ..Self::default() };
        loop {
            let rest = octets.get(scan.end..).unwrap_or_default();
            match record::find(identity, rest) {
                Found::Record(header, _) if header.sequence == scan.next => {
                    scan.take(header, scan.end);
                }
                Found::Record(..) | Found::HeaderOnly(_) | Found::Nothing => {
                    if rest.iter().all(|octet| *octet == 0) {
                        return scan;
                    }
                    let Some((skipped, header)) = next_whole(rest, identity, scan.next) else {
                        scan.has_tail = true;
                        return scan;
                    };
                    scan.gaps.push(Gap {
                        offset: scan.end,
                        octets: skipped,
                        sequences: scan.next..header.sequence,
                        records_before: scan.records.len(),
                    });
                    scan.take(header, scan.end.saturating_add(skipped));
                }
            }
        }
    }

    fn take(&mut self, header: record::RecordHeader, offset: usize) {
        let batch = header.batch().unwrap_or(header.sequence);
        self.records.push(Span { sequence: header.sequence, batch, offset });
        self.end = offset.saturating_add(header.octets());
        self.next = header.sequence.saturating_add(1);
    }

    /// Whether a power cut while the last batch was written explains a tear at `sequence`.
    ///
    /// A batch is written only when the one before it is synced. So a whole record of a later batch
    /// proves that the octets before it were once durable: what is wrong there is corruption.
    fn may_be_torn(&self, sequence: u64) -> bool {
        self.records.last().is_none_or(|last| last.batch <= sequence)
    }

    /// Cuts everything from the first tear on that a power cut explains. Returns where the cut is
    /// and how many whole records were behind it, or `None` when nothing is torn.
    pub(crate) fn cut_torn_tail(&mut self) -> Option<(usize, usize)> {
        let torn = self.gaps.iter().position(|gap| self.may_be_torn(gap.sequences.start));
        match torn.and_then(|index| Some((index, self.gaps.get(index)?.clone()))) {
            Some((index, gap)) => {
                let whole = self.records.len().saturating_sub(gap.records_before);
                self.records.truncate(gap.records_before);
                self.gaps.truncate(index);
                self.end = gap.offset;
                self.next = gap.sequences.start;
                self.has_tail = false;
                Some((gap.offset, whole))
            }
            None if self.has_tail => {
                self.has_tail = false;
                Some((self.end, 0))
            }
            None => None,
        }
    }

    /// Where the last batch begins, as far as it is whole.
    pub(crate) fn last_batch(&self) -> Option<usize> {
        let batch = self.records.last()?.batch;
        let before = self.records.partition_point(|record| record.batch < batch);
        Some(self.records.get(before)?.offset)
    }
}

/// The next whole record in `octets` that can follow `expected`, and how far away it is.
fn next_whole(
    octets: &[u8],
    identity: u64,
    expected: u64,
) -> Option<(usize, record::RecordHeader)> {
    // A header that verifies tells where the next record begins: with that, a payload that happens
    // to hold something like a record is stepped over.
    let mut at = match record::find(identity, octets) {
        Found::HeaderOnly(header) if header.sequence == expected => header.octets(),
        Found::Record(..) | Found::HeaderOnly(_) | Found::Nothing => 1,
    };
    while let Some(rest) = octets.get(at..).filter(|rest| rest.len() >= RECORD_HEADER_OCTETS) {
        if let Found::Record(header, _) = record::find(identity, rest) {
            let lost = header.sequence.checked_sub(expected);
            let room = u64::try_from(at / RECORD_HEADER_OCTETS).unwrap_or(u64::MAX);
            if lost.is_some_and(|lost| lost <= room) {
                return Some((at, header));
            }
        }
        at = at.saturating_add(1);
    }
    None
}
