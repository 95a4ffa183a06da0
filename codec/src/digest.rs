//! The three keyed and unkeyed hashes of the protocol (spec/00-conventions.md, "Notation").

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// `H(label, a, b, …)`: SHA-256 over the label and the parts, joined without separators.
#[must_use]
pub fn hash(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(label.as_bytes());
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// SHA-256 of the octets alone, where a format asks for it without a label.
#[must_use]
pub fn sha256(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

/// `MAC(key, label, a, …)`: HMAC-SHA256.
#[must_use]
pub fn mac(key: &[u8], label: &str, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of every length (RFC 2104 §2), so the error case does not occur; falling back
    // to a fixed key would be worse than an answer nobody can match.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(label.as_bytes());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// `KDF(secret, label, a, …, n)`: HKDF-SHA256 with an empty salt (RFC 5869), filling `out`.
///
/// `out` is at most 255 × 32 octets, which every use in this protocol keeps.
pub fn derive(secret: &[u8], label: &str, parts: &[&[u8]], out: &mut [u8]) {
    let kdf = hkdf::Hkdf::<Sha256>::new(None, secret);
    let mut info = alloc::vec::Vec::from(label.as_bytes());
    for part in parts {
        info.extend_from_slice(part);
    }
    // The only error is an output longer than 8,160 octets.
    if kdf.expand(&info, out).is_err() {
        out.fill(0);
    }
}

/// HMAC-SHA256 under one key of 32 octets whose schedule is made once: two compressions a short
/// message where [`mac`] takes four. It is wiped when dropped.
#[derive(Clone)]
pub(crate) struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        // RFC 2104 §2: a key shorter than a block is padded with zeros.
        let mut block = zeroize::Zeroizing::new([0; 64]);
        if let Some(front) = block.first_chunk_mut::<32>() {
            *front = *key;
        }
        Self(Hmac::new((&*block).into()))
    }

    /// `MAC(key, label, a, …)`.
    pub(crate) fn mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(label.as_bytes());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// `EXPAND(key, label, a, …, out.len())` (spec/00-conventions.md; RFC 5869 §2.3). `out` is at
    /// most 255 × 32 octets, which every use in this protocol keeps.
    pub(crate) fn expand(&self, label: &str, parts: &[&[u8]], out: &mut [u8]) {
        let mut previous = zeroize::Zeroizing::new([0; 32]);
        #[expect(clippy::disallowed_methods, reason = "32 is not zero")]
        let chunks = out.chunks_mut(32);
        for (number, chunk) in (1_u8..=255).zip(chunks) {
            let mut mac = self.0.clone();
            if number > 1 {
                mac.update(&*previous);
            }
            mac.update(label.as_bytes());
            for part in parts {
                mac.update(part);
            }
            mac.update(&[number]);
            *previous = mac.finalize().into_bytes().into();
            for (to, from) in chunk.iter_mut().zip(previous.iter()) {
                *to = *from;
            }
        }
    }
}

/// The first `N` octets of a 32-octet hash. `N` is at most 32 wherever this is used.
#[must_use]
pub fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    hash.first_chunk::<N>().copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 example "abc".
    #[test]
    fn sha256_known_answer() {
        let expected = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
            0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(sha256(b"abc"), expected);
        assert_eq!(hash("a", &[b"b", b"c"]), expected);
    }

    #[test]
    fn a_key_made_once_gives_the_same() {
        let key = [0x0b; 32];
        assert_eq!(Keyed::new(&key).mac("a", &[b"b"]), mac(&key, "a", &[b"b"]));
        let mut expected = [0; 76];
        let kdf = hkdf::Hkdf::<Sha256>::from_prk(&key).unwrap();
        kdf.expand(b"label", &mut expected).unwrap();
        let mut out = [0; 76];
        Keyed::new(&key).expand("lab", &[b"el"], &mut out);
        assert_eq!(out, expected);
    }
}
