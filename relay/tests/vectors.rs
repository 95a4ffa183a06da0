//! The vectors of chapter 06: every file of the folder, every vector of each file.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/conversation.rs"]
mod conversation;
#[path = "support/forwarding.rs"]
mod forwarding;
#[path = "support/node.rs"]
mod node;
#[path = "support/privacy.rs"]
mod privacy;
#[path = "support/scripted_store.rs"]
mod scripted_store;

use chappe_codec::error::DecodeError;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::node::may_read;
use chappe_relay::protocol::{AnyParcel, ClientMessage, ConnectionRole, Given, Read, RelayMessage};
use chappe_relay::{
    Address, AddressKind, Delegation, Lease, Parcel, TransportKey, TransportSecret,
};
use node::TestNode;
use serde_json::{Value, json};
use std::path::Path;

/// Raised with the vectors: a file or a vector that is not run is noticed.
const FILES: usize = 15;
const VECTORS: usize = 906;

/// What an implementation answers: the members of `out`, or the kind and field of `error`.
type Answer = Result<Value, (String, Option<String>)>;

#[test]
fn every_vector_gets_its_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/relay");
    let mut files = 0;
    let mut vectors = 0;
    let mut failed: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        files += 1;
        let book: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(book["schema"], "chappe-vectors/1");
        for vector in book["vectors"].as_array().unwrap() {
            vectors += 1;
            if std::panic::catch_unwind(|| check(vector)).is_err() {
                failed.push(vector["id"].to_string());
            }
        }
    }
    assert_eq!((files, vectors), (FILES, VECTORS));
    assert!(failed.is_empty(), "{failed:?}");
}

fn check(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    let kind = vector["kind"].as_str().unwrap();
    if kind == "session" {
        return conversation::check(vector);
    }
    let mut expected = vector["out"].clone();
    if kind == "rotation" {
        // What is secret is looked at in src/rotation.rs.
        let public = ["transport_key", "key", "address"];
        expected.as_object_mut().unwrap().retain(|name, _| public.contains(&name.as_str()));
    }
    match (vector["result"].as_str().unwrap(), answer(kind, &vector["in"])) {
        ("valid", Ok(out)) => assert_eq!(out, expected, "{id}"),
        ("invalid", Err((kind, field))) => {
            assert_eq!(json!(kind), vector["error"]["kind"], "{id}");
            if let Some(field) = field {
                assert_eq!(json!(field), vector["error"]["field"], "{id}");
            }
        }
        (_, answer) => panic!("{id}: {answer:?}"),
    }
}

fn answer(kind: &str, given: &Value) -> Answer {
    match kind {
        "mailbox" => Ok(json!({ "address": hex(&Address::mailbox(key(&given["key"])).octets) })),
        "topic" => {
            let topic = Address::topic(realm(&given["realm"]), given["name"].as_str().unwrap());
            Ok(json!({ "address": hex(&topic.octets) }))
        }
        "parcel" => parcel(&octets(&given["octets"])),
        "delegation" => delegation(&octets(&given["octets"])),
        "delegation_write" => {
            let owner = TransportSecret::from_seed(&array(&given["seed"]));
            let reader = key(&given["reader"]);
            let signed =
                Delegation::sign(&owner, realm(&given["realm"]), reader, wide(&given["expiry"]));
            Ok(json!({ "octets": hex(&signed.to_bytes()) }))
        }
        "delegation_verify" => {
            let delegation = Delegation::parse(&octets(&given["octets"])).map_err(refused)?;
            match delegation.verify(realm(&given["realm"])) {
                Ok(()) => Ok(json!({ "verified": true })),
                Err(error) => Err((error.name().to_owned(), None)),
            }
        }
        "lease" => lease(&octets(&given["octets"])),
        "client_message" => client_message(&octets(&given["octets"])),
        "relay_message" => relay_message(&octets(&given["octets"])),
        "access" => access(given),
        "duplicate" => duplicate(given),
        "route" => forwarding::route_answer(given),
        "queue" => forwarding::queue_answer(given),
        other => privacy::answer(other, given),
    }
}

fn parcel(octets: &[u8]) -> Answer {
    let parcel = Parcel::parse(octets).map_err(refused)?;
    assert_eq!(parcel.to_bytes(), octets);
    assert_eq!(parcel.octets(), octets.len());
    let again = Parcel::new(
        parcel.address,
        parcel.precedence,
        parcel.expiry_seconds(),
        parcel.envelope().to_vec(),
    );
    assert_eq!(again.as_ref(), Ok(&parcel));
    Ok(json!({
        "kind": kind_name(parcel.address.kind),
        "precedence": parcel.precedence.name(),
        "address": hex(&parcel.address.octets),
        "expiry": parcel.expiry_seconds().to_string(),
        "envelope": hex(parcel.envelope()),
        "id": parcel.id().to_string(),
    }))
}

