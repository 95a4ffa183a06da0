//! Files that are sealed and replaced as a whole (spec/13-storage.md, "Sealed files").

use super::seal::{NONCE_OCTETS, TAG_OCTETS, open_with_nonce, seal_with_nonce};
use super::{Area, VaultError, WrappingKey};
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use crate::limits::SEALED_FILE_OCTETS_MAX;
use alloc::vec::Vec;
use zeroize::Zeroizing;

const LABEL: &str = "chappe-vault-file/1";
const NAME_LABEL: &str = "chappe-vault-name/1";
const LENGTH_OCTETS: usize = 4;

/// A sealed file is a multiple of this.
pub const FILE_BLOCK_OCTETS: usize = 4096;

/// Seals a file. `nonce` is from a healthy random source and used once.
///
/// # Errors
///
/// [`VaultError::Decode`] when it is longer than [`SEALED_FILE_OCTETS_MAX`].
pub fn seal(
    key: &WrappingKey,
    area: Area,
    name: &str,
    nonce: [u8; NONCE_OCTETS],
    octets: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let too_long = DecodeError::at_octet(ErrorKind::TooLong, "content", SEALED_FILE_OCTETS_MAX);
    if octets.len() > SEALED_FILE_OCTETS_MAX {
        return Err(too_long.into());
    }
    let length = u32::try_from(octets.len()).map_err(|_| too_long)?;
    let mut content = Zeroizing::new(Vec::with_capacity(content_octets(octets.len())));
    content.extend_from_slice(&length.to_be_bytes());
    content.extend_from_slice(octets);
    content.resize(content_octets(octets.len()), 0);
    seal_with_nonce(&key.derive(LABEL, area, name), nonce, &associated(area, name), &content)
}

/// Opens a file.
///
/// # Errors
///
/// [`VaultError::BadTag`] for one of another name, area or key; [`VaultError::Decode`].
pub fn open(
    key: &WrappingKey,
    area: Area,
    name: &str,
    file: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let refused = |kind, field, at| VaultError::from(DecodeError::at_octet(kind, field, at));
    if file.is_empty() || !file.len().is_multiple_of(FILE_BLOCK_OCTETS) {
        return Err(refused(ErrorKind::Truncated, "file", file.len()));
    }
    let mut content =
        open_with_nonce(&key.derive(LABEL, area, name), &associated(area, name), file)?;
    let (length, rest) = content.split_first_chunk::<LENGTH_OCTETS>().ok_or(refused(
        ErrorKind::Truncated,
        "length",
        0,
    ))?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let padding = rest.get(length..).ok_or(refused(ErrorKind::Truncated, "content", 0))?;
    if content.len() != content_octets(length) {
        return Err(refused(ErrorKind::NotCanonical, "length", 0));
    }
    if padding.iter().any(|octet| *octet != 0) {
        return Err(refused(ErrorKind::BadPadding, "padding", length));
    }
    content.truncate(length.saturating_add(LENGTH_OCTETS));
    #[expect(clippy::disallowed_methods, reason = "cut behind so many octets one line up")]
    let inside = content.split_off(LENGTH_OCTETS);
    Ok(Zeroizing::new(inside))
}

/// The name a file has on disk where its own would say too much: of a kind and a statement's hash.
#[must_use]
pub fn keyed_name(key: &WrappingKey, area: Area, kind: u8, statement_hash: &[u8; 32]) -> [u8; 16] {
    let name_key = key.derive(NAME_LABEL, area, "");
    digest::first(&digest::mac(&*name_key, NAME_LABEL, &[&[kind], statement_hash]))
}

/// Length, octets and zeros.
fn content_octets(octets: usize) -> usize {
    let around = NONCE_OCTETS.saturating_add(TAG_OCTETS);
    octets
        .saturating_add(LENGTH_OCTETS)
        .saturating_add(around)
        .next_multiple_of(FILE_BLOCK_OCTETS)
        .saturating_sub(around)
}

fn associated(area: Area, name: &str) -> Vec<u8> {
    let mut associated = Vec::from(LABEL.as_bytes());
    associated.push(area.number());
    associated.extend_from_slice(name.as_bytes());
    associated
}
