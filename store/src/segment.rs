//! One file of the log.

use crate::error::StoreError;
use crate::record::{
    Checksum, RECORD_HEADER_OCTETS, RecordHeader, SEGMENT_HEADER_OCTETS, segment_header, verified,
};
use crate::scan::Scan;
use crate::storage::{Storage, StorageFile};
use std::io::ErrorKind;

const ENDING: &str = ".segment";

/// What a segment's file name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentName {
    pub(crate) first: u64,
    pub(crate) identity: u64,
}

impl SegmentName {
    /// Reads a file name; `None` for a file that does not claim to be a segment.
    pub(crate) fn parse(name: &str) -> Option<Result<Self, StoreError>> {
        let stem = name.strip_suffix(ENDING)?;
        let parsed = stem.split_once('-').and_then(|(first, identity)| {
            let first = u64::from_str_radix(first, 16).ok()?;
            let identity = u64::from_str_radix(identity, 16).ok()?;
            let parsed = Self { first, identity };
            (parsed.file_name() == name).then_some(parsed)
        });
        Some(parsed.ok_or_else(|| StoreError::StrangeFile { name: name.to_owned() }))
    }

    pub(crate) fn file_name(self) -> String {
        format!("{:016x}-{:016x}{ENDING}", self.first, self.identity)
    }
}

/// An open segment and where its records lie.
#[derive(Debug)]
pub(crate) struct Segment<F> {
    pub(crate) name: SegmentName,
    pub(crate) file: F,
    /// Records without a gap between them; more than one run only where damage is contained.
    runs: Vec<Run>,
    /// Where the next record goes.
    pub(crate) end: u64,
    /// The sequence after the last.
    pub(crate) next: u64,
}

#[derive(Debug)]
struct Run {
    first: u64,
    offsets: Vec<u32>,
}

impl<F: StorageFile> Segment<F> {
    /// Makes a new, empty segment whose name and header are durable when this returns.
    pub(crate) fn create<S>(storage: &mut S, name: SegmentName) -> Result<Self, StoreError>
    where
        S: Storage<File = F>,
    {
        let file_name = name.file_name();
        let mut file = storage.create(&file_name).map_err(StoreError::io("create", &file_name))?;
        let header = segment_header(name.first, name.identity);
        file.write_at(0, &header).map_err(StoreError::io("write", &file_name))?;
        file.sync().map_err(StoreError::io("sync", &file_name))?;
        storage.sync_names().map_err(StoreError::io("sync the name of", &file_name))?;
        let end = u64::try_from(SEGMENT_HEADER_OCTETS).unwrap_or(u64::MAX);
        Ok(Self { name, file, runs: Vec::new(), end, next: name.first })
    }

    /// A segment whose octets were scanned.
    pub(crate) fn scanned(name: SegmentName, file: F, scan: &Scan) -> Result<Self, StoreError> {
        let end = u64::try_from(scan.end).map_err(|_| StoreError::Exhausted)?;
        let mut segment = Self { name, file, runs: Vec::new(), end, next: name.first };
        for record in &scan.records {
            segment.note(record.sequence, record.offset)?;
        }
        segment.next = scan.next;
        Ok(segment)
    }

    /// Notes that record `sequence` lies at `offset`.
    pub(crate) fn note(&mut self, sequence: u64, offset: usize) -> Result<(), StoreError> {
        let offset = u32::try_from(offset).map_err(|_| StoreError::Exhausted)?;
        let follows = sequence == self.next;
        self.next = sequence.checked_add(1).ok_or(StoreError::Exhausted)?;
        match self.runs.last_mut() {
            Some(run) if follows => run.offsets.push(offset),
            _ => self.runs.push(Run { first: sequence, offsets: vec![offset] }),
        }
        Ok(())
    }

    /// Reads and verifies a record that lies in this segment's range.
    pub(crate) fn read(&self, sequence: u64) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::Damaged { sequence };
        let offset = self.offset(sequence).ok_or_else(damaged)?;
        let mut octets = [0; RECORD_HEADER_OCTETS];
        self.fill(offset, &mut octets)?;
        let header = RecordHeader::parse(&octets)
            .filter(|header| header.sequence == sequence)
            .ok_or_else(damaged)?;
        // The parser bounds the length, so this allocates at most RECORD_OCTETS_MAX.
        let mut record = vec![0; header.octets()];
        // A length that rotted may reach behind the file's end.
        self.fill(offset, &mut record).map_err(|error| match error {
            StoreError::Io { source, .. } if source.kind() == ErrorKind::UnexpectedEof => damaged(),
            other => other,
        })?;
        let payload = verified(Checksum::of(self.name.identity), &record);
        payload.ok_or_else(damaged).map(<[u8]>::to_vec)
    }

    fn offset(&self, sequence: u64) -> Option<u64> {
        let later = self.runs.partition_point(|run| run.first <= sequence);
        let run = self.runs.get(later.checked_sub(1)?)?;
        let index = usize::try_from(sequence.checked_sub(run.first)?).ok()?;
        run.offsets.get(index).copied().map(u64::from)
    }

    fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<(), StoreError> {
        self.file.read_at(offset, buffer).map_err(StoreError::io("read", &self.name.file_name()))
    }
}
