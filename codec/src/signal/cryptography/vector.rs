//! Initialisation vectors, and the K messages that bring them (5.2.4.1).

use super::error::CryptographyError;
use super::message_key::Method;
use crate::error::ErrorKind;
use crate::signal::code::{CryptoDataType, EncryptionIndicator, ReferenceIndicator};
use crate::signal::message::{Body, Message, ReferencedMessage};
use crate::signal::text::CryptoData;

/// The first counter block of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InitialisationVector(pub [u8; 16]);

impl InitialisationVector {
    /// The K(3)11 or K(3)21 that brings the vector of an encrypted message.
    #[must_use]
    pub fn announcement(&self, method: Method, encrypted: ReferencedMessage) -> Message<'_> {
        // 16 octets are within every limit.
        let data = CryptoData::new(&self.0).unwrap_or(CryptoData::EMPTY);
        let mut message =
            Message::original(Body::CryptographicSupport { data_type: method.vector_type(), data });
        message.reference_indicator = ReferenceIndicator::ADD;
        message.referenced_message = encrypted;
        message
    }

    /// The vector a K(3)11 or K(3)21 brings, for which method and for which message.
    ///
    /// # Errors
    ///
    /// As spec/12-whiteflag-cryptography.md lists under "Initialisation vectors".
    pub fn announced_by(
        message: &Message<'_>,
    ) -> Result<(Method, ReferencedMessage, Self), CryptographyError> {
        let (data_type, data) = support(message)?;
        let method = Method::of_vector_type(data_type)
            .ok_or(CryptographyError::format(ErrorKind::Unsupported, "CryptoDataType"))?;
        if message.reference_indicator != ReferenceIndicator::ADD {
            return Err(CryptographyError::format(ErrorKind::Unexpected, "ReferenceIndicator"));
        }
        if message.referenced_message == ReferencedMessage::NONE {
            return Err(CryptographyError::format(ErrorKind::Missing, "ReferencedMessage"));
        }
        let mut vector = [0; 16];
        match data.len().cmp(&vector.len()) {
            core::cmp::Ordering::Less => {
                return Err(CryptographyError::format(ErrorKind::TooShort, "CryptoData"));
            }
            core::cmp::Ordering::Greater => {
                return Err(CryptographyError::format(ErrorKind::TooLong, "CryptoData"));
            }
            core::cmp::Ordering::Equal => {}
        }
        vector.iter_mut().zip(data.octets()).for_each(|(to, from)| *to = from);
        Ok((method, message.referenced_message, Self(vector)))
    }
}

/// The type and data of a K that may be acted on: plain, no test, not under duress (5.2.4.1).
pub(super) fn support<'a>(
    message: &Message<'a>,
) -> Result<(CryptoDataType, CryptoData<'a>), CryptographyError> {
    let refuse = |field| Err(CryptographyError::format(ErrorKind::Unexpected, field));
    let Body::CryptographicSupport { data_type, data } = message.body else {
        return refuse("MessageCode");
    };
    if message.test {
        return refuse("MessageCode");
    }
    if message.encryption != EncryptionIndicator::NONE {
        return refuse("EncryptionIndicator");
    }
    if message.duress {
        return refuse("DuressIndicator");
    }
    Ok((data_type, data))
}
