//! Roots, endorsements, cards, words and permissions (chapter 10).

use super::answer::{Answer, Refusal, hex};
use super::given::{array, list, number, octets, realm};
use chappe_codec::account::Account;
use chappe_codec::card::Card;
use chappe_codec::home::{HomeRelay, HomeRelays};
use chappe_codec::identity::{
    Area, Carried, Certificate, Change, Content, Directory, DirectoryError, Draft, Endorsement,
    EndorsementError, Limit, NEVER, Permissions, Prekeys, Revocation, Root, Succession, Types,
    words,
};
use chappe_codec::item::Family;
use chappe_codec::key::{SignKey, VerifyKey};
use chappe_codec::label::LabelKey;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_codec::signal::MessageCode;
use chappe_codec::time::TimeInterval;
use serde_json::{Value, json};

impl From<EndorsementError> for Refusal {
    fn from(error: EndorsementError) -> Self {
        Self::new(error.name())
    }
}

pub(crate) fn root(given: &Value) -> Answer {
    let root = Root::parse(&octets(&given["root"]))?;
    assert_eq!(root.to_bytes(), octets(&given["root"]));
    for key in root.keys() {
        VerifyKey::from_bytes(key)?;
    }
    Ok(json!({
        "threshold": root.threshold(),
        "keys": root.keys().iter().map(|key| hex(key)).collect::<Value>(),
        "account": hex(&root.account().0),
        "account_id": hex(&root.account().id().0),
    }))
}

pub(crate) fn endorsement_write(given: &Value) -> Answer {
    let content = &given["content"];
    let account = Account(array(&content["account"]));
    match given["what"].as_str().unwrap() {
        "certificate" => {
            let certificate = Certificate {
                account,
                device: number(&content["device"]),
                issue: number(&content["issue"]),
                signing_key: array(&content["signing_key"]),
                identity_key: array(&content["identity_key"]),
                transport_key: array(&content["transport_key"]),
                permissions: permissions(content),
            };
            endorse(certificate, given)
        }
        "revocation" => {
            let (device, issue) = (number(&content["device"]), number(&content["issue"]));
            endorse(Revocation { account, device, issue }, given)
        }
        _ => {
            let successor = Account(array(&content["successor"]));
            endorse(Succession { account, successor }, given)
        }
    }
}

fn endorse<C: Content>(content: C, given: &Value) -> Answer {
    let realm = realm(&given["realm"]);
    let mut keys: Vec<SignKey> =
        list(&given["seeds"]).map(|seed| SignKey::from_seed(&array(seed))).collect();
    keys.sort_by_key(|key| key.public().to_bytes());
    let public: Vec<VerifyKey> = keys.iter().map(SignKey::public).collect();
    let root = Root::new(number(&given["threshold"]), &public)?;
    let mut draft = Draft::by_successor(content.clone(), root.clone())?;
    for place in list(&given["places"]) {
        draft.sign(&keys[number::<usize>(place)], realm).unwrap();
    }
    let endorsement = draft.finish().unwrap();
    endorsement.verify_under(&root.account(), realm)?;
    let mut octets = Vec::new();
    content.write(&mut octets);
    Ok(json!({
        "content": hex(&octets),
        "root": hex(&root.to_bytes()),
        "root_account": hex(&root.account().0),
        "root_account_id": hex(&root.account().id().0),
        "octets": hex(&endorsement.to_bytes()),
    }))
}

pub(crate) fn endorsement_read(given: &Value) -> Answer {
    let (octets, realm) = (octets(&given["octets"]), realm(&given["realm"]));
    match given["what"].as_str().unwrap() {
        "certificate" => read(&octets, realm, given, certificate),
        "revocation" => read(&octets, realm, given, revocation),
        _ => read(&octets, realm, given, succession),
    }
}

pub(crate) fn endorsement_item(given: &Value) -> Answer {
    let (body, realm) = (octets(&given["body"]), realm(&given["realm"]));
    let carried = Carried::parse(&body)?;
    assert_eq!(carried.to_bytes(), body);
    let (what, mut out) = match carried {
        Carried::Certificate(_) => ("certificate", read(&body[1..], realm, given, certificate)?),
        Carried::Revocation(_) => ("revocation", read(&body[1..], realm, given, revocation)?),
        Carried::Succession(_) => ("succession", read(&body[1..], realm, given, succession)?),
    };
    out["what"] = json!(what);
    Ok(out)
}

