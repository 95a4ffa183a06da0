//! The vectors of open.jsonl.

use super::arbitrary::same_in_every_form;
use super::given::{assert_same_fields, hex, octets, pairs};
use super::keyed;
use chappe_codec::signal::reference::{self, AllowedOriginator};
use chappe_codec::signal::wire::{Reader, Writer};
use chappe_codec::signal::{Field, Message, MessageCode, ReferenceIndicator, check};
use serde_json::Value;

/// Stops at a vector that does not hold.
pub(crate) fn judge(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    let (given, expected) = (&vector["inputs"], &vector["expected"]);
    match vector["kind"].as_str().unwrap() {
        "encode" if given.get("encrypt").is_some() => keyed::encode(id, given, expected),
        "decrypt" => keyed::decrypt(id, given, expected),
        "auth" => keyed::auth(id, given, expected),
        "hash" => keyed::hash(id, given, expected),
        "invalid" if expected["level"] == "crypto" => keyed::no_vector(id, given),
        "encode" => encode(id, given, expected),
        "decode" => decode(id, given, expected),
        "invalid" => invalid(id, given, expected),
        "field" => field(id, given, expected),
        "reference" => reference(id, given, expected),
        kind => panic!("{id}: a kind the harness does not know: {kind}"),
    }
}

fn encode(id: &str, given: &Value, expected: &Value) {
    let pairs = pairs(&given["fields"]);
    let message = Message::from_pairs(&pairs).unwrap_or_else(|error| panic!("{id}: {error}"));
    let wire = message.to_standard_vec().unwrap();
    assert_eq!(hex(&wire), expected["hex"].as_str().unwrap(), "{id}");
    assert_eq!(message.standard_bits() as u64, expected["bits"].as_u64().unwrap(), "{id}");
    assert_eq!(Message::parse_standard(&wire), Ok(message), "{id}");
    let serialized = expected["serialized"].as_str().unwrap();
    assert_eq!(Message::parse_serialized(serialized), Ok(message), "{id}");
    assert!(message.to_serialized().eq_ignore_ascii_case(serialized), "{id}");
    assert_same_fields(id, &message, &given["fields"]);
    same_in_every_form(&message);
}

fn decode(id: &str, given: &Value, expected: &Value) {
    let octets = octets(given["hex"].as_str().unwrap());
    let message = Message::parse_standard(&octets).unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_same_fields(id, &message, &expected["fields"]);
    assert_eq!(message.to_standard_vec().unwrap(), octets, "{id}");
    assert_eq!(Message::from_pairs(&pairs(&expected["fields"])), Ok(message), "{id}");
}

/// What is malformed is refused by the codec; what only breaks a rule is read and then refused.
fn invalid(id: &str, given: &Value, expected: &Value) {
    match expected["level"].as_str().unwrap() {
        "wire" => {
            let octets = octets(given["hex"].as_str().unwrap());
            Message::parse_standard(&octets).expect_err(id);
        }
        "schema" => {
            Message::from_pairs(&pairs(&given["fields"])).expect_err(id);
        }
        "field" => {
            let value = given["value"].as_str().unwrap();
            let field = field_for(given["encoding"].as_str().unwrap(), value.len());
            field.parse(value).expect_err(id);
        }
        "semantic" => {
            let pairs = pairs(&given["fields"]);
            let message =
                Message::from_pairs(&pairs).unwrap_or_else(|error| panic!("{id}: {error}"));
            let violations = check::violations(&message);
            assert!(!violations.is_empty(), "{id}");
            // Where the vector names the section, that rule is among them: "month 13 (4.3.1.3)".
            let error = expected["error"].as_str().unwrap();
            if let Some((_, section)) = error.trim_end_matches(')').rsplit_once(" (") {
                let named = violations.iter().any(|violation| violation.rule == section);
                assert!(named, "{id}: {error}, found {violations:?}");
            }
            same_in_every_form(&message);
        }
        level => panic!("{id}: a level the harness does not know: {level}"),
    }
}

/// A field of the given encoding and number of characters.
fn field_for(encoding: &str, characters: usize) -> Field {
    let repeated = |symbol: &str| &*symbol.repeat(characters).leak();
    let template = match encoding {
        "utf-8" => repeated("a"),
        "binary" => repeated("b"),
        "decimal" => repeated("d"),
        "hexadecimal" => repeated("x"),
        "datetime" => "dddd-dd-ddTdd:dd:ddZ",
        "duration" => "PddDddHddM",
        "latitude" => "_dd.ddddd",
        "longitude" => "_ddd.ddddd",
        _ => panic!("an encoding the harness does not know: {encoding}"),
    };
    Field::new("field", "", template)
}

