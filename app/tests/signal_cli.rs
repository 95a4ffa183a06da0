//! `chappe signal`, the real program, over every vector of the signal chapter.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs `chappe signal` on lines; gives exit code and lines.
fn signal(arguments: &[&str], lines: &[String]) -> (i32, Vec<String>) {
    run(arguments, (lines.join("\n") + "\n").into_bytes())
}

fn run(arguments: &[&str], input: Vec<u8>) -> (i32, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chappe"))
        .arg("signal")
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(str::to_owned).collect())
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/whiteflag")
}

fn open_vectors() -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join("open.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn our_vectors(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    document["vectors"].as_array().unwrap().clone()
}

/// The messages of all vectors that need no key: fields and hexadecimal digits.
fn messages() -> Vec<(Value, String)> {
    let ours = our_vectors("wire.json").into_iter().filter(|vector| vector["kind"] == "message");
    let ours = ours.map(|vector| (vector["in"]["fields"].clone(), vector["out"]["hex"].clone()));
    let open = open_vectors().into_iter().filter_map(|vector| {
        let (given, expected) = (&vector["inputs"], &vector["expected"]);
        match vector["kind"].as_str().unwrap() {
            "encode" if given.get("encrypt").is_none() => {
                Some((given["fields"].clone(), expected["hex"].clone()))
            }
            "decode" => Some((expected["fields"].clone(), given["hex"].clone())),
            _ => None,
        }
    });
    open.chain(ours).map(|(fields, hex)| (fields, hex.as_str().unwrap().to_owned())).collect()
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn messages_go_both_ways_in_every_form() {
    let messages = messages();
    assert!(messages.len() > 90, "{}", messages.len());
    let fields: Vec<_> = messages.iter().map(|(fields, _)| fields.to_string()).collect();
    let wire: Vec<_> = messages.iter().map(|(_, hex)| hex.clone()).collect();
    assert_eq!(signal(&["encode"], &fields), (0, wire.clone()));

    let (code, flat) = signal(&["decode", "--flat"], &wire);
    assert_eq!((code, flat.len()), (0, wire.len()));
    for (decoded, (expected, _)) in flat.iter().zip(&messages) {
        let (decoded, expected) = (object(decoded), expected.as_object().unwrap());
        assert_eq!(decoded.as_object().unwrap().len(), expected.len());
        for (name, value) in expected {
            let (found, value) = (decoded[name].as_str().unwrap(), value.as_str().unwrap());
            assert!(found.eq_ignore_ascii_case(value), "{name}: {found} {value}");
        }
    }
    let (code, nested) = signal(&["decode"], &wire);
    assert_eq!((code, nested.len()), (0, wire.len()));
    assert!(nested.iter().all(|line| object(line)["MessageHeader"]["Prefix"] == "WF"));
    assert_eq!(signal(&["encode"], &flat), (0, wire.clone()));
    assert_eq!(signal(&["encode"], &nested), (0, wire.clone()));

    // The text form holds a line break where a text does; those lines are refused, alone.
    let broken = |fields: &Value| {
        fields.as_object().unwrap().values().any(|value| value.as_str().unwrap().contains('\n'))
    };
    let (code, text) = signal(&["decode", "--text"], &wire);
    assert_eq!((code, text.len()), (3, wire.len()));
    let kept = || text.iter().zip(&messages).filter(|(_, (fields, _))| !broken(fields));
    let kept_text: Vec<_> = kept().map(|(text, _)| text.clone()).collect();
    let kept_wire: Vec<_> = kept().map(|(_, (_, hex))| hex.clone()).collect();
    assert_eq!(signal(&["encode"], &kept_text), (0, kept_wire));
    assert!(kept_text.len() < messages.len());
}

#[test]
fn what_is_wrong_is_named_in_its_place() {
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for vector in our_vectors("wire.json") {
        let given = &vector["in"];
        let line = match vector["kind"].as_str().unwrap() {
            "wire" => given["hex"].as_str().unwrap().to_owned(),
            "fields" => given["fields"].to_string(),
            // A text that does not begin with WF is taken for hexadecimal digits.
            "serialized" if given["serialized"] != "" => {
                given["serialized"].as_str().unwrap().to_owned()
            }
            _ => continue,
        };
        lines.push(line);
        errors.push(vector);
    }
    assert!(lines.len() > 90);
    for arguments in [["check"], ["explain"]] {
        let (code, answers) = signal(&arguments, &lines);
        assert_eq!((code, answers.len()), (3, lines.len()));
        for (answer, vector) in answers.iter().zip(&errors) {
            let (found, expected) = (&object(answer)["error"], &vector["error"]);
            assert_eq!(found["kind"], expected["kind"], "{vector}");
            if expected["field"] != "field" {
                assert_eq!(found["field"], expected["field"], "{vector}");
            }
            assert_eq!(found["offset"], expected["offset"], "{vector}");
            let unit = if vector["kind"] == "wire" { "bit" } else { "character" };
            assert_eq!(found["unit"], unit, "{vector}");
        }
    }
}

#[test]
fn every_broken_rule_is_named() {
    let vectors = our_vectors("rules.json");
    let lines: Vec<_> = vectors.iter().map(|vector| vector["in"]["fields"].to_string()).collect();
    let (code, answers) = signal(&["check"], &lines);
    assert_eq!((code, answers.len()), (3, lines.len()));
    for (answer, vector) in answers.iter().zip(&vectors) {
        let answer = object(answer);
        let found: Vec<_> = answer["violations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| json!({"field": one["field"], "rule": one["rule"]}))
            .collect();
        assert_eq!(Value::from(found.clone()), vector["out"]["violations"], "{}", vector["id"]);
        assert_eq!(answer["valid"], found.is_empty());
    }
    let right = lines.iter().zip(&vectors);
    let right = right.filter(|(_, vector)| vector["out"]["violations"] == json!([]));
    let right: Vec<_> = right.map(|(line, _)| line.clone()).collect();
    assert_eq!(signal(&["check"], &right).0, 0);

    let open: Vec<_> = open_vectors()
        .into_iter()
        .filter(|vector| vector["kind"] == "invalid" && vector["inputs"].get("fields").is_some())
        .collect();
    let lines: Vec<_> = open.iter().map(|vector| vector["inputs"]["fields"].to_string()).collect();
    for (answer, vector) in signal(&["check"], &lines).1.iter().zip(&open) {
        let semantic = vector["expected"]["level"] == "semantic";
        assert_eq!(object(answer).get("violations").is_some(), semantic, "{}", vector["id"]);
        assert_ne!(object(answer)["valid"], true, "{}", vector["id"]);
    }
}

#[test]
fn fields_are_explained() {
    let wire: Vec<_> = messages().into_iter().map(|(_, hex)| hex).collect();
    let (code, answers) = signal(&["explain", "--json"], &wire);
    assert_eq!((code, answers.len()), (0, wire.len()));
    for (answer, hex) in answers.iter().zip(&wire) {
        let answer = object(answer);
        let fields = answer["fields"].as_array().unwrap();
        let bits = fields.iter().fold(0, |at, field| {
            assert_eq!(field["bit_offset"], at);
            at + field["bit_length"].as_u64().unwrap()
        });
        assert_eq!(answer["bits"], bits);
        assert_eq!(usize::try_from(bits.div_ceil(8)).unwrap() * 2, hex.len());
        let code = fields.iter().find(|field| field["field"] == "MessageCode").unwrap();
        assert!(code["meaning"].is_string());
    }
    let (code, text) = signal(&["explain"], &wire);
    assert_eq!(code, 0);
    assert!(text.iter().all(|line| !line.contains(char::is_control)), "a text steers the terminal");
    assert!(text.iter().any(|line| line.contains("red cross, crescent or crystal")));
}

#[test]
fn a_bad_line_harms_no_other() {
    let (fields, hex) = messages().remove(0);
    let good = fields.to_string();
    let deep = format!("{{\"Text\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
    let twice = good.replacen('{', "{\"Prefix\":\"WF\",", 1);
    let number = good.replace("\"1\"", "1");
    let meta = format!("{{\"MetaHeader\":{{\"a\":[1,null,{{}}]}},\"MessageHeader\":{good}}}");
    let lines: [(Vec<u8>, &str, &str); 12] = [
        (b"\xFF\xFE".to_vec(), "bad_character", "line"),
        (b"{\"Text\":\"\xC3\"}".to_vec(), "bad_character", "line"),
        (b"".to_vec(), "truncated", "Prefix"),
        (b"{".to_vec(), "truncated", "json"),
        (b"{]".to_vec(), "bad_literal", "json"),
        (format!("{good} x").into_bytes(), "trailing", "json"),
        (vec![b'a'; 32 * 1024 + 1], "too_long", "line"),
        (deep.into_bytes(), "too_long", "json"),
        (twice.into_bytes(), "unexpected", "Prefix"),
        (number.into_bytes(), "bad_literal", "json"),
        (meta.into_bytes(), "unexpected", "VerificationMethod"),
        (b"574".to_vec(), "too_short", "line"),
    ];
    let mut input = Vec::new();
    for (line, ..) in &lines {
        input.extend_from_slice(line);
        input.extend_from_slice(b"\r\n");
        input.extend_from_slice(good.as_bytes());
        input.push(b'\n');
    }
    let (code, answers) = run(&["explain", "--json"], input.clone());
    assert_eq!((code, answers.len()), (3, 2 * lines.len()));
    for ((_, kind, field), pair) in lines.iter().zip(answers.chunks(2)) {
        let error = &object(&pair[0])["error"];
        assert_eq!((&error["kind"], &error["field"]), (&json!(kind), &json!(field)), "{}", pair[0]);
        assert!(error["offset"].is_u64() && error["message"].is_string());
        assert_eq!(object(&pair[1])["message"], "A01(0)");
    }
    // The same input where only JSON is taken: every good line gives its octets.
    let (code, answers) = run(&["encode"], input);
    assert_eq!((code, answers.iter().filter(|line| **line == hex).count()), (3, lines.len()));
}

#[test]
fn each_command_takes_its_forms() {
    let (fields, hex) = messages().remove(0);
    let (code, answers) = signal(&["encode"], std::slice::from_ref(&hex));
    assert_eq!((code, &object(&answers[0])["error"]["kind"]), (3, &json!("bad_literal")));
    let (code, answers) = signal(&["decode"], &[fields.to_string()]);
    assert_eq!((code, &object(&answers[0])["error"]["kind"]), (3, &json!("bad_literal")));
    let (code, answers) = signal(&["encode", "--json"], &[fields.to_string()]);
    assert_eq!((code, &object(&answers[0])["hex"]), (0, &json!(hex)));
    // No line, no result.
    assert_eq!(run(&["check"], Vec::new()), (0, Vec::new()));
}

#[test]
fn the_schemas_shape_is_kept_to() {
    let request = messages()
        .into_iter()
        .find(|(fields, _)| fields["MessageCode"] == "Q" && fields.get("ObjectType2").is_some());
    let (_, hex) = request.unwrap();
    let (_, nested) = signal(&["decode"], std::slice::from_ref(&hex));
    let whole = object(&nested[0]);
    assert_eq!(whole["MessageBody"]["requestObjects"][1].as_object().unwrap().len(), 2);

    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = whole.clone();
        change(&mut changed);
        changed.to_string()
    };
    let object_9: Vec<_> =
        (0..9).map(|_| json!({"ObjectType": "40", "ObjectTypeQuant": "01"})).collect();
    let lines = [
        (with(&|m| m["MessageBody"]["ObjectType1"] = "40".into()), "unexpected", "ObjectType1"),
        (with(&|m| m["MessageBody"]["Version"] = "1".into()), "unexpected", "Version"),
        (with(&|m| m["MessageHeader"]["Text"] = "1".into()), "unexpected", "Text"),
        (with(&|m| m["Other"] = "1".into()), "unexpected", "Other"),
        (
            with(&|m| m["MessageBody"]["PseudoMessageBody"] = json!({})),
            "unexpected",
            "PseudoMessageBody",
        ),
        (with(&|m| m["MessageHeader"]["MessageCode"] = "T".into()), "unexpected", "SubjectCode"),
        (
            with(&|m| m["MessageBody"]["requestObjects"] = "x".into()),
            "bad_literal",
            "requestObjects",
        ),
        (
            with(&|m| m["MessageBody"]["requestObjects"] = object_9.clone().into()),
            "unexpected",
            "ObjectType9",
        ),
        (
            with(&|m| m["MessageBody"]["requestObjects"][0] = json!({"ObjectType": "40"})),
            "missing",
            "ObjectType1Quant",
        ),
        (with(&|m| m["MessageBody"] = "x".into()), "bad_literal", "MessageBody"),
        (
            with(&|m| drop(m.as_object_mut().unwrap().remove("MessageBody"))),
            "missing",
            "MessageBody",
        ),
        (with(&|m| m["MetaHeader"] = json!({"any": [1, {"thing": null}]})), "", ""),
    ];
    let input: Vec<_> = lines.iter().map(|(line, ..)| line.clone()).collect();
    let (code, answers) = signal(&["encode"], &input);
    assert_eq!((code, answers.len()), (3, lines.len()));
    for ((line, kind, field), answer) in lines.iter().zip(&answers) {
        if kind.is_empty() {
            assert_eq!(*answer, hex);
            continue;
        }
        let error = &object(answer)["error"];
        assert_eq!((&error["kind"], &error["field"]), (&json!(kind), &json!(field)), "{line}");
    }
}
