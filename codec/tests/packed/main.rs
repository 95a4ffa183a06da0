//! The packed form against what no vector foresaw. (That any message of the vectors, and any message
//! at all, packs and unpacks, is part of what tests/whiteflag.rs asks of every message.)

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod vectors;
// Not all that tests/whiteflag.rs needs of it.
#[allow(dead_code)]
#[path = "../whiteflag"]
mod whiteflag {
    pub(crate) mod damage;
    pub(crate) mod given;
}

use chappe_codec::signal::Message;
use chappe_codec::signal::packed::{Packed, TextBuffer};
use chappe_codec::text;
use proptest::prelude::*;
use whiteflag::damage::Damage;
use whiteflag::given::{shown, vectors, wire_inputs};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_octets_are_refused_or_canonical(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut buffer = TextBuffer::new();
        if let Ok(packed) = Packed::parse(&octets, &mut buffer) {
            prop_assert_eq!(packed.to_vec().unwrap(), octets);
        }
    }

    #[test]
    fn any_text_is_itself(
        text in "\\PC{0,60}|[a-zA-Z ,.']{0,80}|[A-Z ]{0,60}|[0-9a-f]{0,20}|[0-9A-F]{0,20}|[\\x00-\\x7F]{0,40}",
    ) {
        let body = text::to_vec(&text).unwrap();
        prop_assert!(body.len() <= text.len() + 1);
        let mut buffer = TextBuffer::new();
        prop_assert_eq!(text::parse(&body, &mut buffer), Ok(&*text));
    }

    #[test]
    fn any_octets_are_one_text_or_none(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut buffer = TextBuffer::new();
        if let Ok(text) = text::parse(&octets, &mut buffer) {
            prop_assert_eq!(text::to_vec(text).unwrap(), octets);
        }
    }
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

/// Every message of the vectors, packed; whatever is accepted is the one encoding of what it says.
#[test]
fn damaged_bodies_are_refused_or_mean_what_they_say() {
    let wires: Vec<_> = vectors().iter().flat_map(|(_, vector)| wire_inputs(vector)).collect();
    let messages = wires.iter().filter_map(|wire| Message::parse_standard(wire).ok());
    let bodies: Vec<_> = messages.map(|message| Packed::Whole(message).to_vec().unwrap()).collect();
    let (tried, accepted) = damaged(&bodies, 400, |octets| {
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

/// The texts of the vectors as bodies of family 04.
#[test]
fn damaged_texts_are_refused_or_mean_what_they_say() {
    let wires: Vec<_> = vectors().iter().flat_map(|(_, vector)| wire_inputs(vector)).collect();
    let messages = wires.iter().filter_map(|wire| Message::parse_standard(wire).ok());
    let fields = messages.flat_map(|message| shown(&message));
    let texts = fields.filter(|(name, ..)| name.ends_with("Data") || name == "Text");
    // Key data, in digits, may be too long for one.
    let bodies: Vec<_> = texts.filter_map(|(_, text, ..)| text::to_vec(&text).ok()).collect();
    let (tried, accepted) = damaged(&bodies, 500, |octets| {
        let mut buffer = TextBuffer::new();
        let Ok(text) = text::parse(octets, &mut buffer) else { return false };
        assert_eq!(text::to_vec(text).unwrap(), octets);
        true
    });
    println!("{tried} damaged inputs, {accepted} accepted");
    assert!(tried >= 15_000 && accepted > 0 && accepted < tried);
}