fn field(id: &str, given: &Value, expected: &Value) {
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    if let Some(extract) = given.get("extract") {
        let raw = octets(extract["hex"].as_str().unwrap());
        let value = expected["value"].as_str().unwrap();
        let field = field_for(given["encoding"].as_str().unwrap(), value.len());
        assert_eq!(field.bits() as usize, number(&extract["bits"]), "{id}");
        let mut text = String::new();
        let taken = read_at(&raw, number(&extract["start_bit"]), &field);
        field.write_text(taken, &mut text).unwrap();
        assert!(text.eq_ignore_ascii_case(value), "{id}: {text}");
    } else if given.get("op").is_none() {
        let value = given["value"].as_str().unwrap();
        let field = field_for(given["encoding"].as_str().unwrap(), value.chars().count());
        assert_eq!(u64::from(field.bits()), expected["bits"].as_u64().unwrap(), "{id}");
        let written = write_all(&[(field, field.parse(value).unwrap())]);
        assert_eq!(written, expected["hex"].as_str().unwrap(), "{id}");
    } else if given["op"] == "extract" {
        let raw = octets(given["hex"].as_str().unwrap());
        let bits = field_for("binary", number(&given["bits"]));
        let taken = read_at(&raw, number(&given["start_bit"]), &bits);
        assert_eq!(write_all(&[(bits, taken)]), expected["hex"].as_str().unwrap(), "{id}");
    } else if given["op"] == "append" {
        let parts: Vec<_> = ["a", "b"]
            .iter()
            .map(|part| {
                let bits = field_for("binary", number(&given[part]["bits"]));
                let raw = octets(given[part]["hex"].as_str().unwrap());
                (bits, read_at(&raw, 0, &bits))
            })
            .collect();
        assert_eq!(write_all(&parts), expected["hex"].as_str().unwrap(), "{id}");
        let bits: u32 = parts.iter().map(|(field, _)| field.bits()).sum();
        assert_eq!(u64::from(bits), expected["bits"].as_u64().unwrap(), "{id}");
    } else {
        panic!("{id}: an operation the harness does not know");
    }
}

/// Reads a field that begins at a bit.
fn read_at(octets: &[u8], bit: usize, field: &Field) -> u64 {
    let mut reader = Reader::new(octets);
    reader.take(&field_for("binary", bit)).unwrap();
    assert_eq!(reader.position(), bit);
    reader.take(field).unwrap()
}

fn write_all(parts: &[(Field, u64)]) -> String {
    let bits: usize = parts.iter().map(|(field, _)| field.bits() as usize).sum();
    let mut out = vec![0xFF; bits.div_ceil(8)];
    let mut writer = Writer::new(&mut out);
    parts.iter().for_each(|(field, raw)| writer.put(field, *raw));
    writer.finish();
    hex(&out)
}

fn reference(id: &str, given: &Value, expected: &Value) {
    let one = |value: &Value| value.as_str().unwrap().chars().next().unwrap();
    let allowed = expected["allowed"].as_object().unwrap();
    match given["rule"].as_str().unwrap() {
        "message-type" => {
            let referencing = MessageCode::from_letter(one(&given["message_code"])).unwrap();
            assert_eq!(allowed.len(), MessageCode::ALL.len(), "{id}");
            for (letter, indicators) in allowed {
                let referenced = MessageCode::from_letter(one(&letter.as_str().into())).unwrap();
                let expected: String = indicators.as_array().unwrap().iter().map(one).collect();
                let found = reference::allowed_indicators(referencing, referenced);
                assert_eq!(found, expected, "{id}: {referencing} to {referenced}");
            }
        }
        "reference-indicator" => {
            let indicator = |text: &str| text.parse::<ReferenceIndicator>().unwrap();
            let referencing = indicator(given["reference_indicator"].as_str().unwrap());
            assert_eq!(allowed.len(), 10, "{id}");
            for (digit, originator) in allowed {
                let expected = match originator.as_str().unwrap() {
                    "X" => AllowedOriginator::Neither,
                    "Same" => AllowedOriginator::Same,
                    "Other" => AllowedOriginator::Other,
                    "Both" => AllowedOriginator::Both,
                    other => panic!("{id}: {other}"),
                };
                let found = reference::allowed_originator(referencing, indicator(digit));
                assert_eq!(found, expected, "{id}: {referencing} to {digit}");
            }
        }
        rule => panic!("{id}: a rule the harness does not know: {rule}"),
    }
}
