//! The vectors this folder's generator writes.

use super::arbitrary::same_in_every_form;
use super::given::{assert_error, assert_same_fields, hex, octets, pairs};
use super::{notation, thread};
use chappe_codec::signal::{Message, check};
use serde_json::Value;

/// Stops at a vector that does not hold.
pub(crate) fn judge(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    let given = &vector["in"];
    match vector["kind"].as_str().unwrap() {
        "message" => message(id, given, &vector["out"]),
        "wire" => {
            let octets = octets(given["hex"].as_str().unwrap());
            assert_error(id, Message::parse_standard(&octets).unwrap_err(), &vector["error"]);
        }
        "fields" => {
            let pairs = pairs(&given["fields"]);
            assert_error(id, Message::from_pairs(&pairs).unwrap_err(), &vector["error"]);
        }
        "serialized" => {
            let text = given["serialized"].as_str().unwrap();
            assert_error(id, Message::parse_serialized(text).unwrap_err(), &vector["error"]);
        }
        "rules" => rules(id, given, &vector["out"]),
        "notation" => notation::judge(id, given["text"].as_str().unwrap(), vector),
        "thread" => thread::judge(id, given, &vector["out"]),
        kind => panic!("{id}: a kind the harness does not know: {kind}"),
    }
}

fn message(id: &str, given: &Value, expected: &Value) {
    let pairs = pairs(&given["fields"]);
    let message = Message::from_pairs(&pairs).unwrap_or_else(|error| panic!("{id}: {error}"));
    let wire = message.to_standard_vec().unwrap();
    assert_eq!(hex(&wire), expected["hex"].as_str().unwrap(), "{id}");
    assert_eq!(message.standard_bits() as u64, expected["bits"].as_u64().unwrap(), "{id}");
    let decoded = Message::parse_standard(&wire).unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_eq!(decoded, message, "{id}");
    assert_same_fields(id, &decoded, &given["fields"]);
    let serialized = expected["serialized"].as_str().unwrap();
    assert_eq!(Message::parse_serialized(serialized), Ok(message), "{id}");
    same_in_every_form(&message);
}

fn rules(id: &str, given: &Value, expected: &Value) {
    let pairs = pairs(&given["fields"]);
    let message = Message::from_pairs(&pairs).unwrap_or_else(|error| panic!("{id}: {error}"));
    let found: Vec<_> = check::violations(&message)
        .into_iter()
        .map(|violation| (violation.field.to_owned(), violation.rule.to_owned()))
        .collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let violations = expected["violations"].as_array().unwrap();
    let expected: Vec<_> =
        violations.iter().map(|one| (text(&one["field"]), text(&one["rule"]))).collect();
    assert_eq!(found, expected, "{id}");
}
