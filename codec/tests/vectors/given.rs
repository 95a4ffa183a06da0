//! The members of a vector's "in" as the types of this crate.

use chappe_codec::account::Account;
use chappe_codec::chain::Position;
use chappe_codec::id::MessageId;
use chappe_codec::identity::Signer;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::realm::Realm;
use serde_json::Value;

pub(crate) fn octets(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap_or_else(|| panic!("not hex: {value}")).as_bytes();
    assert!(digits.len().is_multiple_of(2), "half an octet: {value}");
    let digit = |character: u8| char::from(character).to_digit(16).expect("hex");
    digits
        .chunks(2)
        .map(|pair| (digit(pair[0]) * 16 + digit(pair[1])).try_into().unwrap())
        .collect()
}

pub(crate) fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap_or_else(|_| panic!("not {N} octets: {value}"))
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}")).iter()
}

/// An integer of whatever width its field has; wide ones are decimal strings.
pub(crate) fn number<T: TryFrom<u64>>(value: &Value) -> T {
    let wide = value.as_str().map(|text| text.parse().unwrap());
    let number = wide.or_else(|| value.as_u64()).unwrap_or_else(|| panic!("no number: {value}"));
    T::try_from(number).unwrap_or_else(|_| panic!("too wide: {value}"))
}

pub(crate) fn realm(value: &Value) -> Realm {
    Realm::parse(&octets(value)).unwrap()
}

/// Account keys a reader knows. All in the vectors are keys.
pub(crate) fn accounts(value: &Value) -> Vec<Signer> {
    list(value).map(|key| Signer::root(Account(array(key))).unwrap()).collect()
}

pub(crate) fn position(given: &Value) -> Position {
    Position {
        device: number(&given["device"]),
        epoch: number(&given["epoch"]),
        counter: number(&given["counter"]),
    }
}

/// An item that owns its body.
pub(crate) struct OwnedItem {
    family: Family,
    revision: u8,
    reference: Reference,
    body: Vec<u8>,
}

impl OwnedItem {
    pub(crate) fn new(given: &Value) -> Self {
        let reference = &given["reference"];
        Self {
            family: Family::from_code(number(&given["family"])).unwrap(),
            revision: number(&given["revision"]),
            reference: match number::<u8>(&given["form"]) {
                0 => Reference::None,
                1 => Reference::Prefix(array(reference)),
                2 => Reference::Id(MessageId(array(reference))),
                3 => Reference::InBody,
                other => panic!("form {other}"),
            },
            body: octets(&given["body"]),
        }
    }

    pub(crate) fn item(&self) -> Item<'_> {
        Item {
            family: self.family,
            revision: self.revision,
            reference: self.reference,
            body: &self.body,
        }
    }
}

pub(crate) fn items(value: &Value) -> Vec<OwnedItem> {
    list(value).map(OwnedItem::new).collect()
}

pub(crate) fn borrowed(items: &[OwnedItem]) -> Vec<Item<'_>> {
    items.iter().map(OwnedItem::item).collect()
}
