//! Cards (chapter 03, "Card").

use super::answer::{Answer, hex};
use super::given::{identity, octets, realm};
use chappe_codec::card::Card;
use serde_json::{Value, json};

pub(crate) fn write(given: &Value) -> Answer {
    let realm = realm(&given["realm"]);
    let card = *identity(given, realm).card();
    assert_eq!(Card::parse(&card.to_bytes(), realm)?, card);
    let mut out = fields(&card);
    out["card"] = json!(hex(&card.to_bytes()));
    Ok(out)
}

pub(crate) fn read(given: &Value) -> Answer {
    let octets = octets(&given["card"]);
    let card = Card::parse(&octets, realm(&given["realm"]))?;
    assert_eq!(card.to_bytes().as_slice(), octets);
    Ok(fields(&card))
}

fn fields(card: &Card) -> Value {
    json!({
        "account_key": hex(&card.account.0),
        "identity_key": hex(&card.identity),
        "prekey": hex(&card.prekey),
        "transport_key": hex(&card.transport),
        "label_key": hex(&card.label_key.0),
    })
}
