//! Single derivations: every value on the way.

use super::device::Keys;
use super::given::{array, hex, number};
use super::{Answer, Refusal};
use crate::account::Account;
use crate::digest::Keyed;
use crate::id::Salt;
use crate::key_store::{AgreementKey, KeyStore};
use crate::realm::{Mode, Realm};
use crate::session::agreement::{self, Beginning};
use crate::session::begin;
use crate::session::chain::{BLOCK_COUNTERS, Chain};
use crate::session::epoch::{self, EpochKeys, Role, WayKeys};
use crate::session::ratchet::{Pending, Ratchet, agree};
use crate::session::{Party, Recipient, SealError, hint, hybrid};
use serde_json::{Value, json};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

fn party(given: &Value) -> Party {
    Party {
        account: Account(array(&given["account"])),
        device: number(&given["device"]),
        identity: public(array(&given["identity_secret"])),
    }
}

fn public(secret: [u8; 32]) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(secret)).to_bytes()
}

/// Both sides, each from its own secrets.
pub(super) fn agreement(given: &Value) -> Answer {
    let realm = Realm::parse(&super::given::octets(&given["realm"])).unwrap();
    let (a, b) = (party(&given["initiator"]), party(&given["responder"]));
    let none = [];
    let initiator = Keys::new(&given["initiator"]["identity_secret"], &none);
    let prekeys = [given["responder"]["prekey_secret"].clone()];
    let responder = Keys::new(&given["responder"]["identity_secret"], &prekeys);
    let prekey = responder.prekeys()[0];
    let secret: [u8; 32] = array(&given["ephemeral_secret"]);
    let ephemeral = public(secret);

    let d1 = initiator.agree(AgreementKey::Identity, &prekey).unwrap();
    let d2 = agree(&secret, &b.identity).unwrap();
    let d3 = agree(&secret, &prekey).unwrap();
    let own = AgreementKey::Prekey(prekey);
    assert_eq!(responder.agree(own, &a.identity).unwrap(), d1);
    assert_eq!(responder.agree(AgreementKey::Identity, &ephemeral).unwrap(), d2);
    assert_eq!(responder.agree(own, &ephemeral).unwrap(), d3);

    let beginning =
        Beginning { realm, initiator: &a, responder: &b, prekey: &prekey, ephemeral: &ephemeral };
    let root = beginning.root([&d1, &d2, &d3]);
    let flight = agreement::flight_hint_key(&d1, realm, &a, &b);
    let stranger = agreement::stranger_hint_key(&d3, realm);
    let masked = |claim: &[u8; 65]| {
        agreement::mask([&d2, &d3], realm, &b.identity, &prekey, &ephemeral, claim)
    };
    let out = json!({
        "initiator_identity_key": hex(&a.identity),
        "responder_identity_key": hex(&b.identity),
        "prekey": hex(&prekey),
        "ephemeral_key": hex(&ephemeral),
        "d1": hex(&*d1),
        "d2": hex(&*d2),
        "d3": hex(&*d3),
        "parties": hex(&agreement::parties(&a, &b)),
        "root": hex(&*root),
        "flight_hint_key": hex(&*flight),
        "flight_hint": hex(&agreement::flight_hint(&Keyed::new(&flight), &ephemeral)),
        "stranger_hint_key": hex(&*stranger),
        "stranger_hint": hex(&agreement::flight_hint(&Keyed::new(&stranger), &ephemeral)),
        "mask": hex(&masked(&[0; 65])),
        "masked": hex(&masked(&agreement::claim_of(&a))),
        "chain_ids": [hex(&epoch::chain_id(&root, 0).0), hex(&epoch::chain_id(&root, 1).0)],
    });
    Ok(out)
}

pub(super) fn agreement_refused(given: &Value) -> Answer {
    let realm = Realm { mode: Mode::Live, network: 1 };
    let keys = Keys::new(&given["identity_secret"], &[]);
    let me = Party { account: Account([1; 32]), device: 1, identity: keys.identity_key() };
    let identity = array(&given["identity_key"]);
    let party = Party { account: Account([2; 32]), device: 1, identity };
    let to = Recipient { party, prekey: array(&given["prekey"]), knows_us: true };
    let seed = Zeroizing::new(array(&given["ephemeral_secret"]));
    match begin::initiate(&keys, realm, &me, &to, seed) {
        Ok(_) => Ok(json!({})),
        Err(SealError::WeakKey) => Err(Refusal::new("weak_key")),
        Err(other) => panic!("{other}"),
    }
}

