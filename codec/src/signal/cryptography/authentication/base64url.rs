//! base64url without padding (RFC 7515 §2), one text for each octet string.

use crate::error::ErrorKind;
use crate::signal::cryptography::error::CryptographyError;
use alloc::string::String;
use alloc::vec::Vec;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine};

pub(super) fn decode(text: &str, field: &'static str) -> Result<Vec<u8>, CryptographyError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| {
        let kind = match error {
            DecodeError::InvalidByte(..) | DecodeError::InvalidPadding => ErrorKind::BadCharacter,
            DecodeError::InvalidLength(_) => ErrorKind::TooShort,
            DecodeError::InvalidLastSymbol(..) => ErrorKind::NotCanonical,
        };
        CryptographyError::format(kind, field)
    })
}

pub(super) fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}
