//! Letting another key read a mailbox (spec/06-relay.md, "Delegation").

use crate::address::Address;
use crate::key::{TransportKey, TransportSecret};
use crate::limits::{DELEGATION_OCTETS, SECONDS_MAX};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, field, refuse};
use chappe_codec::key::KeyError;
use chappe_codec::realm::Realm;
use chappe_codec::time;
use nom::number::complete::u8;

const VERSION: u8 = 1;
const CONTEXT: &str = "chappe-delegation/1";

/// A mailbox owner's word that another key may read the mailbox for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delegation {
    /// The mailbox's transport key.
    pub mailbox: TransportKey,
    /// Who may read it.
    pub reader: TransportKey,
    /// Seconds after 1970 at which that ends.
    pub expiry_seconds: u64,
    signature: [u8; 64],
}

impl Delegation {
    /// Signs a delegation with the mailbox's key. An expiry beyond 40 bits is moved to their end.
    #[must_use]
    pub fn sign(
        mailbox: &TransportSecret,
        realm: Realm,
        reader: TransportKey,
        expiry_seconds: u64,
    ) -> Self {
        let expiry_seconds = expiry_seconds.min(SECONDS_MAX);
        let owner = mailbox.public();
        let unsigned = Self { mailbox: owner, reader, expiry_seconds, signature: [0; 64] };
        let signature = mailbox.sign(CONTEXT, realm, &unsigned.signed_octets());
        Self { signature, ..unsigned }
    }

    /// Reads a delegation. Its signature is not looked at: see [`Delegation::verify`].
    ///
    /// # Errors
    /// `unknown_version`, `truncated`, `trailing`; `out_of_range` in a key that is none.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    pub(crate) fn read(input: &[u8]) -> framing::Parsed<'_, Self> {
        let (rest, version) = field("version", u8)(input)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", input);
        }
        let (rest, mailbox) = read_key("mailbox", rest)?;
        let (rest, reader) = read_key("reader", rest)?;
        let (rest, expiry_seconds) = time::read_seconds("expiry", rest)?;
        let (rest, signature) = field("signature", framing::octets)(rest)?;
        Ok((rest, Self { mailbox, reader, expiry_seconds, signature }))
    }

    /// The delegation's octets.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(DELEGATION_OCTETS);
        self.put(&mut out);
        out
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.signed_octets());
        out.extend_from_slice(&self.signature);
    }

    fn signed_octets(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(DELEGATION_OCTETS);
        out.push(VERSION);
        out.extend_from_slice(&self.mailbox.to_bytes());
        out.extend_from_slice(&self.reader.to_bytes());
        out.extend_from_slice(&time::seconds_to_bytes(self.expiry_seconds));
        out
    }

    /// The mailbox it opens.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::mailbox(self.mailbox)
    }

    /// Verifies that the mailbox's owner signed this in this realm. Whether it still holds is a
    /// question of time: spec/06-relay.md, "while the relay's clock is before the expiry".
    ///
    /// # Errors
    /// [`KeyError::BadSignature`].
    pub fn verify(&self, realm: Realm) -> Result<(), KeyError> {
        self.mailbox.verify(CONTEXT, realm, &self.signed_octets(), &self.signature)
    }
}

fn read_key<'a>(name: &'static str, input: &'a [u8]) -> framing::Parsed<'a, TransportKey> {
    let (rest, octets) = field(name, framing::octets)(input)?;
    match TransportKey::from_bytes(&octets) {
        Ok(key) => Ok((rest, key)),
        Err(_) => refuse(ErrorKind::OutOfRange, name, input),
    }
}
