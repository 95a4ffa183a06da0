//! What a device has received: each envelope is on disk before it counts, and a restart takes the
//! same envelopes in again.

use super::Device;
use super::journal::Journal;
use super::station::{Arrival, Station};
use crate::exit::Outcome;
use crate::hex;
use chappe_codec::envelope::OpenError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The journal's records.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
enum Record {
    /// An envelope that opened.
    Taken { envelope: String },
    /// Everything up to here has been fetched from an address.
    Cursor { source: String, cursor: u64 },
}

/// A station with a memory.
pub(crate) struct Received<'a> {
    pub(crate) station: Station<'a>,
    journal: Journal,
    cursors: BTreeMap<String, u64>,
}

impl<'a> Received<'a> {
    /// Rebuilds the station from the journal; returns also what it had learned before.
    pub(crate) fn open(device: &'a Device) -> Outcome<(Self, Vec<Arrival>)> {
        let (journal, records) = Journal::open(&device.subfolder("received")?)?;
        let mut station = Station::new(device)?;
        let mut cursors = BTreeMap::new();
        let mut arrivals = Vec::new();
        for record in records {
            match record {
                Record::Taken { envelope } => {
                    let envelope = hex::decode("an envelope", &envelope)?;
                    // A contact removed since then makes an old envelope unreadable, not an error.
                    arrivals.extend(station.take(&envelope).unwrap_or_default());
                }
                Record::Cursor { source, cursor } => {
                    cursors.insert(source, cursor);
                }
            }
        }
        Ok((Self { station, journal, cursors }, arrivals))
    }

    /// Takes an envelope in and keeps it. An envelope that does not open leaves no trace.
    pub(crate) fn take(&mut self, envelope: &[u8]) -> Outcome<Result<Vec<Arrival>, OpenError>> {
        match self.station.take(envelope) {
            Ok(arrivals) => {
                self.journal.append(&Record::Taken { envelope: hex::encode(envelope) })?;
                Ok(Ok(arrivals))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Where to go on reading a source.
    pub(crate) fn cursor(&self, source: &str) -> u64 {
        self.cursors.get(source).copied().unwrap_or(0)
    }

    /// Remembers how far a source has been read. Call it after the envelope was taken in: a crash
    /// between the two reads the parcel again, and the station knows it already.
    pub(crate) fn advance(&mut self, source: &str, cursor: u64) -> Outcome<()> {
        self.journal.append(&Record::Cursor { source: source.to_owned(), cursor })?;
        self.cursors.insert(source.to_owned(), cursor);
        Ok(())
    }
}
