//! The vault file: a header and slots (spec/13-storage.md, "Vault file").

use super::seal::{NONCE_OCTETS, open_with_nonce, seal_with_nonce};
use super::slot::zeros;
use super::{Bounds, SlotContent, StretchedKey, VaultError, Work};
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use alloc::vec::Vec;
use nom::bytes::complete::tag;
use nom::number::complete::{be_u16, be_u32, u8};
use zeroize::Zeroizing;

const LITERAL: &[u8] = b"chappe-vault";
const VERSION: u8 = 1;
const LABEL: &str = "chappe-vault-slot/1";

/// Octets of the header.
pub const HEADER_OCTETS: usize = 512;

/// Octets of a slot.
pub const SLOT_OCTETS: usize = 512;

/// Slots of a file.
pub const SLOTS: usize = 8;

/// Octets of all slots.
pub const SLOTS_OCTETS: usize = SLOTS * SLOT_OCTETS;

/// Octets of the file.
pub const VAULT_OCTETS: usize = HEADER_OCTETS + SLOTS_OCTETS;

/// A vault file as it was read. It holds no secret.
#[derive(Debug, Clone)]
pub struct Vault {
    header: [u8; HEADER_OCTETS],
    work: Work,
    salt: [u8; 16],
    slots: Vec<[u8; SLOT_OCTETS]>,
}

/// What a passphrase opened.
#[derive(Debug, Clone)]
pub struct Unlocked {
    /// In which slot it lay.
    pub slot: usize,
    /// What was in it.
    pub content: SlotContent,
}

impl Vault {
    /// A file nothing opens yet: the header, and `noise`, from a healthy random source, in all
    /// slots.
    #[must_use]
    pub fn empty(work: Work, salt: [u8; 16], noise: &[u8; SLOTS_OCTETS]) -> Self {
        let slots = noise.as_chunks::<SLOT_OCTETS>().0.to_vec();
        Self { header: header(work, salt), work, salt, slots }
    }

    /// Reads a file. Work outside `bounds` is refused before any is done.
    ///
    /// # Errors
    ///
    /// [`VaultError::Decode`], [`VaultError::Downgraded`], [`VaultError::TooMuchWork`].
    pub fn parse(file: &[u8], bounds: &Bounds) -> Result<Self, VaultError> {
        let (_, ()) = framing::parse(file, read_version)?;
        if file.len() > VAULT_OCTETS {
            return Err(DecodeError::at_octet(ErrorKind::Trailing, "end", VAULT_OCTETS).into());
        }
        let truncated = DecodeError::at_octet(ErrorKind::Truncated, "slot", file.len());
        let (header, slots) = file
            .split_first_chunk::<HEADER_OCTETS>()
            .filter(|(_, slots)| slots.len() == SLOTS_OCTETS)
            .ok_or(truncated)?;
        let (work, salt, padding) = framing::parse_all(header, read_header)?;
        bounds.check(work)?;
        if let Some(at) = padding {
            return Err(DecodeError::at_octet(ErrorKind::BadPadding, "padding", at).into());
        }
        let slots = slots.as_chunks::<SLOT_OCTETS>().0.to_vec();
        Ok(Self { header: *header, work, salt, slots })
    }

