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

#[path = "../whiteflag/damage.rs"]
mod damage;
mod damaged;
mod vectors;

use chappe_codec::signal::packed::{Packed, TextBuffer};
use chappe_codec::text;
use proptest::prelude::*;

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
