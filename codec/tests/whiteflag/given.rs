//! What vectors give, in the codec's terms.

use chappe_codec::error::DecodeError;
use chappe_codec::signal::Message;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

pub(crate) type Pairs<'a> = Vec<(&'a str, &'a str)>;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/whiteflag")
}

/// Every vector of every file in the folder.
pub(crate) fn vectors() -> Vec<(String, Value)> {
    let mut names: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut all = Vec::new();
    for path in names {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = || fs::read_to_string(&path).unwrap();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => all.extend(
                text().lines().map(|line| (name.clone(), serde_json::from_str(line).unwrap())),
            ),
            Some("json") => {
                let document: Value = serde_json::from_str(&text()).unwrap();
                let vectors = document["vectors"].as_array().unwrap().clone();
                all.extend(vectors.into_iter().map(|vector| (name.clone(), vector)));
            }
            Some("py" | "md") => {}
            _ if path.is_dir() => {}
            _ => panic!("a file the harness does not know: {name}"),
        }
    }
    all
}

pub(crate) fn octets(hex: &str) -> Vec<u8> {
    let digit = |character: u8| char::from(character).to_digit(16).expect("hex");
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap()).collect()
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The fields of a JSON object as pairs.
pub(crate) fn pairs(fields: &Value) -> Pairs<'_> {
    let fields = fields.as_object().expect("fields");
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect()
}

/// A message's fields in order, with their place on the wire.
pub(crate) fn shown(message: &Message<'_>) -> Vec<(String, String, usize, usize)> {
    let mut all = Vec::new();
    message.visit(|view| {
        let name = view.field.name.to_owned();
        all.push((name, view.value.to_string(), view.bit_offset, view.bit_length));
    });
    all
}

/// Both texts hold the same fields; the case of hexadecimal digits is not looked at.
pub(crate) fn assert_same_fields(id: &str, message: &Message<'_>, expected: &Value) {
    let mut expected = pairs(expected);
    for (name, value, ..) in shown(message) {
        let at = expected.iter().position(|(other, _)| *other == name);
        let (_, other) = expected.remove(at.unwrap_or_else(|| panic!("{id}: {name} not expected")));
        let same = if name.ends_with("Data") && name != "CryptoData" || name == "Text" {
            value == other
        } else {
            value.eq_ignore_ascii_case(other)
        };
        assert!(same, "{id}: {name} is {value:?}, expected {other:?}");
    }
    assert!(expected.is_empty(), "{id}: missing {expected:?}");
}

/// An error's kind, field and offset.
pub(crate) fn assert_error(id: &str, error: DecodeError, expected: &Value) {
    assert_eq!(error.kind.name(), expected["kind"].as_str().unwrap(), "{id}: {error}");
    assert_eq!(error.field, expected["field"].as_str().unwrap(), "{id}: {error}");
    if let Some(offset) = expected.get("offset") {
        assert_eq!(u64::try_from(error.offset).unwrap(), offset.as_u64().unwrap(), "{id}: {error}");
    }
}

/// Every standard wire a vector mentions, whole or not.
pub(crate) fn wire_inputs(vector: &Value) -> Vec<Vec<u8>> {
    ["inputs", "expected", "in", "out"]
        .iter()
        .filter_map(|part| vector.get(part)?.get("hex")?.as_str())
        .filter(|hex| hex.starts_with("5746"))
        .map(octets)
        .collect()
}
