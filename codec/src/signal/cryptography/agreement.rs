//! Key agreement: ECDH on brainpoolP256r1 (5.2.2; RFC 5639 §3.4).

use super::error::CryptographyError;
use super::secret::SharedSecret;
use crate::error::ErrorKind;
use bp256::BrainpoolP256r1;
use core::fmt;
use elliptic_curve::sec1::ToSec1Point;
use subtle::ConstantTimeEq;

/// The prime of the field (RFC 5639 §3.4), big-endian.
const P: [u8; 32] = [
    0xA9, 0xFB, 0x57, 0xDB, 0xA1, 0xEE, 0xA9, 0xBC, 0x3E, 0x66, 0x0A, 0x90, 0x9D, 0x83, 0x8D, 0x72,
    0x6E, 0x3B, 0xF6, 0x23, 0xD5, 0x26, 0x20, 0x28, 0x20, 0x13, 0x48, 0x1D, 0x1F, 0x6E, 0x53, 0x77,
];

/// A participant's public key: any point but the one at infinity. The cofactor is 1, so no point is
/// of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AgreementKey(elliptic_curve::PublicKey<BrainpoolP256r1>);

impl AgreementKey {
    /// Takes the 33 octets of a K(0)0A: 02 or 03, then x.
    ///
    /// # Errors
    ///
    /// In `public_key`: `weak_key` for the point at infinity, `too_short`, `too_long`, `bad_literal`
    /// for another form of a point, `not_canonical` for an x that is not below p, `inconsistent`
    /// where no point has this x.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, CryptographyError> {
        let refuse = |kind| CryptographyError::format(kind, "public_key");
        if octets == [0] {
            return Err(CryptographyError::weak("public_key"));
        }
        if octets.len() > 33 {
            return Err(refuse(ErrorKind::TooLong));
        }
        let [form, x @ ..] = octets else { return Err(refuse(ErrorKind::TooShort)) };
        if x.len() < 32 {
            return Err(refuse(ErrorKind::TooShort));
        }
        if !matches!(form, 2 | 3) {
            return Err(refuse(ErrorKind::BadLiteral));
        }
        if x >= P.as_slice() {
            return Err(refuse(ErrorKind::NotCanonical));
        }
        let key = elliptic_curve::PublicKey::from_sec1_bytes(octets)
            .map_err(|_| refuse(ErrorKind::Inconsistent))?;
        Ok(Self(key))
    }

    /// The 33 octets.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 33] {
        let mut octets = [0; 33];
        let point = self.0.to_sec1_point(true);
        octets.iter_mut().zip(point.as_bytes()).for_each(|(to, from)| *to = *from);
        octets
    }
}

impl fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgreementKey(")?;
        self.to_bytes().iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}

/// A participant's secret key. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct AgreementSecret(elliptic_curve::SecretKey<BrainpoolP256r1>);

impl AgreementSecret {
    /// Takes 32 octets of a healthy random source, made for this and used for nothing else, as a
    /// big-endian integer. About a third of all are above the order: draw again.
    ///
    /// # Errors
    ///
    /// In `secret_key`: `weak_key` for 0, `out_of_range` for the order of the curve and above.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, CryptographyError> {
        if bool::from(octets.as_slice().ct_eq(&[0; 32])) {
            return Err(CryptographyError::weak("secret_key"));
        }
        elliptic_curve::SecretKey::from_slice(octets)
            .map(Self)
            .map_err(|_| CryptographyError::format(ErrorKind::OutOfRange, "secret_key"))
    }

    /// The public half, which K(0)0A announces.
    #[must_use]
    pub fn public(&self) -> AgreementKey {
        AgreementKey(self.0.public_key())
    }

    /// The secret shared with the holder of the other key: the x coordinate of the product.
    #[must_use]
    pub fn agree(&self, other: &AgreementKey) -> SharedSecret {
        let shared = self.0.diffie_hellman(&other.0);
        SharedSecret::agreed(shared.raw_secret_bytes())
    }
}

impl fmt::Debug for AgreementSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgreementSecret of {:?}", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets<const N: usize>(hex: &str) -> [u8; N] {
        let (pairs, _) = hex.as_bytes().as_chunks::<2>();
        let octet = |pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
        pairs
            .iter()
            .map(|pair| octet(pair.as_slice()))
            .collect::<alloc::vec::Vec<_>>()
            .try_into()
            .unwrap()
    }

    /// RFC 7027 A.1.
    #[test]
    fn both_sides_agree_as_rfc_7027_says() {
        let a = "81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d";
        let b = "55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3";
        let z = "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b";
        let [a, b] = [a, b].map(|one| AgreementSecret::from_bytes(&octets(one)).unwrap());
        let x_a = "0244106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be5";
        let x_b = "028d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b";
        assert_eq!(a.public().to_bytes(), octets(x_a));
        assert_eq!(b.public().to_bytes(), octets(x_b));
        for shared in [a.agree(&b.public()), b.agree(&a.public())] {
            assert_eq!(shared.octets(), octets::<32>(z));
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let secret = AgreementSecret::from_bytes(&[0x5A; 32]).unwrap();
        let shared = secret.agree(&secret.public());
        let shown = alloc::format!("{secret:?} {shared:?}").to_lowercase();
        assert!(!shown.contains("5a5a"));
    }
}
