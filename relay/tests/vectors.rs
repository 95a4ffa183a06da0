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

use chappe_codec::error::DecodeError;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::node::{Node, Stored, may_read};
use chappe_relay::protocol::{ClientMessage, Read, RelayMessage};
use chappe_relay::{
    Address, AddressKind, Delegation, Lease, Parcel, TransportKey, TransportSecret,
};
use chappe_store::Options;
use serde_json::{Value, json};
use std::path::Path;

/// Raised with the vectors: a file or a vector that is not run is noticed.
const FILES: usize = 8;
const VECTORS: usize = 201;

/// What an implementation answers: the members of `out`, or the kind and field of `error`.
type Answer = Result<Value, (String, Option<String>)>;

#[test]
fn every_vector_gets_its_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/relay");
    let mut files = 0;
    let mut vectors = 0;
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
            check(vector);
        }
    }
    assert_eq!((files, vectors), (FILES, VECTORS));
}

fn check(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    let kind = vector["kind"].as_str().unwrap();
    match (vector["result"].as_str().unwrap(), answer(kind, &vector["in"])) {
        ("valid", Ok(out)) => assert_eq!(out, vector["out"], "{id}"),
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
        other => panic!("a kind without a test: {other}"),
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
            "realm": hex(&hello.realm.to_bytes()),
            "versions": hello.versions,
        }),
        ClientMessage::Publish { number, parcel } => json!({
            "message": "publish",
            "number": number.to_string(),
            "parcel": hex(&parcel.to_bytes()),
        }),
        ClientMessage::PublishOfUnknownVersion { number, parcel } => json!({
            "message": "publish_of_unknown_version",
            "number": number.to_string(),
            "parcel": hex(&parcel),
        }),
        ClientMessage::Fetch { number, read, limit } => {
            let mut out = read_members("fetch", number, &read);
            out["limit"] = json!(limit);
            out
        }
        ClientMessage::Subscribe { number, read } => read_members("subscribe", number, &read),
        ClientMessage::Unsubscribe { number } => {
            json!({ "message": "unsubscribe", "number": number.to_string() })
        }
        ClientMessage::Unknown { message_type, body } => {
            json!({ "message": "unknown", "type": message_type, "body": hex(&body) })
        }
    })
}

fn read_members(name: &str, number: u64, read: &Read) -> Value {
    json!({
        "message": name,
        "number": number.to_string(),
        "kind": kind_name(read.address.kind),
        "address": hex(&read.address.octets),
        "cursor": read.cursor.to_string(),
        "delegation": hex(&read.delegation),
    })
}

fn relay_message(octets: &[u8]) -> Answer {
    let message = RelayMessage::parse(octets).map_err(refused)?;
    assert_eq!(message.to_bytes(), octets);
    Ok(match message {
        RelayMessage::HelloAnswer { version, log } => {
            json!({ "message": "hello_answer", "version": version, "log": log.to_string() })
        }
        RelayMessage::Acknowledged { number } => {
            json!({ "message": "acknowledged", "number": number.to_string() })
        }
        RelayMessage::Refused { number, reason } => json!({
            "message": "refused",
            "number": number.to_string(),
            "reason": reason.code(),
        }),
        RelayMessage::Parcel { number, cursor, parcel } => json!({
            "message": "parcel",
            "number": number.to_string(),
            "cursor": cursor.to_string(),
            "parcel": hex(&parcel.to_bytes()),
        }),
        RelayMessage::End { number, cursor, more } => json!({
            "message": "end",
            "number": number.to_string(),
            "cursor": cursor.to_string(),
            "more": more,
        }),
        RelayMessage::UnknownMessage { message_type } => {
            json!({ "message": "unknown_message", "type": message_type })
        }
        RelayMessage::Unknown { message_type, body } => {
            json!({ "message": "unknown", "type": message_type, "body": hex(&body) })
        }
    })
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
        Err(reason) => Err((reason.name().to_owned(), None)),
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
    let answers = commit(&single, false);
    assert_eq!(commit(&single, true), answers, "after a restart");
    assert_eq!(commit(&at_once, false), answers, "in one batch");
    Ok(json!({ "answers": answers }))
}

fn commit(batches: &[&[(u64, Parcel)]], restarts: bool) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let open = || Node::open(folder.path(), Options::default()).unwrap().0;
    let mut node = open();
    let mut answers = Vec::new();
    for batch in batches {
        if restarts {
            drop(node);
            node = open();
        }
        let parcels: Vec<Parcel> = batch.iter().map(|(_, parcel)| parcel.clone()).collect();
        answers.extend(node.commit(&parcels, batch[0].0).0.into_iter().map(
            |answer| match answer {
                Ok(Stored::New { .. }) => "new".to_owned(),
                Ok(Stored::Duplicate) => "duplicate".to_owned(),
                Err(reason) => reason.name().to_owned(),
            },
        ));
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
