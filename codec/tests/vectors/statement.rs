//! Statements, their roots, chains and blinding (chapter 04).

use super::answer::{Answer, hex, needs_newer};
use super::given::{accounts, array, list, number, octets, realm};
use chappe_codec::account::Account;
use chappe_codec::chain::ChainId;
use chappe_codec::error::ErrorKind;
use chappe_codec::id::MessageId;
use chappe_codec::identity::Signer;
use chappe_codec::key::{KeyError, SignKey};
use chappe_codec::merkle;
use chappe_codec::statement::{BlindingSalt, Claim, Evidence, Statement};
use chappe_codec::time::TimeInterval;
use serde_json::{Value, json};

/// By an account that signs itself.
pub(crate) fn write(given: &Value) -> Answer {
    let secret = SignKey::from_seed(&array(&given["account_seed"]));
    let signer = Signer {
        account: Account::of_key(&secret.public()),
        device: number(&given["device"]),
        key: secret.public(),
    };
    write_by(&signer, &secret, given)
}

/// The statement of what is given, by whoever signs.
pub(crate) fn write_by(signer: &Signer, secret: &SignKey, given: &Value) -> Answer {
    let claim = Claim {
        account: signer.account.id(),
        device: signer.device,
        chain: ChainId(array(&given["chain_id"])),
        first: number(&given["first"]),
        count: number(&given["count"]),
        root: array(&given["root"]),
        previous: array(&given["previous"]),
        time: TimeInterval::new(number(&given["earliest"]), number(&given["width"])),
    };
    let statement = claim.sign(secret, realm(&given["realm"])).unwrap();
    assert_eq!(Statement::parse(&statement.to_bytes())?, statement);
    statement.verify(signer, realm(&given["realm"]))?;
    Ok(json!({ "statement": hex(&statement.to_bytes()), "hash": hex(&statement.hash()) }))
}

pub(crate) fn read(given: &Value) -> Answer {
    let (realm, known) = (realm(&given["realm"]), accounts(&given["accounts"]));
    let mut answer = read_by(given, |statement| {
        let signer = known.iter().find(|signer| signer.account.id() == statement.claim.account);
        statement.verify(signer.ok_or(KeyError::UnknownAccount)?, realm)
    })?;
    // "needs_newer" is one of its own.
    let outcome = answer.as_object_mut().unwrap().entry("outcome");
    outcome.or_insert(json!("verified"));
    Ok(answer)
}

/// What a statement says, once `verify` has found its author.
pub(crate) fn read_by(
    given: &Value,
    verify: impl FnOnce(&Statement) -> Result<(), KeyError>,
) -> Answer {
    let octets = octets(&given["statement"]);
    let statement = match Statement::parse(&octets) {
        Ok(statement) => statement,
        // "Keeps the octets, shows the messages as not yet signed."
        Err(error) if error.kind == ErrorKind::UnknownVersion => return Ok(needs_newer()),
        Err(error) => return Err(error.into()),
    };
    assert_eq!(statement.to_bytes().as_slice(), octets);
    verify(&statement)?;
    let claim = &statement.claim;
    let earliest = claim.time.earliest_seconds();
    let [.., high, low] = claim.time.to_bytes();
    let width = u16::from_be_bytes([high, low]);
    let latest = (width != u16::MAX).then(|| earliest + u64::from(width));
    assert_eq!(claim.time.latest_seconds(), latest);
    Ok(json!({
        "account_id": hex(&claim.account.0),
        "device": claim.device,
        "chain_id": hex(&claim.chain.0),
        "first": claim.first,
        "count": claim.count,
        "root": hex(&claim.root),
        "previous": hex(&claim.previous),
        "earliest": earliest.to_string(),
        "width": width,
        "hash": hex(&statement.hash()),
    }))
}

pub(crate) fn contradiction(given: &Value) -> Answer {
    let one = Statement::parse(&octets(&given["one"]))?;
    let other = Statement::parse(&octets(&given["other"]))?;
    assert_eq!(one.contradicts(&other), other.contradicts(&one));
    Ok(json!({ "evidence": one.contradicts(&other) }))
}

pub(crate) fn root(given: &Value) -> Answer {
    let ids: Vec<MessageId> = list(&given["ids"]).map(|id| MessageId(array(id))).collect();
    Ok(json!({ "root": hex(&merkle::root(&ids)) }))
}

pub(crate) fn chain_open(given: &Value) -> Answer {
    let account = Account(array(&given["account_key"]));
    let (device, epoch) = (number(&given["device"]), number(&given["epoch"]));
    let chain = ChainId::open(realm(&given["realm"]), &account, device, epoch);
    Ok(json!({ "chain_id": hex(&chain.0) }))
}

pub(crate) fn blind(given: &Value) -> Answer {
    let statement = Statement::parse(&octets(&given["statement"]))?;
    let salt = BlindingSalt(array(&given["blinding_salt"]));
    Ok(json!({ "commitment": hex(&statement.blind(&salt)) }))
}

pub(crate) fn evidence_body(given: &Value) -> Answer {
    let octets = octets(&given["body"]);
    let evidence = Evidence::parse(&octets)?;
    assert_eq!(evidence.to_bytes(), octets);
    let (statement, salt) = (&evidence.statement, &evidence.salt);
    Ok(json!({
        "statement": hex(&statement.to_bytes()),
        "blinding_salt": salt.map(|salt| hex(&salt.0)),
        "commitment": salt.map(|salt| hex(&statement.blind(&salt))),
    }))
}
