//! One message, all its forms: standard wire, packed, JSON in both shapes, pairs and text say the
//! same, from whichever it came.
#![no_main]

use chappe_codec::signal::packed::{self, Packed, TextBuffer};
use chappe_codec::signal::{Message, check};
use libfuzzer_sys::fuzz_target;

// The program's own reader; a program is no library, so its files are taken as they are.
#[allow(dead_code)]
#[path = "../../app/src/signal/flaw.rs"]
mod flaw;
#[path = "../../app/src/signal/json.rs"]
mod json;
#[allow(dead_code)]
#[path = "../../app/src/signal/limits.rs"]
mod limits;

fuzz_target!(|octets: &[u8]| {
    if let Ok(message) = Message::parse_standard(octets) {
        same_everywhere(&message, octets);
    }
    let mut buffer = TextBuffer::new();
    if let Ok(Packed::Whole(message)) = Packed::parse(octets, &mut buffer) {
        let wire = message.to_standard_vec().expect("not encrypted");
        let unpacked = Message::parse_standard(&wire).expect("what was written is read");
        assert_eq!(unpacked, message);
        assert_eq!(Packed::Whole(unpacked).to_vec().as_deref(), Ok(octets));
        same_everywhere(&message, &wire);
    }
});

/// Reads the message back from every form it can have.
fn same_everywhere(message: &Message<'_>, wire: &[u8]) {
    let same = |form: &str, again: Message<'_>| {
        assert_eq!(again, *message, "{form}");
        assert_eq!(again.to_standard_vec().as_deref(), Ok(wire), "{form}");
    };
    same("standard", *message);

    let body = Packed::Whole(*message).to_vec().expect("not encrypted");
    let item = packed::item::item(&body, message.referenced_message);
    let mut buffer = TextBuffer::new();
    let read = packed::item::parse(&item, &mut buffer).expect("what was packed is read");
    let Packed::Whole(unpacked) = read.packed else { panic!("no repeat was written") };
    same("packed", unpacked);
    assert_eq!(read.packed.to_vec().as_ref(), Ok(&body));

    for shape in [json::flat(message), json::nested(message)] {
        let pairs = json::read(&shape.to_string()).expect("what was written is read");
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        same("JSON", Message::from_pairs(&pairs).expect("its own fields"));
    }

    let text = message.to_serialized();
    same("text", Message::parse_serialized(&text).expect("what was written is read"));

    // Judging stops at nothing, and comes to one judgement whatever the form.
    let judged = check::violations(message);
    assert_eq!(check::violations(&unpacked), judged);
    for violation in judged {
        let mut named = false;
        message.visit(|view| named |= view.field.name == violation.field);
        assert!(named, "{violation:?}");
    }
}
