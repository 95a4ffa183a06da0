//! Going on after the disk was put back to an older state, or lost a part of it (spec/13-storage.md,
//! "Repair"): everything the device may have said since is out of reach of what it says next.

use super::contacts::Contact;
use super::journal::Journal;
use super::prekeys::{self, Former};
use super::sent::{self, Path, Record, Sent};
use super::{Device, sealing};
use crate::command::send::sealed_to;
use crate::exit::{Exit, Failure, Outcome};
use crate::said;
use crate::storage::SESSIONS;
use crate::{clock, random};
use chappe_codec::precedence::Precedence;
use serde_json::Value;

/// Journals that hold no counters: what can be read of them stays. What was said comes before them, see
/// [`Device::repair`].
const OTHERS: [&str; 2] = ["uplink", "received"];

/// Of the epochs behind the last known one, so many come into question for the next.
const EPOCHS_DRAWN: u8 = u8::MAX;

/// What begins a chain anew begins below this counter: a chain goes on for as long again.
const FIRST_COUNTER_MASK: u32 = u32::MAX >> 1;

/// What a repair did.
#[derive(Debug)]
pub(crate) struct Repair {
    /// Records that could still be read, of all journals.
    pub(crate) kept: usize,
    /// The new epoch of the open chain.
    pub(crate) epoch: u16,
}

impl Device {
    /// The journals that are not as their pages say, and why.
    pub(crate) fn refused_journals(&self) -> Outcome<Vec<(&'static str, Failure)>> {
        let mut refused = Vec::new();
        for name in [sent::JOURNAL].into_iter().chain(OTHERS) {
            let salvage = Journal::salvage::<Value>(&self.journal(name))?;
            refused.extend(salvage.refusal.map(|failure| (name, failure)));
        }
        Ok(refused)
    }

    /// Puts everything this device may have said out of the reach of what it says next. After a crash
    /// in between a journal that was refused still is, and the repair is made again.
    ///
    /// The device must be opened anew afterwards: it has another prekey.
    pub(crate) fn repair(&self) -> Outcome<Repair> {
        self.forget_sessions()?;
        // What was said comes last of what a device says from: with it the device may speak again.
        let (said, epoch) = begin_anew(self)?;
        let mut kept = said;
        for name in OTHERS {
            let place = self.journal(name);
            let salvage = Journal::salvage::<Value>(&place)?;
            if salvage.refusal.is_some() {
                Journal::replace(&place, &salvage.records)?;
            }
            kept = kept.saturating_add(salvage.records.len());
        }
        Ok(Repair { kept, epoch })
    }

    /// Begins a session with each contact, with this device's new card in it: it waits to be sent. Gives
    /// those it could not be written to, and why.
    pub(crate) fn reintroduce(&self) -> Outcome<Vec<(String, Failure)>> {
        let mut sent = Sent::open(self, Path::Relay { post_quantum: false })?;
        let card = self.identity.card().to_bytes();
        let mut left_out = Vec::new();
        for contact in self.contacts()? {
            if let Err(failure) = introduce(&mut sent, &contact, &card) {
                left_out.push((contact.name, failure));
            }
        }
        Ok(left_out)
    }

    /// "Destroys its prekeys" and its sessions: none of them is used again.
    fn forget_sessions(&self) -> Outcome<()> {
        let _alone = self.area.lock()?;
        prekeys::renew(&self.area, clock::now_if_known(), Former::Destroyed)?;
        self.area.write(SESSIONS, &sealing::none())
    }
}

/// Keeps what can be read of what was said, and begins the open chain anew behind it: in an epoch and at
/// a counter drawn at random, since what was forgotten may have been another such beginning. Gives how
/// many records stay, and the epoch.
fn begin_anew(device: &Device) -> Outcome<(usize, u16)> {
    let place = device.journal(sent::JOURNAL);
    let mut records = Journal::salvage::<Record>(&place)?.records;
    let kept = records.len();
    let known = records.iter().rev().find_map(|record| match record {
        Record::Anew { epoch, .. } => Some(*epoch),
        _ => None,
    });
    let step = u16::from(random::below(EPOCHS_DRAWN)?).saturating_add(1);
    let epoch = known.unwrap_or(0).checked_add(step).ok_or_else(|| {
        Failure::new(Exit::Failure, "no_room", "this device was repaired too often")
            .advise("make a new one, and have it certified")
    })?;
    let first = u32::from_be_bytes(random::octets()?) & FIRST_COUNTER_MASK;
    records.push(Record::Anew { epoch, first });
    Journal::replace(&place, &records)?;
    Ok((kept, epoch))
}

fn introduce(sent: &mut Sent<'_>, contact: &Contact, card: &[u8]) -> Outcome<()> {
    let item = [said::card_item(card)];
    sent.write(&sealed_to(contact), Precedence::Routine, &item).map(drop)
}

#[cfg(test)]
mod tests;
