//! What should have come to a device and did not, over restarts (spec/06-relay.md, "What a relay
//! withholds" and "What did not arrive"; spec/13-storage.md, "What should have come").

pub(crate) mod flashes;
pub(crate) mod gaps;
pub(super) mod record;

use super::Device;
use super::contacts::Contact;
use super::content::Content;
use super::limits::READ_RELAYS_MAX;
use super::prekeys;
use super::received::Received;
use super::retention::Record;
use super::sealing::Sealing;
use super::station::{Lasting, Remains};
use crate::exit::Outcome;
use crate::hex;
use crate::outbox::EXPIRY_SECONDS;
use chappe_codec::account::Account;
use chappe_codec::item::Family;
use chappe_codec::limits::PREKEY_LIFE_SECONDS;
use chappe_codec::statement::Evidence;
use chappe_relay::ParcelId;
use flashes::{Flash, Flashes, RelayKey, Withheld};
use gaps::{Closing, Gaps, Lacking, Sender};
use record::{KeptFlash, KeptGaps, State};
use std::collections::{BTreeMap, BTreeSet};

/// How often it is written down that a relay was read: what counts are days.
const READ_EVERY_SECONDS: u64 = 3600;

/// A reading of relays, at its end or while it goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The relays that were read to their end.
    pub(crate) read: &'a [RelayKey],
    /// The home relays there are.
    pub(crate) homes: &'a [RelayKey],
    /// When it began, in seconds since 1970.
    pub(crate) began: u64,
    /// What was noticed later may still come.
    pub(crate) noticed_by: u64,
    pub(crate) now: u64,
}

/// What a device watches for.
#[derive(Debug, Default)]
pub(super) struct Watch {
    gaps: Gaps,
    flashes: Flashes,
    /// When each relay was read to its end last, or was first one that is to be read.
    read: BTreeMap<RelayKey, u64>,
}

impl Watch {
    /// An envelope was opened. What a stranger says of himself is nobody's word, and nothing of his is
    /// waited for.
    pub(super) fn take(&mut self, content: &Content) {
        if !content.sealed || content.stranger {
            return self.heed(content.author, content.received, &Remains::of(content).lasting);
        }
        let at = content.received.unwrap_or(0);
        for message in &content.messages {
            let sender = Sender { account: content.author, device: message.position.device };
            self.gaps.receive(sender, content.chain, message.position.counter, at);
        }
        self.heed(content.author, content.received, &Remains::of(content).lasting);
    }

    /// The same of what stayed of one whose text was erased.
    pub(super) fn recall(&mut self, remains: &Remains) {
        let Some(author) = remains.author else { return };
        if let (Some(device), true) = (remains.device, remains.sealed && !remains.stranger) {
            let sender = Sender { account: author, device };
            let named = remains.ids.iter().map(|(counter, _)| *counter);
            let counters: BTreeSet<u32> = named.chain(remains.without_id.iter().copied()).collect();
            for counter in counters {
                self.gaps.receive(sender, remains.chain, counter, remains.received.unwrap_or(0));
            }
        }
        self.heed(author, remains.received, &remains.lasting);
    }

    /// Statements say what was said, also where it did not come.
    fn heed(&mut self, author: Account, received: Option<u64>, lasting: &[Lasting]) {
        for one in lasting.iter().filter(|one| one.family == Family::STATEMENT && one.verified) {
            let Ok(Evidence { statement, .. }) = Evidence::parse(&one.body) else { continue };
            if statement.claim.account == author.id() {
                let at = received.unwrap_or(0);
                self.gaps.state(&author, &statement.claim, statement.hash(), at);
            }
        }
    }

    pub(super) fn recall_flash(&mut self, kept: &KeptFlash) -> Outcome<()> {
        let id = kept.id()?;
        match kept.flash()? {
            Some(flash) => self.flashes.hear(id, flash),
            None => drop(self.flashes.settle(id)),
        }
        Ok(())
    }

    pub(super) fn recall_gaps(&mut self, kept: &KeptGaps) -> Outcome<()> {
        self.gaps.put_back(kept.standing()?);
        Ok(())
    }

    pub(super) fn recall_read(&mut self, relay: &str, at: u64) -> Outcome<()> {
        self.read.insert(hex::decode_array("a relay's key", relay)?, at);
        while self.read.len() > READ_RELAYS_MAX {
            let oldest = self.read.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key);
            oldest.and_then(|key| self.read.remove(&key));
        }
        Ok(())
    }

    /// Since when something may have expired before it could be read, at the relays that were read.
    fn blind_from(&self, reading: &Reading<'_>, made: Option<u64>) -> Option<u64> {
        let Reading { read, homes, began, now, .. } = *reading;
        let blind = |relay: &RelayKey| {
            let before = match self.read.get(relay) {
                Some(at) => *at,
                // Nothing could be sealed to a device before it was made.
                None if self.read.is_empty() => made.unwrap_or(0),
                // It has become a home since the last reading.
                None if homes.contains(relay) => return None,
                // A person named it, and it may have been written to for long.
                None => return Some(began),
            };
            (now.saturating_sub(before) > EXPIRY_SECONDS).then_some(before)
        };
        read.iter().filter_map(blind).min()
    }
}

