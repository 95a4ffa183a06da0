//! `chappe signal` and packed signals, the real program, over every vector. The octets of packed
//! texts are never written down here: they are what the program itself says.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs `chappe signal` on lines; gives exit code and lines.
fn signal(arguments: &[&str], lines: &[String]) -> (i32, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chappe"))
        .arg("signal")
        .args(arguments)
        .env("LC_ALL", "C")
        .env("TZ", "UTC0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(str::to_owned).collect())
}

/// The same, where no line is wrong.
fn all_good(arguments: &[&str], lines: &[String]) -> Vec<String> {
    let (code, answers) = signal(arguments, lines);
    assert_eq!(code, 0, "{arguments:?}: {answers:?}");
    answers
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors").join(path);
    std::fs::read_to_string(path).unwrap()
}

/// The fields of every message of the signal chapter's vectors that is not encrypted, whether or
/// not it keeps the rules: a line each.
fn messages() -> Vec<String> {
    let mut lines = Vec::new();
    for file in ["wire.json", "rules.json"] {
        let document: Value = serde_json::from_str(&read(&format!("whiteflag/{file}"))).unwrap();
        let vectors = document["vectors"].as_array().unwrap();
        let whole = |vector: &&Value| vector["kind"] == "message" || vector["kind"] == "rules";
        lines.extend(vectors.iter().filter(whole).map(|vector| vector["in"]["fields"].clone()));
    }
    for line in read("whiteflag/open.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        if vector["kind"] == "encode" {
            lines.push(vector["inputs"]["fields"].clone());
        }
    }
    let plain = lines.into_iter().filter(|fields| fields["EncryptionIndicator"] == "0");
    plain.map(|fields| fields.to_string()).collect()
}

/// The vectors of one kind of the packed chapter, for as long as there are none: nothing.
fn packed_vectors(kind: &str) -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/packed");
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut all = Vec::new();
    for path in files.map(|file| file.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(path).unwrap();
            let document: Value = serde_json::from_str(&text).unwrap();
            all.extend(document["vectors"].as_array().unwrap().clone());
        }
    }
    all.retain(|vector| vector["kind"] == kind);
    all
}

#[test]
fn messages_go_both_ways_in_every_form() {
    let messages = messages();
    assert!(messages.len() > 500, "{}", messages.len());
    let wire = all_good(&["encode"], &messages);
    let packed = all_good(&["encode", "--packed"], &messages);
    assert_eq!(packed.len(), wire.len());
    assert!(packed.iter().all(|hex| hex.starts_with("0104") || hex.starts_with("0106")));
    for shape in [&[][..], &["--flat"], &["--text"]] {
        let said = signal(&[&["decode"], shape].concat(), &wire);
        assert_eq!(signal(&[&["decode", "--packed"], shape].concat(), &packed), said, "{shape:?}");
    }
    for shape in [&["decode", "--packed"][..], &["decode", "--packed", "--flat"]] {
        assert_eq!(all_good(&["encode", "--packed"], &all_good(shape, &packed)), packed);
    }
    // Whatever can be asked of a message has one answer, in whatever form it comes.
    for question in [&["check"][..], &["explain"], &["explain", "--fields"], &["explain", "--json"]]
    {
        assert_eq!(signal(question, &packed), signal(question, &wire), "{question:?}");
    }
}

#[test]
fn the_identifier_stands_in_the_item() {
    let messages = messages();
    let answers = all_good(&["encode", "--packed", "--json"], &messages);
    let packed = all_good(&["encode", "--packed"], &messages);
    let mut forms = [0, 0];
    for ((answer, hex), message) in answers.iter().zip(&packed).zip(&messages) {
        let (answer, message) = (object(answer), object(message));
        assert_eq!(answer["hex"], json!(hex));
        assert_eq!(answer["octets"], hex.len() / 2);
        let identifier = message["ReferencedMessage"].as_str().unwrap().to_lowercase();
        if identifier.chars().all(|digit| digit == '0') {
            forms[0] += 1;
            assert_eq!((hex.get(..4), &answer["reference"]), (Some("0104"), &Value::Null));
        } else {
            forms[1] += 1;
            assert_eq!(answer["reference"], json!(identifier));
            assert_eq!(hex.get(..68), Some(&*format!("0106{identifier}")));
        }
    }
    assert!(forms.iter().all(|count| *count > 20), "{forms:?}");
}

const ID: &str = "5fa35fa35fa35fa35fa35fa35fa35fa35fa35fa35fa35fa35fa35fa35fa35fa3";
const PREFIX: &str = "5fa35fa35fa35fa3";

