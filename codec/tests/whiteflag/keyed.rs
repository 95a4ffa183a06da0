//! The vectors of open.jsonl that need a key or a hash: Whiteflag's own cryptography.

use super::given::{assert_same_fields, hex, octets, pairs};
use chappe_codec::digest;
use chappe_codec::signal::cryptography::authentication::{
    Algorithm, Expected, Jws, VerificationKey, signing_input, verify,
};
use chappe_codec::signal::cryptography::{
    Address, AgreementKey, AgreementSecret, InitialisationVector, KeyRing, MessageKey, Method,
    SharedSecret, derive_with_salt, token,
};
use chappe_codec::signal::{Message, ReferencedMessage};
use curve25519_dalek::{RistrettoPoint, Scalar};
use elliptic_curve::sec1::ToSec1Point;
use serde_json::Value;
use sha2::Digest;
use zeroize::Zeroizing;

/// Hexadecimal digits of a member.
fn hex_of(value: &Value, name: &str) -> Vec<u8> {
    octets(value[name].as_str().unwrap_or_else(|| panic!("no {name}")))
}

fn array<const N: usize>(value: &Value, name: &str) -> [u8; N] {
    hex_of(value, name).try_into().unwrap()
}

fn address(given: &Value) -> Address {
    let text = given["address"].as_str().unwrap();
    Address::other(text, &octets(text)).unwrap()
}

fn secret(given: &Value) -> SharedSecret {
    let name = if given["method"] == "1" { "ecdh_shared_secret" } else { "psk" };
    SharedSecret::new(&hex_of(given, name)).unwrap()
}

fn key(given: &Value) -> (MessageKey, InitialisationVector) {
    let method = if given["method"] == "1" { Method::Negotiated } else { Method::PreShared };
    let key = MessageKey::derive(method, &secret(given), &address(given));
    (key, InitialisationVector(array(given, "iv")))
}

pub(crate) fn encode(id: &str, given: &Value, expected: &Value) {
    let pairs = pairs(&given["fields"]);
    let message = Message::from_pairs(&pairs).unwrap_or_else(|error| panic!("{id}: {error}"));
    let (key, vector) = key(&given["encrypt"]);
    let encrypted = key.encrypt(&message, &vector).unwrap();
    assert_eq!(hex(&encrypted), expected["hex"].as_str().unwrap(), "{id}");
    let plain = key.decrypt(&encrypted, &vector).unwrap();
    assert_eq!(hex(&plain), expected["plain_hex"].as_str().unwrap(), "{id}");
    assert_eq!(Message::parse_decrypted(&plain), Ok(message), "{id}");
}

pub(crate) fn decrypt(id: &str, given: &Value, expected: &Value) {
    match given.get("alg").and_then(Value::as_str) {
        Some("aes-256-ctr") => {
            let key = Zeroizing::new(array(given, "key"));
            let key = MessageKey::from_derived(Method::PreShared, key);
            let (from, to) = match given["op"].as_str().unwrap() {
                "encrypt" => ("plaintext", "ciphertext"),
                "decrypt" => ("ciphertext", "plaintext"),
                op => panic!("{id}: an operation the harness does not know: {op}"),
            };
            let vector = InitialisationVector(array(given, "iv"));
            let out = key.decrypt(&behind_preamble(given, from), &vector).unwrap();
            assert_eq!(hex(&out[4..]), expected[to].as_str().unwrap(), "{id}");
        }
        Some("wf-aes-256-ctr") => {
            let (key, vector) = key(given);
            let out = key.decrypt(&behind_preamble(given, "ciphertext"), &vector).unwrap();
            assert_eq!(hex(&out[4..]), expected["plaintext"].as_str().unwrap(), "{id}");
        }
        Some(other) => panic!("{id}: an algorithm the harness does not know: {other}"),
        None => {
            let (key, vector) = key(given);
            let plain = key.decrypt(&hex_of(given, "encrypted_hex"), &vector).unwrap();
            assert_eq!(hex(&plain), expected["plain_hex"].as_str().unwrap(), "{id}");
            let message = Message::parse_decrypted(&plain).unwrap();
            assert_same_fields(id, &message, &expected["fields"]);
            if let Some(derived) = expected.get("key") {
                let derived = Zeroizing::new(octets(derived.as_str().unwrap()).try_into().unwrap());
                let same = MessageKey::from_derived(Method::PreShared, derived);
                assert_eq!(hex(&same.encrypt(&message, &vector).unwrap()), given["encrypted_hex"]);
            }
        }
    }
}

