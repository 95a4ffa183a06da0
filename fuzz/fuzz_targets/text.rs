//! Texts of family 04: whatever is accepted is the one encoding of what it says, and every text
//! comes back whole and takes at most an octet more than itself.
#![no_main]

use chappe_codec::limits::SIGNAL_TEXT_OCTETS_MAX;
use chappe_codec::signal::EncodeError;
use chappe_codec::text::{self, TextBuffer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut buffer = TextBuffer::new();
    if let Ok(text) = text::parse(octets, &mut buffer) {
        fills_exactly(text, octets);
    }
    if let Ok(text) = std::str::from_utf8(octets) {
        packs(text);
    }
});

/// It is written as it was read, in as many octets as is said.
fn fills_exactly(text: &str, octets: &[u8]) {
    assert_eq!(text::to_vec(text).as_deref(), Ok(octets));
    assert_eq!(text::octets(text), Ok(octets.len()));
    let mut short = vec![0; octets.len() - 1];
    let refused = EncodeError::TooShort { octets_needed: octets.len() };
    assert_eq!(text::emit(text, &mut short), Err(refused));
    let mut long = vec![0xAA; octets.len() + 2];
    assert_eq!(text::emit(text, &mut long), Ok(octets.len()));
    assert_eq!(&long[..octets.len()], octets);
    assert_eq!(long[octets.len()..], [0xAA; 2]);
}

/// Any text at all, or refused for its length alone.
fn packs(text: &str) {
    let Ok(body) = text::to_vec(text) else {
        assert!(text.len() > SIGNAL_TEXT_OCTETS_MAX && text::octets(text).is_err());
        return;
    };
    assert!(body.len() <= text.len() + 1);
    let mut buffer = TextBuffer::new();
    assert_eq!(text::parse(&body, &mut buffer), Ok(text));
}