#[test]
fn where_only_a_prefix_is_known_that_is_what_is_shown() {
    let whole: Vec<_> = all_good(&["encode", "--packed"], &messages())
        .into_iter()
        .filter(|hex| hex.starts_with("0106"))
        .collect();
    let short: Vec<_> =
        whole.iter().map(|hex| format!("0105{}{}", &hex[4..20], &hex[68..])).collect();
    let decode = |shape: &str, lines: &[String]| {
        let answers = match shape {
            "" => all_good(&["decode", "--packed"], lines),
            shape => all_good(&["decode", "--packed", shape], lines),
        };
        answers.iter().map(|line| object(line)).collect::<Vec<_>>()
    };
    for shape in ["", "--flat"] {
        for (short, whole) in decode(shape, &short).iter_mut().zip(decode(shape, &whole)) {
            let flat = shape == "--flat";
            let header = if flat { whole.clone() } else { whole["MessageHeader"].clone() };
            let identifier = header["ReferencedMessage"].as_str().unwrap();
            assert_eq!(short["reference_prefix"], identifier[..16]);
            // But for that they say the same.
            short.as_object_mut().unwrap().remove("reference_prefix");
            let rest = if flat { &mut *short } else { &mut short["MessageHeader"] };
            assert_eq!(rest.get("ReferencedMessage"), None);
            rest["ReferencedMessage"] = identifier.into();
            assert_eq!(*short, whole);
        }
    }
    // A text form has no place for it, and JSON that lacks it is no message.
    let (code, answers) = signal(&["decode", "--packed", "--text"], &short);
    assert_eq!(code, 3);
    for answer in &answers {
        let error = &object(answer)["error"];
        assert_eq!((&error["kind"], &error["field"]), (&json!("unsupported"), &json!("reference")));
    }
    let (code, answers) = signal(&["encode"], &all_good(&["decode", "--packed"], &short));
    assert!(code == 3 && answers.iter().all(|answer| object(answer)["error"].is_object()));

    // A rule about the identifier is not broken by its being short.
    let (_, checked) = signal(&["check"], &short);
    for (short, whole) in checked.iter().zip(signal(&["check"], &whole).1) {
        let (short, whole) = (object(short), object(&whole));
        assert_eq!(short["violations"], whole["violations"]);
        assert_eq!(short["reference"], "unknown");
    }
    let (_, text) = signal(&["explain"], &short);
    assert!(text.iter().any(|line| line.starts_with('!') && line.contains("reference unknown")));
    let fields = all_good(&["explain", "--json"], &short);
    for (answer, hex) in fields.iter().zip(&short) {
        let answer = object(answer);
        let fields = answer["fields"].as_array().unwrap();
        let shown = fields.iter().find(|field| field["field"] == "ReferencedMessage").unwrap();
        assert_eq!(shown["value"], format!("{}…", &hex[4..20]));
    }
}

#[test]
fn a_repeat_is_shown_as_what_it_is() {
    // "other", Q, "repeat 7"; then the same as a test.
    let lines = [format!("0106{ID}d07f"), format!("0105{PREFIX}d07f"), format!("0106{ID}d287")];
    let decoded = all_good(&["decode", "--packed"], &lines);
    let expected = [
        json!({"repeat": {"DuressIndicator": "0", "MessageCode": "Q", "ReferenceIndicator": "7",
            "ReferencedMessage": ID}}),
        json!({"reference_prefix": PREFIX, "repeat": {"DuressIndicator": "0", "MessageCode": "Q",
            "ReferenceIndicator": "7"}}),
        json!({"repeat": {"DuressIndicator": "0", "MessageCode": "T", "PseudoMessageCode": "Q",
            "ReferenceIndicator": "7", "ReferencedMessage": ID}}),
    ];
    for (line, expected) in decoded.iter().zip(&expected) {
        assert_eq!(object(line), *expected);
    }
    assert_eq!(all_good(&["decode", "--packed", "--flat"], &lines), decoded);
    for answer in all_good(&["check"], &lines) {
        let expected = json!({"valid": null, "violations": [], "reference": "unknown"});
        assert_eq!(object(&answer), expected);
    }
    for (answer, expected) in all_good(&["explain", "--json"], &lines).iter().zip(&expected) {
        let answer = object(answer);
        assert_eq!(answer["repeat"], expected["repeat"]);
        assert_eq!(answer["reference"], "unknown");
    }
    for language in ["en", "fr", "ar"] {
        let text = all_good(&["explain", "--fields", "--language", language], &lines);
        assert_eq!(text.iter().filter(|line| line.is_empty()).count(), lines.len());
    }
    let text = all_good(&["explain"], &lines);
    assert_eq!(text[0], "Q(7)  acknowledge — request signal");
    assert!(text[1].starts_with("! "), "{}", text[1]);
    assert!(text[1].ends_with(&format!("{ID} — reference unknown")), "{}", text[1]);
    assert!(text.iter().any(|line| line.starts_with("T:Q(7)  ")));
}