fn read<C: Content>(octets: &[u8], realm: Realm, given: &Value, show: fn(&C) -> Value) -> Answer {
    let endorsement: Endorsement<C> = Endorsement::parse(octets)?;
    assert_eq!(endorsement.to_bytes(), octets);
    let account = endorsement.content().account();
    let counting = counting_root(&account, given);
    // A root that was succeeded still revokes what it certified.
    let revokes = given["what"] == "revocation" && endorsement.root().account() == account;
    endorsement.verify_under(if revokes { &account } else { &counting }, realm)?;
    let mut out = show(endorsement.content());
    out["root"] = json!(hex(&endorsement.root().to_bytes()));
    out["places"] = places(octets, C::OCTETS, endorsement.root());
    Ok(out)
}

/// The account's own root, or its successor in the vector.
fn counting_root(account: &Account, given: &Value) -> Account {
    let successors = given.get("successors").and_then(Value::as_array).into_iter().flatten();
    let mut of_this = successors.filter(|one| Account(array(&one["account"])) == *account);
    of_this.next_back().map_or(*account, |one| Account(array(&one["successor"])))
}

fn places(octets: &[u8], content: usize, root: &Root) -> Value {
    let start = content + root.to_bytes().len();
    (0..usize::from(root.threshold())).map(|index| json!(octets[start + 65 * index])).collect()
}

fn certificate(content: &Certificate) -> Value {
    let Permissions { types, precedence, area, not_before, expiry } = content.permissions;
    json!({
        "account": hex(&content.account.0),
        "device": content.device,
        "issue": content.issue,
        "signing_key": hex(&content.signing_key),
        "identity_key": hex(&content.identity_key),
        "transport_key": hex(&content.transport_key),
        "not_before": not_before.to_string(),
        "expiry": expiry.to_string(),
        "permissions": types.0,
        "precedence": precedence.to_bits(),
        "area": [area.south, area.west, area.north, area.east],
    })
}

fn revocation(content: &Revocation) -> Value {
    json!({
        "account": hex(&content.account.0),
        "device": content.device,
        "issue": content.issue,
    })
}

fn succession(content: &Succession) -> Value {
    json!({ "account": hex(&content.account.0), "successor": hex(&content.successor.0) })
}

fn permissions(given: &Value) -> Permissions {
    let edges: Vec<i32> =
        list(&given["area"]).map(|edge| edge.as_i64().unwrap().try_into().unwrap()).collect();
    let [south, west, north, east] = edges[..] else { panic!("an area has four edges") };
    Permissions {
        types: Types(number(&given["permissions"])),
        precedence: Precedence::from_bits(number(&given["precedence"])),
        area: Area { south, west, north, east },
        not_before: number(&given["not_before"]),
        expiry: number(&given["expiry"]),
    }
}

