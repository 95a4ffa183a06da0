//! A journal of JSON records on the durable log: what a device must remember across a crash.

use crate::exit::{Exit, Failure, Outcome};
use chappe_store::{Log, Options, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a journal held by another process of the same device is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// An open journal. One process at a time.
pub(crate) struct Journal {
    log: Log<chappe_store::Directory>,
}

impl Journal {
    /// Opens the journal of a folder and reads everything in it.
    pub(crate) fn open<R: DeserializeOwned>(folder: &Path) -> Outcome<(Self, Vec<R>)> {
        let began = Instant::now();
        let (log, _) = loop {
            match Log::open(folder, Options::default()) {
                Err(StoreError::Locked) if began.elapsed() < LOCK_PATIENCE => {
                    std::thread::sleep(LOCK_RETRY);
                }
                other => break other.map_err(|error| failure(&error))?,
            }
        };
        let mut records = Vec::new();
        for entry in log.iter_from(log.first()) {
            let (_, octets) = entry.map_err(|error| failure(&error))?;
            let record = serde_json::from_slice(&octets).map_err(|error| {
                Failure::new(
                    Exit::Malformed,
                    "journal",
                    format!("{}: written by another version of Chappe: {error}", folder.display()),
                )
            })?;
            records.push(record);
        }
        Ok((Self { log }, records))
    }

    /// The number the next record will get.
    pub(crate) fn next(&self) -> u64 {
        self.log.next()
    }

    /// The number of the first record [`Journal::open`] gave.
    pub(crate) fn first(&self) -> u64 {
        self.log.first()
    }

    /// Lets go of records before this number, as far as whole segments allow.
    pub(crate) fn discard_before(&mut self, sequence: u64) -> Outcome<()> {
        self.log.discard_before(sequence).map(|_| ()).map_err(|error| failure(&error))
    }

    /// Adds a record; when this returns it is on disk.
    pub(crate) fn append<R: Serialize>(&mut self, record: &R) -> Outcome<()> {
        let octets = serde_json::to_vec(record)
            .map_err(|error| Failure::new(Exit::Failure, "journal", error.to_string()))?;
        self.log.append(&octets).map(|_| ()).map_err(|error| failure(&error))
    }
}

fn failure(error: &StoreError) -> Failure {
    match error {
        StoreError::Locked => {
            Failure::new(Exit::TryLater, "locked", "another chappe is using this folder")
        }
        _ => Failure::new(Exit::Failure, "journal", error.to_string()),
    }
}
