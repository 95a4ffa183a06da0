//! What a device has received: what each envelope said is on disk before it counts, and a restart takes
//! the same in again. The envelopes themselves are not kept: the keys of sealed ones are gone once they
//! were opened. Texts go when they are older than the organisation wants to keep them.

use super::Device;
use super::content::{Outside, outside};
use super::inquiries::Patience;
use super::journal::Journal;
use super::retention::{self, Kept, Record};
use super::sealing::Sealing;
use super::station::{Arrival, Changed, Content, Missing, Station};
use super::watch::Watch;
use super::watch::flashes::Flash;
use crate::exit::Outcome;
use crate::{clock, hex};
use chappe_codec::account::Account;
use chappe_codec::digest;
use chappe_codec::envelope::OpenError;
use chappe_codec::identity::Carried;
use chappe_codec::item::{Family, Item};
use chappe_codec::precedence::Precedence;
use chappe_codec::session::Event;
use chappe_relay::ParcelId;
use std::collections::BTreeMap;
use std::time::Instant;

/// What a station had learned before it was started.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Told to whoever uses the device.
    pub(crate) told: Vec<Arrival>,
    /// What envelopes said, and what that brought, that a crash kept from being told.
    pub(crate) untold: Vec<(Content, Vec<Arrival>)>,
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

/// An envelope that was taken in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What it said.
    pub(crate) content: Content,
    /// What that brought.
    pub(crate) arrivals: Vec<Arrival>,
}

