//! The sealed file `invitations` (spec/13-storage.md, "Sealed files").

use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use chappe_relay::TransportKey;
use chappe_relay::invitation::Invitation;
use chappe_relay::limits::INVITATION_OCTETS;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// Flag of an invitation that was made.
const WITHDRAWN: u8 = 1;

/// Flags of a relay: it may be shown the certificate; an invitation follows.
const CERTIFICATE: u8 = 1;
const INVITATION: u8 = 2;

/// Octets of a note.
pub(crate) const NOTE_OCTETS_MAX: usize = 255;

/// What the file holds.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// What invitations are made with, once one was.
    pub(super) key: Option<Zeroizing<[u8; 32]>>,
    pub(super) made: Vec<Made>,
    /// By the relay's key.
    pub(super) shows: BTreeMap<[u8; 32], Shows>,
}

/// An invitation that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) invitation: Invitation,
    pub(crate) is_withdrawn: bool,
    /// For whom, in the operator's words.
    pub(crate) note: String,
}

/// What a relay may be shown, where it asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shows {
    pub(super) certificate: bool,
    pub(super) invitation: Option<Invitation>,
}

impl Record {
    pub(super) fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(4096));
        out.push(VERSION);
        match &self.key {
            Some(key) => {
                out.push(1);
                out.extend_from_slice(&**key);
            }
            None => out.push(0),
        }
        put_count(&mut out, self.made.len());
        for made in &self.made {
            out.extend(made.invitation.to_bytes());
            out.push(if made.is_withdrawn { WITHDRAWN } else { 0 });
            let note = made.note.as_bytes();
            let length = note.len().min(NOTE_OCTETS_MAX);
            out.push(u8::try_from(length).unwrap_or(u8::MAX));
            out.extend_from_slice(note.get(..length).unwrap_or_default());
        }
        put_count(&mut out, self.shows.len());
        for (relay, shows) in &self.shows {
            out.extend_from_slice(relay);
            let certificate = if shows.certificate { CERTIFICATE } else { 0 };
            let invitation = if shows.invitation.is_some() { INVITATION } else { 0 };
            out.push(certificate | invitation);
            if let Some(invitation) = &shows.invitation {
                out.extend(invitation.to_bytes());
            }
        }
        out
    }

    pub(super) fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, [version]) = field("version", framing::octets)(input)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", input);
        }
        let (after, [has_key]) = field("has_key", framing::octets)(rest)?;
        let (mut rest, key) = match has_key {
            0 => (after, None),
            1 => {
                let (after, key) = field("key", framing::octets)(after)?;
                (after, Some(Zeroizing::new(key)))
            }
            _ => return refuse(ErrorKind::UnknownCode, "has_key", rest),
        };
        let mut record = Self { key, ..Self::default() };
        let (after, count) = field("made", framing::octets)(rest)?;
        rest = after;
        for _ in 0..u16::from_be_bytes(count) {
            let (after, made) = Made::read(rest)?;
            record.made.push(made);
            rest = after;
        }
        let (after, count) = field("relays", framing::octets)(rest)?;
        rest = after;
        for _ in 0..u16::from_be_bytes(count) {
            let (after, relay) = field("relay", framing::octets::<32>)(rest)?;
            let is_higher = record.shows.last_key_value().is_none_or(|(last, _)| *last < relay);
            if !is_higher {
                return refuse(ErrorKind::NotCanonical, "relay", rest);
            }
            if TransportKey::from_bytes(&relay).is_err() {
                return refuse(ErrorKind::OutOfRange, "relay", rest);
            }
            let (after, shows) = Shows::read(after)?;
            record.shows.insert(relay, shows);
            rest = after;
        }
        Ok((rest, record))
    }
}

impl Made {
    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (flags_at, invitation) = read_invitation(input)?;
        let (rest, [flags]) = field("flags", framing::octets)(flags_at)?;
        if flags & !WITHDRAWN != 0 {
            return refuse(ErrorKind::Reserved, "flags", flags_at);
        }
        let (note_at, [length]) = field("note", framing::octets)(rest)?;
        let Some((note, rest)) = note_at.split_at_checked(usize::from(length)) else {
            return refuse(ErrorKind::Truncated, "note", note_at);
        };
        let Ok(note) = std::str::from_utf8(note) else {
            return refuse(ErrorKind::BadCharacter, "note", note_at);
        };
        Ok((rest, Self { invitation, is_withdrawn: flags == WITHDRAWN, note: note.to_owned() }))
    }
}

impl Shows {
    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, [flags]) = field("flags", framing::octets)(input)?;
        if flags & !(CERTIFICATE | INVITATION) != 0 {
            return refuse(ErrorKind::Reserved, "flags", input);
        }
        let certificate = flags & CERTIFICATE != 0;
        if flags & INVITATION == 0 {
            return Ok((rest, Self { certificate, invitation: None }));
        }
        let (rest, invitation) = read_invitation(rest)?;
        Ok((rest, Self { certificate, invitation: Some(invitation) }))
    }
}

fn read_invitation(input: &[u8]) -> Parsed<'_, Invitation> {
    let (rest, octets) = field("invitation", framing::octets::<INVITATION_OCTETS>)(input)?;
    match Invitation::parse(&octets) {
        Ok(invitation) => Ok((rest, invitation)),
        Err(error) => refuse(error.kind, "invitation", input),
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::realm::{Mode, Realm};
    use chappe_relay::invitation::InvitationKey;
    use std::num::NonZeroU16;

    fn invitation(number: u8) -> Invitation {
        let realm = Realm { mode: Mode::Exercise, network: 3 };
        InvitationKey::new(&[1; 32]).invite(realm, [number; 8], 99, NonZeroU16::MAX)
    }

    #[test]
    fn a_record_reads_back_and_what_is_wrong_is_refused() {
        assert_eq!(Record::default().to_octets().to_vec(), [1, 0, 0, 0, 0, 0]);
        let relay = chappe_relay::TransportSecret::from_seed(&[5; 32]).public().to_bytes();
        let made = |number, is_withdrawn, note: &str| Made {
            invitation: invitation(number),
            is_withdrawn,
            note: note.to_owned(),
        };
        let shows = Shows { certificate: true, invitation: Some(invitation(4)) };
        let record = Record {
            key: Some(Zeroizing::new([8; 32])),
            made: vec![made(1, false, "Çağlar"), made(2, true, "")],
            shows: [(relay, shows)].into(),
        };
        let octets = record.to_octets();
        assert!(Record::parse(&octets).unwrap() == record);
        for end in 0..octets.len() {
            assert!(Record::parse(&octets[..end]).is_err(), "{end}");
        }
        let kind = |octets: &[u8]| Record::parse(octets).err().map(|error| error.kind);
        assert_eq!(kind(&[2, 0, 0, 0, 0, 0]), Some(ErrorKind::UnknownVersion));
        assert_eq!(kind(&[1, 2, 0, 0, 0, 0]), Some(ErrorKind::UnknownCode));
        assert_eq!(kind(&[1, 0, 0, 0, 0, 0, 0]), Some(ErrorKind::Trailing));
        let mut flags = octets.to_vec();
        flags[36 + 32] = 2;
        assert_eq!(kind(&flags), Some(ErrorKind::Reserved));
    }
}
