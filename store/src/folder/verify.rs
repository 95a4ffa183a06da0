//! Reading all of a segment: telling its records, and what in it does not verify.

use super::opening::read_whole;
use super::segment::{End, Marks, Segment};
use super::shared::Shared;
use super::walk::{Verify, Walk, Walked, as_u64};
use crate::error::StoreError;
use crate::record::{self, Checksum, RECORD_HEADER_OCTETS, SEGMENT_HEADER_OCTETS, stated_first};
use crate::recovery::Damage;
use crate::scan::{Numbering, Scan, is_zero};
use crate::storage::{Storage, StorageFile};
use std::ops::ControlFlow;

/// What a disk reads at once: where it cannot, so much is lost.
const BLOCK_OCTETS: usize = 4096;

/// A segment in memory.
pub(super) struct Loaded {
    octets: Vec<u8>,
    pub(super) scan: Scan,
}

impl Loaded {
    /// A record, when it is there.
    pub(super) fn payload(&self, checksum: Checksum, sequence: u64) -> Option<&[u8]> {
        let records = &self.scan.records;
        let index = records.binary_search_by_key(&sequence, |record| record.sequence).ok()?;
        self.record(checksum, index)?.record.get(RECORD_HEADER_OCTETS..)
    }

    fn record(&self, checksum: Checksum, index: usize) -> Option<Walked<'_>> {
        let offset = self.scan.records.get(index)?.offset;
        let rest = self.octets.get(offset..)?;
        let (header, _) = record::find(checksum, rest)?;
        let record = rest.get(..header.octets())?;
        Some(Walked { header, offset: as_u64(offset), record })
    }
}

/// Reads all of a segment up to `limit`, searching it for whole records. For the few segments in
/// which something does not verify.
pub(super) fn load<S: Storage>(
    shared: &Shared<S>,
    segment: &Segment,
    file: &S::File,
    limit: u64,
) -> Result<Loaded, StoreError> {
    let octets = read_as_far_as_possible(file, &segment.file_name(), limit)?;
    let start = SEGMENT_HEADER_OCTETS;
    let numbering = segment.numbering();
    let scan = Scan::of(&octets, start, shared.checksum, segment.name.first, numbering);
    Ok(Loaded { octets, scan })
}

/// A file's octets; where the disk cannot read them, zeros.
fn read_as_far_as_possible<F: StorageFile>(
    file: &F,
    name: &str,
    limit: u64,
) -> Result<Vec<u8>, StoreError> {
    let error = match read_whole(file, name, limit) {
        Ok(octets) => return Ok(octets),
        Err(error) => error,
    };
    let length = file.octets().map_err(StoreError::io("measure", name))?.min(limit);
    let mut octets = vec![0; usize::try_from(length).map_err(|_| StoreError::Exhausted)?];
    let mut any = false;
    for (index, block) in octets.chunks_mut(BLOCK_OCTETS).enumerate() {
        let offset = as_u64(index.saturating_mul(BLOCK_OCTETS));
        any |= file.read_at(offset, block).is_ok();
    }
    if any { Ok(octets) } else { Err(error) }
}

/// What of a segment that ends with the sequence before `next` does not verify.
pub(super) fn damage_of(segment: &Segment, loaded: &Loaded, next: u64) -> Vec<Damage> {
    let name = segment.file_name();
    let Loaded { octets, scan } = loaded;
    let mut damage = Vec::new();
    if stated_first(octets, segment.name.identity) != Some(segment.name.first) {
        let octets = as_u64(SEGMENT_HEADER_OCTETS.min(octets.len()));
        let sequences = segment.name.first..segment.name.first;
        damage.push(Damage { segment: name.clone(), offset: 0, octets, sequences });
    }
    for gap in &scan.gaps {
        damage.push(Damage {
            segment: name.clone(),
            offset: as_u64(gap.offset),
            octets: as_u64(gap.octets),
            sequences: gap.sequences.clone(),
        });
    }
    let must_reach_next = segment.numbering() == Numbering::Dense;
    if scan.has_tail || (must_reach_next && scan.next < next) {
        damage.push(Damage {
            segment: name,
            offset: as_u64(scan.end),
            octets: as_u64(octets.len().saturating_sub(scan.end)),
            sequences: scan.next..next.max(scan.next),
        });
    }
    damage
}

/// Shows every whole record of a segment up to `end`, in order, and returns what does not verify.
/// Notes where the records lie. Stops, with nothing, when `show` says so.
pub(super) fn verify<S: Storage>(
    shared: &Shared<S>,
    segment: &Segment,
    file: &S::File,
    end: End,
    walk: &mut Walk,
    mut show: impl FnMut(Walked<'_>) -> ControlFlow<()>,
) -> Result<Vec<Damage>, StoreError> {
    let name = segment.file_name();
    let length = file.octets().map_err(StoreError::io("measure", &name))?;
    let limit = end.octet.min(length);
    let start = as_u64(SEGMENT_HEADER_OCTETS);
    let mut header = [0; SEGMENT_HEADER_OCTETS];
    if length >= start {
        header = match file.read_at(0, &mut header) {
            Ok(()) => header,
            Err(_) => [0; SEGMENT_HEADER_OCTETS],
        };
    }
    let mut clean = stated_first(&header, segment.name.identity) == Some(segment.name.first);

    let mut marks = Marks::default();
    let mut next = segment.name.first;
    walk.seek(start.min(limit), limit);
    // A place that cannot be read is looked at below.
    while let Ok(Some(walked)) = walk.look(file, shared.checksum, Verify::Yes) {
        let sequence = walked.header.sequence;
        if !segment.numbering().allows(next, sequence) {
            break;
        }
        marks.note(sequence, walked.offset);
        let octets = walked.record.len();
        if show(walked).is_break() {
            return Ok(Vec::new());
        }
        next = sequence.saturating_add(1);
        walk.step(octets);
    }
    clean &= segment.numbering() != Numbering::Dense || next == end.next;
    if clean && walk.offset() < limit {
        clean = rest_is_zero(file, walk.offset(), limit).unwrap_or(false);
    }
    if clean {
        finish(segment, end, marks, walk.offset());
        return Ok(Vec::new());
    }

    let loaded = load(shared, segment, file, limit)?;
    let told = next;
    let mut marks = Marks::default();
    for index in 0..loaded.scan.records.len() {
        let Some(walked) = loaded.record(shared.checksum, index) else { continue };
        marks.note(walked.header.sequence, walked.offset);
        if walked.header.sequence >= told && show(walked).is_break() {
            return Ok(Vec::new());
        }
    }
    finish(segment, end, marks, as_u64(loaded.scan.end));
    Ok(damage_of(segment, &loaded, end.next))
}

/// Notes where the records of a closed segment lie that was not read before.
fn finish(segment: &Segment, end: End, marks: Marks, octet: u64) {
    if end.octet == u64::MAX {
        segment.set_marks(marks);
        segment.set_end(End { next: end.next, octet });
    }
}

fn rest_is_zero(file: &impl StorageFile, from: u64, limit: u64) -> std::io::Result<bool> {
    let mut piece = vec![0; 64 << 10];
    let mut at = from;
    while at < limit {
        let octets = as_u64(piece.len()).min(limit.saturating_sub(at));
        let into = usize::try_from(octets).ok().and_then(|octets| piece.get_mut(..octets));
        let Some(into) = into else { return Ok(false) };
        file.read_at(at, into)?;
        if !is_zero(into) {
            return Ok(false);
        }
        at = at.saturating_add(octets);
    }
    Ok(true)
}
