//! AES-256-GCM-SIV (RFC 8452), the one cipher of this chapter.

use super::VaultError;
use crate::error::{DecodeError, ErrorKind};
use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// Octets of a nonce.
pub const NONCE_OCTETS: usize = 12;

/// Octets of a tag.
pub(super) const TAG_OCTETS: usize = 16;

/// The content of a slot or a place: 512 octets less nonce and tag.
pub(super) const CONTENT_OCTETS: usize = 484;

/// Ciphertext and tag.
pub(super) fn seal(
    key: &[u8; 32],
    nonce: [u8; NONCE_OCTETS],
    associated: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, VaultError> {
    Aes256GcmSiv::new(key.into())
        .encrypt(&Nonce::from(nonce), Payload { msg: content, aad: associated })
        // The cipher's only error: RFC 8452 §6 allows 2^36 octets.
        .map_err(|_| DecodeError::at_octet(ErrorKind::TooLong, "content", 0).into())
}

/// The content, if the tag is right.
pub(super) fn open(
    key: &[u8; 32],
    nonce: [u8; NONCE_OCTETS],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    Aes256GcmSiv::new(key.into())
        .decrypt(&Nonce::from(nonce), Payload { msg: sealed, aad: associated })
        .map(Zeroizing::new)
        .map_err(|_| VaultError::BadTag)
}

/// `nonce ‖ ciphertext ‖ tag`.
pub(super) fn seal_with_nonce(
    key: &[u8; 32],
    nonce: [u8; NONCE_OCTETS],
    associated: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let mut out = Vec::from(nonce);
    out.extend_from_slice(&seal(key, nonce, associated, content)?);
    Ok(out)
}

/// The content of `nonce ‖ ciphertext ‖ tag`.
pub(super) fn open_with_nonce(
    key: &[u8; 32],
    associated: &[u8],
    octets: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, sealed) = octets.split_first_chunk::<NONCE_OCTETS>().ok_or(VaultError::BadTag)?;
    open(key, *nonce, associated, sealed)
}