/// Octets where the codec encrypts: behind 32 bits that stay plain.
fn behind_preamble(given: &Value, name: &str) -> Vec<u8> {
    [b"WF12".to_vec(), hex_of(given, name)].concat()
}

pub(crate) fn hash(id: &str, given: &Value, expected: &Value) {
    let hex_expected = |name: &str| expected[name].as_str().unwrap();
    match given["alg"].as_str().unwrap() {
        "sha256" => {
            let digest = digest::sha256(&hex_of(given, "message_hex"));
            assert_eq!(hex(&digest), hex_expected("digest"), "{id}");
        }
        "hmac-sha256" => {
            let mac = digest::mac(&hex_of(given, "key"), "", &[&hex_of(given, "message_hex")]);
            assert!(hex(&mac).starts_with(hex_expected("mac_prefix")), "{id}");
        }
        "hkdf-sha256" => {
            let (secret, salt) = (hex_of(given, "ikm"), hex_of(given, "salt"));
            let info = hex_of(given, "info");
            let mut out = vec![0; usize::try_from(given["length"].as_u64().unwrap()).unwrap()];
            derive_with_salt(&salt, &secret, &info, &mut out);
            assert_eq!(hex(&out), hex_expected("okm"), "{id}");
            if expected.get("prk").is_some() {
                assert_eq!(hex(&digest::mac(&salt, "", &[&secret])), hex_expected("prk"), "{id}");
            }
            // The salts of 5.2.3, by what they are for: the key made without naming them is the same.
            if given["use"] == "enc1" {
                let info = Address::other("any", &info).unwrap();
                let secret = SharedSecret::new(&secret).unwrap();
                let derived = MessageKey::derive(Method::Negotiated, &secret, &info);
                let given = Zeroizing::new(out.try_into().unwrap());
                let vector = InitialisationVector([1; 16]);
                let of = |key: &MessageKey| key.decrypt(&[b"WF11", &[0; 64][..]].concat(), &vector);
                assert_eq!(of(&derived), of(&MessageKey::from_derived(Method::Negotiated, given)));
            }
        }
        other => panic!("{id}: a hash the harness does not know: {other}"),
    }
}

pub(crate) fn auth(id: &str, given: &Value, expected: &Value) {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    match given.get("op").and_then(Value::as_str) {
        None => token_of_13_octets(id, given, expected),
        Some("base58check_to_binary") => {
            let address = Address::from_base58check(&text(given, "address")).unwrap();
            assert_eq!(hex(address.binary()), text(expected, "binary"), "{id}");
        }
        Some("ecdh") => {
            let secret = AgreementSecret::from_bytes(&array(given, "private_a")).unwrap();
            let other = AgreementKey::from_bytes(&hex_of(given, "public_b_compressed")).unwrap();
            let public = hex(&secret.public().to_bytes());
            assert_eq!(public, text(expected, "public_a_compressed"), "{id}");
            // What was agreed on is secret; the keys made of it are those made of what is expected.
            let expected = SharedSecret::new(&hex_of(expected, "shared_secret")).unwrap();
            let address = Address::other("any", &[1]).unwrap();
            assert_eq!(
                token::derive(&secret.agree(&other), &address),
                token::derive(&expected, &address),
                "{id}"
            );
        }
        Some("jws_verify") => misnamed_algorithm(id, given, expected),
        Some("jws_convert") => {
            let flat = serde_json::to_vec(&given["flat"]).unwrap();
            let jws = Jws::parse(&flat).unwrap();
            assert_eq!(jws.to_compact(), text(expected, "compact"), "{id}");
            // It is read, and refused: HS256 is none of the three algorithms.
            let key = VerificationKey::from_p256(&P256_GENERATOR).unwrap();
            let address = Address::other("any", &[1]).unwrap();
            let expected = Expected {
                address: &address,
                key: &key,
                url: "https://a.example",
                fetched_from: None,
            };
            let error = verify(&flat, &expected).unwrap_err();
            assert_eq!((error.kind.name(), error.field), ("unsupported", "alg"), "{id}");
        }
        Some("jws_signing_input") => {
            let part = |name: &str| serde_json::to_vec(&given["full"][name]).unwrap();
            let input = signing_input(&part("protected"), &part("payload"));
            assert_eq!(input, text(expected, "signing_input"), "{id}");
        }
        Some("account") if given["blockchain"] == "bitcoin" => {
            let secret = k256::SecretKey::from_slice(&hex_of(given, "privateKey")).unwrap();
            let public = secret.public_key().to_sec1_point(true);
            let public = public.as_bytes();
            assert_eq!(hex(public), text(expected, "publicKey"), "{id}");
            let address = Address::from_base58check(&text(expected, "address")).unwrap();
            let key = VerificationKey::from_secp256k1(public).unwrap();
            assert_eq!(address.belongs_to(&key), Some(true), "{id}");
            assert!(address.is_written(&text(&expected["payload"], "addr")), "{id}");
        }
        Some("account") if given["blockchain"] == "fennel" => {
            // sr25519, "Ed25519 mode": half of SHA-512 of the seed, clamped, by the cofactor.
            let seed = hex_of(given, "seed");
            let mut half: [u8; 32] = sha2::Sha512::digest(&seed)[..32].try_into().unwrap();
            half[0] &= 0xF8;
            half[31] = half[31] & 0x3F | 0x40;
            let eighth = Scalar::from_bytes_mod_order(half) * Scalar::from(8_u8).invert();
            let public = RistrettoPoint::mul_base(&eighth).compress().to_bytes();
            assert_eq!(hex(&public), text(expected, "publicKey"), "{id}");
            let address = Address::from_ss58(&text(expected, "address")).unwrap();
            assert_eq!(&address.binary()[1..33], public, "{id}");
            assert!(address.is_written(&text(&expected["payload"], "addr")), "{id}");
        }
        Some(op) => panic!("{id}: an operation the harness does not know: {op}"),
    }
}

