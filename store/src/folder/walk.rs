//! Reading records one behind the other, in large pieces.

use crate::record::{self, Checksum, RECORD_HEADER_OCTETS, RecordHeader};
use crate::storage::StorageFile;
use std::io;

/// The first piece that is read; each that follows is twice as large.
const FIRST_PIECE: usize = 16 << 10;

/// The largest piece. Larger ones leave the processor's cache before they are looked at.
const LARGEST_PIECE: usize = 256 << 10;

/// A place in a file from which records are read in order. Holds on to its memory.
#[derive(Debug, Default)]
pub(super) struct Walk {
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    filled: usize,
    /// Where in the buffer the next record begins.
    at: usize,
    /// Where in the file the buffer begins.
    base: u64,
    /// Where in the file nothing more is to be read.
    limit: u64,
    piece: usize,
}

/// Whether a record's checksum is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verify {
    Yes,
    /// It is only to be stepped over.
    No,
}

/// A record and where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked<'a> {
    pub(super) header: RecordHeader,
    pub(super) offset: u64,
    /// Header and payload.
    pub(super) record: &'a [u8],
}

impl<'a> Walked<'a> {
    pub(super) fn payload(&self) -> &'a [u8] {
        self.record.get(RECORD_HEADER_OCTETS..).unwrap_or_default()
    }
}

impl Walk {
    /// Goes to `offset`; nothing from `limit` on is read.
    pub(super) fn seek(&mut self, offset: u64, limit: u64) {
        self.base = offset;
        self.at = 0;
        self.filled = 0;
        self.limit = limit.max(offset);
        self.piece = FIRST_PIECE;
    }

    /// Where the next record begins.
    pub(super) fn offset(&self) -> u64 {
        self.base.saturating_add(as_u64(self.at))
    }

    /// Up to where the file was read: what lies before costs nothing more.
    pub(super) fn read_before(&self) -> u64 {
        self.base.saturating_add(as_u64(self.filled))
    }

    /// The record at this place without going on. `None` when there is none that is whole.
    pub(super) fn look(
        &mut self,
        file: &impl StorageFile,
        checksum: Checksum,
        verify: Verify,
    ) -> io::Result<Option<Walked<'_>>> {
        self.fill(file, RECORD_HEADER_OCTETS)?;
        let Some(header) = self.rest().first_chunk().and_then(RecordHeader::parse) else {
            return Ok(None);
        };
        self.fill(file, header.octets())?;
        let offset = self.offset();
        let record = self
            .rest()
            .get(..header.octets())
            .filter(|record| verify == Verify::No || record::verified(checksum, record).is_some());
        Ok(record.map(|record| Walked { header, offset, record }))
    }

    /// Steps over octets that [`Walk::look`] showed.
    pub(super) fn step(&mut self, octets: usize) {
        self.at = self.at.saturating_add(octets).min(self.filled);
    }

    /// Octets that were read and not stepped over.
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    /// Reads until `wanted` octets are there, or all there are.
    fn fill(&mut self, file: &impl StorageFile, wanted: usize) -> io::Result<()> {
        let rest = self.filled.saturating_sub(self.at);
        let unread = usize::try_from(self.limit.saturating_sub(self.read_before()));
        let unread = unread.unwrap_or(usize::MAX);
        if rest >= wanted || unread == 0 {
            return Ok(());
        }
        self.buffer.copy_within(self.at..self.filled, 0);
        self.base = self.offset();
        self.at = 0;
        self.filled = rest;
        let more = wanted.saturating_sub(rest).max(self.piece).min(unread);
        self.piece = self.piece.saturating_mul(2).min(LARGEST_PIECE);
        let filled = rest.saturating_add(more);
        if self.buffer.len() < filled {
            self.buffer.resize(filled, 0);
        }
        let from = self.read_before();
        if let Some(into) = self.buffer.get_mut(rest..filled) {
            file.read_at(from, into)?;
        }
        self.filled = filled;
        Ok(())
    }
}

pub(super) fn as_u64(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}
