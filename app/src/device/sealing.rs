//! The device's sessions: read from their sealed file, used, and put back before anything follows
//! from it (spec/11-session.md, "Counters and memory"; spec/13-storage.md, "Sealed files").

use super::contacts::Acquaintances;
use super::prekeys::{self, Former};
use super::settings::Settings;
use super::{Device, Secrets};
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::SESSIONS;
use crate::{clock, random};
use chappe_codec::account::Account;
use chappe_codec::card::Card;
use chappe_codec::chain::ChainId;
use chappe_codec::envelope::OpenError;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::home::HomeRelays;
use chappe_codec::identity::Identity;
use chappe_codec::item::Item;
use chappe_codec::key_store::KeyStore;
use chappe_codec::session::{
    Event, Party, Received, Recipient, Remembered, Sent, Sessions, Steps, Window,
};
use std::fs::File;

const VERSION: u8 = 1;

/// The device's sessions, taken for this process until this is dropped.
pub(crate) struct Sealing<'a> {
    device: &'a Device,
    /// The device as it is now: its prekeys may have been replaced since it was opened.
    identity: Identity,
    /// Whether contacts may hold a card with another prekey than the present one.
    is_renewed: bool,
    /// Whether the memory of the present prekey is half full.
    is_half_full: bool,
    sessions: Sessions,
    memory: Vec<Remembered>,
    known: Acquaintances,
    _alone: File,
}

impl<'a> Sealing<'a> {
    /// Reads them, after the prekeys were looked after. Revoked devices have none.
    pub(crate) fn open(device: &'a Device) -> Outcome<Self> {
        let alone = device.area.lock()?;
        let octets = device.area.read(SESSIONS)?;
        let (mut memory, snapshots) = read(&octets)?;
        let page = prekeys::tend(&device.area, clock::now_if_known())?;
        let is_renewed = page.serial > 0;
        let identity = Secrets::read_with(&device.area, page.prekeys)?.identity;
        forget_destroyed(&mut memory, &identity);
        let me = party_of(identity.card());
        let mut sessions = Sessions::resume(device.realm, me, Window::STATION, snapshots)?;
        for remembered in &memory {
            sessions.remember(*remembered);
        }
        let known = device.acquaintances()?;
        for contact in &known.contacts {
            let account = contact.card.account();
            for device in 1..=u8::MAX {
                if known.directory.is_revoked(&account, device) {
                    sessions.revoke(account, device);
                }
            }
        }
        // Whatever else happens, `keep` puts back what is left.
        if let Some(now) = clock::now_if_known() {
            drop(sessions.expire(now));
        }
        Ok(Self {
            device,
            identity,
            is_renewed,
            is_half_full: false,
            sessions,
            memory,
            known,
            _alone: alone,
        })
    }

    /// Opens an envelope. What changed is kept by [`Sealing::keep`] and forgotten without it.
    pub(crate) fn unseal(&mut self, envelope: &[u8]) -> Result<Received, OpenError> {
        let keys = self.identity.keys();
        let now = clock::now_if_known();
        // Only a first flight asks who could have written it.
        if super::content::is_first_flight(envelope) {
            for contact in &self.known.contacts {
                // A contact with a weak key cannot write to us; the others can.
                self.sessions.admit(keys, &party_of(&contact.card), now).ok();
            }
        }
        let opened = self.sessions.open(keys, envelope, now);
        if let Ok(received) = &opened {
            self.memory.extend(received.remembered);
            let present = self.identity.prekeys().present();
            self.is_half_full |=
                received.events.contains(&Event::PrekeyHalfFull { prekey: present });
        }
        opened
    }

    /// Whose device a first flight that was refused may be of, if it is one that was revoked: a claim
    /// that anybody who saw one of its envelopes can make.
    pub(crate) fn revoked_author(&self, envelope: &[u8]) -> Option<(Account, u8)> {
        self.sessions.revoked_author(envelope)
    }

