//! The text form: whatever is accepted comes back as it was, but for the case of hexadecimal digits.
#![no_main]

use chappe_codec::signal::{EncryptionIndicator, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(message) = Message::parse_serialized(text) else { return };
    let again = message.to_serialized();
    assert!(again.eq_ignore_ascii_case(text));
    assert_eq!(Message::parse_serialized(&again), Ok(message));
    match message.to_standard_vec() {
        Ok(wire) => assert_eq!(Message::parse_standard(&wire), Ok(message)),
        Err(_) => assert_ne!(message.encryption, EncryptionIndicator::NONE),
    }
});
