//! The standard wire: whatever is accepted is the one encoding of what it says, in every form.
#![no_main]

use chappe_codec::signal::{Message, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(message) = Message::parse_standard(octets) else { return };
    assert_eq!(message.to_standard_vec().as_deref(), Ok(octets));
    let text = message.to_serialized();
    assert_eq!(Message::parse_serialized(&text), Ok(message));
    check::visit(&message, &mut |_| {});
});
