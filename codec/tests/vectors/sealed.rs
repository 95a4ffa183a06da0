//! Sealed envelopes (chapter 03, "Sealed, first flight").

use super::answer::{self, Answer, Refusal, hex, messages, needs_newer};
use super::given::{array, borrowed, identity, items, list, octets, position, realm};
use chappe_codec::account::Account;
use chappe_codec::card::Card;
use chappe_codec::digest;
use chappe_codec::envelope::{Envelope, Inbound, Outbound, Peer};
use chappe_codec::identity::Identity;
use chappe_codec::item::{Family, Item, Reference, emit_items};
use chappe_codec::realm::Realm;
use serde_json::{Map, Value, json};
use x25519_dalek::{PublicKey, StaticSecret};

pub(crate) fn write(given: &Value) -> Answer {
    let realm = realm(&given["realm"]);
    let (me, peer) = (identity(&given["sender"], realm), identity(&given["recipient"], realm));
    let items = items(&given["items"]);
    let (first, seed) = (position(given), array(&given["ephemeral_secret"]));
    let outbound = Outbound::new(&me, peer.card(), realm).ok_or(Refusal::new("weak_key"))?;
    let (envelope, kept) = outbound.seal(&seed, first, &borrowed(&items))?;

    let Envelope::FirstFlight(sealed) = Envelope::parse(&envelope)? else { panic!("not sealed") };
    let inbound = Inbound::new(&peer, me.card(), realm).unwrap();
    let opened = inbound.open(&peer, &sealed)?;
    assert_eq!(opened.messages(), kept.messages());
    assert_eq!(opened.author(), me.account());
    assert_eq!(opened.chain(), outbound.chain(first.device, first.epoch));

    let mut out = steps(given, &me, &peer, realm);
    let position = [
        &[first.device][..],
        &first.epoch.to_be_bytes(),
        &first.counter.to_be_bytes(),
        &emit_items(&borrowed(&items)),
    ];
    for (name, value) in [
        ("sender", keys(me.card())),
        ("recipient", keys(peer.card())),
        ("chain_id", json!(hex(&opened.chain().0))),
        ("messages", messages(&opened)),
        ("ephemeral_key", json!(hex(sealed.ephemeral()))),
        ("hint", json!(hex(&envelope[1..4]))),
        ("aad", json!(hex(&[b"chappe-sealed/1", &realm.to_bytes()[..], &envelope[..36]].concat()))),
        ("plaintext", json!(hex(&position.concat()))),
        ("envelope", json!(hex(&envelope))),
    ] {
        out.insert(name.to_owned(), value);
    }
    Ok(Value::Object(out))
}

/// What the crate keeps to itself, word for word as the chapter has it: for whoever looks for the
/// step at which two implementations part.
fn steps(given: &Value, me: &Identity, peer: &Identity, realm: Realm) -> Map<String, Value> {
    let (a, b) = (me.card(), peer.card());
    let ephemeral = array(&given["ephemeral_secret"]);
    let d1 = agree(array(&given["sender"]["identity_secret"]), *b.prekey());
    let (d2, d3) = (agree(ephemeral, *b.identity_key()), agree(ephemeral, *b.prekey()));
    let e = PublicKey::from(&StaticSecret::from(ephemeral)).to_bytes();
    let (realm, from, to) = (realm.to_bytes(), a.account().0, b.account().0);
    let mut hint_key = [0; 32];
    digest::derive(&d1, "chappe-hint/1", &[&realm, &from, &to], &mut hint_key);
    let parts: [&[u8]; 7] =
        [&realm, &from, &to, a.identity_key(), b.identity_key(), b.prekey(), &e];
    let mut keys = [0; 76];
    digest::derive(&[d1, d2, d3].concat(), "chappe-seal/1", &parts, &mut keys);
    let steps: [(&str, &[u8]); 7] = [
        ("d1", &d1),
        ("d2", &d2),
        ("d3", &d3),
        ("hint_key", &hint_key),
        ("k", &keys[..32]),
        ("n", &keys[32..44]),
        ("s", &keys[44..]),
    ];
    steps.into_iter().map(|(name, step)| (name.to_owned(), json!(hex(step)))).collect()
}

fn agree(secret: [u8; 32], public: [u8; 32]) -> [u8; 32] {
    StaticSecret::from(secret).diffie_hellman(&PublicKey::from(public)).to_bytes()
}

fn keys(card: &Card) -> Value {
    json!({
        "account_key": hex(&card.account().0),
        "identity_key": hex(card.identity_key()),
        "prekey": hex(card.prekey()),
    })
}

pub(crate) fn write_refused(given: &Value) -> Answer {
    let realm: Realm = "live/00000001".parse()?;
    let me = identity(&json!({ "identity_secret": given["sender_identity_secret"] }), realm);
    let (identity, prekey) = (&given["recipient_identity_key"], &given["recipient_prekey"]);
    let account = Account([1; 32]);
    let (identity_key, prekey) = (array(identity), array(prekey));
    let peer = Peer { account, device: 0, identity_key, prekey };
    let outbound = Outbound::new(&me, peer, realm).ok_or(Refusal::new("weak_key"))?;
    let family = Family::from_code(0x71).unwrap();
    let item = Item { family, revision: 0, reference: Reference::None, body: b"hello" };
    let first = position(&json!({ "device": 0, "epoch": 0, "counter": 0 }));
    outbound.seal(&array(&given["ephemeral_secret"]), first, &[item])?;
    Ok(json!({}))
}

pub(crate) fn read(given: &Value) -> Answer {
    let (envelope, realm) = (octets(&given["envelope"]), realm(&given["realm"]));
    let sealed = match Envelope::parse(&envelope)? {
        Envelope::FirstFlight(sealed) => sealed,
        Envelope::Open(_) => panic!("open"),
        Envelope::Unknown { .. } => return Ok(needs_newer()),
    };
    let me = identity(&given["recipient"], realm);
    // "A contact with a weak key is skipped."
    let contacts: Vec<Inbound> = list(&given["contacts"])
        .filter_map(|contact| {
            // Opening needs two keys of the contact's card; the vector has those.
            let peer = Peer {
                account: Account(array(&contact["account_key"])),
                device: 0,
                identity_key: array(&contact["identity_key"]),
                prekey: [9; 32],
            };
            Inbound::new(&me, peer, realm)
        })
        .collect();
    let seen: Vec<[u8; 32]> = list(&given["seen"]).map(array).collect();
    let opened = sealed.open(&me, &contacts, |ephemeral| seen.contains(ephemeral))?;
    Ok(answer::opened("opened", &opened))
}
