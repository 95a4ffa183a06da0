//! Open envelopes (chapter 03, "Open").

use super::answer::{self, Answer, hex, messages, needs_newer};
use super::given::{accounts, array, borrowed, items, octets, position, realm};
use chappe_codec::account::Account;
use chappe_codec::envelope::{Envelope, OpenEnvelope, OpenError, Opened};
use chappe_codec::identity::Signer;
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use serde_json::{Value, json};

pub(crate) fn write(given: &Value) -> Answer {
    let secret = SignKey::from_seed(&array(&given["account_seed"]));
    let (realm, account, items) =
        (realm(&given["realm"]), Account::of_key(&secret.public()), items(&given["items"]));
    let envelope =
        OpenEnvelope::sign(&secret, &account, realm, position(given), &borrowed(&items))?;
    let Envelope::Open(open) = Envelope::parse(&envelope)? else { panic!("not open") };
    assert_eq!(open.items, borrowed(&items));
    assert_eq!(open.first, position(given));
    let opened = verify(&open, &[Signer::root(account)?], realm)?;
    Ok(json!({
        "account_key": hex(&account.0),
        "account_id": hex(&account.id().0),
        "chain_id": hex(&opened.chain().0),
        "envelope": hex(&envelope),
        "messages": messages(&opened),
    }))
}

pub(crate) fn read(given: &Value) -> Answer {
    let envelope = octets(&given["envelope"]);
    let open = match Envelope::parse(&envelope)? {
        Envelope::Open(open) => open,
        Envelope::Sealed(_) => panic!("sealed"),
        Envelope::Unknown { .. } => return Ok(needs_newer()),
    };
    match verify(&open, &accounts(&given["accounts"]), realm(&given["realm"])) {
        Ok(opened) => {
            let mut verified = answer::opened("verified", &opened);
            // Padding among them, which is no message.
            verified["items"] = open.items.iter().map(answer::item).collect::<Value>();
            Ok(verified)
        }
        // "Shown as an unverified claim, never hidden."
        Err(OpenError::UnknownAccount) => Ok(json!({
            "outcome": "unverified",
            "account_id": hex(&open.account.0),
            "device": open.first.device,
            "epoch": open.first.epoch,
            "counter": open.first.counter,
            "items": open.items.iter().map(answer::item).collect::<Value>(),
        })),
        Err(other) => Err(other.into()),
    }
}

fn verify(open: &OpenEnvelope<'_>, known: &[Signer], realm: Realm) -> Result<Opened, OpenError> {
    let signer = known.iter().find(|signer| signer.account.id() == open.account);
    open.verify(signer.ok_or(OpenError::UnknownAccount)?, realm)
}
