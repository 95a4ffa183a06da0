//! Open envelopes: public and signed (spec/03-envelope.md, "Open").

use super::opened::Opened;
use super::{Header, OpenError, SealError};
use crate::account::{Account, AccountId};
use crate::chain::{ChainId, Position};
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{Parsed, field, octets, refuse};
use crate::identity::Signer;
use crate::item::{Item, check_items, emit_items, put_items, read_items};
use crate::key_store::Sign;
use crate::limits::ENVELOPE_OCTETS_MAX;
use crate::padding;
use crate::realm::Realm;
use alloc::vec::Vec;
use nom::number::complete::{be_u16, be_u32, u8};
use zeroize::Zeroizing;

const SIGNATURE_OCTETS: usize = 64;

/// Octets around the items: 16 before them and the signature.
const OVERHEAD_OCTETS: usize = 80;

const CONTEXT: &str = "chappe-open/1";

/// An open envelope whose signature has not been looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenEnvelope<'a> {
    /// Who claims to have written it.
    pub account: AccountId,
    /// The position of its first message.
    pub first: Position,
    /// What it says.
    pub items: Vec<Item<'a>>,
    signed: &'a [u8],
    signature: [u8; SIGNATURE_OCTETS],
}

impl<'a> OpenEnvelope<'a> {
    /// Writes an envelope of these items, the first at `first`, as this account's, and signs it with
    /// the device's key.
    pub fn sign(
        keys: &(impl Sign + ?Sized),
        account: &Account,
        realm: Realm,
        first: Position,
        items: &[Item<'_>],
    ) -> Result<Vec<u8>, SealError> {
        check_items(items)?;
        check_counters(first, items)?;
        let mut out = Vec::new();
        out.push(Header::new(Header::OPEN, first.epoch, items.len() > 1).to_octet());
        out.push(first.device);
        out.extend_from_slice(&first.epoch.to_be_bytes());
        out.extend_from_slice(&account.id().0);
        out.extend_from_slice(&first.counter.to_be_bytes());
        put_items(&mut out, items);
        if out.len().saturating_add(SIGNATURE_OCTETS) > ENVELOPE_OCTETS_MAX {
            return Err(DecodeError::at_octet(ErrorKind::TooLong, "envelope", 0).into());
        }
        let signature = keys.signature(CONTEXT, realm, &[&out])?;
        out.extend_from_slice(&signature);
        Ok(out)
    }

    /// Verifies it as the signer's, in this realm.
    ///
    /// # Errors
    ///
    /// [`OpenError::UnknownAccount`] if it names another account or device: it is to be shown as an
    /// unverified claim. [`OpenError::BadSignature`].
    pub fn verify(&self, signer: &Signer, realm: Realm) -> Result<Opened, OpenError> {
        if !signer.is(self.account, self.first.device) {
            return Err(OpenError::UnknownAccount);
        }
        signer.key.verify(CONTEXT, realm, &[self.signed], &self.signature)?;
        Ok(Opened {
            author: signer.account,
            first: self.first,
            chain: ChainId::open(realm, &signer.account, self.first.device, self.first.epoch),
            several: self.items.len() > 1,
            content: Zeroizing::new(emit_items(&self.items)),
        })
    }

    pub(super) fn read(input: &'a [u8]) -> Parsed<'a, Self> {
        // spec/03-envelope.md: "fewer than 80 octets are `truncated`", whatever they are.
        let (signed, signature) = match input.split_last_chunk::<SIGNATURE_OCTETS>() {
            Some(parts) if input.len() >= OVERHEAD_OCTETS => parts,
            Some(_) | None => return refuse(ErrorKind::Truncated, "envelope", &[]),
        };
        let (rest, octet) = field("class", u8)(signed)?;
        let header = Header::from_octet(octet);
        let (rest, device) = field("device", u8)(rest)?;
        let (rest, epoch) = field("epoch", be_u16)(rest)?;
        if !header.parity_fits(epoch) {
            return refuse(ErrorKind::Inconsistent, "epoch", input);
        }
        let (rest, account) = field("account", octets::<8>)(rest)?;
        let (rest, counter) = field("counter", be_u32)(rest)?;
        let first = Position { device, epoch, counter };
        let (_, items) = read_items(header.several(), rest)?;
        if check_counters(first, &items).is_err() {
            return refuse(ErrorKind::OutOfRange, "counter", input);
        }
        let envelope =
            Self { account: AccountId(account), first, items, signed, signature: *signature };
        Ok((&[], envelope))
    }
}

/// "Every item but padding takes one counter"; the last must still be a u32.
pub(super) fn check_counters(first: Position, items: &[Item<'_>]) -> Result<(), SealError> {
    let steps = padding::messages_among(items).saturating_sub(1);
    first.advance(steps).map(|_| ()).ok_or(SealError::CountersExhausted)
}
