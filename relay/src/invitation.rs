//! Invitations: their holder is let in without being listed (spec/06-relay.md, "Admission").

use crate::key::TransportKey;
use crate::limits::{INVITATION_OCTETS, NETWORK_ADDRESS_OCTETS_MAX, SECONDS_MAX};
use crate::node::SenderTag;
use crate::rotation::address_epoch;
use crate::sums::Invited;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chappe_codec::digest;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, field, refuse};
use chappe_codec::realm::Realm;
use chappe_codec::time;
use nom::number::complete::{be_u16, u8};
use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const LABEL: &str = "chappe-invitation/1";
const PREFIX: &str = "chappe-invitation:";

/// What names an invitation, so that it can be withdrawn: drawn when it is made.
pub type InvitationNumber = [u8; 8];

/// An invitation. Whether it is genuine, only the relay that made it can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// What names it.
    pub number: InvitationNumber,
    /// Seconds after 1970 at which it ends.
    pub expiry_seconds: u64,
    /// How many keys it admits in one address epoch.
    pub keys: NonZeroU16,
    mac: [u8; 16],
}

impl Invitation {
    /// Reads an invitation. Its MAC is not looked at.
    ///
    /// # Errors
    /// `unknown_version`, `truncated`, `trailing`; `out_of_range` for one that admits no key.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    fn read(input: &[u8]) -> framing::Parsed<'_, Self> {
        let (rest, version) = field("version", u8)(input)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", input);
        }
        let (rest, number) = field("number", framing::octets)(rest)?;
        let (keys_at, expiry_seconds) = time::read_seconds("expiry", rest)?;
        let (rest, keys) = field("keys", be_u16)(keys_at)?;
        let Some(keys) = NonZeroU16::new(keys) else {
            return refuse(ErrorKind::OutOfRange, "keys", keys_at);
        };
        let (rest, mac) = field("mac", framing::octets)(rest)?;
        Ok((rest, Self { number, expiry_seconds, keys, mac }))
    }

    /// The invitation's octets.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.authenticated().as_slice(), &self.mac].concat()
    }

    fn authenticated(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(INVITATION_OCTETS);
        out.push(VERSION);
        out.extend_from_slice(&self.number);
        out.extend_from_slice(&time::seconds_to_bytes(self.expiry_seconds));
        out.extend_from_slice(&self.keys.get().to_be_bytes());
        out
    }
}

/// The key a relay makes and knows its invitations with. It is the relay's alone.
#[derive(Clone)]
pub struct InvitationKey(Zeroizing<[u8; 32]>);

impl InvitationKey {
    /// A key of 32 octets, which must come from a healthy random source.
    #[must_use]
    pub fn new(octets: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*octets))
    }

    /// Makes an invitation. An expiry beyond 40 bits is moved to their end.
    #[must_use]
    pub fn invite(
        &self,
        realm: Realm,
        number: InvitationNumber,
        expiry_seconds: u64,
        keys: NonZeroU16,
    ) -> Invitation {
        let expiry_seconds = expiry_seconds.min(SECONDS_MAX);
        let unsigned = Invitation { number, expiry_seconds, keys, mac: [0; 16] };
        Invitation { mac: self.mac(realm, &unsigned), ..unsigned }
    }

    /// Whether this key made it in this realm, in constant time.
    #[must_use]
    pub fn made(&self, realm: Realm, invitation: &Invitation) -> bool {
        self.mac(realm, invitation).ct_eq(&invitation.mac).into()
    }

    fn mac(&self, realm: Realm, invitation: &Invitation) -> [u8; 16] {
        let parts: [&[u8]; 2] = [&realm.to_bytes(), &invitation.authenticated()];
        digest::first(&digest::mac(&*self.0, LABEL, &parts))
    }
}

impl fmt::Debug for InvitationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationKey")
    }
}

/// Why an invitation lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInvited {
    /// Another relay's, another realm's, or changed.
    NotOurs,
    /// Its expiry has come.
    Expired,
    /// Its number was withdrawn.
    Withdrawn,
    /// It has let in as many keys in this address epoch as it may.
    TooManyKeys,
}

/// The invitations of a relay: those withdrawn, and whom each has let in in this address epoch.
#[derive(Debug, Clone)]
pub struct Invitations {
    key: InvitationKey,
    realm: Realm,
    withdrawn: BTreeSet<InvitationNumber>,
    invited: Invited,
}

impl Invitations {
    /// Those this key makes in a realm, less the withdrawn ones.
    #[must_use]
    pub fn new(
        key: InvitationKey,
        realm: Realm,
        withdrawn: impl IntoIterator<Item = InvitationNumber>,
    ) -> Self {
        let withdrawn = withdrawn.into_iter().collect();
        Self { key, realm, withdrawn, invited: Invited::default() }
    }

    /// Withdraws one from now on. Connections it let in are found by a review.
    pub fn withdraw(&mut self, number: InvitationNumber) {
        self.withdrawn.insert(number);
        self.invited.tags.remove(&number);
    }

    /// Whom they have let in, to be saved.
    #[must_use]
    pub const fn invited(&self) -> &Invited {
        &self.invited
    }

