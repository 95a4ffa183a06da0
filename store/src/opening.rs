//! Opening: which segments there are, what they hold, what is torn and what is damaged.

use crate::error::StoreError;
use crate::options::OnCorruption;
use crate::record::{self, Checksum, SEGMENT_HEADER_OCTETS};
use crate::recovery::{Damage, Recovery, TornTail};
use crate::scan::{Numbering, Scan};
use crate::segment::{Segment, SegmentName};
use crate::storage::{Storage, StorageFile};

/// The segments, oldest first, and what was found.
pub(crate) struct Opened<F> {
    pub(crate) segments: Vec<Segment<F>>,
    pub(crate) recovery: Recovery,
}

/// Opens all segments, oldest first, and cuts a torn tail off the last.
///
/// Nothing is changed on disk unless all of it was read and nothing is to be refused.
pub(crate) fn open_segments<S: Storage>(
    storage: &mut S,
    on_corruption: OnCorruption,
) -> Result<Opened<S::File>, StoreError> {
    let names = segment_names(storage)?;
    let mut opening = Opening { on_corruption, damage: Vec::new(), torn: None };
    let mut segments = Vec::with_capacity(names.len());
    let mut octets = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let file_name = name.file_name();
        let file = storage.open(&file_name).map_err(StoreError::io("open", &file_name))?;
        read_whole(&file, &file_name, &mut octets)?;
        match names.get(index.saturating_add(1)) {
            Some(next) => segments.push(opening.closed(*name, file, &octets, next.first)?),
            None if is_half_made(&octets, *name) => {
                drop(file);
                storage.remove(&file_name).map_err(StoreError::io("remove", &file_name))?;
                storage.sync_names().map_err(StoreError::io("sync the removal of", &file_name))?;
            }
            None => segments.push(opening.last(*name, file, &octets)?),
        }
    }
    // The last segment may be gone because it was only half made; its forerunner is then the last,
    // and its own end was checked against the name that is gone, which is the stricter check.
    let first = segments.first().map_or(0, |segment| segment.name.first);
    let next = segments.last().map_or(0, |segment| segment.next);
    let Opening { damage, torn, .. } = opening;
    Ok(Opened { segments, recovery: Recovery { sequences: first..next, torn, damage } })
}

/// The segments' names in order; all of one log.
fn segment_names<S: Storage>(storage: &S) -> Result<Vec<SegmentName>, StoreError> {
    let files = storage.list().map_err(StoreError::io("list", "the log"))?;
    let mut names = files
        .iter()
        .filter_map(|name| SegmentName::parse(name))
        .collect::<Result<Vec<_>, StoreError>>()?;
    names.sort_unstable();
    let stranger = names.windows(2).find_map(|pair| match pair {
        [one, two] if one.identity != two.identity || one.first == two.first => Some(two),
        _ => None,
    });
    match stranger {
        Some(name) => Err(StoreError::StrangeFile { name: name.file_name() }),
        None => Ok(names),
    }
}

/// Whether a segment was being made when the power went: its header is synced before anything else
/// is written, so one without a whole header and without more octets never held a record.
fn is_half_made(octets: &[u8], name: SegmentName) -> bool {
    octets.len() <= SEGMENT_HEADER_OCTETS
        && octets != record::segment_header(name.first, name.identity)
}

fn read_whole<F: StorageFile>(
    file: &F,
    name: &str,
    octets: &mut Vec<u8>,
) -> Result<(), StoreError> {
    let length = file.octets().map_err(StoreError::io("measure", name))?;
    let length = usize::try_from(length).map_err(|_| StoreError::Exhausted)?;
    octets.clear();
    octets.resize(length, 0);
    file.read_at(0, octets).map_err(StoreError::io("read", name))
}

struct Opening {
    on_corruption: OnCorruption,
    damage: Vec<Damage>,
    torn: Option<TornTail>,
}

impl Opening {
    /// A segment with others behind it: all of it was durable before the next was made.
    fn closed<F: StorageFile>(
        &mut self,
        name: SegmentName,
        file: F,
        octets: &[u8],
        next: u64,
    ) -> Result<Segment<F>, StoreError> {
        let mut scan = self.scan(name, octets)?;
        if scan.next > next {
            return Err(StoreError::StrangeFile { name: name.file_name() });
        }
        if scan.has_tail || scan.next < next {
            let rest = octets.len().saturating_sub(scan.end);
            self.report(name, scan.end, rest, scan.next..next)?;
            scan.next = next;
        }
        Segment::scanned(name, file, &scan)
    }

    /// The segment that is written to: its end may be torn.
    fn last<F: StorageFile>(
        &mut self,
        name: SegmentName,
        mut file: F,
        octets: &[u8],
    ) -> Result<Segment<F>, StoreError> {
        let file_name = name.file_name();
        let mut scan = scan_of(octets, name);
        let torn = scan.cut_torn_tail();
        self.report_scan(name, octets, &scan)?;
        if let Some((offset, records)) = torn {
            self.torn = Some(TornTail {
                segment: file_name.clone(),
                offset: as_u64(offset),
                octets: as_u64(octets.len().saturating_sub(offset)),
                records: as_u64(records),
            });
        }
        if octets.len() > scan.end {
            file.truncate(as_u64(scan.end)).map_err(StoreError::io("truncate", &file_name))?;
        }
        // A writer killed between write and sync left records that are whole but not durable, and
        // after a failed sync the operating system may take lost pages for clean. So the last batch
        // is written once more: from here on every record this log shows is on disk.
        if let Some((offset, batch)) =
            scan.last_batch().and_then(|offset| Some((offset, octets.get(offset..scan.end)?)))
        {
            file.write_at(as_u64(offset), batch).map_err(StoreError::io("write", &file_name))?;
        }
        file.sync().map_err(StoreError::io("sync", &file_name))?;
        Segment::scanned(name, file, &scan)
    }

    fn scan(&mut self, name: SegmentName, octets: &[u8]) -> Result<Scan, StoreError> {
        let scan = scan_of(octets, name);
        self.report_scan(name, octets, &scan)?;
        Ok(scan)
    }

    fn report_scan(
        &mut self,
        name: SegmentName,
        octets: &[u8],
        scan: &Scan,
    ) -> Result<(), StoreError> {
        if !octets.starts_with(&record::segment_header(name.first, name.identity)) {
            if let Some(version) = record::foreign_version(octets) {
                return Err(StoreError::UnknownVersion { name: name.file_name(), version });
            }
            let hit = SEGMENT_HEADER_OCTETS.min(octets.len());
            self.report(name, 0, hit, name.first..name.first)?;
        }
        for gap in &scan.gaps {
            self.report(name, gap.offset, gap.octets, gap.sequences.clone())?;
        }
        Ok(())
    }

    fn report(
        &mut self,
        name: SegmentName,
        offset: usize,
        octets: usize,
        sequences: std::ops::Range<u64>,
    ) -> Result<(), StoreError> {
        let damage = Damage {
            segment: name.file_name(),
            offset: as_u64(offset),
            octets: as_u64(octets),
            sequences,
        };
        match self.on_corruption {
            OnCorruption::Refuse => Err(StoreError::Corrupt(damage)),
            OnCorruption::Contain => {
                self.damage.push(damage);
                Ok(())
            }
        }
    }
}

fn scan_of(octets: &[u8], name: SegmentName) -> Scan {
    let checksum = Checksum::of(name.identity);
    Scan::of(octets, SEGMENT_HEADER_OCTETS, checksum, name.first, Numbering::Dense)
}

fn as_u64(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}
