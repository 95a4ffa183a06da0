//! The demo as a test: it passes, its transcript convinces another process, a changed byte does not,
//! and a step that is broken makes the demo itself fail.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

/// Bytes changed in the transcript, spread over all of it.
const CHANGES: usize = 40;

fn chappe(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chappe")).args(arguments).output().unwrap()
}

fn verify(transcript: &Path, keys: &Path) -> i32 {
    let arguments =
        ["verify", "--transcript", transcript.to_str().unwrap(), "--keys", keys.to_str().unwrap()];
    chappe(&arguments).status.code().unwrap()
}

#[test]
fn the_demo_passes_and_its_transcript_cannot_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    let played = chappe(&["demo", "--out", out.to_str().unwrap()]);
    let shown = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{shown}\n{}", String::from_utf8_lossy(&played.stderr));

    let (transcript, keys) = (out.join("transcript.jsonl"), out.join("public-keys.json"));
    assert_eq!(verify(&transcript, &keys), 0);

    let whole = std::fs::read(&transcript).unwrap();
    let changed = folder.path().join("changed.jsonl");
    let refused = |content: &[u8], what: &str| {
        std::fs::write(&changed, content).unwrap();
        let code = verify(&changed, &keys);
        assert!([3, 4].contains(&code), "{what}: exit code {code}");
    };
    for change in 0..CHANGES {
        let mut content = whole.clone();
        let at = whole.len() * change / CHANGES + change % 7;
        content[at] ^= 1;
        refused(&content, &format!("octet {at}"));
    }
    refused(&whole[..whole.len() - 1], "the last octet cut off");
    refused(&[&whole[..], b"\n"].concat(), "an octet more");
    let mut lines: Vec<&[u8]> = whole.split_inclusive(|octet| *octet == b'\n').collect();
    lines.swap(10, 11);
    refused(&lines.concat(), "two lines swapped");
    lines.swap(10, 11);
    lines.remove(20);
    refused(&lines.concat(), "a line left out");
}

fn fails_when(sabotage: &str) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    let arguments =
        ["demo", "--out", out.to_str().unwrap(), "--patience", "6", "--sabotage", sabotage];
    let played = chappe(&arguments);
    let shown = String::from_utf8_lossy(&played.stdout);
    assert_eq!(played.status.code(), Some(1), "{shown}");
    assert!(!out.join("transcript.jsonl").exists());
}

#[test]
fn the_demo_fails_when_a_party_is_silent() {
    fails_when("silent-party");
}

#[test]
fn the_demo_fails_when_a_party_rejects() {
    fails_when("rejecting-party");
}

#[test]
fn the_demo_fails_when_the_ledger_is_gone() {
    fails_when("ledger-gone");
}

#[test]
fn the_demo_fails_when_the_gateway_is_gone() {
    fails_when("gateway-gone");
}
