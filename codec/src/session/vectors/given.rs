//! The members of a vector as the types of this crate, and back.

use crate::id::MessageId;
use crate::item::{Family, Item, Reference};
use crate::session::Message;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Value, json};

pub(super) fn octets(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap_or_else(|| panic!("not hex: {value}")).as_bytes();
    assert!(digits.len().is_multiple_of(2), "half an octet: {value}");
    let digit = |character: u8| char::from(character).to_digit(16).expect("hex");
    let octet = |pair: &[u8]| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap();
    digits.chunks(2).map(octet).collect()
}

pub(super) fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap_or_else(|_| panic!("not {N} octets: {value}"))
}

/// An integer of whatever width its field has; wide ones are decimal strings.
pub(super) fn number<T: TryFrom<u64>>(value: &Value) -> T {
    let wide = value.as_str().map(|text| text.parse().unwrap());
    let number = wide.or_else(|| value.as_u64()).unwrap_or_else(|| panic!("no number: {value}"));
    T::try_from(number).unwrap_or_else(|_| panic!("too wide: {value}"))
}

pub(super) fn hex(octets: &[u8]) -> Value {
    json!(octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>())
}

/// An item around a body that lies elsewhere.
pub(super) fn item<'a>(given: &Value, body: &'a [u8]) -> Item<'a> {
    let reference = &given["reference"];
    Item {
        family: Family::from_code(number(&given["family"])).unwrap(),
        revision: number(&given["revision"]),
        reference: match number::<u8>(&given["form"]) {
            0 => Reference::None,
            1 => Reference::Prefix(array(reference)),
            2 => Reference::Id(MessageId(array(reference))),
            3 => Reference::InBody,
            other => panic!("form {other}"),
        },
        body,
    }
}

pub(super) fn item_found(item: &Item<'_>) -> Value {
    let (form, reference) = match &item.reference {
        Reference::None => (0, hex(&[])),
        Reference::Prefix(prefix) => (1, hex(prefix)),
        Reference::Id(id) => (2, hex(&id.0)),
        Reference::InBody => (3, hex(&[])),
    };
    json!({
        "family": item.family.code(),
        "revision": item.revision,
        "form": form,
        "reference": reference,
        "body": hex(item.body),
        "needs_newer": item.needs_newer(),
    })
}

pub(super) fn message_found(message: &Message<'_>) -> Value {
    json!({
        "salt": hex(&message.salt.0),
        "canonical": message.item.canonical().map(|octets| hex(&octets)),
        "id": message.id.map(|id| hex(&id.0)),
    })
}