#[test]
fn a_bad_item_harms_no_other() {
    let good = format!("0106{ID}d07f");
    let zeros = "0".repeat(64);
    // The sign is of no text, so its octets are the chapter's: a vector checks them.
    let sign = messages().into_iter().find(|line| object(line)["MessageCode"] == "P").unwrap();
    let sign = all_good(&["encode", "--packed"], &[sign]).remove(0);
    let cut = sign[..sign.len() - 2].to_owned();
    let lines: [(String, &str, &str, &str); 10] = [
        ("0104".to_owned(), "truncated", "opening", "bit"),
        ("0105d07f".to_owned(), "truncated", "reference", "octet"),
        (format!("0106{zeros}d07f"), "not_canonical", "reference", "octet"),
        ("0107d07f".to_owned(), "inconsistent", "form", "octet"),
        ("0104d07f".to_owned(), "inconsistent", "form", "octet"),
        ("0104d07e".to_owned(), "bad_padding", "padding", "bit"),
        ("0104d07fff".to_owned(), "trailing", "end", "bit"),
        (cut, "truncated", "ObjectLocation", "bit"),
        (format!("{sign}ff"), "trailing", "end", "bit"),
        (format!("0104{}", "ff".repeat(4096)), "too_long", "item", "octet"),
    ];
    let input: Vec<_> = lines.iter().flat_map(|(line, ..)| [line.clone(), good.clone()]).collect();
    for arguments in [&["decode", "--packed"][..], &["check"], &["explain", "--json"]] {
        let (code, answers) = signal(arguments, &input);
        assert_eq!((code, answers.len()), (3, input.len()), "{arguments:?}");
        for ((line, kind, field, unit), pair) in lines.iter().zip(answers.chunks(2)) {
            let error = &object(&pair[0])["error"];
            let found = (&error["kind"], &error["field"], &error["unit"]);
            assert_eq!(found, (&json!(kind), &json!(field), &json!(unit)), "{line}");
            assert!(object(&pair[1]).get("error").is_none());
        }
    }
    // What is neither goes to neither.
    let wire = all_good(&["encode"], &messages()[..1]).remove(0);
    for (arguments, line) in [
        (&["decode", "--packed"][..], &wire),
        (&["decode"], &good),
        (&["encode", "--packed"], &good),
    ] {
        let (code, answers) = signal(arguments, std::slice::from_ref(line));
        assert_eq!((code, &object(&answers[0])["error"]["kind"]), (3, &json!("bad_literal")));
    }
}

#[test]
fn every_vector_of_the_packed_chapter_holds() {
    let packed = packed_vectors("packed");
    let fields: Vec<_> = packed.iter().map(|vector| vector["in"]["fields"].to_string()).collect();
    if !fields.is_empty() {
        let items = all_good(&["encode", "--packed"], &fields);
        for (item, vector) in items.iter().zip(&packed) {
            let id = vector["in"]["fields"]["ReferencedMessage"].as_str().unwrap().to_lowercase();
            let (body, form) = (vector["out"]["octets"].as_str().unwrap(), &vector["out"]["form"]);
            let reference = if *form == 0 { String::new() } else { id };
            assert_eq!(*item, format!("010{}{reference}{body}", 4 + form.as_u64().unwrap()));
        }
    }
    let mut repeats = packed_vectors("repeat");
    repeats.retain(|vector| vector["result"] == "valid");
    let line = |vector: &Value| {
        let (reference, body) = (&vector["in"]["reference"], &vector["out"]["octets"]);
        format!("0106{}{}", reference.as_str().unwrap(), body.as_str().unwrap())
    };
    let lines: Vec<_> = repeats.iter().map(line).collect();
    if !lines.is_empty() {
        let answers = all_good(&["decode", "--packed"], &lines);
        for (answer, vector) in answers.iter().zip(&repeats) {
            for (name, value) in object(answer)["repeat"].as_object().unwrap() {
                let expected = vector["out"]["fields"][name].as_str().unwrap();
                assert!(value.as_str().unwrap().eq_ignore_ascii_case(expected), "{}", vector["id"]);
            }
        }
    }
    // What is no packed signal at all is not read as one; of all others the error is the chapter's.
    let is_packed = |line: &String| {
        ["0104", "0105", "0106", "0107"].iter().any(|begin| line.starts_with(begin))
    };
    let bodies = packed_vectors("packed_invalid").into_iter().map(|vector| ("0104", vector));
    let items = packed_vectors("item_invalid").into_iter().map(|vector| ("", vector));
    let (lines, vectors): (Vec<_>, Vec<_>) = bodies
        .chain(items)
        .map(|(head, v)| (format!("{head}{}", v["in"]["octets"].as_str().unwrap()), v))
        .filter(|(line, _)| is_packed(line))
        .unzip();
    if !lines.is_empty() {
        let (code, answers) = signal(&["decode", "--packed"], &lines);
        assert_eq!((code, answers.len()), (3, lines.len()));
        for (answer, vector) in answers.iter().zip(&vectors) {
            let (found, expected) = (&object(answer)["error"], &vector["error"]);
            assert_eq!(found["kind"], expected["kind"], "{vector}");
            assert_eq!(found["field"], expected["field"], "{vector}");
            if let Some(offset) = expected.get("offset") {
                assert_eq!(found["offset"], *offset, "{vector}");
            }
        }
    }
}
