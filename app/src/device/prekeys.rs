//! The device's prekeys: replaced in time, destroyed at their end (spec/11-session.md, "Life of a
//! prekey"; spec/13-storage.md, "Prekeys").

use super::Device;
use super::sealing::Sealing;
use crate::exit::Outcome;
use crate::storage::{AreaFolder, PageFile};
use crate::{clock, random};
use chappe_codec::card::Card;
use chappe_codec::identity::Prekeys;
use chappe_codec::limits::PREKEY_AFTER_EXPIRY_SECONDS;
use chappe_codec::vault::PrekeyPage;

/// That of a device that is made now.
pub(super) fn first() -> Outcome<Prekeys> {
    Ok(Prekeys::first(&*random::secret()?, clock::now_seconds()))
}

/// Reads them.
pub(super) fn read(area: &AreaFolder) -> Outcome<PrekeyPage> {
    Ok(area.open_prekeys()?.page().clone())
}

/// Replaces the present one if its time has come and destroys those whose end has. Whoever calls has
/// the area for himself, and drops what is remembered for prekeys that are not in what is returned.
///
/// Without a clock nothing is due: "whoever is not sure of the time" destroys nothing.
pub(super) fn tend(area: &AreaFolder, now: Option<u64>) -> Outcome<PrekeyPage> {
    let mut file = area.open_prekeys()?;
    let Some(now) = now else { return Ok(file.page().clone()) };
    let mut prekeys = file.page().prekeys.clone();
    let is_due = prekeys.is_due(now);
    if is_due {
        prekeys.renew(&*random::secret()?, now);
    }
    if prekeys.destroy_ended(now) > 0 || is_due {
        put(&mut file, prekeys)?;
    }
    Ok(file.page().clone())
}

/// Replaces the present one, whatever its age. Whoever calls has the area for himself.
pub(super) fn renew(area: &AreaFolder, now: Option<u64>, former: Former) -> Outcome<PrekeyPage> {
    let mut file = area.open_prekeys()?;
    let mut prekeys = file.page().prekeys.clone();
    // "A device without a clock counts as if it were 1970."
    prekeys.renew(&*random::secret()?, now.unwrap_or(0));
    if former == Former::Destroyed {
        prekeys.destroy_former();
    }
    put(&mut file, prekeys)?;
    Ok(file.page().clone())
}

fn put(file: &mut PageFile<PrekeyPage>, prekeys: Prekeys) -> Outcome<()> {
    let serial = file.page().serial;
    file.write(PrekeyPage { serial, prekeys })
}

/// What becomes of the prekeys before the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Former {
    /// Kept until their end.
    Kept,
    /// Destroyed at once: for a device that may have been read.
    Destroyed,
}

impl Device {
    /// The card to be given out now, with a new prekey in it if it was time for one.
    pub(crate) fn current_card(&self) -> Outcome<Card> {
        Ok(Sealing::open(self)?.own_card().clone())
    }

    /// Replaces the prekey now and gives the new card, and how many prekeys there are.
    pub(crate) fn renew_prekey(&self, former: Former) -> Outcome<(Card, usize)> {
        let mut sealing = Sealing::open(self)?;
        sealing.renew_prekey(former)?;
        let renewed = (sealing.own_card().clone(), sealing.prekeys());
        sealing.keep()?;
        Ok(renewed)
    }
}

/// What to tell a person who begins to write to the prekey of this card: nothing, while it is good.
pub(crate) fn advice(name: &str, card: &Card, now: Option<u64>) -> Option<String> {
    let now = now.filter(|now| *now > card.prekey_expiry())?;
    let is_surely_gone = now > card.prekey_expiry().saturating_add(PREKEY_AFTER_EXPIRY_SECONDS);
    let what = if is_surely_gone {
        "they can hardly read this any more"
    } else {
        "perhaps they cannot read this any more"
    };
    Some(format!(
        "the card you have of {name} has ended: {what}\n  \
         ask them for a new one (theirs: chappe card show), and take it in with:\n  \
         chappe contact add {name} CARDFILE"
    ))
}

#[cfg(test)]
mod tests;
