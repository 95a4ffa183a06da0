//! Packed bodies: whatever is accepted is the one encoding of what it says, and is found again as a
//! repeat.
#![no_main]

use chappe_codec::signal::packed::{Packed, Repeat, TextBuffer};
use chappe_codec::signal::{
    Body, EncodeError, EncryptionIndicator, Message, MessageCode, ReferenceIndicator,
    ReferencedMessage, Text, check,
};
use libfuzzer_sys::fuzz_target;

const IDENTIFIER: ReferencedMessage = ReferencedMessage([7; 32]);

fuzz_target!(|octets: &[u8]| {
    let mut buffer = TextBuffer::new();
    let Ok(packed) = Packed::parse(octets, &mut buffer) else { return };
    assert_eq!(packed.to_vec().as_deref(), Ok(octets));
    fills_exactly(&packed, octets);
    match packed {
        Packed::Whole(message) => {
            check::visit(&message, &mut |_| {});
            repeats(&message);
        }
        Packed::Repeat(repeat) => repeats_another(&repeat),
    }
});

/// As many octets as it says, no fewer and no more.
fn fills_exactly(packed: &Packed<'_>, octets: &[u8]) {
    assert_eq!(packed.octets(), Ok(octets.len()));
    let mut short = vec![0; octets.len() - 1];
    let refused = EncodeError::TooShort { octets_needed: octets.len() };
    assert_eq!(packed.emit(&mut short), Err(refused));
    let mut long = vec![0xAA; octets.len() + 2];
    assert_eq!(packed.emit(&mut long), Ok(octets.len()));
    assert_eq!(&long[..octets.len()], octets);
    assert_eq!(long[octets.len()..], [0xAA; 2]);
}

/// Each way to repeat a message travels without its body and is whole again with it.
fn repeats(message: &Message<'_>) {
    for reference_indicator in Repeat::INDICATORS {
        let whole = Message { reference_indicator, referenced_message: IDENTIFIER, ..*message };
        let repeat = Repeat::of(&whole, message).expect("it repeats");
        let body = Packed::Repeat(repeat).to_vec().expect("not encrypted");
        let mut buffer = TextBuffer::new();
        assert_eq!(Packed::parse(&body, &mut buffer), Ok(Packed::Repeat(repeat)));
        assert_eq!(repeat.resolve(IDENTIFIER, message), Ok(whole));
    }
}

/// A repeat takes the body of a message of its own kind and of no other.
fn repeats_another(repeat: &Repeat) {
    assert!(Repeat::INDICATORS.contains(&repeat.indicator));
    let body = Body::FreeText { text: Text::new("again").expect("seven bits") };
    let referenced = Message {
        encryption: EncryptionIndicator::NONE,
        duress: false,
        test: false,
        reference_indicator: ReferenceIndicator::ORIGINAL,
        referenced_message: ReferencedMessage::NONE,
        body,
    };
    match repeat.resolve(IDENTIFIER, &referenced) {
        Ok(whole) => assert_eq!(Repeat::of(&whole, &referenced), Some(*repeat)),
        // A test has a message code of its own.
        Err(_) => assert!(repeat.test || repeat.code != MessageCode::FreeText),
    }
}
