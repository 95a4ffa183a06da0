//! The vectors of chapter 15 that a folder answers: each is laid out on a real disk and opened.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use chappe_store::{
    Damage, FolderOptions, FolderStore, Recovery, StoreError, StoreEvent, TornTail,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Raised with the vectors: one that is not run is noticed.
const VECTORS: usize = 55;

#[test]
fn every_folder_is_read_as_the_vectors_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/store/folder.json");
    let book: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(book["schema"], "chappe-vectors/1");
    let vectors = book["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), VECTORS);
    let wrong: Vec<String> = vectors.iter().filter_map(disagreement).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn disagreement(vector: &Value) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, octets) in vector["in"]["files"].as_object().unwrap() {
        std::fs::write(folder.path().join(name), octets_of(octets)).unwrap();
    }
    let found = match read(folder.path()) {
        Ok(out) => json!({ "out": out }),
        Err(StoreError::StrangeFile { .. }) => refusal("strange_file"),
        Err(StoreError::UnknownVersion { .. }) => refusal("unknown_version"),
        Err(other) => panic!("{other}"),
    };
    let expected = match vector["result"].as_str().unwrap() {
        "valid" => json!({ "out": vector["out"] }),
        _ => json!({ "error": vector["error"] }),
    };
    (found != expected).then(|| format!("{}: {found} instead of {expected}", vector["id"]))
}

fn refusal(kind: &str) -> Value {
    json!({ "error": { "kind": kind, "field": "folder" } })
}

/// Opens a folder and waits until everything in it was told.
fn read(folder: &Path) -> Result<Value, StoreError> {
    let (sender, events) = channel();
    let sink = Box::new(move |event| sender.send(event).unwrap_or_default());
    let options = FolderOptions { segment_octets: 4096, ..FolderOptions::default() };
    let _store = FolderStore::open(folder, options, sink)?;
    let mut records = Vec::new();
    loop {
        match events.recv_timeout(Duration::from_secs(30)).expect("an event in time") {
            StoreEvent::Recovered(stored) => {
                let pairs = stored.sequences.iter().zip(stored.records.iter());
                records
                    .extend(pairs.map(|(sequence, record)| json!([text(*sequence), hex(record)])));
            }
            StoreEvent::RecoveryEnded(recovery) => return Ok(answer(&records, &recovery)),
            _ => {}
        }
    }
}

fn answer(records: &[Value], recovery: &Recovery) -> Value {
    let torn = recovery.torn.as_ref().map(|TornTail { segment, offset, octets, records }| {
        json!({
            "file": segment,
            "octet": text(*offset),
            "octets": text(*octets),
            "records": text(*records),
        })
    });
    let damage: Vec<Value> = recovery.damage.iter().map(of_damage).collect();
    json!({
        "records": records,
        "first": text(recovery.sequences.start),
        "next": text(recovery.sequences.end),
        "torn": torn,
        "damage": damage,
    })
}

fn of_damage(damage: &Damage) -> Value {
    let lost: Vec<String> = damage.sequences.clone().map(text).collect();
    json!({
        "file": damage.segment,
        "octet": text(damage.offset),
        "octets": text(damage.octets),
        "lost": lost,
    })
}

fn text(number: u64) -> String {
    number.to_string()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets_of(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
