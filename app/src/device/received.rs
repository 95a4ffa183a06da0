//! What a device has received: each envelope is on disk before it counts, and a restart takes the
//! same envelopes in again. Texts go when they are older than the organisation wants to keep them.

use super::Device;
use super::journal::Journal;
use super::retention::{self, Record};
use super::station::{Arrival, Station};
use crate::clock;
use crate::exit::Outcome;
use crate::hex;
use chappe_codec::envelope::OpenError;
use std::collections::BTreeMap;
use std::time::Instant;

/// What a station had learned before it was started.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Told to whoever uses the device.
    pub(crate) told: Vec<Arrival>,
    /// Envelopes, and what they brought, that a crash kept from being told.
    pub(crate) untold: Vec<(Vec<u8>, Vec<Arrival>)>,
}

impl Known {
    fn tell_all(&mut self) {
        self.told.extend(self.untold.drain(..).flat_map(|(_, arrivals)| arrivals));
    }

    /// All of it.
    pub(crate) fn into_arrivals(mut self) -> Vec<Arrival> {
        self.tell_all();
        self.told
    }
}

/// A station with a memory.
pub(crate) struct Received<'a> {
    pub(crate) station: Station<'a>,
    device: &'a Device,
    journal: Journal,
    cursors: BTreeMap<String, u64>,
    /// When texts were last looked at for their age.
    looked_at: Instant,
}

impl<'a> Received<'a> {
    /// Rebuilds the station from the journal; returns also what it had learned before. Texts that
    /// are too old are erased first.
    pub(crate) fn open(device: &'a Device) -> Outcome<(Self, Known)> {
        let (mut journal, mut records) = Journal::open(&device.journal("received"))?;
        if let Some(kept) = retention::keep(device, &records, clock::now_seconds())? {
            journal.rewrite(&kept)?;
            records = kept;
        }
        let mut station = Station::new(device)?;
        let mut cursors = BTreeMap::new();
        let mut known = Known::default();
        for record in records {
            match record {
                Record::Taken { envelope, .. } => {
                    let envelope = hex::decode("an envelope", &envelope)?;
                    // A contact removed since then makes an old envelope unreadable, not an error.
                    let arrivals = station.take(&envelope).unwrap_or_default();
                    known.untold.push((envelope, arrivals));
                }
                Record::Erased(erased) => known.told.extend(station.recall(&erased.remains()?)),
                Record::Told => known.tell_all(),
                Record::Cursor { source, cursor } => {
                    cursors.insert(source, cursor);
                    known.tell_all();
                }
            }
        }
        Ok((Self { station, device, journal, cursors, looked_at: Instant::now() }, known))
    }

    /// Takes an envelope in and keeps it. An envelope that does not open leaves no trace.
    pub(crate) fn take(&mut self, envelope: &[u8]) -> Outcome<Result<Vec<Arrival>, OpenError>> {
        let mut taken = self.station.take(envelope);
        if matches!(taken, Err(OpenError::UnknownHint | OpenError::UnknownAccount)) {
            // Perhaps from a contact that was added while we listened.
            self.station.renew_contacts()?;
            taken = self.station.take(envelope);
        }
        match taken {
            Ok(arrivals) => {
                let (at, envelope) = (clock::now_seconds(), hex::encode(envelope));
                self.journal.append(&Record::Taken { at, envelope })?;
                Ok(Ok(arrivals))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Remembers that everything taken so far has been told.
    pub(crate) fn told(&mut self) -> Outcome<()> {
        self.journal.append(&Record::Told)
    }

    /// Where to go on reading a source.
    pub(crate) fn cursor(&self, source: &str) -> u64 {
        self.cursors.get(source).copied().unwrap_or(0)
    }

    /// Remembers how far a source has been read. Call it after the envelope was taken in and told: a
    /// crash in between reads the parcel again, which the station knows already, and tells it again.
    pub(crate) fn advance(&mut self, source: &str, cursor: u64) -> Outcome<()> {
        self.journal.append(&Record::Cursor { source: source.to_owned(), cursor })?;
        self.cursors.insert(source.to_owned(), cursor);
        Ok(())
    }

    /// "At least once an hour while it runs": erases texts that have become too old since. To be
    /// called now and then.
    pub(crate) fn keep_retention(&mut self) -> Outcome<()> {
        if self.looked_at.elapsed() < retention::LOOK_EVERY {
            return Ok(());
        }
        self.looked_at = Instant::now();
        let records = self.journal.read()?;
        match retention::keep(self.device, &records, clock::now_seconds())? {
            Some(kept) => self.journal.rewrite(&kept),
            None => Ok(()),
        }
    }
}