impl Received<'_> {
    /// Whether something is missing that was not told.
    pub(crate) fn has_gaps_to_tell(&self) -> bool {
        self.watch.gaps.has_news()
    }

    /// Whether nothing is missing and nothing has come that was.
    pub(crate) fn has_no_gaps(&self) -> bool {
        self.watch.gaps.is_quiet()
    }

    /// What was told to be missing and is not any more. Once that was told, call [`Received::told_closed`].
    pub(crate) fn closed_gaps(
        &mut self,
        reading: &Reading<'_>,
    ) -> Outcome<BTreeMap<(Sender, Closing), Lacking>> {
        let blind_from = self.watch.blind_from(reading, made_at(self.device)?);
        let sealing = Sealing::open(self.device)?;
        let expects = |chain, counter| sealing.expects(chain, counter);
        Ok(self.watch.gaps.close(blind_from, &expects))
    }

    /// Remembers that it was told. A crash before lets it be told again.
    pub(crate) fn told_closed(&mut self, now: u64) -> Outcome<()> {
        for standing in self.watch.gaps.changed() {
            self.journal.append(&Record::Gaps(KeptGaps::of(&standing, now)))?;
        }
        Ok(())
    }

    /// What is missing, to be told now: that it is told is on disk, so that its end is told, too.
    pub(crate) fn open_gaps(
        &mut self,
        reading: &Reading<'_>,
    ) -> Outcome<BTreeMap<Sender, Lacking>> {
        let contacts = self.station.contacts();
        let is_known = |sender: &Sender| contacts.iter().any(|contact| sender.is_of(contact));
        let open = self.watch.gaps.open(reading.noticed_by, reading.homes, &is_known);
        self.told_closed(reading.now)?;
        Ok(open)
    }

    /// Remembers that relays were read to their end, and of homes that are new from when on they are to
    /// be read. Call it once everything of the reading was told.
    pub(crate) fn has_read(&mut self, reading: &Reading<'_>) -> Outcome<()> {
        let now = reading.now;
        let is_due = |relay: &&RelayKey| {
            let before = self.watch.read.get(*relay);
            before.is_none_or(|at| now.saturating_sub(*at) >= READ_EVERY_SECONDS || *at > now)
        };
        let mut due: BTreeMap<RelayKey, u64> =
            reading.read.iter().filter(is_due).map(|relay| (*relay, now)).collect();
        // At the first reading of all nobody knows since when they are homes.
        let is_first = self.watch.read.is_empty();
        let known_from = if is_first { made_at(self.device)?.unwrap_or(0) } else { now };
        let is_new = |relay: &&RelayKey| !self.watch.read.contains_key(*relay);
        for home in reading.homes.iter().filter(is_new) {
            due.entry(*home).or_insert(known_from);
        }
        for (key, at) in due {
            let relay = hex::encode(&key);
            self.journal.append(&Record::Read { relay: relay.clone(), at })?;
            self.watch.recall_read(&relay, at)?;
        }
        Ok(())
    }

    /// A FLASH is about to be taken in that one of several homes gave out: that is on disk first, or a
    /// crash in between would let it be taken in and not compared.
    pub(super) fn hear_flash(&mut self, id: ParcelId, flash: &Flash) -> Outcome<()> {
        self.journal.append(&Record::Flash(KeptFlash::of(id, flash, State::Heard)))?;
        self.watch.flashes.hear(id, flash.clone());
        Ok(())
    }

    /// A relay gave out what is compared, and is not the first: whether it was told to lack it.
    /// Once it was told to be late, call [`Received::settle_flash`].
    pub(crate) fn had_flash(&self, id: ParcelId, relay: RelayKey) -> Option<bool> {
        self.watch.flashes.had(id, relay).map(|flash| flash.is_told)
    }

    /// Two had it: more is not asked of anybody.
    pub(crate) fn settle_flash(&mut self, id: ParcelId) -> Outcome<()> {
        let Some(flash) = self.watch.flashes.settle(id) else { return Ok(()) };
        self.journal.append(&Record::Flash(KeptFlash::of(id, &flash, State::Settled)))
    }

    /// The relays that lack a FLASH, which was not told.
    pub(crate) fn lacking_flashes(&self) -> BTreeSet<RelayKey> {
        self.watch.flashes.lacking()
    }

    /// See [`Flashes::withheld`]. Once it was told, call [`Received::told_withheld`].
    pub(crate) fn withheld(
        &mut self,
        homes: &BTreeSet<RelayKey>,
        is_read: &dyn Fn(&RelayKey, u64) -> bool,
        now: u64,
    ) -> Vec<Withheld> {
        self.watch.flashes.withheld(homes, is_read, now)
    }

    /// Remembers that it was told who lacked these.
    pub(crate) fn told_withheld(&mut self, ids: &[ParcelId]) -> Outcome<()> {
        for id in ids {
            if let Some(flash) = self.watch.flashes.told(*id) {
                let record = Record::Flash(KeptFlash::of(*id, flash, State::Told));
                self.journal.append(&record)?;
            }
        }
        Ok(())
    }
}

impl Sender {
    /// Whether it is the device a contact's card is of.
    pub(crate) fn is_of(&self, contact: &Contact) -> bool {
        (contact.card.account(), contact.card.device()) == (self.account, self.device)
    }
}

/// When a device was made, as long as it has its first prekey and knew the time: every page written since
/// has added one, and none was destroyed.
fn made_at(device: &Device) -> Outcome<Option<u64>> {
    let page = prekeys::read(&device.area)?;
    let prekeys = page.prekeys.public();
    let has_first = u64::try_from(prekeys.len()).is_ok_and(|n| n == page.serial.saturating_add(1));
    let made = prekeys.last().map(|(_, expiry)| expiry.saturating_sub(PREKEY_LIFE_SECONDS));
    Ok(made.filter(|made| has_first && *made != 0))
}

#[cfg(test)]
mod tests;
