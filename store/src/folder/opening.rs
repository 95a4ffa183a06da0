//! A start: which segments there are, and the last of them ready to be written to.
//!
//! Only the last segment is read. What came to lie in the others is told later, by
//! [`recovery`](super::recovery).

use super::create::{create_segment, set_aside};
use super::names::{FileName, SegmentName, take_replaced};
use super::options::FolderOptions;
use super::segment::{End, Marks, Segment};
use super::shared::Shared;
use super::walk::as_u64;
use crate::error::StoreError;
use crate::record::{SEGMENT_HEADER_OCTETS, foreign_version, stated_first};
use crate::recovery::TornTail;
use crate::scan::{Numbering, Scan, is_zero};
use crate::storage::{Storage, StorageFile};
use crate::store::EventSink;
use std::io::ErrorKind;
use std::sync::Arc;

/// What a start found, and the segment to be written to.
pub(super) struct Opened<S: Storage> {
    pub(super) shared: Shared<S>,
    /// The last segment's file.
    pub(super) file: S::File,
    pub(super) last: Arc<Segment>,
    /// What is to be told: segments and how far each goes.
    pub(super) stored: Vec<(Arc<Segment>, End)>,
    pub(super) torn: Option<TornTail>,
}

pub(super) fn open<S: Storage>(
    mut storage: S,
    options: FolderOptions,
    sink: EventSink,
) -> Result<Opened<S>, StoreError> {
    if !storage.lock().map_err(StoreError::io("lock", "the store"))? {
        return Err(StoreError::Locked);
    }
    let files = file_names(&storage)?;
    let identity = match files.first() {
        Some(file) => file.identity(),
        None => storage.new_identity(),
    };
    if let Some(stranger) = files.iter().find(|file| file.identity() != identity) {
        return Err(StoreError::StrangeFile { name: stranger.file_name() });
    }
    let mut names = clear(&mut storage, &files)?;
    check_versions(&storage, &names)?;
    let shared = Shared::new(storage, identity, options, sink);

    let mut torn = None;
    let last = loop {
        match names.last() {
            Some(name) if name.compacted.is_none() => {
                let name = *name;
                names.pop();
                if let Some(last) = open_last(&shared, name)? {
                    torn = last.torn;
                    break Some((last.file, last.segment));
                }
            }
            Some(_) | None => break None,
        }
    };
    let mut segments = closed_segments(&shared, &names, last.as_ref().map(|(_, last)| &**last));
    let next = segments.last().map_or(0, |segment| segment.end().next);
    let (file, last) = match last {
        Some(last) => last,
        None => create_segment(&shared, next)?,
    };
    segments.push(last.clone());
    let stored = segments.iter().map(|segment| (segment.clone(), segment.end())).collect();
    segments.into_iter().for_each(|segment| shared.push(segment));
    Ok(Opened { shared, file, last, stored, torn })
}

fn file_names<S: Storage>(storage: &S) -> Result<Vec<FileName>, StoreError> {
    let files = storage.list().map_err(StoreError::io("list", "the store"))?;
    files.iter().filter_map(|name| FileName::parse(name)).collect()
}

/// Takes away what a crash left half done and gives begun segments their names. Returns the
/// segments that count, in order.
fn clear<S: Storage>(storage: &mut S, files: &[FileName]) -> Result<Vec<SegmentName>, StoreError> {
    let mut segments = Vec::new();
    for file in files {
        if let FileName::Segment(name) = file {
            segments.push(*name);
        }
    }
    let mut removable =
        take_replaced(&mut segments).into_iter().map(FileName::Segment).collect::<Vec<_>>();
    for file in files {
        let FileName::Spare { identity, .. } = *file else {
            removable.extend(matches!(file, FileName::Part { .. }).then_some(*file));
            continue;
        };
        match begun(storage, *file, identity)? {
            Some(first) if segments.iter().all(|segment| segment.first != first) => {
                let name = SegmentName { first, compacted: None, identity };
                storage
                    .rename(&file.file_name(), &name.file_name())
                    .map_err(StoreError::io("name", &file.file_name()))?;
                segments.push(name);
            }
            // Never written to, or what was written to it had failed.
            Some(_) | None => removable.push(*file),
        }
    }
    // What replaces something is there for good before what it replaces goes.
    storage.sync_names().map_err(StoreError::io("sync", "the store"))?;
    for file in removable {
        let name = file.file_name();
        storage.remove(&name).map_err(StoreError::io("remove", &name))?;
    }
    let replaced = take_replaced(&mut segments);
    match replaced.first() {
        Some(strange) => Err(StoreError::StrangeFile { name: strange.file_name() }),
        None => Ok(segments),
    }
}

/// The first sequence of a spare that was begun.
fn begun<S: Storage>(
    storage: &S,
    spare: FileName,
    identity: u64,
) -> Result<Option<u64>, StoreError> {
    let name = spare.file_name();
    let file = storage.open(&name).map_err(StoreError::io("open", &name))?;
    Ok(stated_first(&read_header(&file, &name)?, identity))
}

fn check_versions<S: Storage>(storage: &S, names: &[SegmentName]) -> Result<(), StoreError> {
    for name in names {
        let name = name.file_name();
        let file = storage.open(&name).map_err(StoreError::io("open", &name))?;
        if let Some(version) = foreign_version(&read_header(&file, &name)?) {
            return Err(StoreError::UnknownVersion { name, version });
        }
    }
    Ok(())
}