fn delegation(octets: &[u8]) -> Answer {
    let delegation = Delegation::parse(octets).map_err(refused)?;
    assert_eq!(delegation.to_bytes(), octets);
    Ok(json!({
        "mailbox": delegation.mailbox.to_string(),
        "reader": delegation.reader.to_string(),
        "expiry": delegation.expiry_seconds.to_string(),
        "address": hex(&delegation.address().octets),
    }))
}

fn lease(octets: &[u8]) -> Answer {
    let lease = Lease::parse(octets).map_err(refused)?;
    assert_eq!(lease.to_bytes(), octets);
    let epochs: Vec<_> = lease.labels().collect();
    let labels: Vec<_> = epochs.iter().map(|(_, label)| *label).collect();
    let first = epochs[0].0;
    assert_eq!(Lease::new(lease.delegation, first, labels.clone()).as_ref(), Ok(&lease));
    for (epoch, label) in epochs {
        assert_eq!(lease.label(epoch), Some(label));
    }
    let labels: Vec<_> = labels.iter().map(|label| hex(&label.0)).collect();
    let delegation = hex(&lease.delegation.to_bytes());
    Ok(json!({ "delegation": delegation, "first_epoch": first, "labels": labels }))
}

fn client_message(octets: &[u8]) -> Answer {
    let message = ClientMessage::parse(octets).map_err(refused)?;
    assert_eq!(message.to_bytes(), octets);
    Ok(match message {
        ClientMessage::Hello(hello) => json!({
            "message": "hello",
            "role": match hello.role {
                ConnectionRole::Client => "client",
                ConnectionRole::Relay => "relay",
            },
            "realm": hex(&hello.realm.to_bytes()),
            "versions": hello.versions,
            "certificate": hex(hello.certificate),
            "invitation": hex(hello.invitation),
        }),
        ClientMessage::Lane(precedence) => {
            json!({ "message": "lane", "precedence": precedence.name() })
        }
        ClientMessage::Publish(parcel) => with_parcel(json!({ "message": "publish" }), &parcel),
        ClientMessage::Live(parcel) => with_parcel(json!({ "message": "live" }), &parcel),
        ClientMessage::Forward { hops, homes, parcel } => {
            let keys: Vec<_> = homes.iter().map(|key| hex(key)).collect();
            with_parcel(json!({ "message": "forward", "hops": hops, "keys": keys }), &parcel)
        }
        ClientMessage::Fetch { read, cursor, limit } => {
            let own = [("cursor", json!(cursor.to_string())), ("limit", json!(limit))];
            read_members("fetch", &read, &own)
        }
        ClientMessage::Subscribe { read, cursor, credit } => {
            let own = [("cursor", json!(cursor.to_string())), ("credit", json!(credit))];
            read_members("subscribe", &read, &own)
        }
        ClientMessage::Listen { read, datagrams } => {
            read_members("listen", &read, &[("datagrams", json!(datagrams))])
        }
        ClientMessage::Credit { number, octets } => {
            json!({ "message": "credit", "number": number.to_string(), "octets": octets })
        }
        ClientMessage::Stop { number } => {
            json!({ "message": "stop", "number": number.to_string() })
        }
        ClientMessage::Unknown { message_type, body } => {
            json!({ "message": "unknown", "type": message_type, "body": hex(body) })
        }
    })
}

fn with_parcel(mut out: Value, parcel: &AnyParcel<'_>) -> Value {
    let (octets, is_known) = match parcel {
        AnyParcel::Known(parcel) => (parcel.octets(), true),
        AnyParcel::UnknownVersion(octets) => (*octets, false),
    };
    out["parcel"] = json!(hex(octets));
    out["known_version"] = json!(is_known);
    out
}

fn read_members(name: &str, read: &Read<'_>, own: &[(&str, Value)]) -> Value {
    let mut out = json!({
        "message": name,
        "kind": kind_name(read.address.kind),
        "address": hex(&read.address.octets),
    });
    for (member, value) in own {
        out[member] = value.clone();
    }
    out["delegation"] = json!(hex(read.delegation));
    out
}