pub(super) fn counter_keys(given: &Value) -> Answer {
    let root: [u8; 32] = array(&given["root"]);
    let (way, counter): (u8, u32) = (number(&given["way"]), number(&given["counter"]));
    let first_block = epoch::first_block(&root, way);
    let mut chain = Chain::of_block(&first_block);
    // block_b is what stands behind the block before it.
    let block = match (counter / BLOCK_COUNTERS).checked_sub(1) {
        None => *first_block,
        Some(before) => {
            chain.advance(before * BLOCK_COUNTERS);
            *chain.parts().1
        }
    };
    chain.advance(counter);
    let (at, _, chain_key) = chain.parts();
    assert_eq!(at, counter);
    let keys = chain.message_keys();
    let hints = WayKeys::of_epoch(&root, way).hints;
    let [carry, other] =
        [Role::Initiator, Role::Responder].map(|role| EpochKeys::of_root(&root, role).carry);
    assert_eq!(carry, other);
    Ok(json!({
        "carry": hex(&*carry),
        "hint_key": hex(hints.octets()),
        "block_0": hex(&*first_block),
        "block": hex(&block),
        "chain_key": hex(chain_key),
        "k": hex(&keys.octets()[..32]),
        "n": hex(&keys.octets()[32..44]),
        "s": hex(&keys.octets()[44..]),
        "chain_hint": hex(&hints.in_chain(counter)),
        "random_access_hint": hex(&hints.at_random(counter)),
        "salt": hex(&Salt::sealed(&keys.salt_secret(), counter).0),
    }))
}

pub(super) fn random_access_counter(given: &Value) -> Answer {
    let counter = hint::nearest(number(&given["next"]), number(&given["residue"]));
    Ok(json!({ "counter": counter }))
}

/// As the side that offers has it, in the epoch before.
fn ratchet(given: &Value) -> Ratchet {
    Ratchet {
        epoch: number::<u32>(&given["epoch"]) - 1,
        carry: EpochKeys::of_root(&array(&given["root"]), Role::Initiator).carry,
        own: None,
        other: array(&given["current_key"]),
        pending: Pending::None,
        post_quantum: None,
        sent: 0,
        received: 0,
        since: None,
    }
}

pub(super) fn step(given: &Value) -> Answer {
    let (ratchet, secret) = (ratchet(given), array(&given["offer_secret"]));
    let offer = public(secret);
    let root = ratchet.next_root(&secret, &ratchet.other, &offer);
    let root = root.ok_or(Refusal::new("weak_key"))?;
    Ok(json!({
        "offer": hex(&offer),
        "agreed": hex(&*agree(&secret, &ratchet.other).unwrap()),
        "carry": hex(&*ratchet.carry),
        "root": hex(&*root),
    }))
}

pub(super) fn hybrid_step(given: &Value) -> Answer {
    let (ratchet, secret) = (ratchet(given), array(&given["offer_secret"]));
    let offer = public(secret);
    let agreed = agree(&secret, &ratchet.other).ok_or(Refusal::new("weak_key"))?;
    let seed = array(&given["hybrid_secret"]);
    let key = hybrid::encapsulation_key(&seed);
    let (ciphertext, shared) =
        hybrid::encapsulate(&key, &array(&given["encapsulation_seed"])).unwrap();
    assert_eq!(hybrid::decapsulate(&seed, &ciphertext), shared);
    let secrets = [&*ratchet.carry, &*agreed, &*shared];
    let root = hybrid::next_root(secrets, number(&given["epoch"]), &offer, &key, &ciphertext);
    Ok(json!({
        "offer": hex(&offer),
        "agreed": hex(&*agreed),
        "encapsulation_key": hex(&*key),
        "ciphertext": hex(&*ciphertext),
        "shared": hex(&*shared),
        "root": hex(&*root),
    }))
}
