//! Entry bundles: the leaves of a tile as they are published (C2SP tlog-tiles, "Log entries").

use crate::limits::{ENTRY_BUNDLE_OCTETS_MAX, LEAF_OCTETS_MAX};
use crate::tile::TILE_WIDTH;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use nom::number::complete::be_u16;

/// Writes an entry bundle: each entry behind its length (u16). An entry above 65,535 octets, which
/// no leaf of ours is, is left out.
#[must_use]
pub fn write<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        if let Ok(length) = u16::try_from(entry.len()) {
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(entry);
        }
    }
    out
}

/// Reads an entry bundle of at most 256 leaves.
///
/// # Errors
///
/// A [`DecodeError`]; an empty bundle is `missing`, as empty tiles are never served.
pub fn parse(input: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    if input.len() > ENTRY_BUNDLE_OCTETS_MAX {
        return Err(DecodeError::at_octet(ErrorKind::TooLong, "bundle", 0));
    }
    framing::parse_all(input, read_entries)
}

fn read_entries(input: &[u8]) -> Parsed<'_, Vec<&[u8]>> {
    let mut rest = input;
    let mut entries = Vec::new();
    while entries.is_empty() || !rest.is_empty() {
        if entries.len() as u64 == TILE_WIDTH {
            return refuse(ErrorKind::TooLong, "bundle", rest);
        }
        let (after, entry) = read_entry(rest)?;
        entries.push(entry);
        rest = after;
    }
    Ok((rest, entries))
}

fn read_entry(input: &[u8]) -> Parsed<'_, &[u8]> {
    if input.is_empty() {
        return refuse(ErrorKind::Missing, "length", input);
    }
    let (rest, length) = field("length", be_u16)(input)?;
    let length = usize::from(length);
    if length > LEAF_OCTETS_MAX {
        return refuse(ErrorKind::TooLong, "length", input);
    }
    match rest.split_at_checked(length) {
        Some((entry, rest)) => Ok((rest, entry)),
        None => refuse(ErrorKind::Truncated, "entry", rest),
    }
}
