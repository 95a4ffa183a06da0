//! RFC 5869, RFC 4231 and RFC 9106.

use super::file::vectors;
use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use chappe_codec::digest;
use hkdf::Hkdf;
use sha2::Sha256;

/// RFC 5869, A.1 to A.3; the one with an empty salt through the codec as well.
#[test]
fn hkdf_sha256() {
    let mut through_the_codec = 0;
    for vector in vectors("hkdf_sha256") {
        let (secret, salt) = (vector.octets("secret"), vector.octets("salt"));
        let (info, expected) = (vector.octets("info"), vector.octets("result"));
        let (key, kdf) = Hkdf::<Sha256>::extract(Some(&salt), &secret);
        assert_eq!(key[..], vector.octets("pseudorandom_key"), "{}", vector.id());
        let mut out = vec![0; expected.len()];
        kdf.expand(&info, &mut out).unwrap();
        assert_eq!(out, expected, "{}", vector.id());
        if salt.is_empty() {
            digest::derive(&secret, "", &[&info], &mut out);
            assert_eq!(out, expected, "{}", vector.id());
            through_the_codec += 1;
        }
    }
    assert_eq!(through_the_codec, 1);
}

/// RFC 4231, 4.2 to 4.8, through the codec; 4.6 gives the first 16 octets.
#[test]
fn hmac_sha256() {
    for vector in vectors("hmac_sha256") {
        let expected = vector.octets("result");
        let found = digest::mac(&vector.octets("key"), "", &[&vector.octets("message")]);
        assert_eq!(found[..expected.len()], expected, "{}", vector.id());
    }
}

/// RFC 9106, section 5.3.
#[test]
fn argon2id() {
    for vector in vectors("argon2id") {
        let params = ParamsBuilder::new()
            .m_cost(vector.number("memory_kibibytes"))
            .t_cost(vector.number("passes"))
            .p_cost(vector.number("lanes"))
            .data(AssociatedData::new(&vector.octets("associated")).unwrap())
            .build()
            .unwrap();
        let secret = vector.octets("secret");
        let argon2 =
            Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let expected = vector.octets("result");
        let mut out = vec![0; expected.len()];
        argon2
            .hash_password_into(&vector.octets("password"), &vector.octets("salt"), &mut out)
            .unwrap();
        assert_eq!(out, expected, "{}", vector.id());
    }
}