/// All endorsements of an account in the order in which a reader meets them.
pub(crate) fn history(given: &Value) -> Answer {
    let (realm, account) = (realm(&given["realm"]), Account(array(&given["account"])));
    let device: u8 = number(&given["device"]);
    let mut directory = Directory::new(realm);
    directory.know(account).unwrap();
    let mut met: Vec<Carried> = Vec::new();
    let mut answers = Vec::new();
    for one in list(&given["endorsements"]) {
        let kind = ["certificate", "revocation", "succession"]
            .iter()
            .position(|what| one["what"] == *what)
            .unwrap();
        let body = [&[u8::try_from(kind).unwrap()][..], &octets(&one["octets"])].concat();
        let carried = Carried::parse(&body)?;
        let was_known = met.iter().any(|other| is_same(other, &carried));
        answers.push(match directory.take(&carried) {
            Ok(changes) if matches!(changes[..], [Change::Conflict(_)]) => "evidence",
            Ok(changes) if was_known => {
                assert_eq!(changes, []);
                "known"
            }
            Ok(_) => "taken",
            Err(DirectoryError::Endorsement(error)) => error.name(),
            Err(other) => panic!("{other}"),
        });
        met.push(carried);
    }
    let place = |held: &Endorsement<Certificate>| {
        let held = Carried::Certificate(held.clone());
        met.iter().position(|one| is_same(one, &held))
    };
    let held: Vec<_> = directory.certificates(&account, device).collect();
    let in_force = held.iter().filter(|(_, is_revoked)| !is_revoked);
    let verifies: Vec<_> = in_force.map(|(held, _)| place(held)).collect();
    let signers = directory.signers(account.id(), device);
    assert_eq!(signers.map_or(0, |signers| signers.len()), verifies.len());
    Ok(json!({
        "answers": answers,
        "root": directory.root(&account).map(|root| hex(&root.0)),
        "evidence": !directory.evidence(&account).is_empty(),
        "holds": held.first().and_then(|(held, _)| place(held)),
        "before": held.get(1).and_then(|(held, _)| place(held)),
        "verifies": verifies,
    }))
}

/// The same content by the same root, whichever keyholders signed.
fn is_same(one: &Carried, other: &Carried) -> bool {
    match (one, other) {
        (Carried::Certificate(a), Carried::Certificate(b)) => said(a) == said(b),
        (Carried::Revocation(a), Carried::Revocation(b)) => said(a) == said(b),
        (Carried::Succession(a), Carried::Succession(b)) => said(a) == said(b),
        _ => false,
    }
}

fn said<C: Content>(endorsement: &Endorsement<C>) -> (&C, &Root) {
    (endorsement.content(), endorsement.root())
}

pub(crate) fn card_write(given: &Value) -> Answer {
    let realm = realm(&given["realm"]);
    let endorsement = Endorsement::parse(&octets(&given["certificate"]))?;
    let card = Card::sign(
        &SignKey::from_seed(&array(&given["signing_seed"])),
        realm,
        endorsement,
        array(&given["prekey"]),
        number(&given["prekey_expiry"]),
        LabelKey(array(&given["label_key"])),
        HomeRelays::new(list(&given["homes"]).map(home).collect()).unwrap(),
    )
    .unwrap();
    assert_eq!(Card::parse(&card.to_bytes(), realm).unwrap(), card);
    assert_eq!(Card::octets_of_qr_text(&card.to_qr_text()).unwrap(), card.to_bytes());
    Ok(json!({ "card": hex(&card.to_bytes()), "qr": card.to_qr_text() }))
}

fn home(given: &Value) -> HomeRelay {
    let key = VerifyKey::from_bytes(&array(&given["key"])).unwrap();
    HomeRelay::new(key, given["network_address"].as_str().unwrap().to_owned()).unwrap()
}

pub(crate) fn card_read(given: &Value) -> Answer {
    let (octets, realm) = (octets(&given["card"]), realm(&given["realm"]));
    let card = Card::parse_with(&octets, realm, |certificate| {
        certificate.verify_under(&counting_root(&certificate.content().account, given), realm)
    })
    .map_err(Refusal::from)?;
    assert_eq!(card.to_bytes(), octets);
    let homes = card.homes().iter().map(|home| {
        json!({"key": hex(&home.key().to_bytes()), "network_address": home.network_address()})
    });
    Ok(json!({
        "certificate": hex(&card.endorsement().to_bytes()),
        "prekey": hex(card.prekey()),
        "prekey_expiry": card.prekey_expiry().to_string(),
        "label_key": hex(&card.label_key().0),
        "homes": homes.collect::<Value>(),
    }))
}

pub(crate) fn card_qr(given: &Value) -> Answer {
    Ok(json!({ "card": hex(&Card::octets_of_qr_text(given["text"].as_str().unwrap())?) }))
}

