//! Authentication by an internet resource: A1 (5.1.2.1, Annex C; RFC 7515).
//!
//! The resource is fetched by others; octets, the A1 and the originator's key come in here, and
//! what the originator claims comes out, or why none of it counts.

mod base64url;
mod claims;
mod json;
mod jws;
mod key;
mod origin;

pub use claims::Claims;
pub use jws::{Jws, signing_input};
pub use key::{Algorithm, VerificationKey};
pub use origin::Origin;

use super::address::Address;
use super::error::CryptographyError;
use crate::error::ErrorKind;
use crate::signal::code::VerificationMethod;
use crate::signal::message::{Body, Message};
use alloc::string::String;

/// What a verifier knows without the resource.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The address that sent the A1.
    pub address: &'a Address,
    /// The key under which the ledger accepted the A1. Never one that the resource brings.
    pub key: &'a VerificationKey,
    /// The URL of the A1, its `VerificationData`.
    pub url: &'a str,
    /// The URL the resource came from in the end, after redirections, if that is known.
    pub fetched_from: Option<&'a str>,
}

/// An originator that holds both the page and the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// What it claims.
    pub claims: Claims,
    /// How its signature was verified.
    pub algorithm: Algorithm,
    /// The header names `ES256` for a secp256k1 key, as Annex C and implementations do.
    pub misnamed: bool,
}

/// The URL of an A1, to be fetched.
///
/// # Errors
///
/// `unexpected` in `MessageCode` or `VerificationMethod`: it is no A1.
pub fn url_of(message: &Message<'_>) -> Result<String, CryptographyError> {
    let Body::Authentication { method, data } = message.body else {
        return Err(CryptographyError::format(ErrorKind::Unexpected, "MessageCode"));
    };
    if message.test {
        return Err(CryptographyError::format(ErrorKind::Unexpected, "MessageCode"));
    }
    if method != VerificationMethod::INTERNET_RESOURCE {
        return Err(CryptographyError::format(ErrorKind::Unexpected, "VerificationMethod"));
    }
    Ok(data.chars().collect())
}

/// Verifies the resource: structure, algorithm, signature, claims, in this order.
///
/// # Errors
///
/// As spec/12-whiteflag-cryptography.md lists under "Authentication by an internet resource".
pub fn verify(
    resource: &[u8],
    expected: &Expected<'_>,
) -> Result<Authenticated, CryptographyError> {
    let jws = Jws::parse(resource)?;
    let algorithm = expected.key.algorithm();
    let misnamed = jws.names(algorithm)?;
    jws.verify(expected.key)?;
    let claims = jws.into_claims();
    claims.check(expected)?;
    Ok(Authenticated { claims: claims.known()?, algorithm, misnamed })
}
