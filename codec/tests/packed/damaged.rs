//! Bodies of the vectors, damaged: whatever is accepted is the one encoding of what it says.

use super::damage::Damage;
use super::vectors::octets;
use chappe_codec::signal::Message;
use chappe_codec::signal::packed::{Packed, TextBuffer};
use chappe_codec::text;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

#[test]
fn damaged_bodies_are_refused_or_mean_what_they_say() {
    let bodies = bodies(&["sign.json", "other.json", "repeat.json"], 256);
    let (tried, accepted) = damaged(&bodies, 40, |octets| {
        let mut buffer = TextBuffer::new();
        let Ok(packed) = Packed::parse(octets, &mut buffer) else { return false };
        assert_eq!(packed.to_vec().unwrap(), octets);
        if let Packed::Whole(message) = packed {
            let wire = message.to_standard_vec().unwrap();
            assert_eq!(Message::parse_standard(&wire), Ok(message));
        }
        true
    });
    println!("{tried} damaged inputs, {accepted} accepted");
    assert!(tried >= 35_000 && accepted > 0 && accepted < tried);
}

#[test]
fn damaged_texts_are_refused_or_mean_what_they_say() {
    let (tried, accepted) = damaged(&bodies(&["text.json"], 64), 160, |octets| {
        let mut buffer = TextBuffer::new();
        let Ok(text) = text::parse(octets, &mut buffer) else { return false };
        assert_eq!(text::to_vec(text).unwrap(), octets);
        true
    });
    println!("{tried} damaged inputs, {accepted} accepted");
    assert!(tried >= 15_000 && accepted > 0 && accepted < tried);
}

/// The valid bodies of some files, but for the longest, which would take most of the time.
fn bodies(files: &[&str], octets_max: usize) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/packed");
    let document = |file: &&str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap()
    };
    let vectors =
        files.iter().flat_map(|file| document(file)["vectors"].as_array().unwrap().clone());
    vectors
        .filter(|vector| vector["result"] == "valid")
        .map(|vector| octets(&vector["out"]["octets"]))
        .filter(|body| body.len() <= octets_max)
        .collect()
}

/// Damages everything `each` times; gives how many inputs that were, and how many `accepts` took.
fn damaged(all: &[Vec<u8>], each: usize, accepts: impl Fn(&[u8]) -> bool) -> (usize, usize) {
    let mut damage = Damage::new();
    let (mut tried, mut accepted) = (0, 0);
    for whole in all {
        for _ in 0..each {
            tried += 1;
            accepted += usize::from(accepts(&damage.to(whole)));
        }
    }
    (tried, accepted)
}