fn relay_message(octets: &[u8]) -> Answer {
    let message = RelayMessage::parse(octets).map_err(refused)?;
    assert_eq!(message.to_bytes(), octets);
    Ok(match message {
        RelayMessage::HelloAnswer { version, log } => {
            let log = hex(&log.to_be_bytes());
            json!({ "message": "hello_answer", "version": version, "log": log })
        }
        RelayMessage::Acknowledged { number } => {
            json!({ "message": "acknowledged", "number": number.to_string() })
        }
        RelayMessage::Refused { number, reason } => json!({
            "message": "refused",
            "number": number.to_string(),
            "reason": reason.code(),
        }),
        RelayMessage::Delivery { number, step, given } => with_given(
            json!({
                "message": "delivery",
                "number": number.to_string(),
                "step": step.to_string(),
            }),
            &given,
        ),
        RelayMessage::End { number, cursor, more } => json!({
            "message": "end",
            "number": number.to_string(),
            "cursor": cursor.to_string(),
            "more": more,
        }),
        RelayMessage::UnknownMessage { message_type } => {
            json!({ "message": "unknown_message", "type": message_type })
        }
        RelayMessage::Heard { number, given } => {
            with_given(json!({ "message": "heard", "number": number.to_string() }), &given)
        }
        RelayMessage::Unknown { message_type, body } => {
            json!({ "message": "unknown", "type": message_type, "body": hex(body) })
        }
    })
}

fn with_given(mut out: Value, given: &Given<'_>) -> Value {
    out["kind"] = json!(kind_name(given.kind));
    out["precedence"] = json!(given.precedence.name());
    out["expiry"] = json!(given.expiry_seconds.to_string());
    out["envelope"] = json!(hex(given.envelope));
    out
}

fn access(given: &Value) -> Answer {
    let kind = match given["kind"].as_str().unwrap() {
        "mailbox" => AddressKind::Mailbox,
        "topic" => AddressKind::Topic,
        other => panic!("{other}"),
    };
    let address = Address { kind, octets: array(&given["address"]) };
    let delegation = octets(&given["delegation"]);
    let (reader, realm) = (key(&given["reader"]), realm(&given["realm"]));
    match may_read(reader, &address, &delegation, realm, wide(&given["now"])) {
        Ok(grant) => Ok(json!({ "until": grant.until_seconds.map(|until| until.to_string()) })),
        Err(reason) => Err((reason.name().to_owned(), Some("delegation".to_owned()))),
    }
}

/// Publishes one after the other; once more with a restart before each; and once more with all that
/// come at the same time in one batch.
fn duplicate(given: &Value) -> Answer {
    let publishes: Vec<(u64, Parcel)> = given["publishes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (wide(&one["now"]), Parcel::parse(&octets(&one["parcel"])).unwrap()))
        .collect();
    let single: Vec<&[(u64, Parcel)]> = publishes.chunks(1).collect();
    let at_once: Vec<&[(u64, Parcel)]> = publishes.chunk_by(|one, next| one.0 == next.0).collect();
    let answers = judged(&single, false);
    assert_eq!(judged(&single, true), answers, "after a restart");
    assert_eq!(judged(&at_once, false), answers, "in one batch");
    Ok(json!({ "answers": answers }))
}

/// What becomes of publishes: refused by name, or acknowledged. Whether one of those is new is seen on
/// the disks.
fn judged(batches: &[&[(u64, Parcel)]], restarts: bool) -> Vec<String> {
    let mut node = TestNode::start(batches[0][0].0);
    node.recover_all();
    let mut answers = Vec::new();
    for batch in batches {
        if restarts {
            node.restart(true);
            node.recover_all();
        }
        node.set_seconds(batch[0].0);
        let before = node.stored();
        let asked: Vec<(Precedence, u64)> =
            batch.iter().map(|(_, parcel)| (parcel.precedence, node.publish(0, parcel))).collect();
        node.answer_all();
        let mut new = node.stored();
        for known in &before {
            let index = new.iter().position(|stored| stored == known).unwrap();
            new.remove(index);
        }
        for ((_, parcel), (precedence, number)) in batch.iter().zip(asked) {
            answers.push(match node.outcome(0, precedence, number) {
                Some(Err(reason)) => reason.name().to_owned(),
                Some(Ok(())) => match new.iter().position(|stored| stored == parcel) {
                    Some(index) => {
                        new.remove(index);
                        "new".to_owned()
                    }
                    None => "duplicate".to_owned(),
                },
                None => panic!("not answered"),
            });
        }
        assert_eq!(new, []);
    }
    answers
}

fn refused(error: DecodeError) -> (String, Option<String>) {
    (error.kind.name().to_owned(), Some(error.field.to_owned()))
}

fn kind_name(kind: AddressKind) -> &'static str {
    match kind {
        AddressKind::Mailbox => "mailbox",
        AddressKind::Topic => "topic",
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap()
}

fn key(value: &Value) -> TransportKey {
    TransportKey::from_bytes(&array(value)).unwrap()
}

fn wide(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn realm(value: &Value) -> Realm {
    let [mode, network @ ..] = array::<5>(value);
    let mode = match mode {
        0 => Mode::Live,
        1 => Mode::Exercise,
        _ => panic!("{mode}"),
    };
    Realm { mode, network: u32::from_be_bytes(network) }
}
