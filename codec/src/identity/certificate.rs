//! Certificates: what a root says about one of its devices (spec/10-identity.md, "Certificate").

use super::endorsement::Content;
use super::permissions::{Area, Permissions, Types};
use super::signer::Signer;
use crate::account::Account;
use crate::chain::ROOT_DEVICE;
use crate::error::ErrorKind;
use crate::framing::{Parsed, field, octets, refuse};
use crate::key::{KeyError, VerifyKey};
use crate::precedence::Precedence;
use crate::time::{read_seconds, seconds_to_bytes};
use alloc::vec::Vec;
use nom::number::complete::{be_u16, be_u32, u8};

const VERSION: u8 = 1;

/// The expiry that is none: 2^40 − 1.
pub const NEVER: u64 = (1 << 40) - 1;

/// A device's keys and what it may say. Its keys are looked at where they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// Whose device.
    pub account: Account,
    /// The device, 1 to 255.
    pub device: u8,
    /// Raised with every new certificate of this device number; the highest holds.
    pub issue: u16,
    /// The Ed25519 key that signs open envelopes, statements and cards.
    pub signing_key: [u8; 32],
    /// The X25519 key that stays.
    pub identity_key: [u8; 32],
    /// The Ed25519 key towards relays; the mailbox address is its hash.
    pub transport_key: [u8; 32],
    /// What it may say, where and when.
    pub permissions: Permissions,
}

impl Certificate {
    /// The device as a signer.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotAKey`] and [`KeyError::WeakKey`] where the signing key is no good.
    pub fn signer(&self) -> Result<Signer, KeyError> {
        let key = VerifyKey::from_bytes(&self.signing_key)?;
        Ok(Signer { account: self.account, device: self.device, key })
    }

    /// Whether the identity or the signing key is another than before: a change a person must see
    /// (spec/10-identity.md: "A change is never silent").
    #[must_use]
    pub fn has_other_keys(&self, before: &Self) -> bool {
        (self.signing_key, self.identity_key) != (before.signing_key, before.identity_key)
    }
}

impl Content for Certificate {
    const CONTEXT: &'static str = "chappe-device/1";
    const OCTETS: usize = 163;

    fn account(&self) -> Account {
        self.account
    }

    fn write(&self, out: &mut Vec<u8>) {
        let Permissions { types, precedence, area, not_before, expiry } = self.permissions;
        out.push(VERSION);
        out.extend_from_slice(&self.account.0);
        out.push(self.device);
        out.extend_from_slice(&self.issue.to_be_bytes());
        out.extend_from_slice(&self.signing_key);
        out.extend_from_slice(&self.identity_key);
        out.extend_from_slice(&self.transport_key);
        out.extend_from_slice(&seconds_to_bytes(not_before));
        out.extend_from_slice(&seconds_to_bytes(expiry));
        out.extend_from_slice(&types.0.to_be_bytes());
        out.push(precedence.to_bits());
        out.extend_from_slice(&area.to_bytes());
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, account) = read_account(VERSION, input)?;
        let (rest, device) = read_device(rest)?;
        let (rest, issue) = field("issue", be_u16)(rest)?;
        let (rest, signing_key) = field("signing key", octets::<32>)(rest)?;
        let (rest, identity_key) = field("identity key", octets::<32>)(rest)?;
        let (rest, transport_key) = field("transport key", octets::<32>)(rest)?;
        let (at_expiry, not_before) = read_seconds("not before", rest)?;
        let (rest, expiry) = read_seconds("expiry", at_expiry)?;
        let (at_precedence, types) = field("types", be_u32)(rest)?;
        let (at_area, precedence) = field("precedence", u8)(at_precedence)?;
        let (rest, area) = Area::read(at_area)?;
        // "Whatever breaks this is `out_of_range`", once the size is right.
        if not_before > expiry {
            return refuse(ErrorKind::OutOfRange, "expiry", at_expiry);
        }
        if precedence > Precedence::Flash.to_bits() {
            return refuse(ErrorKind::OutOfRange, "precedence", at_precedence);
        }
        if !area.is_on_earth() {
            return refuse(ErrorKind::OutOfRange, "area", at_area);
        }
        let permissions = Permissions {
            types: Types(types),
            precedence: Precedence::from_bits(precedence),
            area,
            not_before,
            expiry,
        };
        let certificate =
            Self { account, device, issue, signing_key, identity_key, transport_key, permissions };
        Ok((rest, certificate))
    }
}

/// Version and account: how the content of every endorsement begins.
pub(super) fn read_account(known: u8, input: &[u8]) -> Parsed<'_, Account> {
    let (rest, version) = field("version", u8)(input)?;
    if version != known {
        return refuse(ErrorKind::UnknownVersion, "version", input);
    }
    let (rest, account) = field("account", octets::<32>)(rest)?;
    Ok((rest, Account(account)))
}

/// "Device 0 is `reserved`."
pub(super) fn read_device(input: &[u8]) -> Parsed<'_, u8> {
    let (rest, device) = field("device", u8)(input)?;
    if device == ROOT_DEVICE {
        return refuse(ErrorKind::Reserved, "device", input);
    }
    Ok((rest, device))
}
