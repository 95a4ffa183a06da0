//! Authentication by a shared token: A2 (5.1.2.2, 5.2.3).

use super::address::Address;
use super::derivation::{self, TOKEN_SALT};
use super::error::{CryptographyError, CryptographyErrorKind};
use super::secret::SharedSecret;
use crate::error::ErrorKind;
use crate::signal::code::VerificationMethod;
use crate::signal::message::{Body, Message};
use alloc::string::String;
use core::fmt::Write;
use subtle::ConstantTimeEq;

/// The `VerificationData` of the originator's A2: 64 lower-case hexadecimal digits. It is public; the
/// token is not.
#[must_use]
pub fn derive(token: &SharedSecret, originator: &Address) -> String {
    let derived = derivation::derive(&TOKEN_SALT, token.octets(), originator.binary());
    derived.iter().fold(String::with_capacity(64), |mut text, octet| {
        // Writing to a string does not fail.
        write!(text, "{octet:02x}").unwrap_or_default();
        text
    })
}

/// Whether an A2 of this originator was made with this token.
///
/// # Errors
///
/// `unexpected` in `MessageCode` or `VerificationMethod` if it is no A2; else as [`verify_data`].
pub fn verify(
    message: &Message<'_>,
    token: &SharedSecret,
    originator: &Address,
) -> Result<(), CryptographyError> {
    let Body::Authentication { method, data } = message.body else {
        return Err(CryptographyError::format(ErrorKind::Unexpected, "MessageCode"));
    };
    if message.test {
        return Err(CryptographyError::format(ErrorKind::Unexpected, "MessageCode"));
    }
    if method != VerificationMethod::SHARED_TOKEN {
        return Err(CryptographyError::format(ErrorKind::Unexpected, "VerificationMethod"));
    }
    let data: String = data.chars().collect();
    verify_data(&data, token, originator)
}

/// The same for data that came in two messages, joined (4.3.4.3).
///
/// # Errors
///
/// In `VerificationData`: `bad_character`, `too_short`, `too_long` if it is no token, `bad_tag` if it
/// is another one.
pub fn verify_data(
    data: &str,
    token: &SharedSecret,
    originator: &Address,
) -> Result<(), CryptographyError> {
    let refuse = |kind| Err(CryptographyError::format(kind, "VerificationData"));
    if !data.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return refuse(ErrorKind::BadCharacter);
    }
    match data.len().cmp(&64) {
        core::cmp::Ordering::Less => return refuse(ErrorKind::TooShort),
        core::cmp::Ordering::Greater => return refuse(ErrorKind::TooLong),
        core::cmp::Ordering::Equal => {}
    }
    let given = data.to_ascii_lowercase();
    if bool::from(given.as_bytes().ct_eq(derive(token, originator).as_bytes())) {
        Ok(())
    } else {
        Err(CryptographyError::new(CryptographyErrorKind::BadTag, "VerificationData"))
    }
}
