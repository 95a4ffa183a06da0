//! Lengths, realms, accounts, signatures and labels (chapter 00, and the label of 05).

use super::answer::{Answer, hex};
use super::given::{array, number, octets, realm as realm_given};
use chappe_codec::account::Account;
use chappe_codec::framing::{self, field};
use chappe_codec::key::{SignKey, VerifyKey};
use chappe_codec::label::{Label, LabelKey, label_epoch};
use chappe_codec::realm::{Mode, Realm};
use serde_json::{Value, json};

pub(crate) fn length(given: &Value) -> Answer {
    let octets = octets(&given["octets"]);
    let value = framing::parse_all(&octets, field("length", framing::length))?;
    let mut again = Vec::new();
    framing::put_length(&mut again, value);
    assert_eq!(again, octets);
    Ok(json!({ "value": value }))
}

pub(crate) fn realm(given: &Value) -> Answer {
    let octets = octets(&given["octets"]);
    let realm = Realm::parse(&octets)?;
    assert_eq!(realm.to_bytes().as_slice(), octets);
    let mode = match realm.mode {
        Mode::Live => "live",
        Mode::Exercise => "exercise",
    };
    Ok(json!({ "mode": mode, "network": realm.network, "text": realm.to_string() }))
}

pub(crate) fn realm_text(given: &Value) -> Answer {
    let text = given["text"].as_str().unwrap();
    let realm: Realm = text.parse()?;
    assert_eq!(realm.to_string(), text);
    Ok(json!({ "octets": hex(&realm.to_bytes()) }))
}

pub(crate) fn account(given: &Value) -> Answer {
    let key = SignKey::from_seed(&array(&given["account_seed"])).public();
    assert_eq!(VerifyKey::from_bytes(&key.to_bytes())?, key);
    Ok(
        json!({ "account_key": hex(&key.to_bytes()), "account_id": hex(&Account::of_key(&key).id().0) }),
    )
}

pub(crate) fn signature(given: &Value) -> Answer {
    let (context, content) = (given["context"].as_str().unwrap(), octets(&given["content"]));
    let realm = realm_given(&given["realm"]);
    let key = VerifyKey::from_bytes(&array(&given["account_key"]))?;
    key.verify(context, realm, &[&content], &array(&given["signature"]))?;
    Ok(json!({ "signed": hex(&[context.as_bytes(), &realm.to_bytes(), &content].concat()) }))
}

pub(crate) fn label(given: &Value) -> Answer {
    Ok(json!({ "label": label_of(given, number(&given["epoch"])) }))
}

pub(crate) fn label_at(given: &Value) -> Answer {
    let epoch = label_epoch(number(&given["seconds"]));
    Ok(json!({ "epoch": epoch, "label": label_of(given, epoch) }))
}

fn label_of(given: &Value, epoch: u32) -> String {
    let key = LabelKey(array(&given["label_key"]));
    hex(&Label::new(&key, realm_given(&given["realm"]), epoch).0)
}
