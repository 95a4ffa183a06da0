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
    pub(crate) mod cryptography;
    pub(crate) mod damage;
    pub(crate) mod given;
    pub(crate) mod keyed;
    pub(crate) mod notation;
    pub(crate) mod open;
    pub(crate) mod ours;
    pub(crate) mod thread;
    pub(crate) mod thread_laws;
}

use chappe_codec::signal::{Message, layout};
use std::fs;
use whiteflag::damage::Damage;
use whiteflag::given::{folder, vectors, wire_inputs};

/// No vector is left out.
#[test]
fn every_vector_passes() {
    let mut passed = 0;
    for (file, vector) in vectors() {
        match file.as_str() {
            "open.jsonl" => whiteflag::open::judge(&vector),
            "cryptography.json" => whiteflag::cryptography::judge(&vector),
            _ => whiteflag::ours::judge(&vector),
        }
        passed += 1;
    }
    println!("{passed} vectors passed");
    assert_eq!(passed, 145 + 159 + 552 + 112 + 110 + 497);
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

/// How often each message is damaged: with what tests/packed damages more than 100,000 in all.
const DAMAGES: usize = 350;

/// Whatever is accepted is the one encoding of what it says.
#[test]
fn damaged_messages_are_refused_or_mean_what_they_say() {
    let messages: Vec<_> = vectors().iter().flat_map(|(_, vector)| wire_inputs(vector)).collect();
    assert!(messages.len() > 150, "{}", messages.len());
    let mut damage = Damage::new();
    let (mut tried, mut accepted) = (0, 0);
    for message in &messages {
        for turn in 0..DAMAGES {
            let octets = damage.to(message);
            tried += 1;
            let Ok(parsed) = Message::parse_standard(&octets) else { continue };
            accepted += 1;
            assert_eq!(parsed.to_standard_vec().unwrap(), octets);
            // The other forms take fifty times as long.
            if turn % 10 == 0 {
                whiteflag::arbitrary::same_in_every_form(&parsed);
            }
        }
    }
    println!("{tried} damaged inputs, {accepted} accepted");
    assert!(tried >= 50_000 && accepted > 0 && accepted < tried);
}
