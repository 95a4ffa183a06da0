//! The vectors of test-vectors/packed: made by an encoder that knows the spec and not this code.

use chappe_codec::error::DecodeError;
use chappe_codec::id::MessageId;
use chappe_codec::item::{self, Item, Reference};
use chappe_codec::signal::packed::item::{PackedItem, Referenced};
use chappe_codec::signal::packed::{self, Packed, Repeat, TextBuffer};
use chappe_codec::signal::{Message, ReferencedMessage};
use chappe_codec::text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Every vector of every file in the folder passes; none is left out.
#[test]
fn every_vector_passes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/packed");
    let mut counts = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => {}
            Some("py" | "md") => continue,
            _ if path.is_dir() => continue,
            _ => panic!("a file the harness does not know: {}", path.display()),
        }
        let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for vector in document["vectors"].as_array().unwrap() {
            judge(vector);
            *counts.entry(vector["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    println!("{counts:?}");
    assert!(counts.values().sum::<usize>() > 2000 && counts.len() == 7, "{counts:?}");
}

fn judge(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    let (given, out) = (&vector["in"], &vector["out"]);
    match (vector["kind"].as_str().unwrap(), vector["result"] == "valid") {
        ("packed", true) => packed(id, given, out),
        ("repeat", true) => repeat(id, given, out),
        ("repeat", false) => repeat_refused(id, given, &vector["error"]),
        ("item", true) => whole_item(id, given, out),
        ("text", true) => unicode_text(id, given, out),
        ("packed_invalid", false) => {
            let mut buffer = TextBuffer::new();
            let octets = octets(&given["octets"]);
            refused(id, Packed::parse(&octets, &mut buffer).map(|_| ()), &vector["error"]);
        }
        ("text_invalid", false) => {
            let mut buffer = TextBuffer::new();
            let octets = octets(&given["octets"]);
            refused(id, text::parse(&octets, &mut buffer).map(|_| ()), &vector["error"]);
        }
        ("item_invalid", false) => {
            let octets = octets(&given["octets"]);
            let mut buffer = TextBuffer::new();
            let result = item::parse_items(false, &octets)
                .and_then(|items| packed::item::parse(&items[0], &mut buffer).map(|_| ()));
            refused(id, result, &vector["error"]);
        }
        kind => panic!("{id}: a kind the harness does not know: {kind:?}"),
    }
}

fn packed(id: &str, given: &Value, out: &Value) {
    let message = message(id, &given["fields"]);
    let body = Packed::Whole(message).to_vec().unwrap();
    assert_eq!(body, octets(&out["octets"]), "{id}: {message:?}");
    let item = packed::item::item(&body, message.referenced_message);
    let form = u64::from(item.reference != Reference::None) * 2;
    assert_eq!(form, out["form"].as_u64().unwrap(), "{id}");
    let mut buffer = TextBuffer::new();
    let read = packed::item::parse(&item, &mut buffer).unwrap_or_else(|e| panic!("{id}: {e}"));
    let referenced = Referenced::Known(message.referenced_message);
    assert_eq!(read, PackedItem { packed: Packed::Whole(message), referenced }, "{id}");
    // "standard(packed(m)) is m, bit for bit".
    let Packed::Whole(again) = read.packed else { panic!("{id}") };
    assert_eq!(again.to_standard_vec(), message.to_standard_vec(), "{id}");
}

fn repeat(id: &str, given: &Value, out: &Value) {
    let referenced = message(id, &given["referenced"]);
    let whole = message(id, &out["fields"]);
    let repeat = Repeat::of(&whole, &referenced).unwrap_or_else(|| panic!("{id}: no repeat"));
    let body = Packed::Repeat(repeat).to_vec().unwrap();
    assert_eq!(body, octets(&out["octets"]), "{id}");
    let mut buffer = TextBuffer::new();
    assert_eq!(Packed::parse(&body, &mut buffer), Ok(Packed::Repeat(repeat)), "{id}");
    let identifier = identifier(&given["reference"]);
    assert_eq!(repeat.resolve(identifier, &referenced), Ok(whole), "{id}");
}

fn repeat_refused(id: &str, given: &Value, error: &Value) {
    // What is found is no signal at all: there is nothing to resolve with.
    if given.get("referenced_item").is_some() {
        assert_ne!(octets(&given["referenced_item"])[0], 1, "{id}");
        return;
    }
    let referenced = message(id, &given["referenced"]);
    let octets = octets(&given["octets"]);
    let mut buffer = TextBuffer::new();
    let Ok(Packed::Repeat(repeat)) = Packed::parse(&octets, &mut buffer) else { panic!("{id}") };
    let resolved = repeat.resolve(identifier(&given["reference"]), &referenced);
    refused(id, resolved.map(|_| ()), error);
}

fn whole_item(id: &str, given: &Value, out: &Value) {
    let expected = octets(&out["octets"]);
    let items = item::parse_items(false, &expected).unwrap_or_else(|e| panic!("{id}: {e}"));
    let item = &items[0];
    assert_eq!(item.body, octets(&out["body"]), "{id}");
    assert_eq!(item::emit_items(&items), expected, "{id}");
    let mut buffer = TextBuffer::new();
    if given["family"] == 4 {
        assert_eq!(text::parse(item.body, &mut buffer), Ok(given["text"].as_str().unwrap()));
        let again = text::to_vec(given["text"].as_str().unwrap()).unwrap();
        assert_eq!(Item::text(&again, item.reference), *item, "{id}");
        return;
    }
    let message = message(id, &given["fields"]);
    let read = packed::item::parse(item, &mut buffer).unwrap_or_else(|e| panic!("{id}: {e}"));
    let known = message.referenced_message;
    match read.referenced {
        Referenced::Known(referenced) => assert_eq!(referenced, known, "{id}"),
        Referenced::Prefix(prefix) => {
            let ids = [MessageId(known.0)];
            let resolved = item::resolve(&prefix, &ids).unwrap();
            assert_eq!(resolved, item::Resolution::Resolved(ids[0]), "{id}");
        }
    }
    match read.packed {
        Packed::Whole(whole) => {
            assert_eq!(Message { referenced_message: known, ..whole }, message, "{id}");
        }
        Packed::Repeat(repeat) => {
            assert_eq!(Repeat::of(&message, &message), Some(repeat), "{id}");
            assert_eq!(given["repeat"], true, "{id}");
        }
    }
}

fn unicode_text(id: &str, given: &Value, out: &Value) {
    let said = given["text"].as_str().unwrap();
    let body = text::to_vec(said).unwrap();
    assert_eq!(body, octets(&out["octets"]), "{id}: {said:?}");
    assert!(body.len() <= said.len() + 1, "{id}");
    let mut buffer = TextBuffer::new();
    assert_eq!(text::parse(&body, &mut buffer), Ok(said), "{id}");
}

fn refused(id: &str, result: Result<(), DecodeError>, expected: &Value) {
    let error = result.expect_err(id);
    assert_eq!(error.kind.name(), expected["kind"].as_str().unwrap(), "{id}: {error}");
    assert_eq!(error.field, expected["field"].as_str().unwrap(), "{id}: {error}");
    if let Some(offset) = expected.get("offset") {
        assert_eq!(error.offset as u64, offset.as_u64().unwrap(), "{id}: {error}");
    }
}

/// A message over texts that live as long as the test.
fn message(id: &str, fields: &Value) -> Message<'static> {
    let fields: &'static Value = Box::leak(Box::new(fields.clone()));
    let fields = fields.as_object().unwrap().iter();
    let pairs: Vec<_> =
        fields.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    Message::from_pairs(&pairs).unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn identifier(hex: &Value) -> ReferencedMessage {
    ReferencedMessage(octets(hex).try_into().unwrap())
}

pub(crate) fn octets(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.chunks(2).map(pair).collect()
}
