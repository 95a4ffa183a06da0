//! Signals against every vector in test-vectors/whiteflag, and against what no vector foresaw.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod whiteflag {
    pub(crate) mod arbitrary;
    pub(crate) mod given;
    pub(crate) mod notation;
    pub(crate) mod open;
    pub(crate) mod ours;
    pub(crate) mod thread;
    pub(crate) mod thread_laws;
}

use chappe_codec::signal::{Message, layout};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use whiteflag::given::wire_inputs;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/whiteflag")
}

/// Every vector of every file in the folder.
fn vectors() -> Vec<(String, Value)> {
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

/// No vector is left out: each passes, or waits by name and number.
#[test]
fn every_vector_passes_or_waits() {
    let (mut passed, mut waiting) = (0, Vec::new());
    for (file, vector) in vectors() {
        let waits = match file.as_str() {
            "open.jsonl" => whiteflag::open::judge(&vector),
            _ => whiteflag::ours::judge(&vector),
        };
        match waits {
            None => passed += 1,
            Some(reason) => waiting.push((vector["id"].as_str().unwrap().to_owned(), reason)),
        }
    }
    println!("{passed} vectors passed, {} wait: {waiting:?}", waiting.len());
    // 3 encode, 6 decrypt, 8 auth, 7 hash and 1 invalid vectors need Whiteflag's own cryptography.
    assert_eq!(waiting.len(), 25);
    assert_eq!(passed, 120 + 159 + 552 + 112 + 110);
}

/// The table of fields in spec/01-signal.md is the one in the code.
#[test]
fn the_spec_has_the_same_fields() {
    let spec = fs::read_to_string(folder().join("../../spec/01-signal.md")).unwrap();
    let mut rows = 0;
    for line in spec.lines() {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let Some(field) = cells.get(1).and_then(|name| layout::named(name)) else { continue };
        if cells.len() != 7 {
            continue;
        }
        let template = cells[2].replace("x{64}", &"x".repeat(64));
        let bits = if field.bits() == 0 { "rest".to_owned() } else { field.bits().to_string() };
        assert_eq!(
            (template.as_str(), cells[3], cells[4]),
            (field.template, &*bits, field.section)
        );
        rows += 1;
    }
    // Request objects stand once for all eight.
    assert_eq!(rows, 7 + 9 + 2 + 1 + 2 + 1 + 2 + 2);
}

/// The same damage on every run: cut, lengthened, bits flipped, octets replaced. Whatever is
/// accepted is the one encoding of what it says.
#[test]
fn damaged_messages_are_refused_or_mean_what_they_say() {
    let messages: Vec<_> = vectors().iter().flat_map(|(_, vector)| wire_inputs(vector)).collect();
    assert!(messages.len() > 150, "{}", messages.len());
    let mut random = 0x1996_0915_u64;
    let mut next = move |below: usize| {
        // Knuth's linear congruential generator.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below.max(1)
    };
    let (mut tried, mut accepted) = (0, 0);
    for message in &messages {
        for _ in 0..40 {
            let mut octets = message.clone();
            match next(5) {
                0 => octets.truncate(next(octets.len())),
                1 => octets.extend((0..=next(8)).map(|_| 0x40)),
                2 if !octets.is_empty() => {
                    let at = next(octets.len());
                    octets[at] = u8::try_from(next(256)).unwrap();
                }
                _ => {
                    for _ in 0..=next(3) {
                        if !octets.is_empty() {
                            let at = next(octets.len() * 8);
                            octets[at / 8] ^= 0x80 >> (at % 8);
                        }
                    }
                }
            }
            tried += 1;
            if let Ok(parsed) = Message::parse_standard(&octets) {
                accepted += 1;
                assert_eq!(parsed.to_standard_vec().unwrap(), octets);
                whiteflag::arbitrary::same_in_every_form(&parsed);
            }
        }
    }
    println!("{tried} damaged inputs, {accepted} accepted");
    assert!(tried >= 1000 && accepted > 0 && accepted < tried);
}
