//! A flattened JWS (RFC 7515 §7.2.2), over the octets exactly as they were received.

use super::base64url;
use super::claims::{Claims, NAMES, Stated};
use super::json::{Member, members};
use super::key::{Algorithm, VerificationKey};
use crate::error::ErrorKind;
use crate::limits::JWS_OCTETS_MAX;
use crate::signal::cryptography::error::CryptographyError;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A JWS that was read; nothing of it is verified.
#[derive(Clone)]
pub struct Jws {
    signing_input: String,
    signature: Vec<u8>,
    algorithm: String,
    claims: Stated,
}

impl Jws {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// As spec/12-whiteflag-cryptography.md lists, up to the claims that stand in two places.
    pub fn parse(resource: &[u8]) -> Result<Self, CryptographyError> {
        if resource.len() > JWS_OCTETS_MAX {
            return Err(CryptographyError::format(ErrorKind::TooLong, "jws"));
        }
        // Nothing in `header` is signed (RFC 7515 §7.2.1); `signatures` is the general form.
        let [protected, payload, signature] = members(
            resource,
            "jws",
            ["protected", "payload", "signature"],
            &["header", "signatures"],
        )?;
        let protected = given(protected, "protected")?;
        let payload = given(payload, "payload")?;
        let signature = given(signature, "signature")?;

        let header = base64url::decode(&protected, "protected")?;
        let content = base64url::decode(&payload, "payload")?;
        let signature = base64url::decode(&signature, "signature")?;

        // `crit` asks for extensions this chapter has none of; `b64` changes what is signed
        // (RFC 7797).
        let [algorithm, in_header @ ..] = members(
            &header,
            "protected",
            ["alg", "addr", "orgname", "url", "extpubkey"],
            &["crit", "b64"],
        )?;
        let claims = if content.is_empty() {
            Stated::new(in_header)
        } else {
            let in_payload = members(&content, "payload", NAMES, &[])?;
            if let Some((name, _)) =
                NAMES.iter().zip(&in_header).find(|(_, member)| **member != Member::Absent)
            {
                return Err(CryptographyError::format(ErrorKind::Unexpected, name));
            }
            Stated::new(in_payload)
        };
        let algorithm = given(algorithm, "alg")?;
        let signing_input = alloc::format!("{protected}.{payload}");
        Ok(Self { signing_input, signature, algorithm, claims })
    }

    /// The octets that are signed (RFC 7515 §5.2), as text.
    #[must_use]
    pub fn signing_input(&self) -> &str {
        &self.signing_input
    }

    /// Its compact serialization (RFC 7515 §7.1).
    #[must_use]
    pub fn to_compact(&self) -> String {
        alloc::format!("{}.{}", self.signing_input, base64url::encode(&self.signature))
    }

    /// Whether the header names the algorithm by another's name that is let pass.
    ///
    /// # Errors
    ///
    /// In `alg`: `unsupported` for an algorithm that is none of the three, `inconsistent` for one
    /// that is not the key's.
    pub(super) fn names(&self, algorithm: Algorithm) -> Result<bool, CryptographyError> {
        let refuse = |kind| Err(CryptographyError::format(kind, "alg"));
        let Some(named) = Algorithm::named(&self.algorithm) else {
            return refuse(ErrorKind::Unsupported);
        };
        match (algorithm, named) {
            _ if algorithm == named => Ok(false),
            // Annex C: "ES256 ... in line with the underlying blockchain", which has secp256k1.
            (Algorithm::Es256k, Algorithm::Es256) => Ok(true),
            _ => refuse(ErrorKind::Inconsistent),
        }
    }

    pub(super) fn verify(&self, key: &VerificationKey) -> Result<(), CryptographyError> {
        let signature = self.signature.as_slice().try_into().map_err(|_| {
            let short = self.signature.len() < 64;
            let kind = if short { ErrorKind::TooShort } else { ErrorKind::TooLong };
            CryptographyError::format(kind, "signature")
        })?;
        key.verify_octets(self.signing_input.as_bytes(), signature)
    }

    pub(super) fn into_claims(self) -> Stated {
        self.claims
    }

    /// What it claims, without any look at the signature or at what is missing: for showing what was
    /// refused.
    #[must_use]
    pub fn unverified(&self) -> Claims {
        self.claims.as_they_are()
    }
}

/// What is signed for a protected header and a payload: the writer's side of
/// [`Jws::signing_input`].
#[must_use]
pub fn signing_input(protected: &[u8], payload: &[u8]) -> String {
    alloc::format!("{}.{}", base64url::encode(protected), base64url::encode(payload))
}

fn given(member: Member, field: &'static str) -> Result<String, CryptographyError> {
    member.into_text().ok_or(CryptographyError::format(ErrorKind::Missing, field))
}

impl fmt::Debug for Jws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("alg", &self.algorithm).finish_non_exhaustive()
    }
}
