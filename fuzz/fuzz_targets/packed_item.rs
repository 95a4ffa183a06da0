//! Items of packed signals: whatever is accepted says again the item it was read from, and which
//! message it refers to.
#![no_main]

use chappe_codec::id::MessageId;
use chappe_codec::item::{Item, Reference, Resolution, parse_items, resolve};
use chappe_codec::signal::ReferencedMessage;
use chappe_codec::signal::packed::item::Referenced;
use chappe_codec::signal::packed::{self, Packed, TextBuffer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    // As items come, alone or several; and as a body alone, behind each form of reference.
    for several in [false, true] {
        let items = parse_items(several, octets).unwrap_or_default();
        items.iter().for_each(read);
    }
    if let Some((identifier, body)) = octets.split_first_chunk() {
        let prefix = Reference::Prefix(*identifier.first_chunk().expect("the first of 32"));
        let none = packed::item::item(body, ReferencedMessage::NONE);
        read(&none);
        read(&packed::item::item(body, ReferencedMessage(*identifier)));
        read(&Item { reference: prefix, ..none.clone() });
        let mut buffer = TextBuffer::new();
        let in_body = Item { reference: Reference::InBody, ..none };
        assert!(packed::item::parse(&in_body, &mut buffer).is_err());
    }
});

fn read(item: &Item<'_>) {
    let mut buffer = TextBuffer::new();
    let Ok(read) = packed::item::parse(item, &mut buffer) else { return };
    let body = read.packed.to_vec().expect("not encrypted");
    assert_eq!(body, item.body);
    let identifier = match read.referenced {
        Referenced::Known(identifier) => {
            assert_eq!(&packed::item::item(&body, identifier), item);
            identifier
        }
        Referenced::Prefix(prefix) => {
            assert_eq!(item.reference, Reference::Prefix(prefix));
            assert_eq!(item.canonical(), None);
            resolves(&body, prefix);
            ReferencedMessage::NONE
        }
    };
    if let Packed::Whole(message) = read.packed {
        assert_eq!(message.referenced_message, identifier);
    }
}

/// Once its prefix is resolved an item refers to the whole identifier.
fn resolves(body: &[u8], prefix: [u8; 8]) {
    let mut whole = [0xC1; 32];
    whole[..8].copy_from_slice(&prefix);
    let known = [MessageId([0; 32]), MessageId(whole)];
    // All zeros would begin both.
    if prefix == [0; 8] {
        return;
    }
    let resolved = MessageId(whole);
    assert_eq!(resolve(&prefix, &known), Ok(Resolution::Resolved(resolved)));
    let item = packed::item::item(body, ReferencedMessage(whole));
    assert_eq!(item.reference, Reference::Id(resolved));
    let mut buffer = TextBuffer::new();
    let read = packed::item::parse(&item, &mut buffer).expect("its body was read");
    assert_eq!(read.referenced, Referenced::Known(ReferencedMessage(whole)));
}