/// Its derivation is right; as a secret it is refused (chapter 12, "Decisions", 5.2.3).
fn token_of_13_octets(id: &str, given: &Value, expected: &Value) {
    let secret = hex_of(given, "secret");
    let mut out = [0; 32];
    derive_with_salt(&hex_of(given, "salt"), &secret, &hex_of(given, "address"), &mut out);
    assert_eq!(hex(&out), expected["verification_data"].as_str().unwrap(), "{id}");
    assert!(secret.len() < 16);
    let error = SharedSecret::token(&secret).unwrap_err();
    assert_eq!((error.kind.name(), error.field), ("weak_key", "token"), "{id}");
}

/// `ES256` for a secp256k1 key: verified by the key, and said to be misnamed.
fn misnamed_algorithm(id: &str, given: &Value, expected: &Value) {
    assert_eq!((&given["curve"], &expected["valid"]), (&"secp256k1".into(), &true.into()));
    let claims = &expected["payload"];
    let (addr, url) = (claims["addr"].as_str().unwrap(), claims["url"].as_str().unwrap());
    let address = Address::from_hexadecimal(addr).unwrap();
    let key = VerificationKey::from_secp256k1(&hex_of(given, "public_key")).unwrap();
    assert_eq!(address.belongs_to(&key), Some(true), "{id}");
    let expected = Expected { address: &address, key: &key, url, fetched_from: Some(url) };
    let resource = serde_json::to_vec(&given["jws"]).unwrap();
    let found = verify(&resource, &expected).unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_eq!((found.algorithm, found.misnamed), (Algorithm::Es256k, true), "{id}");
    assert_eq!(found.claims.name, claims["orgname"].as_str().unwrap(), "{id}");

    // The same octets under a P-256 key, or with one of them changed, hold nothing.
    let other = VerificationKey::from_p256(&P256_GENERATOR).unwrap();
    let error = verify(&resource, &Expected { key: &other, ..expected }).unwrap_err();
    assert_eq!((error.kind.name(), error.field), ("bad_signature", "signature"), "{id}");
}

/// No vector, no message (5.2.4.1).
pub(crate) fn no_vector(id: &str, given: &Value) {
    let with = &given["encrypt"];
    assert_eq!(with["iv"], "", "{id}");
    let originator = address(with);
    let mut ring = KeyRing::new(Address::other("own", &[1]).unwrap());
    ring.share(&originator, secret(with), None).unwrap();
    let (octets, message) = (hex_of(given, "encrypted_hex"), ReferencedMessage([7; 32]));
    let error = ring.decrypt(&originator, message, &octets, 0).unwrap_err();
    assert_eq!((error.kind.name(), error.field), ("missing", "InitVector"), "{id}");
}

/// A point that is surely on P-256.
const P256_GENERATOR: [u8; 33] = [
    0x03, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96,
];