    /// The file's octets.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut file = Vec::from(self.header);
        self.slots.iter().for_each(|slot| file.extend_from_slice(slot));
        file
    }

    /// Works out the key of a passphrase: the slow part, once for all slots.
    ///
    /// # Errors
    ///
    /// As [`Work::stretch`].
    pub fn stretch(&self, passphrase: &[u8]) -> Result<StretchedKey, VaultError> {
        self.work.stretch(passphrase, &self.salt)
    }

    /// Opens the slot the key fits. All are tried, so that the time tells nothing.
    ///
    /// # Errors
    ///
    /// [`VaultError::BadTag`] when it fits none; [`VaultError::Decode`] when what is in the one it
    /// fits was not written by the specification.
    pub fn open(&self, key: &StretchedKey) -> Result<Unlocked, VaultError> {
        let mut found = Err(VaultError::BadTag);
        for (slot, octets) in self.slots.iter().enumerate() {
            let opened = open_with_nonce(&slot_key(key, slot), &self.associated(slot), octets);
            if let (Ok(content), Err(VaultError::BadTag)) = (opened, &found) {
                found = SlotContent::parse(slot, &content)
                    .map(|content| Unlocked { slot, content })
                    .map_err(VaultError::Decode);
            }
        }
        found
    }

    /// Seals a slot and puts it into its place; returns its octets, to be written at
    /// [`slot_offset`]. `nonce` is from a healthy random source and used once.
    ///
    /// # Errors
    ///
    /// [`VaultError::Decode`] when the slot is not one of the content's area.
    pub fn put(
        &mut self,
        key: &StretchedKey,
        slot: usize,
        content: &SlotContent,
        nonce: [u8; NONCE_OCTETS],
    ) -> Result<[u8; SLOT_OCTETS], VaultError> {
        let octets = content.to_octets();
        SlotContent::parse(slot, &*octets)?;
        let sealed =
            seal_with_nonce(&slot_key(key, slot), nonce, &self.associated(slot), &*octets)?;
        let sealed = sealed.first_chunk::<SLOT_OCTETS>().copied().ok_or(VaultError::BadTag)?;
        self.fill(slot, sealed);
        Ok(sealed)
    }

    /// Overwrites a slot, with octets from a healthy random source.
    pub fn fill(&mut self, slot: usize, noise: [u8; SLOT_OCTETS]) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = noise;
        }
    }

    fn associated(&self, slot: usize) -> Vec<u8> {
        let mut associated = Vec::from(LABEL.as_bytes());
        associated.extend_from_slice(&self.header);
        associated.push(slot_octet(slot));
        associated
    }
}

/// Where a slot begins in the file.
#[must_use]
pub const fn slot_offset(slot: usize) -> usize {
    slot.saturating_mul(SLOT_OCTETS).saturating_add(HEADER_OCTETS)
}

fn slot_key(key: &StretchedKey, slot: usize) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    digest::derive(key.octets(), LABEL, &[&[slot_octet(slot)]], &mut *out);
    out
}

/// Slots are numbered below 8.
fn slot_octet(slot: usize) -> u8 {
    u8::try_from(slot).unwrap_or(u8::MAX)
}

fn header(work: Work, salt: [u8; 16]) -> [u8; HEADER_OCTETS] {
    let mut out = [0; HEADER_OCTETS];
    let content = LITERAL
        .iter()
        .copied()
        .chain([VERSION, work.lanes])
        .chain(work.passes.to_be_bytes())
        .chain(work.memory_kib.to_be_bytes())
        .chain(salt);
    out.iter_mut().zip(content).for_each(|(to, from)| *to = from);
    out
}

fn read_version(input: &[u8]) -> Parsed<'_, ()> {
    let (rest, _) = field("literal", tag(LITERAL))(input)?;
    let at = rest;
    let (rest, version) = field("version", u8)(rest)?;
    if version != VERSION {
        return refuse(ErrorKind::UnknownVersion, "version", at);
    }
    Ok((rest, ()))
}

/// Parameters, salt, and where the padding is not zero.
fn read_header(input: &[u8]) -> Parsed<'_, (Work, [u8; 16], Option<usize>)> {
    let (rest, ()) = read_version(input)?;
    let (rest, lanes) = field("lanes", u8)(rest)?;
    let (rest, passes) = field("passes", be_u16)(rest)?;
    let (rest, memory_kib) = field("memory", be_u32)(rest)?;
    let (rest, salt) = field("salt", octets::<16>)(rest)?;
    let padding = zeros(rest).is_err().then(|| {
        let before = rest.iter().take_while(|octet| **octet == 0).count();
        input.len().saturating_sub(rest.len()).saturating_add(before)
    });
    Ok((&[], (Work { memory_kib, passes, lanes }, salt, padding)))
}