pub(crate) fn prekey_life(given: &Value) -> Answer {
    let mut prekeys = Prekeys::first(&[0; 32], number(&given["begins"]));
    let mut kept = Vec::new();
    for (index, step) in list(&given["steps"]).enumerate() {
        let (now, seed) = (number(&step["at"]), [u8::try_from(index + 1).unwrap(); 32]);
        match step["what"].as_str().unwrap() {
            "look" => {
                if prekeys.is_due(now) {
                    prekeys.renew(&seed, now);
                }
                prekeys.destroy_ended(now);
            }
            "renew" => prekeys.renew(&seed, now),
            "destroy" => {
                prekeys.renew(&seed, now);
                prekeys.destroy_former();
            }
            other => panic!("nobody does {other}"),
        }
        let expiries = prekeys.public().into_iter().map(|(_, expiry)| expiry.to_string());
        kept.push(expiries.collect::<Value>());
    }
    Ok(json!({"kept": kept}))
}

pub(crate) fn card_former(given: &Value) -> Answer {
    let (card, realm) = (octets(&given["card"]), realm(&given["realm"]));
    Ok(json!({ "former": Card::is_former(&card, realm) }))
}

pub(crate) fn card_that_counts(given: &Value) -> Answer {
    let cards: Vec<Vec<u8>> = list(&given["cards"]).map(octets).collect();
    let mut directory = Directory::new(realm(&given["realm"]));
    let mut read = Vec::new();
    for card in &cards {
        read.push(directory.take_card(card).unwrap().0);
    }
    let counts = directory.card(&read[0].account(), read[0].device()).unwrap();
    Ok(json!({ "counts": read.iter().position(|card| card == counts) }))
}

pub(crate) fn verification_words(given: &Value) -> Answer {
    let numbers = words::numbers(realm(&given["realm"]), &Account(array(&given["account"])));
    let list = words::WordList::parse(include_str!("../../../spec/names/words.en.txt"))?;
    Ok(json!({ "numbers": numbers, "words": list.words(&numbers) }))
}

pub(crate) fn permitted(given: &Value) -> Answer {
    let message = &given["message"];
    let places: Vec<(i32, i32)> = list(&message["places"])
        .map(|place| {
            let degrees = |at: usize| i32::try_from(place[at].as_i64().unwrap()).unwrap();
            (degrees(0), degrees(1))
        })
        .collect();
    let time = match &message["time"] {
        Value::Null => TimeInterval::UNKNOWN,
        time => TimeInterval::new(number(&time["earliest"]), number(&time["width"])),
    };
    let mut certificate = given["certificate"].clone();
    if certificate.get("expiry").is_none() {
        certificate["expiry"] = json!(NEVER.to_string());
    }
    let against: Vec<&str> = permissions(&certificate)
        .broken_by_what_is_said(
            types(message["type"].as_str().unwrap()),
            &places,
            Some(Precedence::from_bits(number(&message["precedence"]))),
            time,
        )
        .into_iter()
        .map(|limit| match limit {
            Limit::Type => "type",
            Limit::Precedence => "precedence",
            Limit::Area => "area",
            Limit::Time => "time",
        })
        .collect();
    Ok(json!({ "permitted": against.is_empty(), "against": against }))
}

/// "`signal` with its code, or the name of its family".
fn types(name: &str) -> Option<Types> {
    if let Some(letter) = name.strip_prefix("signal ") {
        let is_it = |code: &MessageCode| code.letter().to_string() == letter;
        return Some(Types::of_signals(&[MessageCode::ALL.into_iter().find(is_it).unwrap()]));
    }
    let families = [
        ("text", 0x04),
        ("telemetry", 0x02),
        ("alert", 0x03),
        ("lease", 0x11),
        ("identity", 0x08),
        ("challenge", 0x09),
        ("record", 0x0A),
        ("grant", 0x0B),
        ("request", 0x0C),
        ("value", 0x0D),
        ("ballot", 0x0E),
        ("process", 0x0F),
        ("statement", 0x10),
        ("card", 0x13),
        ("endorsement", 0x14),
        ("ratchet", 0x15),
        ("message proof", 0x16),
        ("proof", 0x16),
        ("message request", 0x17),
        ("message ids", 0x18),
        ("padding", 0x19),
    ];
    let (_, code) = families.iter().find(|(family, _)| *family == name).unwrap();
    Types::of_family(Family::from_code(*code).unwrap())
}
