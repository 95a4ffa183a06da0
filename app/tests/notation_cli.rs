//! `chappe signal notation`, the real program, over every vector of the notation.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::run;
use serde_json::{Value, json};
use std::path::Path;

/// Runs it on lines; gives exit code and lines.
fn notation(arguments: &[&str], lines: &[&str]) -> (i32, Vec<String>) {
    let output = run(&[&["signal", "notation"], arguments].concat(), &(lines.join("\n") + "\n"));
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(str::to_owned).collect())
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn every_vector_has_its_answer() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/whiteflag/notation.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let vectors = document["vectors"].as_array().unwrap();
    // A line cannot hold its own end.
    let is_line = |vector: &&Value| !vector["in"]["text"].as_str().unwrap().contains(['\n', '\r']);
    let vectors: Vec<_> = vectors.iter().filter(is_line).collect();
    assert!(vectors.len() > 100, "{}", vectors.len());
    let lines: Vec<_> =
        vectors.iter().map(|vector| vector["in"]["text"].as_str().unwrap()).collect();
    let (code, answers) = notation(&["--json"], &lines);
    assert_eq!((code, answers.len()), (3, lines.len()));
    for (answer, vector) in answers.iter().zip(&vectors) {
        let mut answer = object(answer);
        let Some(expected) = vector.get("out") else {
            let (found, expected) = (&answer["error"], &vector["error"]);
            assert_eq!(found["kind"], expected["kind"], "{vector}");
            assert_eq!(found["field"], expected["field"], "{vector}");
            assert_eq!(
                (&found["offset"], &found["unit"]),
                (&expected["offset"], &json!("character"))
            );
            continue;
        };
        for reference in answer["references"].as_array_mut().unwrap() {
            // In words, for people: only what is forbidden has any.
            let words = reference.as_object_mut().unwrap().remove("message");
            assert_eq!(words.is_some(), reference["verdict"] == "forbidden");
        }
        assert_eq!(answer, *expected, "{vector}");
        // One line that is right or has nothing forbidden gives exit code 0.
        let forbidden = answer["references"].as_array().unwrap().iter();
        let forbidden = forbidden.filter(|one| one["verdict"] == "forbidden").count();
        let line = vector["in"]["text"].as_str().unwrap();
        let (code, text) = notation(&[], &[line]);
        assert_eq!(code, if forbidden == 0 { 0 } else { 3 }, "{vector}");
        assert_eq!(text[0], answer["canonical"].as_str().unwrap());
        let references = answer["references"].as_array().unwrap().len();
        assert_eq!(text.len(), references + 2);
        assert_eq!(text.iter().filter(|line| line.starts_with('!')).count(), forbidden);
    }
}

#[test]
fn references_are_said_in_words() {
    let (code, text) = notation(&[], &["P31(0)H < D(5)10X <<S23(5)H", "... < F(3)", "S(0)<S(1)X"]);
    assert_eq!(code, 0);
    assert_eq!(
        text,
        [
            "P31(0)H < D10(5)X << S23(5)H",
            "  2 D10(5)X -> 1 P31(0)H  allowed",
            "  3 S23(5)H -> 1 P31(0)H  allowed",
            "",
            "... < F(3)",
            "  1 F(3) -> one that is not shown  unknown",
            "",
            "S(0) < S(1)X",
            "  2 S(1)X -> 1 S(0)  allowed to the same originator only",
            "",
        ]
    );
    let (code, text) = notation(&[], &["S(0)A < S(1)B"]);
    assert_eq!(code, 3);
    assert!(
        text[1].starts_with("! 2 S(1)B -> 1 S(0)A  forbidden: only the referenced"),
        "{text:?}"
    );
    assert!(text[1].ends_with("(5.4.1.2)"), "{text:?}");
}
