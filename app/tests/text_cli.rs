//! `chappe text`, the real program. No octets are written down: they are what the program says.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::run;
use serde_json::{Value, json};

/// Runs `chappe text`; gives exit code and lines.
fn text(arguments: &[&str], input: &str) -> (i32, Vec<String>) {
    let output = run(&[&["text"], arguments].concat(), input);
    let lines = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), lines.lines().map(str::to_owned).collect())
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

const TEXTS: [&str; 7] = [
    "Pont coupé, passez par l'école.",
    "الطريق آمن حتى المساء",
    "水は安全です。",
    "HALT",
    "deadbeef",
    "",
    "  two spaces before, one behind ",
];

#[test]
fn texts_go_both_ways() {
    let (code, items) = text(&["encode"], &(TEXTS.join("\n") + "\n"));
    assert_eq!((code, items.len()), (0, TEXTS.len()));
    assert!(items.iter().all(|hex| hex.starts_with("0400")));
    assert_eq!(text(&["decode"], &items.join("\n")), (0, TEXTS.map(str::to_owned).to_vec()));
    let (_, answers) = text(&["encode", "--json"], &TEXTS.join("\n"));
    for (answer, hex) in answers.iter().zip(&items) {
        assert_eq!(object(answer), json!({"hex": hex, "octets": hex.len() / 2}));
    }
    // "A writer normalises to NFC": both spellings are one text.
    assert_eq!(text(&["encode"], "coupe\u{301}").1, text(&["encode"], "coupé").1);
}

#[test]
fn what_a_text_refers_to_is_shown() {
    let (_, items) = text(&["encode"], "yes");
    let body = items[0].strip_prefix("0400").unwrap();
    let id = "5fa3".repeat(16);
    let (code, answers) = text(
        &["decode", "--json"],
        &format!("0400{body}\n0402{id}{body}\n0401{}{body}\n", &id[..16]),
    );
    assert_eq!(code, 0);
    let answers: Vec<_> = answers.iter().map(|line| object(line)).collect();
    assert_eq!(answers[0], json!({"text": "yes", "reference": null}));
    assert_eq!(answers[1], json!({"text": "yes", "reference": id}));
    assert_eq!(answers[2], json!({"text": "yes", "reference_prefix": &id[..16]}));
}

#[test]
fn a_bad_line_harms_no_other() {
    let (_, items) = text(&["encode"], "good");
    let good = &items[0];
    let (_, steering) = text(&["encode"], "a\u{1b}[2J");
    let signal = run(&["signal", "encode", "--packed"], &homes::text_signal("good"));
    let signal = String::from_utf8(signal.stdout).unwrap().trim().to_owned();
    let cases = [
        ("0400".to_owned(), "truncated", "Text"),
        ("0403".to_owned(), "inconsistent", "form"),
        ("0400x".to_owned(), "bad_character", "line"),
        (signal, "bad_literal", "family"),
        (steering[0].clone(), "unsupported", "Text"),
    ];
    let input: String = cases.iter().map(|(line, ..)| format!("{line}\n{good}\n")).collect();
    let (code, answers) = text(&["decode"], &input);
    assert_eq!((code, answers.len()), (3, 2 * cases.len()));
    for ((line, kind, field), pair) in cases.iter().zip(answers.chunks(2)) {
        let error = &object(&pair[0])["error"];
        assert_eq!((&error["kind"], &error["field"]), (&json!(kind), &json!(field)), "{line}");
        assert_eq!(pair[1], "good");
    }
    // JSON can show what a terminal must not be told.
    let (code, answers) = text(&["decode", "--json"], &steering[0]);
    assert_eq!((code, &object(&answers[0])["text"]), (0, &json!("a\u{1b}[2J")));

    let long = "x".repeat(2001);
    let (code, answers) = text(&["encode"], &format!("{long}\ngood\n"));
    assert_eq!((code, &object(&answers[0])["error"]["kind"]), (3, &json!("too_long")));
    assert_eq!(answers[1], *good);
}
