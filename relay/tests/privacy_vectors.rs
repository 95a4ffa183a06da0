//! The vectors of chapter 06 on what keeps people apart: rotation, access, sizes, invitations.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

use chappe_codec::error::DecodeError;
use chappe_codec::padding;
use chappe_codec::realm::Realm;
use chappe_relay::invitation::{
    Invitation, InvitationKey, InvitationText, Invitations, NotInvited,
};
use chappe_relay::node::may_read;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{Address, AddressKind, TransportKey, TransportSecret};
use serde_json::{Value, json};
use std::num::NonZeroU16;
use std::path::Path;

type Answer = Result<Value, (String, &'static str)>;

#[test]
fn every_vector_gets_its_answer() {
    let mut failures = Vec::new();
    let mut count = 0;
    for file in ["rotation", "access", "padded_size", "invitation"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/relay");
        let octets = std::fs::read(folder.join(file).with_extension("json")).unwrap();
        let book: Value = serde_json::from_slice(&octets).unwrap();
        assert_eq!(book["schema"], "chappe-vectors/1");
        for vector in book["vectors"].as_array().unwrap() {
            count += 1;
            let found = answer(vector["kind"].as_str().unwrap(), &vector["in"]);
            let mut expected = vector["out"].clone();
            if vector["kind"] == "rotation" {
                // What is secret is looked at in src/rotation.rs.
                expected
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, _| ["transport_key", "key", "address"].contains(&name.as_str()));
            }
            let is_right = match &found {
                Ok(out) => vector["result"] == "valid" && *out == expected,
                Err((kind, field)) => {
                    vector["result"] == "invalid"
                        && vector["error"] == json!({ "kind": kind, "field": field })
                }
            };
            if !is_right {
                failures.push(format!("{vector}\nfound {found:?}"));
            }
        }
    }
    println!("{count} vectors");
    assert!(count > 100 && failures.is_empty(), "{}", failures.join("\n"));
}

fn answer(kind: &str, given: &Value) -> Answer {
    match kind {
        "rotation" => {
            let seed = array(&given["seed"]);
            let rotated = TransportSecret::rotated(&seed, realm(given), epoch(given)).public();
            Ok(json!({
                "transport_key": TransportSecret::from_seed(&seed).public().to_string(),
                "key": rotated.to_string(),
                "address": hex(&Address::mailbox(rotated).octets),
            }))
        }
        "rotated_key" => {
            let key = TransportKey::from_bytes(&array(&given["transport_key"]))
                .map_err(|_| ("out_of_range".to_owned(), "key"))?
                .rotated(realm(given), epoch(given));
            let address = hex(&Address::mailbox(key).octets);
            Ok(json!({ "key": key.to_string(), "address": address }))
        }
        "address_epoch" => Ok(json!({ "epoch": address_epoch(wide(&given["seconds"])) })),
        "access" => access(given),
        "padded_size" => {
            let octets = usize::try_from(given["octets"].as_u64().unwrap()).unwrap();
            match padding::padded_size(octets) {
                Some(size) => Ok(json!({ "size": size })),
                None => Err(("too_long".to_owned(), "envelope")),
            }
        }
        "invitation_write" => {
            let key = InvitationKey::new(&array(&given["invitation_key"]));
            let keys = NonZeroU16::new(given["keys"].as_u64().unwrap().try_into().unwrap());
            let (number, expiry) = (array(&given["number"]), wide(&given["expiry"]));
            let invitation = key.invite(realm(given), number, expiry, keys.unwrap());
            let relay = TransportKey::from_bytes(&array(&given["relay"])).unwrap();
            let address = given["network_address"].as_str().unwrap().to_owned();
            let text = InvitationText::new(relay, invitation, address).unwrap();
            Ok(json!({ "octets": hex(&invitation.to_bytes()), "text": text.to_string() }))
        }
        "invitation" => {
            let given = octets(&given["octets"]);
            let invitation = Invitation::parse(&given).map_err(refused)?;
            assert_eq!(invitation.to_bytes(), given);
            Ok(fields(&invitation))
        }
        "invitation_text" => {
            let text: InvitationText = given["text"].as_str().unwrap().parse().map_err(refused)?;
            assert_eq!(text.to_string(), given["text"].as_str().unwrap());
            let mut out = json!({
                "relay": text.relay().to_string(),
                "invitation": hex(&text.invitation().to_bytes()),
                "network_address": text.network_address(),
            });
            let more = fields(text.invitation());
            out.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Ok(out)
        }
        "invitation_admits" => invitation_admits(given),
        other => panic!("a kind without a test: {other}"),
    }
}

fn access(given: &Value) -> Answer {
    let kind = match given["kind"].as_str().unwrap() {
        "mailbox" => AddressKind::Mailbox,
        "topic" => AddressKind::Topic,
        other => panic!("{other}"),
    };
    let address = Address { kind, octets: array(&given["address"]) };
    let reader = TransportKey::from_bytes(&array(&given["reader"])).unwrap();
    let delegation = octets(&given["delegation"]);
    match may_read(reader, &address, &delegation, realm(given), wide(&given["now"])) {
        Ok(grant) => Ok(json!({ "until": grant.until_seconds.map(|until| until.to_string()) })),
        Err(reason) => Err((reason.name().to_owned(), "delegation")),
    }
}

fn invitation_admits(given: &Value) -> Answer {
    let key = InvitationKey::new(&array(&given["invitation_key"]));
    let withdrawn = given["withdrawn"].as_array().unwrap().iter().map(array);
    let mut invitations = Invitations::new(key, realm(given), withdrawn);
    let now = wide(&given["now"]);
    let invitation = Invitation::parse(&octets(&given["octets"])).map_err(refused)?;
    let key = |value| TransportKey::from_bytes(&array(value)).unwrap();
    for admitted in given["admitted"].as_array().unwrap() {
        invitations.admit(&invitation, key(admitted), now).unwrap();
    }
    let not_admitted = |field| Err(("not_admitted".to_owned(), field));
    match invitations.admit(&invitation, key(&given["key"]), now) {
        Ok(()) => Ok(fields(&invitation)),
        Err(NotInvited::NotOurs) => not_admitted("mac"),
        Err(NotInvited::Expired) => not_admitted("expiry"),
        Err(NotInvited::Withdrawn) => not_admitted("number"),
        Err(NotInvited::TooManyKeys) => not_admitted("keys"),
    }
}

fn fields(invitation: &Invitation) -> Value {
    json!({
        "number": hex(&invitation.number),
        "expiry": invitation.expiry_seconds.to_string(),
        "keys": invitation.keys,
    })
}

fn refused(error: DecodeError) -> (String, &'static str) {
    (error.kind.name().to_owned(), error.field)
}

fn realm(given: &Value) -> Realm {
    Realm::parse(&octets(&given["realm"])).unwrap()
}

fn epoch(given: &Value) -> u32 {
    given["epoch"].as_u64().unwrap().try_into().unwrap()
}

fn wide(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let octet = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    (0..text.len() / 2).map(octet).collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap()
}