    /// Goes on from what was saved, but for what was withdrawn since.
    pub fn restore(&mut self, invited: Invited) {
        self.invited = invited;
        self.invited.tags.retain(|number, _| !self.withdrawn.contains(number));
    }

    /// Lets a key in, known by its tag, and remembers it for this address epoch.
    ///
    /// # Errors
    /// [`NotInvited`].
    pub fn admit(
        &mut self,
        invitation: &Invitation,
        key: SenderTag,
        now_seconds: u64,
    ) -> Result<(), NotInvited> {
        self.holds(invitation, now_seconds)?;
        let epoch = address_epoch(now_seconds);
        if epoch != self.invited.epoch {
            self.invited = Invited { epoch, ..Invited::default() };
        }
        let admitted = self.invited.tags.entry(invitation.number).or_default();
        if !admitted.contains(&key) && admitted.len() >= usize::from(invitation.keys.get()) {
            return Err(NotInvited::TooManyKeys);
        }
        admitted.insert(key);
        Ok(())
    }

    /// Whether an invitation holds, whoever it has let in.
    ///
    /// # Errors
    /// [`NotInvited`], but for [`NotInvited::TooManyKeys`].
    pub fn holds(&self, invitation: &Invitation, now_seconds: u64) -> Result<(), NotInvited> {
        if !self.key.made(self.realm, invitation) {
            return Err(NotInvited::NotOurs);
        }
        if invitation.expiry_seconds <= now_seconds {
            return Err(NotInvited::Expired);
        }
        if self.withdrawn.contains(&invitation.number) {
            return Err(NotInvited::Withdrawn);
        }
        Ok(())
    }
}

/// An invitation as it is handed on: with the relay it is for, and where that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationText {
    relay: TransportKey,
    invitation: Invitation,
    network_address: String,
}

impl InvitationText {
    /// Puts them together. The network address is host and port as in a URI (RFC 3986 §3.2).
    ///
    /// # Errors
    /// `too_short` and `too_long` for a network address that is not 1 to 255 octets.
    pub fn new(
        relay: TransportKey,
        invitation: Invitation,
        network_address: String,
    ) -> Result<Self, DecodeError> {
        let refused = |kind| Err(DecodeError::at_octet(kind, "network_address", 0));
        match network_address.len() {
            0 => refused(ErrorKind::TooShort),
            1..=NETWORK_ADDRESS_OCTETS_MAX => Ok(Self { relay, invitation, network_address }),
            _ => refused(ErrorKind::TooLong),
        }
    }

    /// The relay's key.
    #[must_use]
    pub const fn relay(&self) -> TransportKey {
        self.relay
    }

    /// What a client shows it.
    #[must_use]
    pub const fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// Where it is.
    #[must_use]
    pub fn network_address(&self) -> &str {
        &self.network_address
    }

    fn of_octets(octets: &[u8]) -> Result<Self, DecodeError> {
        let ends = |field, at| DecodeError::at_octet(ErrorKind::Truncated, field, at);
        let Some((relay, rest)) = octets.split_first_chunk::<32>() else {
            return Err(ends("relay", octets.len()));
        };
        let relay = TransportKey::from_bytes(relay)
            .map_err(|_| DecodeError::at_octet(ErrorKind::OutOfRange, "relay", 0))?;
        let at = INVITATION_OCTETS.min(rest.len());
        let (invitation, address) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        let invitation = Invitation::parse(invitation)
            .map_err(|error| moved(error, error.offset.saturating_add(32)))?;
        let at_address = INVITATION_OCTETS.saturating_add(32);
        let address = std::str::from_utf8(address).map_err(|error| {
            let at = at_address.saturating_add(error.valid_up_to());
            DecodeError::at_octet(ErrorKind::BadCharacter, "network_address", at)
        })?;
        Self::new(relay, invitation, address.to_owned()).map_err(|error| moved(error, at_address))
    }
}

fn moved(error: DecodeError, offset: usize) -> DecodeError {
    DecodeError::at_octet(error.kind, error.field, offset)
}

impl fmt::Display for InvitationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut octets = self.relay.to_bytes().to_vec();
        octets.extend(self.invitation.to_bytes());
        octets.extend(self.network_address.as_bytes());
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(octets))
    }
}

/// Reads what `Display` writes, "as a card's text is" (spec/10-identity.md, "As text").
impl FromStr for InvitationText {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let Some(encoded) = text.strip_prefix(PREFIX) else {
            return Err(DecodeError::at_octet(ErrorKind::BadLiteral, "prefix", 0));
        };
        let octets = URL_SAFE_NO_PAD.decode(encoded).map_err(|error| {
            let (kind, at) = match error {
                base64::DecodeError::InvalidLastSymbol(at, _) => (ErrorKind::NotCanonical, at),
                base64::DecodeError::InvalidLength(at) => (ErrorKind::Truncated, at),
                base64::DecodeError::InvalidByte(at, _) => (ErrorKind::BadCharacter, at),
                base64::DecodeError::InvalidPadding => (ErrorKind::BadCharacter, encoded.len()),
            };
            DecodeError::at_octet(kind, "text", PREFIX.len().saturating_add(at))
        })?;
        Self::of_octets(&octets)
    }
}
