//! The device's sessions: read from their sealed file, used, and put back before anything follows
//! from it (spec/11-session.md, "Counters and memory"; spec/13-storage.md, "Sealed files").

use super::Device;
use super::contacts::Acquaintances;
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::SESSIONS;
use crate::{clock, random};
use chappe_codec::account::Account;
use chappe_codec::card::Card;
use chappe_codec::envelope::OpenError;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::item::Item;
use chappe_codec::session::{
    Party, Received, Recipient, Remembered, Sent, Sessions, Steps, Window,
};
use std::fs::File;

const VERSION: u8 = 1;

/// The device's sessions, taken for this process until this is dropped.
pub(crate) struct Sealing<'a> {
    device: &'a Device,
    sessions: Sessions,
    memory: Vec<Remembered>,
    known: Acquaintances,
    _alone: File,
}

impl<'a> Sealing<'a> {
    /// Reads them. Revoked devices have none.
    pub(crate) fn open(device: &'a Device) -> Outcome<Self> {
        let alone = device.area.lock()?;
        let octets = device.area.read(SESSIONS)?;
        let (memory, snapshots) = read(&octets)?;
        let me = own_party(device);
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
        Ok(Self { device, sessions, memory, known, _alone: alone })
    }

    /// Opens an envelope. What changed is kept by [`Sealing::keep`] and forgotten without it.
    pub(crate) fn unseal(&mut self, envelope: &[u8]) -> Result<Received, OpenError> {
        let keys = self.device.identity.keys();
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
        }
        opened
    }

    /// Whose device a first flight that was refused may be of, if it is one that was revoked: a claim
    /// that anybody who saw one of its envelopes can make.
    pub(crate) fn revoked_author(&self, envelope: &[u8]) -> Option<(Account, u8)> {
        self.sessions.revoked_author(envelope)
    }

    /// Seals items to a contact. The envelope must not leave before [`Sealing::keep`].
    pub(crate) fn seal(
        &mut self,
        to: &Card,
        items: &[Item<'_>],
        space: usize,
        hybrid: bool,
    ) -> Outcome<Sent> {
        let keys = self.device.identity.keys();
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
        Ok(self.sessions.seal(&recipient, items, space)?)
    }

    /// Puts everything back, durably: what was not used of a reserved block as well. Gives who was
    /// known while it was used.
    pub(crate) fn keep(self) -> Outcome<Acquaintances> {
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

fn own_party(device: &Device) -> Party {
    let card = device.identity.card();
    let account: Account = card.account();
    Party { account, device: card.device(), identity: *card.identity_key() }
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
