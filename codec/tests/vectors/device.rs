//! What a certified device signs (chapters 03 and 04): open envelopes, statements, proofs.

use super::answer::{self, Answer, Refusal, hex, messages, needs_newer};
use super::given::{array, borrowed, items, list, number, octets, position, realm};
use super::statement;
use chappe_codec::account::{Account, AccountId};
use chappe_codec::chain::ChainId;
use chappe_codec::envelope::{Envelope, OpenEnvelope, OpenError};
use chappe_codec::id::MessageId;
use chappe_codec::identity::{Carried, Directory, Signer};
use chappe_codec::key::SignKey;
use chappe_codec::statement::{Ids, Proof, Request, Statement};
use serde_json::{Value, json};

/// "What is known": accounts of one key each, then endorsements in the order they were met.
fn known(given: &Value) -> Directory {
    let mut directory = Directory::new(realm(&given["realm"]));
    for account in list(&given["accounts"]) {
        directory.know(Account(array(account))).unwrap();
    }
    for (kind, name) in [(0, "certificates"), (1, "revocations"), (2, "successions")] {
        for endorsement in list(&given[name]) {
            let body = [&[kind][..], &octets(endorsement)].concat();
            directory.take(&Carried::parse(&body).unwrap()).unwrap();
        }
    }
    directory
}

fn signer(given: &Value) -> (SignKey, Signer) {
    let key = SignKey::from_seed(&array(&given["signing_seed"]));
    let (account, device) = (Account(array(&given["account"])), number(&given["device"]));
    let signer = Signer { account, device, key: key.public() };
    (key, signer)
}

pub(crate) fn open_write(given: &Value) -> Answer {
    let (key, signer) = signer(given);
    let (realm, items) = (realm(&given["realm"]), items(&given["items"]));
    let envelope =
        OpenEnvelope::sign(&key, &signer.account, realm, position(given), &borrowed(&items))?;
    let Envelope::Open(open) = Envelope::parse(&envelope)? else { panic!("not open") };
    let opened = open.verify(&signer, realm)?;
    Ok(json!({
        "account_id": hex(&signer.account.id().0),
        "chain_id": hex(&opened.chain().0),
        "envelope": hex(&envelope),
        "messages": messages(&opened),
    }))
}

pub(crate) fn open_read(given: &Value) -> Answer {
    let envelope = octets(&given["envelope"]);
    let open = match Envelope::parse(&envelope)? {
        Envelope::Open(open) => open,
        Envelope::Sealed(_) => panic!("sealed"),
        Envelope::Unknown { .. } => return Ok(needs_newer()),
    };
    let mut out = json!({
        "outcome": "verified",
        "device": open.first.device,
        "epoch": open.first.epoch,
        "counter": open.first.counter,
        "items": open.items.iter().map(answer::item).collect::<Value>(),
    });
    match known(given).verify_open(&open) {
        Ok(opened) => {
            out["account"] = json!(hex(&opened.author().0));
            out["messages"] = messages(&opened);
        }
        Err(OpenError::UnknownAccount) => {
            out["outcome"] = json!("unverified");
            out["account_id"] = json!(hex(&open.account.0));
        }
        Err(other) => return Err(other.into()),
    }
    Ok(out)
}

pub(crate) fn statement_write(given: &Value) -> Answer {
    let (key, signer) = signer(given);
    statement::write_by(&signer, &key, given)
}

pub(crate) fn statement_read(given: &Value) -> Answer {
    statement::read_by(given, |statement| known(given).verify_statement(statement).map(|_| ()))
}

pub(crate) fn proof_write(given: &Value) -> Answer {
    let ids: Vec<MessageId> = list(&given["ids"]).map(|id| MessageId(array(id))).collect();
    let statement = Statement::parse(&octets(&given["statement"]))?;
    let proof = Proof::new(statement, number(&given["counter"]), &ids).unwrap().to_bytes();
    let path: Value = proof[163..].chunks(32).map(hex).collect();
    Ok(json!({ "path": path, "proof": hex(&proof) }))
}

pub(crate) fn proof_read(given: &Value) -> Answer {
    let octets = octets(&given["proof"]);
    let proof = Proof::parse(&octets)?;
    assert_eq!(proof.to_bytes(), octets);
    proof
        .verify_known(&MessageId(array(&given["id"])), &known(given))
        .map_err(|error| Refusal::new(error.name()))?;
    Ok(json!({ "counter": proof.counter, "chain_id": hex(&proof.statement.claim.chain.0) }))
}

pub(crate) fn request_write(given: &Value) -> Answer {
    let account = || AccountId(array(&given["account_id"]));
    let chain = || ChainId(array(&given["chain_id"]));
    let request = match given["what"].as_str().unwrap() {
        "ids" => {
            let (first, count) = (number(&given["first"]), number(&given["count"]));
            Request::ids(account(), chain(), first, count).unwrap()
        }
        "proof" => Request::Proof {
            account: account(),
            chain: chain(),
            counter: number(&given["counter"]),
        },
        "proof_of_id" => Request::ProofOf(MessageId(array(&given["id"]))),
        other => panic!("{other}"),
    };
    Ok(json!({ "body": hex(&request.to_bytes()) }))
}

pub(crate) fn request_read(given: &Value) -> Answer {
    let octets = octets(&given["body"]);
    let request = Request::parse(&octets)?;
    assert_eq!(request.to_bytes(), octets);
    Ok(match request {
        Request::Ids { account, chain, first, count } => json!({
            "what": "ids", "account_id": hex(&account.0), "chain_id": hex(&chain.0),
            "first": first, "count": count,
        }),
        Request::Proof { account, chain, counter } => json!({
            "what": "proof", "account_id": hex(&account.0), "chain_id": hex(&chain.0),
            "counter": counter,
        }),
        Request::ProofOf(id) => json!({ "what": "proof_of_id", "id": hex(&id.0) }),
    })
}

pub(crate) fn ids_write(given: &Value) -> Answer {
    let (account, chain) =
        (AccountId(array(&given["account_id"])), ChainId(array(&given["chain_id"])));
    let ids = list(&given["ids"]).map(|id| MessageId(array(id))).collect();
    let ids = Ids::new(account, chain, number(&given["first"]), ids).unwrap();
    Ok(json!({ "body": hex(&ids.to_bytes()) }))
}

pub(crate) fn ids_read(given: &Value) -> Answer {
    let octets = octets(&given["body"]);
    let ids = Ids::parse(&octets)?;
    assert_eq!(ids.to_bytes(), octets);
    let each: Vec<_> = ids.iter().map(|(_, id)| hex(&id.0)).collect();
    Ok(json!({
        "account_id": hex(&ids.account.0), "chain_id": hex(&ids.chain.0), "first": ids.first,
        "ids": each,
    }))
}