/// A file's first octets; zeros where it ends before.
fn read_header<F: StorageFile>(
    file: &F,
    name: &str,
) -> Result<[u8; SEGMENT_HEADER_OCTETS], StoreError> {
    let mut header = [0; SEGMENT_HEADER_OCTETS];
    match file.read_at(0, &mut header) {
        Ok(()) => Ok(header),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok([0; SEGMENT_HEADER_OCTETS]),
        Err(error) => Err(StoreError::io("read", name)(error)),
    }
}

/// The segment that is written to.
struct Last<F> {
    file: F,
    segment: Arc<Segment>,
    torn: Option<TornTail>,
}

/// Reads the last segment, cuts off what was never confirmed, and makes the rest durable. `None`
/// when the segment was only half made; it is gone then.
fn open_last<S: Storage>(
    shared: &Shared<S>,
    name: SegmentName,
) -> Result<Option<Last<S::File>>, StoreError> {
    let file_name = name.file_name();
    let mut storage = shared.storage();
    let mut file = storage.open(&file_name).map_err(StoreError::io("open", &file_name))?;
    let octets = read_whole(&file, &file_name, u64::MAX)?;
    let is_begun = stated_first(&octets, name.identity) == Some(name.first);
    let records = octets.get(SEGMENT_HEADER_OCTETS..).unwrap_or_default();
    if !is_begun && is_zero(records) {
        drop(file);
        storage.remove(&file_name).map_err(StoreError::io("remove", &file_name))?;
        storage.sync_names().map_err(StoreError::io("sync the removal of", &file_name))?;
        return Ok(None);
    }
    drop(storage);
    let start = SEGMENT_HEADER_OCTETS;
    let mut scan = Scan::of(&octets, start, shared.checksum, name.first, Numbering::Dense);
    let cut = scan.cut_torn_tail();
    let whole = cut_half_group(&mut scan);
    let torn = (cut.is_some() || whole > 0).then(|| TornTail {
        segment: file_name.clone(),
        offset: as_u64(scan.end),
        octets: as_u64(used(&octets).saturating_sub(scan.end)),
        records: as_u64(cut.map_or(0, |(_, behind)| behind).saturating_add(whole)),
    });
    if torn.is_some() {
        file.truncate(as_u64(scan.end)).map_err(StoreError::io("truncate", &file_name))?;
    }
    // A writer killed between write and sync left records that are whole but not durable, and after
    // a failed sync the operating system may take lost pages for clean. So the last batch is written
    // once more: from here on every record that is told is on disk.
    let again = scan.last_batch().and_then(|offset| Some((offset, octets.get(offset..scan.end)?)));
    if let Some((offset, batch)) = again {
        file.write_at(as_u64(offset), batch).map_err(StoreError::io("write", &file_name))?;
    }
    match set_aside(&mut file, shared.options.segment_octets()) {
        // What has no room is noticed when it is written.
        Ok(()) | Err(_) => {}
    }
    file.sync().map_err(StoreError::io("sync", &file_name))?;

    let end = End { next: scan.next, octet: as_u64(scan.end) };
    let segment = shared.new_segment(name, FileName::Segment(name), end);
    let mut marks = Marks::default();
    scan.records.iter().for_each(|record| marks.note(record.sequence, as_u64(record.offset)));
    segment.set_marks(marks);
    Ok(Some(Last { file, segment, torn }))
}

/// Cuts records off the end whose group is not whole. Returns how many.
fn cut_half_group(scan: &mut Scan) -> usize {
    let mut count = 0_usize;
    while let Some(record) = scan.records.pop_if(|record| !record.ends_group) {
        scan.end = record.offset;
        scan.next = record.sequence;
        count = count.saturating_add(1);
    }
    scan.gaps.retain(|gap| gap.offset < scan.end);
    count
}

/// The octets up to the last that is not zero.
fn used(octets: &[u8]) -> usize {
    octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last.saturating_add(1))
}

/// A file's octets up to `limit`, or to where it ends.
pub(super) fn read_whole<F: StorageFile>(
    file: &F,
    name: &str,
    limit: u64,
) -> Result<Vec<u8>, StoreError> {
    let octets = file.octets().map_err(StoreError::io("measure", name))?.min(limit);
    let mut whole = vec![0; usize::try_from(octets).map_err(|_| StoreError::Exhausted)?];
    file.read_at(0, &mut whole).map_err(StoreError::io("read", name))?;
    Ok(whole)
}

/// All segments but the last; each goes up to where the next begins.
fn closed_segments<S: Storage>(
    shared: &Shared<S>,
    names: &[SegmentName],
    last: Option<&Segment>,
) -> Vec<Arc<Segment>> {
    let following = names.iter().skip(1).map(|name| Some(name.first));
    let following = following.chain([last.map(|last| last.name.first)]);
    names
        .iter()
        .zip(following)
        .map(|(name, following)| {
            let covered = name.compacted.map(|compacted| compacted.next);
            let next = following.or(covered).unwrap_or(name.first);
            let end = End { next, octet: u64::MAX };
            shared.new_segment(*name, FileName::Segment(*name), end)
        })
        .collect()
}
