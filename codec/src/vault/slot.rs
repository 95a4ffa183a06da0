//! What a slot holds (spec/13-storage.md, "Vault file").

use super::seal::CONTENT_OCTETS;
use super::{Area, WrappingKey};
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use nom::number::complete::u8;
use zeroize::Zeroizing;

const DECOY: u8 = 1;

/// What a passphrase opens.
#[derive(Debug, Clone)]
pub struct SlotContent {
    /// The key of the area.
    pub key: WrappingKey,
    /// Whether it is a decoy: what it sends is under duress.
    pub decoy: bool,
    /// The area it opens.
    pub area: Area,
    /// The bits ([`Area::bit`]) of the areas a further decoy must leave alone, its own included.
    pub kept: u8,
}

impl SlotContent {
    pub(super) fn to_octets(&self) -> Zeroizing<[u8; CONTENT_OCTETS]> {
        let mut out = Zeroizing::new([0; CONTENT_OCTETS]);
        let tail = [u8::from(self.decoy), self.area.number(), self.kept];
        let content = self.key.octets().iter().chain(&tail);
        out.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
        out
    }

    pub(super) fn parse(slot: usize, content: &[u8]) -> Result<Self, DecodeError> {
        let found = framing::parse_all(content, read)?;
        if !found.area.slots().contains(&slot) || found.kept & found.area.bit() == 0 {
            return Err(DecodeError::at_octet(ErrorKind::Inconsistent, "area", 33));
        }
        Ok(found)
    }
}

fn read(input: &[u8]) -> Parsed<'_, SlotContent> {
    let (rest, key) = field("wrapping key", octets::<32>)(input)?;
    let key = WrappingKey::new(Zeroizing::new(key));
    let at = rest;
    let (rest, flags) = field("flags", u8)(rest)?;
    if flags & !DECOY != 0 {
        return refuse(ErrorKind::Reserved, "flags", at);
    }
    let at = rest;
    let (rest, number) = field("area", u8)(rest)?;
    let Some(area) = Area::new(number) else {
        return refuse(ErrorKind::OutOfRange, "area", at);
    };
    let at = rest;
    let (rest, kept) = field("kept areas", u8)(rest)?;
    if kept & !Area::all().fold(0, |bits, area| bits | area.bit()) != 0 {
        return refuse(ErrorKind::Reserved, "kept areas", at);
    }
    let rest = zeros(rest)?;
    Ok((rest, SlotContent { key, decoy: flags == DECOY, area, kept }))
}

/// Padding to the end.
pub(super) fn zeros(input: &[u8]) -> Result<&[u8], nom::Err<framing::Flaw>> {
    match input.iter().position(|octet| *octet != 0) {
        None => Ok(&[]),
        Some(at) => refuse(ErrorKind::BadPadding, "padding", input.get(at..).unwrap_or_default())
            .map(|(rest, ())| rest),
    }
}
