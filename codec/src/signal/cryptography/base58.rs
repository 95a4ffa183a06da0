//! Base58, the alphabet of Bitcoin: what addresses are written in.

use super::error::CryptographyError;
use crate::error::ErrorKind;
use crate::limits::WHITEFLAG_ADDRESS_CHARACTERS_MAX;
use alloc::vec::Vec;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The octets of a text: a number to base 58, big-endian, and one zero octet for each `1` before it.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, CryptographyError> {
    let refuse = |kind| CryptographyError::format(kind, "address");
    // The work grows with the square of the length.
    if text.len() > WHITEFLAG_ADDRESS_CHARACTERS_MAX {
        return Err(refuse(ErrorKind::TooLong));
    }
    // Least significant octet first.
    let mut number: Vec<u8> = Vec::with_capacity(text.len());
    for character in text.bytes() {
        let digit = ALPHABET.iter().position(|one| *one == character);
        let digit = digit.and_then(|digit| u32::try_from(digit).ok());
        let mut carry = digit.ok_or(refuse(ErrorKind::BadCharacter))?;
        for octet in &mut number {
            let sum = u32::from(*octet).saturating_mul(58).saturating_add(carry);
            let [.., low] = sum.to_be_bytes();
            (*octet, carry) = (low, sum >> 8);
        }
        if let Ok(rest @ 1..) = u8::try_from(carry) {
            number.push(rest);
        }
    }
    let zeros = text.bytes().take_while(|character| *character == b'1').count();
    number.extend(core::iter::repeat_n(0, zeros));
    number.reverse();
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        assert!(decode("").unwrap().is_empty());
        assert_eq!(decode("1").unwrap(), [0]);
        assert_eq!(decode("11").unwrap(), [0, 0]);
        // 57 = z, 58 = 21.
        assert_eq!(decode("z").unwrap(), [57]);
        assert_eq!(decode("121").unwrap(), [0, 58]);
        assert_eq!(decode("5Q").unwrap(), [0xFF]);
        assert_eq!(decode("5R").unwrap(), [1, 0]);
        for wrong in ["0", "O", "I", "l", " ", "é"] {
            let error = decode(wrong).unwrap_err();
            assert_eq!((error.kind.name(), error.field), ("bad_character", "address"));
        }
        assert_eq!(decode(&"2".repeat(129)).unwrap_err().kind.name(), "too_long");
    }
}
