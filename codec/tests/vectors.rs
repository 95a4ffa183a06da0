//! The vectors of `test-vectors/codec` and `test-vectors/identity`, whose expected octets come from a second implementation
//! (test-vectors/README.md). Every file of the folder is read and every vector in it answered.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod vectors {
    pub(crate) mod answer;
    pub(crate) mod device;
    pub(crate) mod given;
    pub(crate) mod identifier;
    pub(crate) mod identity;
    pub(crate) mod notation;
    pub(crate) mod open;
    pub(crate) mod statement;
}

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use vectors::answer::Answer;
use vectors::{device, identifier, identity, notation, open, statement};

#[test]
fn every_vector_is_answered_as_it_says() {
    let (mut all, mut failures) = (0, Vec::new());
    let mut ids = BTreeSet::new();
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    for path in files() {
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(file["schema"], "chappe-vectors/1", "{}", path.display());
        let vectors = file["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty(), "{} is empty", path.display());
        for vector in vectors {
            all += 1;
            let (id, kind) = (vector["id"].as_str().unwrap(), vector["kind"].as_str().unwrap());
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            // Base64url, the text form of a card, is the application's part.
            if kind == "card_text" {
                continue;
            }
            *answered.entry(kind.to_owned()).or_default() += 1;
            if let Err(difference) = judge(vector, &answer(id, kind, &vector["in"])) {
                failures.push(format!("{id} ({}): {difference}", vector["comment"]));
            }
        }
    }
    for (kind, count) in &answered {
        println!("{kind}: {count}");
    }
    println!("{all} vectors");
    assert!(all > 0);
    assert!(failures.is_empty(), "{}\n{} vectors failed", failures.join("\n"), failures.len());
}

fn files() -> Vec<PathBuf> {
    let folders = ["codec", "identity"]
        .map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors").join(name));
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no vectors");
    files
}

/// One function for each kind, as in test-vectors/README.md.
fn answer(id: &str, kind: &str, given: &Value) -> Answer {
    match kind {
        "length" => notation::length(given),
        "realm" => notation::realm(given),
        "realm_text" => notation::realm_text(given),
        "account" if given.get("endorsements").is_some() => identity::history(given),
        "account" => notation::account(given),
        "signature" => notation::signature(given),
        "label" => notation::label(given),
        "label_at" => notation::label_at(given),
        "items" => identifier::items(given),
        "padded" => identifier::padded(given),
        "message_id" => identifier::message_id(given),
        "resolve" => identifier::resolve(given),
        "open_salt" => identifier::open_salt(given),
        "sealed_salt" => identifier::sealed_salt(given),
        "open_write" => open::write(given),
        "open_read" => open::read(given),
        "statement_write" => statement::write(given),
        "statement_read" => statement::read(given),
        "contradiction" => statement::contradiction(given),
        "root" if given.get("ids").is_some() => statement::root(given),
        "chain_open" => statement::chain_open(given),
        "blind" => statement::blind(given),
        "evidence_body" => statement::evidence_body(given),
        "root" if given.get("root").is_some() => identity::root(given),
        "endorsement_write" => identity::endorsement_write(given),
        "endorsement_read" => identity::endorsement_read(given),
        "endorsement_item" => identity::endorsement_item(given),
        "card_write" => identity::card_write(given),
        "card_read" => identity::card_read(given),
        "card_qr" => identity::card_qr(given),
        "card_former" => identity::card_former(given),
        "card_that_counts" => identity::card_that_counts(given),
        "prekey_life" => identity::prekey_life(given),
        "words" => identity::verification_words(given),
        "permitted" => identity::permitted(given),
        "device_open_write" => device::open_write(given),
        "device_open_read" => device::open_read(given),
        "device_statement_write" => device::statement_write(given),
        "device_statement_read" => device::statement_read(given),
        "proof_write" => device::proof_write(given),
        "proof_read" => device::proof_read(given),
        "request_write" => device::request_write(given),
        "request_read" => device::request_read(given),
        "ids_write" => device::ids_write(given),
        "ids_read" => device::ids_read(given),
        _ => panic!("{id}: no function for the kind {kind}"),
    }
}

/// Holds an answer against the vector: every member of a valid one, the kind of a refusal. (The
/// spec registers kinds; where something was noticed is a hint, unless a chapter leaves no choice: then
/// the vector has the offset.)
fn judge(vector: &Value, answer: &Answer) -> Result<(), String> {
    match (vector["result"].as_str().unwrap(), answer) {
        ("valid", Ok(found)) => {
            let mut expected = vector["out"].clone();
            match vector["kind"].as_str() {
                // Base64url: the application's part.
                Some("card_write") => {
                    assert!(expected.as_object_mut().unwrap().remove("text").is_some());
                }
                // The last hash stays inside.
                Some("words") => {
                    assert!(expected.as_object_mut().unwrap().remove("hash").is_some());
                }
                _ => {}
            }
            if *found == expected {
                Ok(())
            } else {
                Err(format!("found {found}\nexpected {expected}"))
            }
        }
        ("invalid", Err(refusal)) if refusal.is(&vector["error"]) => Ok(()),
        ("valid" | "invalid", _) => Err(format!(
            "found {answer:?}, expected {}",
            vector["result"].to_string() + &vector["error"].to_string()
        )),
        (other, _) => panic!("{}: result {other}", vector["id"]),
    }
}
