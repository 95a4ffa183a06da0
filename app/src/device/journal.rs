//! A journal of JSON records on the durable log, sealed: what a device must remember across a crash
//! (spec/13-storage.md, "Journals").

use crate::exit::{Exit, Failure, Outcome};
use crate::storage::{JournalPlace, PageFile};
use crate::{files, random};
use chappe_codec::limits::RECORDS_RESERVED;
use chappe_codec::vault::{OPENING_OCTETS, Page, RecordKey, VaultError};
use chappe_store::limits::{BATCH_OCTETS_MAX, RECORD_OCTETS_MAX};
use chappe_store::{Directory, Log, Options, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Octets of records that are written at once when a journal is rewritten: with the log's own headers
/// they stay below what it takes.
const REWRITE_OCTETS: usize = BATCH_OCTETS_MAX - 2 * RECORD_OCTETS_MAX;

/// Records that are written at once when a journal is rewritten.
const REWRITE_RECORDS: usize = 4096;

/// What makes a journal that is refused one that goes on.
const REPAIR: &str = "chappe device repair";

/// An open journal. One process at a time.
pub(crate) struct Journal {
    place: JournalPlace,
    page: PageFile,
    log: Log<Directory>,
    key: RecordKey,
    /// Drawn at each opening, so that no nonce is used twice.
    opening: [u8; OPENING_OCTETS],
    /// Records before this one are no longer needed.
    needed_from: u64,
    /// After a write that failed the number of the next record is in doubt.
    failed: bool,
}

/// What can still be read of a journal.
pub(crate) struct Salvage<R> {
    /// In order, up to the first that cannot be read.
    pub(crate) records: Vec<R>,
    /// Why the journal is not opened, if it is not.
    pub(crate) refusal: Option<Failure>,
}

/// What a new generation of a journal is made of, on disk but for its page.
struct Fresh {
    page: Page,
    log: Log<Directory>,
    key: RecordKey,
    opening: [u8; OPENING_OCTETS],
}

impl Journal {
    /// Reads what can be read, whether the journal is refused or not. Nothing is changed.
    pub(crate) fn salvage<R: DeserializeOwned>(place: &JournalPlace) -> Outcome<Salvage<R>> {
        let refusal = match Self::open(place) {
            Ok((_, records)) => return Ok(Salvage { records, refusal: None }),
            Err(failure) if failure.exit == Exit::TryLater => return Err(failure),
            Err(failure) => failure,
        };
        let records = match PageFile::open(place) {
            Ok(page) => readable(place, page.page()),
            // Without the page there is no key to any of them.
            Err(_) => Vec::new(),
        };
        Ok(Salvage { records, refusal: Some(refusal) })
    }

    /// Writes a journal anew with these records alone, whatever state it is in. After a crash in between
    /// it is as it was, or the new one.
    pub(crate) fn replace<R: Serialize>(place: &JournalPlace, records: &[R]) -> Outcome<()> {
        match PageFile::open(place) {
            Ok(mut page) => {
                let old = page.page().generation;
                let fresh = Self::prepare(place, old.wrapping_add(1), records)?;
                page.write(fresh.page)?;
                remove_if_there(&log_path(place, old))
            }
            Err(failure) if failure.exit == Exit::TryLater => Err(failure),
            Err(_) => {
                let fresh = Self::prepare(place, 0, records)?;
                PageFile::replace(place, &fresh.page)
            }
        }
    }

    /// Opens a journal and reads everything in it.
    pub(crate) fn open<R: DeserializeOwned>(place: &JournalPlace) -> Outcome<(Self, Vec<R>)> {
        let page = PageFile::open(place)?;
        // "Who opens a journal finishes what a crash left: the place, then the folder."
        let generation = page.page().generation;
        remove_if_there(&log_path(place, generation.wrapping_add(1)))?;
        let log = open_log(&log_path(place, generation))?;
        page.page().check(log.first(), log.next()).map_err(|error| cut(place, error))?;
        let key = RecordKey::new(page.page(), place.area, place.name);
        let journal = Self {
            place: place.clone(),
            needed_from: page.page().first,
            page,
            log,
            key,
            opening: random::octets()?,
            failed: false,
        };
        let records = journal.read()?;
        Ok((journal, records))
    }

    /// Everything in it, from [`Journal::first`] on.
    pub(crate) fn read<R: DeserializeOwned>(&self) -> Outcome<Vec<R>> {
        let mut records = Vec::new();
        for entry in self.log.iter_from(self.log.first()) {
            let (number, sealed) = entry.map_err(|error| failure(&error))?;
            let octets = self
                .key
                .open(number, &sealed)
                .map_err(|error| refused(&self.place, number, error))?;
            records.push(serde_json::from_slice(&octets).map_err(|error| {
                let path = self.place.path.display();
                let message = format!("{path}: written by another version of Chappe: {error}");
                Failure::new(Exit::Malformed, "journal", message)
            })?);
        }
        Ok(records)
    }

    /// The number the next record will get.
    pub(crate) fn next(&self) -> u64 {
        self.log.next()
    }

    /// The number of the first record [`Journal::open`] gave.
    pub(crate) fn first(&self) -> u64 {
        self.log.first()
    }

    /// Lets go of records before this number, sooner or later, as far as whole segments allow.
    pub(crate) fn discard_before(&mut self, sequence: u64) -> Outcome<()> {
        self.needed_from = self.needed_from.max(sequence.min(self.next()));
        Ok(())
    }

    /// Adds a record; when this returns it is on disk.
    pub(crate) fn append<R: Serialize>(&mut self, record: &R) -> Outcome<()> {
        if self.failed {
            let message = "an earlier record could not be written";
            return Err(Failure::new(Exit::Failure, "journal", message)
                .advise("start it again; what is on disk is looked at then"));
        }
        let number = self.log.next();
        if number >= self.page.page().reserved {
            self.reserve_from(number)?;
        }
        let sealed = sealed(&self.place, &self.key, self.opening, number, record)?;
        let appended = self.log.append(&sealed).map(|_| ()).map_err(|error| failure(&error));
        self.failed = appended.is_err();
        appended
    }

    /// Writes the journal anew with these records alone. When this returns the key of all the others
    /// is destroyed; after a crash in between the journal is the old one or the new one.
    pub(crate) fn rewrite<R: Serialize>(&mut self, records: &[R]) -> Outcome<()> {
        let old = self.page.page().generation;
        let fresh = Self::prepare(&self.place, old.wrapping_add(1), records)?;
        // If this fails half-way, which of the two counts is found out when it is opened again.
        self.failed = true;
        self.page.write(fresh.page)?;
        // From here on the new one counts, and the old key is gone.
        (self.log, self.key, self.opening) = (fresh.log, fresh.key, fresh.opening);
        (self.needed_from, self.failed) = (0, false);
        remove_if_there(&log_path(&self.place, old))
    }

    /// Writes the log of a generation, with a new key.
    fn prepare<R: Serialize>(
        place: &JournalPlace,
        generation: u64,
        records: &[R],
    ) -> Outcome<Fresh> {
        let path = log_path(place, generation);
        remove_if_there(&path)?;
        let mut log = open_log(&path)?;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let page = Page {
            serial: 0,
            generation,
            generation_key: random::secret()?,
            first: 0,
            reserved: count.saturating_add(RECORDS_RESERVED),
        };
        let key = RecordKey::new(&page, place.area, place.name);
        let opening = random::octets()?;
        let mut batch: Vec<Vec<u8>> = Vec::new();
        let mut octets = 0_usize;
        for (number, record) in (0_u64..).zip(records) {
            let sealed = sealed(place, &key, opening, number, record)?;
            octets = octets.saturating_add(sealed.len());
            batch.push(sealed);
            if octets > REWRITE_OCTETS || batch.len() >= REWRITE_RECORDS {
                append_all(&mut log, &mut batch)?;
                octets = 0;
            }
        }
        append_all(&mut log, &mut batch)?;
        Ok(Fresh { page, log, key, opening })
    }

    /// "A page is written that reserves 64 more than the number."
    fn reserve_from(&mut self, number: u64) -> Outcome<()> {
        let reserved = number.saturating_add(RECORDS_RESERVED);
        let page = Page { reserved, first: self.needed_from, ..self.page.page().clone() };
        self.page.write(page)?;
        self.log.discard_before(self.needed_from).map(|_| ()).map_err(|error| failure(&error))
    }
}

fn sealed<R: Serialize>(
    place: &JournalPlace,
    key: &RecordKey,
    opening: [u8; OPENING_OCTETS],
    number: u64,
    record: &R,
) -> Outcome<Vec<u8>> {
    let octets = serde_json::to_vec(record)
        .map(Zeroizing::new)
        .map_err(|error| Failure::new(Exit::Failure, "journal", error.to_string()))?;
    key.seal(opening, number, &octets).map_err(|error| refused(place, number, error))
}

/// The records of a log up to the first that cannot be read.
fn readable<R: DeserializeOwned>(place: &JournalPlace, page: &Page) -> Vec<R> {
    let Ok(log) = open_log(&log_path(place, page.generation)) else { return Vec::new() };
    let key = RecordKey::new(page, place.area, place.name);
    let read = |(number, sealed): (u64, Vec<u8>)| {
        let octets = key.open(number, &sealed).ok()?;
        serde_json::from_slice(&octets).ok()
    };
    log.iter_from(log.first()).map_while(|entry| read(entry.ok()?)).collect()
}

fn refused(place: &JournalPlace, number: u64, error: VaultError) -> Failure {
    let message = format!("{}: record {number}: {error}", place.path.display());
    Failure::new(Exit::Authentication, error.name(), message).advise(format!(
        "somebody or something changed this device's disk; if you know what it was: {REPAIR}"
    ))
}

/// "The log of generation g lies in the folder `log-0` when g is even, `log-1` when it is odd."
fn log_path(place: &JournalPlace, generation: u64) -> PathBuf {
    place.path.join(if generation & 1 == 0 { "log-0" } else { "log-1" })
}

fn open_log(path: &std::path::Path) -> Outcome<Log<Directory>> {
    files::create_folder(path)?;
    Log::open(path, Options::default()).map(|(log, _)| log).map_err(|error| failure(&error))
}

fn remove_if_there(path: &std::path::Path) -> Outcome<()> {
    if path.exists() { files::remove_folder(path) } else { Ok(()) }
}

fn append_all(log: &mut Log<Directory>, batch: &mut Vec<Vec<u8>>) -> Outcome<()> {
    let records: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
    log.append_batch(&records).map_err(|error| failure(&error))?;
    batch.clear();
    Ok(())
}

fn cut(place: &JournalPlace, error: VaultError) -> Failure {
    let message = format!("{}: {error}", place.path.display());
    Failure::new(Exit::Authentication, error.name(), message).advise(format!(
        "this device was put back to an older state, or its disk was changed: {REPAIR}"
    ))
}

fn failure(error: &StoreError) -> Failure {
    match error {
        StoreError::Locked => {
            Failure::new(Exit::TryLater, "locked", "another chappe is using this folder")
        }
        _ => Failure::new(Exit::Failure, "journal", error.to_string()),
    }
}

#[cfg(test)]
mod tests;