    /// Seals items to a contact: into `space` octets, or, with none named, padded for a relay. The
    /// envelope must not leave before [`Sealing::keep`].
    pub(crate) fn seal(
        &mut self,
        to: &Card,
        items: &[Item<'_>],
        space: Option<usize>,
        hybrid: bool,
    ) -> Outcome<Sent> {
        let keys = self.identity.keys();
        let recipient = Recipient { party: party_of(to), prekey: *to.prekey(), knows_us: true };
        let now = clock::now_if_known();
        self.sessions.admit(keys, &recipient.party, now)?;
        let mut unhealthy = None;
        let mut fresh = |out: &mut [u8]| {
            if let Err(failure) = random::fill(out) {
                unhealthy = Some(failure);
            }
        };
        let steps = Steps { now: false, hybrid };
        let reserved =
            self.sessions.reserve(keys, &recipient, items.len(), steps, now, &mut fresh)?;
        if let Some(failure) = unhealthy {
            return Err(failure);
        }
        // "So does one that puts the state behind an envelope on durable storage before the envelope
        // leaves": that is what `keep` does, so the block is used without being stored itself.
        if let Some(snapshot) = self.sessions.snapshot(reserved.session) {
            self.sessions.stored(snapshot);
        }
        Ok(match space {
            Some(space) => self.sessions.seal(&recipient, items, space)?,
            None => self.sessions.seal_padded(&recipient, items)?,
        })
    }

    /// Replaces the prekey now. What was remembered of flights to those that are destroyed with that is
    /// forgotten by [`Sealing::keep`], after them.
    pub(crate) fn renew_prekey(&mut self, former: Former) -> Outcome<()> {
        let page = prekeys::renew(&self.device.area, clock::now_if_known(), former)?;
        let homes = Settings::read(&self.device.area)?.homes;
        self.identity = self.identity.renewed(page.prekeys, homes, self.device.realm)?;
        self.is_renewed = true;
        forget_destroyed(&mut self.memory, &self.identity);
        Ok(self.sessions.renew_prekeys(self.identity.keys())?)
    }

    /// Other home relays, which are on disk, and the card that names them.
    pub(super) fn take_homes(&mut self, homes: HomeRelays) -> Outcome<()> {
        let prekeys = self.identity.prekeys().clone();
        self.identity = self.identity.renewed(prekeys, homes, self.device.realm)?;
        Ok(())
    }

    /// The device's card, with the present prekey.
    pub(crate) const fn own_card(&self) -> &Card {
        self.identity.card()
    }

    /// How many prekeys there are.
    pub(crate) fn prekeys(&self) -> usize {
        self.identity.prekeys().count()
    }

    /// The card that goes to this contact by itself: if they may hold one with another prekey, and
    /// there is a session with them (spec/10-identity.md, "A new prekey goes to contacts by itself").
    pub(crate) fn card_for(&self, contact: &Card) -> Option<&Card> {
        (self.is_renewed && self.has_session(contact)).then(|| self.own_card())
    }

    /// Puts everything back, durably: what was not used of a reserved block as well. Gives who was
    /// known while it was used.
    pub(crate) fn keep(mut self) -> Outcome<Acquaintances> {
        if self.is_half_full {
            self.renew_prekey(Former::Kept)?;
        }
        let mut octets = vec![VERSION];
        put_count(&mut octets, self.memory.len())?;
        for remembered in &self.memory {
            octets.extend_from_slice(&remembered.prekey);
            octets.push(u8::from(remembered.contact.is_some()));
            if let Some((account, device)) = remembered.contact {
                octets.extend_from_slice(&account.0);
                octets.push(device);
            }
            octets.extend_from_slice(&remembered.digest);
        }
        for snapshot in self.sessions.close() {
            put_count(&mut octets, snapshot.octets().len())?;
            octets.extend_from_slice(snapshot.octets());
        }
        self.device.area.write(SESSIONS, &octets)?;
        Ok(self.known)
    }

    /// Whether a message of a chain that is received could still be opened if it came.
    pub(super) fn expects(&self, chain: ChainId, counter: u32) -> bool {
        self.sessions.expects(chain, counter)
    }

    /// Whether there is a session with a contact in which something can be said.
    pub(crate) fn has_session(&self, card: &Card) -> bool {
        self.sessions.current(&party_of(card)).is_some()
    }

    /// Whether anything is said to a contact in a session that a quantum computer will not open.
    pub(crate) fn is_post_quantum(&self, card: &Card) -> bool {
        let current = self.sessions.current(&party_of(card));
        current.is_some_and(|number| self.sessions.is_post_quantum(number))
    }
}

/// The sealed file of a device that has never spoken.
pub(crate) fn none() -> Vec<u8> {
    vec![VERSION, 0, 0, 0, 0]
}

/// The device a card is of.
pub(crate) fn party_of(card: &Card) -> Party {
    Party { account: card.account(), device: card.device(), identity: *card.identity_key() }
}

/// "What is remembered for a prekey that is not kept is forgotten whenever it is found."
fn forget_destroyed(memory: &mut Vec<Remembered>, identity: &Identity) {
    let kept = identity.keys().prekeys();
    memory.retain(|remembered| kept.contains(&remembered.prekey));
}

fn put_count(octets: &mut Vec<u8>, count: usize) -> Outcome<()> {
    let count = u32::try_from(count)
        .map_err(|_| Failure::new(Exit::Failure, "too_long", "too many sessions"))?;
    octets.extend_from_slice(&count.to_be_bytes());
    Ok(())
}

fn read_remembered(octets: &[u8]) -> Option<(Remembered, &[u8])> {
    let (prekey, rest) = octets.split_first_chunk()?;
    let (contact, rest) = match rest.split_first()? {
        (0, rest) => (None, rest),
        (1, rest) => {
            let (account, rest) = rest.split_first_chunk()?;
            let (device, rest) = rest.split_first()?;
            (Some((Account(*account), *device)), rest)
        }
        _ => return None,
    };
    let (digest, rest) = rest.split_first_chunk()?;
    Some((Remembered { prekey: *prekey, contact, digest: *digest }, rest))
}

/// What the sealed file holds: the memory of first flights, and the snapshots.
fn read(octets: &[u8]) -> Outcome<(Vec<Remembered>, Vec<&[u8]>)> {
    let damaged = |left: &[u8], field| {
        let at = octets.len().saturating_sub(left.len());
        Failure::from(DecodeError::at_octet(ErrorKind::Truncated, field, at))
    };
    let (version, rest) = octets.split_first().ok_or_else(|| damaged(octets, "version"))?;
    if *version != VERSION {
        return Err(DecodeError::at_octet(ErrorKind::UnknownVersion, "version", 0).into());
    }
    let (count, mut rest) = rest.split_first_chunk::<4>().ok_or_else(|| damaged(rest, "count"))?;
    let mut memory = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let read = read_remembered(rest).ok_or_else(|| damaged(rest, "first flights"))?;
        memory.push(read.0);
        rest = read.1;
    }
    let mut snapshots = Vec::new();
    while !rest.is_empty() {
        let (length, after) =
            rest.split_first_chunk::<4>().ok_or_else(|| damaged(rest, "snapshot"))?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (snapshot, after) =
            after.split_at_checked(length).ok_or_else(|| damaged(after, "snapshot"))?;
        snapshots.push(snapshot);
        rest = after;
    }
    Ok((memory, snapshots))
}
