//! Items, message ids and salts (chapter 02; the salts of 03).

use super::answer::{Answer, hex, item};
use super::given::{self, OwnedItem, array, list, number, octets, position};
use chappe_codec::account::Account;
use chappe_codec::id::{MessageId, Salt};
use chappe_codec::item::{self, Item, Reference, Resolution, emit_items, parse_items};
use chappe_codec::padding;
use serde_json::{Value, json};

pub(crate) fn items(given: &Value) -> Answer {
    let octets = octets(&given["octets"]);
    let items = parse_items(given["several"].as_bool().unwrap(), &octets)?;
    assert_eq!(emit_items(&items), octets);
    Ok(json!({ "items": items.iter().map(item).collect::<Value>() }))
}

/// What an envelope is filled up with (chapter 03, "Length").
pub(crate) fn padded(given: &Value) -> Answer {
    let (owned, overhead) = (given::items(&given["items"]), number::<usize>(&given["overhead"]));
    let mut items = given::borrowed(&owned);
    let padding = padding::behind(&items, overhead);
    let sizes: Vec<usize> =
        padding.iter().map(|item| emit_items(&[item.clone(), item.clone()]).len() / 2).collect();
    items.extend(padding);
    let octets = emit_items(&items);
    assert_eq!(parse_items(items.len() > 1, &octets)?, items);
    Ok(json!({ "octets": hex(&octets), "padding": sizes, "size": overhead + octets.len() }))
}

pub(crate) fn message_id(given: &Value) -> Answer {
    let account = Account(array(&given["account_key"]));
    let owned = OwnedItem::new(&given["item"]);
    let mut item = owned.item();
    if let (Some(id), Reference::Prefix(prefix)) = (given.get("resolved"), item.reference) {
        assert_eq!(item.canonical(), None);
        item.reference = match item::resolve(&prefix, [&MessageId(array(id))])? {
            Resolution::Resolved(id) => Reference::Id(id),
            Resolution::Unresolved => panic!("{id} does not begin with the prefix"),
        };
    }
    let canonical = item.canonical();
    if let Some(canonical) = &canonical {
        assert_eq!(Item::from_canonical(canonical)?, item);
    }
    let id = item.id(&account, &Salt(array(&given["salt"])));
    Ok(json!({ "canonical": canonical.map(|octets| hex(&octets)), "id": id.map(|id| hex(&id.0)) }))
}

pub(crate) fn resolve(given: &Value) -> Answer {
    let known: Vec<MessageId> = list(&given["known_ids"]).map(|id| MessageId(array(id))).collect();
    Ok(match item::resolve(&array(&given["prefix"]), &known)? {
        Resolution::Resolved(id) => json!({ "state": "resolved", "id": hex(&id.0) }),
        Resolution::Unresolved => json!({ "state": "pending", "id": null }),
    })
}

pub(crate) fn open_salt(given: &Value) -> Answer {
    let account = Account(array(&given["account_key"]));
    Ok(json!({ "salt": hex(&Salt::open(&account, position(given)).0) }))
}

pub(crate) fn sealed_salt(given: &Value) -> Answer {
    let salt = Salt::sealed(&array(&given["s"]), number(&given["counter"]));
    Ok(json!({ "salt": hex(&salt.0) }))
}
