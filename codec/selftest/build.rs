//! Turns the JSON of test-vectors/whiteflag into what a microcontroller reads without a parser:
//! records of parts, each part (and each record) behind its length in two octets.

// A build may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/whiteflag");
    let mut records = Records::default();
    for name in ["wire.json", "rules.json"] {
        let document: Value = serde_json::from_str(&read(&folder.join(name))).unwrap();
        document["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(|vector| ours(vector, &mut records));
    }
    for line in read(&folder.join("open.jsonl")).lines() {
        open(&serde_json::from_str(line).unwrap(), &mut records);
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    fs::write(out.join("messages"), records.messages).unwrap();
    fs::write(out.join("rules"), records.rules).unwrap();
    fs::write(out.join("refusals"), records.refusals).unwrap();
}

/// What the three groups of the self-test read.
#[derive(Default)]
struct Records {
    /// Name, octets on the wire, then names and values of the fields.
    messages: Vec<u8>,
    /// Name, text form, the rules it breaks: `Field section` each, `some` if not known which.
    rules: Vec<u8>,
    /// Name, form, refusal: `kind field offset`, `some` if not known which; then the form's parts.
    refusals: Vec<u8>,
}

/// A vector of wire.json or rules.json.
fn ours(vector: &Value, records: &mut Records) {
    let (id, given) = (text(&vector["id"]), &vector["in"]);
    match text(&vector["kind"]) {
        "message" => message(id, text(&vector["out"]["hex"]), &given["fields"], records),
        "rules" => {
            let found = vector["out"]["violations"].as_array().unwrap().iter();
            let found: Vec<_> = found
                .map(|one| format!("{} {}", text(&one["field"]), text(&one["rule"])))
                .collect();
            rules(id, &given["fields"], &found.join(", "), records);
        }
        "wire" | "fields" | "serialized" => {
            let error = &vector["error"];
            let [kind, field] = ["kind", "field"].map(|key| text(&error[key]));
            let offset = error["offset"].as_u64().unwrap();
            refusal(id, given, &format!("{kind} {field} {offset}"), records);
        }
        kind => panic!("{id}: a kind the self-test does not know: {kind}"),
    }
}

/// A vector of open.jsonl, which does not say how its refusals are named.
fn open(vector: &Value, records: &mut Records) {
    let id = text(&vector["id"]);
    let (given, expected) = (&vector["inputs"], &vector["expected"]);
    match text(&vector["kind"]) {
        "encode" if given.get("encrypt").is_some() => {}
        "encode" => message(id, text(&expected["hex"]), &given["fields"], records),
        "decode" => message(id, text(&given["hex"]), &expected["fields"], records),
        "invalid" => match text(&expected["level"]) {
            "wire" | "schema" => refusal(id, given, "some", records),
            "semantic" => rules(id, &given["fields"], "some", records),
            // A field alone is no message; `crypto` waits for Whiteflag's own cryptography.
            "field" | "crypto" => {}
            level => panic!("{id}: a level the self-test does not know: {level}"),
        },
        // No messages.
        "field" | "reference" | "auth" | "hash" | "decrypt" => {}
        kind => panic!("{id}: a kind the self-test does not know: {kind}"),
    }
}

fn message(id: &str, hex: &str, fields: &Value, records: &mut Records) {
    let parts = [vec![id.as_bytes().to_vec(), octets(hex)], pairs(fields)].concat();
    put(&mut records.messages, &record(&parts));
}

fn rules(id: &str, fields: &Value, found: &str, records: &mut Records) {
    // The fields stand in the order of the standard, so their values joined are the text form.
    let joined: String = fields.as_object().unwrap().values().map(text).collect();
    put(&mut records.rules, &record(&[id, &joined, found].map(|part| part.as_bytes().to_vec())));
}

fn refusal(id: &str, given: &Value, refused: &str, records: &mut Records) {
    let (form, input) = match given.as_object().unwrap().iter().next().unwrap() {
        (form, hex) if form == "hex" => (form, vec![octets(text(hex))]),
        (form, fields) if form == "fields" => (form, pairs(fields)),
        (form, serialized) => (form, vec![text(serialized).as_bytes().to_vec()]),
    };
    let name = [id, form, refused].map(|part| part.as_bytes().to_vec()).to_vec();
    put(&mut records.refusals, &record(&[name, input].concat()));
}

fn record(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut all = Vec::new();
    parts.iter().for_each(|part| put(&mut all, part));
    all
}

fn put(target: &mut Vec<u8>, part: &[u8]) {
    let length = u16::try_from(part.len()).expect("a part of less than 64 kB");
    target.extend(length.to_be_bytes());
    target.extend(part);
}

fn pairs(fields: &Value) -> Vec<Vec<u8>> {
    let fields = fields.as_object().unwrap().iter();
    fields
        .flat_map(|(name, value)| [name, text(value)].map(|part| part.as_bytes().to_vec()))
        .collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let starts = (0..hex.len()).step_by(2);
    starts.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn read(path: &Path) -> String {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
