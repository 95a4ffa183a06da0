//! Invitations a device gives as a relay, and what it shows relays as a client (spec/13-storage.md, "Sealed
//! files").

mod record;

use super::Device;
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::random;
use crate::storage::INVITATIONS;
use chappe_relay::invitation::{Invitation, InvitationKey, InvitationNumber};
use chappe_relay::{Introduction, TransportKey};
use std::num::NonZeroU16;

pub(crate) use record::{Made, NOTE_OCTETS_MAX};
use record::{Record, Shows};

/// Invitations that have not expired, at most.
const MADE_MAX: usize = 1024;

/// As the sealed file of a new device holds it: none given, none had.
pub(crate) fn none() -> Vec<u8> {
    Record::default().to_octets().to_vec()
}

impl Device {
    /// The key this device makes invitations with, as a relay. It is drawn when it is first needed.
    pub(crate) fn invitation_key(&self) -> Outcome<InvitationKey> {
        if let Some(key) = &self.invitations()?.key {
            return Ok(InvitationKey::new(key));
        }
        let _alone = self.area.lock()?;
        let mut record = self.invitations()?;
        let key = match &record.key {
            Some(key) => InvitationKey::new(key),
            None => InvitationKey::new(record.key.insert(random::secret()?)),
        };
        self.keep(&record)?;
        Ok(key)
    }

    /// Makes an invitation and remembers it, so that it can be withdrawn. Those that have expired are
    /// forgotten.
    pub(crate) fn invite(
        &self,
        expiry_seconds: u64,
        keys: NonZeroU16,
        note: &str,
    ) -> Outcome<Invitation> {
        let key = self.invitation_key()?;
        let _alone = self.area.lock()?;
        let mut record = self.invitations()?;
        let now = clock::now_seconds();
        record.made.retain(|made| made.invitation.expiry_seconds > now);
        if record.made.len() >= MADE_MAX {
            let message = format!("there are {MADE_MAX} invitations already");
            return Err(Failure::new(Exit::Failure, "too_many", message)
                .advise("wait until some have expired; one may admit many keys"));
        }
        let invitation = key.invite(self.realm, random::octets()?, expiry_seconds, keys);
        let note = note.to_owned();
        record.made.push(Made { invitation, is_withdrawn: false, note });
        self.keep(&record)?;
        Ok(invitation)
    }

    /// The invitations that were made and have not been forgotten, the oldest first.
    pub(crate) fn made_invitations(&self) -> Outcome<Vec<Made>> {
        Ok(self.invitations()?.made)
    }

    /// Withdraws the one of this number.
    pub(crate) fn withdraw_invitation(&self, number: InvitationNumber) -> Outcome<Made> {
        let _alone = self.area.lock()?;
        let mut record = self.invitations()?;
        let made = record.made.iter_mut().find(|made| made.invitation.number == number);
        let Some(made) = made else {
            return Err(Failure::new(
                Exit::NotFound,
                "invitation",
                "no invitation has that number",
            )
            .advise("all of them: chappe relay invite list"));
        };
        made.is_withdrawn = true;
        let withdrawn = made.clone();
        self.keep(&record)?;
        Ok(withdrawn)
    }

    /// From now on the relay of this key is shown this invitation, where it asks.
    pub(crate) fn remember_invitation(
        &self,
        relay: TransportKey,
        invitation: &Invitation,
    ) -> Outcome<()> {
        self.change_shows(relay, |shows| shows.invitation = Some(*invitation))
    }

    /// From now on the relay of this key is shown this device's certificate, where it asks.
    pub(crate) fn remember_to_introduce(&self, relay: TransportKey) -> Outcome<()> {
        self.change_shows(relay, |shows| shows.certificate = true)
    }

    /// What a relay that asks may be shown, one after the other: first what tells it least.
    pub(crate) fn introductions(&self, relay: TransportKey) -> Outcome<Vec<Introduction>> {
        let record = self.invitations()?;
        let Some(shows) = record.shows.get(&relay.to_bytes()) else { return Ok(Vec::new()) };
        let mut introductions = Vec::new();
        if let Some(invitation) = &shows.invitation {
            let invitation = invitation.to_bytes();
            introductions.push(Introduction { invitation, ..Introduction::default() });
        }
        if shows.certificate {
            let certificate = self.identity.card().endorsement().to_bytes();
            introductions.push(Introduction { certificate, ..Introduction::default() });
        }
        Ok(introductions)
    }

    fn change_shows(&self, relay: TransportKey, change: impl FnOnce(&mut Shows)) -> Outcome<()> {
        let _alone = self.area.lock()?;
        let mut record = self.invitations()?;
        change(record.shows.entry(relay.to_bytes()).or_default());
        self.keep(&record)
    }

    fn invitations(&self) -> Outcome<Record> {
        match self.area.read(INVITATIONS) {
            Ok(octets) => Ok(Record::parse(&octets)?),
            // "A folder without it": one that was made before there was such a file.
            Err(failure) if failure.exit == Exit::NotFound => Ok(Record::default()),
            Err(failure) => Err(failure),
        }
    }

    fn keep(&self, record: &Record) -> Outcome<()> {
        self.area.write(INVITATIONS, &record.to_octets())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tests::device;

    #[test]
    fn invitations_are_remembered_withdrawn_and_forgotten_once_they_have_expired() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let keys = NonZeroU16::new(3).unwrap();
        let later = clock::now_seconds() + 1000;
        let first = device.invite(later, keys, "ward 3").unwrap();
        let over = device.invite(1, keys, "").unwrap();
        assert!(device.invitation_key().unwrap().made(device.realm, &first));
        assert!(device.made_invitations().unwrap().iter().any(|made| made.invitation == over));
        let second = device.invite(later, keys, "").unwrap();
        assert_ne!(first.number, second.number);
        let withdrawn = device.withdraw_invitation(first.number).unwrap();
        assert_eq!((withdrawn.note.as_str(), withdrawn.is_withdrawn), ("ward 3", true));
        let made = device.made_invitations().unwrap();
        let shown: Vec<_> = made.iter().map(|made| (made.invitation, made.is_withdrawn)).collect();
        assert_eq!(shown, [(first, true), (second, false)]);
        assert_eq!(device.withdraw_invitation([0; 8]).unwrap_err().exit, Exit::NotFound);
    }

    #[test]
    fn a_relay_is_shown_what_was_said_and_no_other_is() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let relay = |number| chappe_relay::TransportSecret::from_seed(&[number; 32]).public();
        assert!(device.introductions(relay(1)).unwrap().is_empty());
        let invitation = device.invite(u64::MAX, NonZeroU16::MIN, "").unwrap();
        device.remember_to_introduce(relay(1)).unwrap();
        device.remember_invitation(relay(1), &invitation).unwrap();
        let shown = device.introductions(relay(1)).unwrap();
        assert_eq!(shown.len(), 2);
        assert!(shown[0].certificate.is_empty() && shown[0].invitation == invitation.to_bytes());
        assert!(!shown[1].certificate.is_empty() && shown[1].invitation.is_empty());
        assert!(device.introductions(relay(2)).unwrap().is_empty());
    }
}
