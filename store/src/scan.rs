//! Reading a whole segment and telling its records from what does not verify (spec/15-store.md, "Reading a
//! segment").

use crate::record::{self, Checksum, RECORD_HEADER_OCTETS, RecordHeader};
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
    pub(crate) ends_group: bool,
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

/// Which sequences may follow one another in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// Each is one more than the last.
    Dense,
    /// Some were taken out; all are before this one.
    Sparse(u64),
}

impl Numbering {
    /// Whether a whole record of this sequence may come where `expected` is the next there can be.
    pub(crate) fn allows(self, expected: u64, sequence: u64) -> bool {
        match self {
            Self::Dense => sequence == expected,
            Self::Sparse(before) => expected <= sequence && sequence < before,
        }
    }
}

impl Scan {
    /// Scans a segment whose records begin at `start`, with sequence `first` or, where some were
    /// taken out, a later one.
    pub(crate) fn of(
        octets: &[u8],
        start: usize,
        checksum: Checksum,
        first: u64,
        numbering: Numbering,
    ) -> Self {
        let mut scan = Self { end: start, next: first, ..Self::default() };
        loop {
            let rest = octets.get(scan.end..).unwrap_or_default();
            match record::find(checksum, rest) {
                Some((header, _)) if numbering.allows(scan.next, header.sequence) => {
                    scan.take(header, scan.end);
                }
                Some(_) | None => {
                    if is_zero(rest) {
                        return scan;
                    }
                    let found = next_whole(rest, checksum, scan.next, numbering);
                    let Some((skipped, header)) = found else {
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

    fn take(&mut self, header: RecordHeader, offset: usize) {
        let RecordHeader { sequence, ends_group, .. } = header;
        self.records.push(Span { sequence, batch: header.batch(), ends_group, offset });
        self.end = offset.saturating_add(header.octets());
        self.next = sequence.saturating_add(1);
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
    checksum: Checksum,
    expected: u64,
    numbering: Numbering,
) -> Option<(usize, RecordHeader)> {
    let whole_at = |at: usize| {
        let rest = octets.get(at..)?;
        // Looking at the sequence first keeps a search from checking every octet's "record".
        let sequence = RecordHeader::parse(rest.first_chunk()?)?.sequence;
        let lost = sequence.checked_sub(expected)?;
        let room = u64::try_from(at / RECORD_HEADER_OCTETS).unwrap_or(u64::MAX);
        let fits = match numbering {
            Numbering::Dense => lost <= room,
            Numbering::Sparse(before) => sequence < before,
        };
        let (header, _) = record::find(checksum, fits.then_some(rest)?)?;
        Some((at, header))
    };
    // Most often the payload is what rotted, and the header still tells where the next record is.
    let guess = octets.first_chunk().and_then(RecordHeader::parse);
    let hop = guess
        .filter(|header| numbering.allows(expected, header.sequence))
        .and_then(|header| whole_at(header.octets()));
    hop.or_else(|| {
        (1..octets.len().saturating_sub(RECORD_HEADER_OCTETS).saturating_add(1)).find_map(whole_at)
    })
}

/// Whether there is nothing but zeros.
pub(crate) fn is_zero(octets: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    octets.chunks(ZEROS.len()).all(|piece| ZEROS.starts_with(piece))
}