/// A station with a memory.
pub(crate) struct Received<'a> {
    pub(crate) station: Station<'a>,
    pub(super) device: &'a Device,
    pub(super) journal: Journal,
    pub(super) watch: Watch,
    cursors: BTreeMap<String, u64>,
    /// How often what a statement covers was asked for, by its hash.
    asked: BTreeMap<[u8; 32], Patience>,
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
        let mut asked: BTreeMap<[u8; 32], Patience> = BTreeMap::new();
        let mut known = Known::default();
        let mut watch = Watch::default();
        for record in records {
            match record {
                Record::Taken { at, content } => {
                    let content = content.content(at)?;
                    let arrivals = station.take(&content);
                    watch.take(&content);
                    known.untold.push((content, arrivals));
                }
                Record::Erased(erased) => {
                    let remains = erased.remains()?;
                    watch.recall(&remains);
                    known.told.extend(station.recall(&remains));
                }
                Record::Told => known.tell_all(),
                Record::Asked { at, statement } => {
                    asked.entry(hex::decode_array("a hash", &statement)?).or_default().ask(at);
                }
                Record::Cursor { source, cursor } => {
                    cursors.insert(source, cursor);
                    known.tell_all();
                }
                Record::Flash(flash) => watch.recall_flash(&flash)?,
                Record::Gaps(gaps) => watch.recall_gaps(&gaps)?,
                Record::Read { relay, at } => watch.recall_read(&relay, at)?,
            }
        }
        let looked_at = Instant::now();
        Ok((Self { station, device, journal, watch, cursors, asked, looked_at }, known))
    }

    /// Takes an envelope in and keeps what it says. One that does not open leaves no trace.
    /// `precedence` is that of the parcel or frame it came in, if there was one.
    pub(crate) fn take(
        &mut self,
        envelope: &[u8],
        precedence: Option<Precedence>,
    ) -> Outcome<Result<Taken, OpenError>> {
        self.take_compared(envelope, precedence, None)
    }

    /// The same of what one home relay gave out, and others should have, too.
    pub(crate) fn take_compared(
        &mut self,
        envelope: &[u8],
        precedence: Option<Precedence>,
        flash: Option<&Flash>,
    ) -> Outcome<Result<Taken, OpenError>> {
        let opened = match outside(envelope) {
            Ok(Outside::Open(_) | Outside::Sealed)
                if self.station.has_seen(&digest::sha256(envelope)) =>
            {
                Err(OpenError::Replay)
            }
            Ok(Outside::Open(open)) => match self.station.read_open(envelope, &open) {
                Err(OpenError::UnknownAccount) => {
                    // Perhaps from a contact that was added while we listened.
                    self.station.renew_contacts()?;
                    self.station.read_open(envelope, &open)
                }
                other => other,
            },
            Ok(Outside::Sealed) => return self.unseal(envelope, precedence, flash),
            Ok(Outside::Unknown) => Err(OpenError::NeedsNewer),
            Err(refusal) => Err(refusal),
        };
        match opened {
            Ok(content) => Ok(Ok(self.remember(content, precedence, flash)?)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// What it says is on disk before the session's state without its key is: after a crash in between
    /// it opens once more, and is known by its hash.
    fn unseal(
        &mut self,
        envelope: &[u8],
        precedence: Option<Precedence>,
        flash: Option<&Flash>,
    ) -> Outcome<Result<Taken, OpenError>> {
        let mut sealing = Sealing::open(self.device)?;
        let received = match sealing.unseal(envelope) {
            Ok(received) => received,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut content = Content::of_sealed(envelope, &received.opened, received.is_stranger);
        self.write_down(&mut content, precedence, flash)?;
        self.station.meet(sealing.keep()?);
        let mut arrivals = self.station.take(&content);
        if received.events.iter().any(|event| matches!(event, Event::PostQuantum { .. })) {
            arrivals.push(Arrival::PostQuantum(content.author.id()));
        }
        Ok(Ok(Taken { content, arrivals }))
    }

    /// Takes in the endorsements and cards of an envelope that was not: they "count whether their
    /// envelope was open or sealed, also in one whose author is unknown" (spec/10-identity.md, "Carried
    /// as items").
    pub(crate) fn heed(&mut self, envelope: &[u8]) -> Vec<Changed> {
        let Ok(Outside::Open(open)) = outside(envelope) else { return Vec::new() };
        let bodies = |family| {
            let is_it = move |item: &&Item<'_>| (item.family, item.revision) == (family, 0);
            open.items.iter().filter(is_it).map(|item| item.body)
        };
        let carried = bodies(Family::ENDORSEMENT).filter_map(|body| Carried::parse(body).ok());
        let mut changed = self.station.take_endorsements(carried);
        changed.extend(self.station.take_cards(bodies(Family::CARD)));
        changed
    }

    /// What is found of it is kept with it: "a certificate that comes later, or a restart, changes
    /// nothing of what was said before" (spec/10-identity.md, "What a certificate limits").
    fn write_down(
        &mut self,
        content: &mut Content,
        precedence: Option<Precedence>,
        flash: Option<&Flash>,
    ) -> Outcome<()> {
        (content.precedence, content.received) = (precedence, clock::now_if_known());
        self.station.judge(content);
        let at = content.received.unwrap_or(0);
        if let Some(flash) = flash {
            self.hear_flash(ParcelId(content.envelope), flash)?;
        }
        self.journal.append(&Record::Taken { at, content: Box::new(Kept::of(content)) })?;
        self.watch.take(content);
        Ok(())
    }

    fn remember(
        &mut self,
        mut content: Content,
        precedence: Option<Precedence>,
        flash: Option<&Flash>,
    ) -> Outcome<Taken> {
        self.write_down(&mut content, precedence, flash)?;
        let arrivals = self.station.take(&content);
        Ok(Taken { content, arrivals })
    }

    /// What is to be asked for by now.
    pub(crate) fn wanted(&self, now: u64) -> Vec<Missing> {
        let patience = |missing: &Missing| self.asked.get(&missing.statement).copied();
        let mut missing = self.station.missing();
        missing.retain(|one| patience(one).unwrap_or_default().is_over(one.received, now));
        missing
    }

    /// Remembers that it is asked for: before it is, so that a crash asks less, not more.
    pub(crate) fn asks(&mut self, missing: &Missing, now: u64) -> Outcome<()> {
        let statement = hex::encode(&missing.statement);
        self.journal.append(&Record::Asked { at: now, statement })?;
        self.asked.entry(missing.statement).or_default().ask(now);
        Ok(())
    }

    /// Whose device a refused envelope may be of, if it is one that was revoked.
    pub(crate) fn revoked_author(&self, envelope: &[u8]) -> Outcome<Option<(Account, u8)>> {
        match outside(envelope) {
            Ok(Outside::Open(open)) => Ok(self.station.revoked_author(&open)),
            Ok(Outside::Sealed) => Ok(Sealing::open(self.device)?.revoked_author(envelope)),
            Ok(Outside::Unknown) | Err(_) => Ok(None),
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
