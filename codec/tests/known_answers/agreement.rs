//! RFC 7748 and RFC 7027.

use super::file::vectors;
use bp256::BrainpoolP256r1;
use bp256::elliptic_curve::{PublicKey, SecretKey};
use x25519_dalek::{PublicKey as Point, StaticSecret};

/// RFC 7748, sections 5.2 and 6.1.
#[test]
fn x25519() {
    for vector in vectors("x25519") {
        match vector.text("kind") {
            "function" => {
                let found = product(vector.array("scalar"), vector.array("u"));
                assert_eq!(found, vector.array("result"), "{}", vector.id());
            }
            "iterated" => {
                let (mut scalar, mut u) = (vector.array("start"), vector.array("start"));
                for _ in 0..vector.number("rounds") {
                    (scalar, u) = (product(scalar, u), scalar);
                }
                assert_eq!(scalar, vector.array("result"), "{}", vector.id());
            }
            "agreement" => {
                let a = StaticSecret::from(vector.array::<32>("secret_a"));
                let b = StaticSecret::from(vector.array::<32>("secret_b"));
                let (public_a, public_b) = (Point::from(&a), Point::from(&b));
                assert_eq!(public_a.to_bytes(), vector.array("public_a"), "{}", vector.id());
                assert_eq!(public_b.to_bytes(), vector.array("public_b"), "{}", vector.id());
                let shared = vector.array("result");
                assert_eq!(a.diffie_hellman(&public_b).to_bytes(), shared, "{}", vector.id());
                assert_eq!(b.diffie_hellman(&public_a).to_bytes(), shared, "{}", vector.id());
            }
            other => panic!("{}: kind {other}", vector.id()),
        }
    }
}

fn product(scalar: [u8; 32], u: [u8; 32]) -> [u8; 32] {
    StaticSecret::from(scalar).diffie_hellman(&Point::from(u)).to_bytes()
}

/// RFC 7027, Appendix A.1; the points in their compressed form as well, as Whiteflag sends them.
#[test]
fn brainpool_p256r1() {
    for vector in vectors("brainpool_p256r1") {
        let secret = |name| SecretKey::<BrainpoolP256r1>::from_slice(&vector.octets(name)).unwrap();
        let (a, b) = (secret("secret_a"), secret("secret_b"));
        let public = |name| {
            let octets = vector.octets(name);
            let key = PublicKey::<BrainpoolP256r1>::from_sec1_bytes(&octets).unwrap();
            let compressed = [&[2 | octets[64] & 1], &octets[1..33]].concat();
            assert_eq!(PublicKey::from_sec1_bytes(&compressed).unwrap(), key, "{}", vector.id());
            key
        };
        let (public_a, public_b) = (public("public_a"), public("public_b"));
        assert_eq!((a.public_key(), b.public_key()), (public_a, public_b), "{}", vector.id());
        for (secret, public) in [(a, public_b), (b, public_a)] {
            let shared = secret.diffie_hellman(&public);
            assert_eq!(shared.raw_secret_bytes()[..], vector.octets("result"), "{}", vector.id());
        }
    }
}
