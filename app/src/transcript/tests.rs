//! Forged transcripts: sealed correctly, wrong inside.

use super::line::Line;
use super::*;
use crate::hex;
use chappe_codec::chain::Position;
use chappe_codec::digest;
use chappe_codec::envelope::{Envelope, OpenEnvelope};
use chappe_codec::identity::{Certificate, Draft, Identity, Prekeys, Revocation, Root};
use chappe_codec::item::Item;
use chappe_codec::key::SignKey;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::statement::{Claim, Evidence};
use chappe_codec::time::TimeInterval;
use chappe_relay::{Address, Parcel};
use std::collections::BTreeMap;

const REALM: Realm = Realm { mode: Mode::Exercise, network: 9 };

/// The item of "WF100F0…" with the text "ok", or "no".
fn signal(text: &str, packed: bool) -> Vec<u8> {
    let line = format!("WF100F0{}{text}", "0".repeat(64));
    crate::signal::read(&line, false, packed).unwrap().written
}

fn identity(number: u8) -> Identity {
    let root = SignKey::from_seed(&[number ^ 0x80; 32]);
    let prekeys = Prekeys::first(&[number ^ 0x40; 32], 0);
    Identity::first_device(&root, &[number; 112], prekeys, REALM).unwrap()
}

fn public_keys() -> PublicKeys {
    let keys = |number: u8| AccountKeys::of(identity(number).card());
    let origin = chappe_anchor::origin::Origin::new(REALM, "ledger").unwrap();
    let ledger = chappe_anchor::key::LedgerSecret::from_seed(origin, &[9; 32]).public();
    PublicKeys {
        format: PublicKeys::FORMAT.into(),
        realm: REALM.to_string(),
        recorder: hex::encode(&identity(1).signer().key.to_bytes()),
        ledger: ledger.to_string(),
        accounts: BTreeMap::from([("ana".into(), keys(2)), ("ben".into(), keys(3))]),
    }
}

/// Ana says something in the open, signs it, and Ben reads it.
fn story() -> Vec<Content> {
    story_of(&signal("ok", false))
}

fn story_of(octets: &[u8]) -> Vec<Content> {
    let ana = identity(2);
    let item = Item::from_canonical(octets).unwrap();
    let first = Position { device: 1, epoch: 0, counter: 0 };
    let envelope =
        OpenEnvelope::sign(ana.signing_key(), ana.account(), REALM, first, &[item]).unwrap();
    let Envelope::Open(open) = Envelope::parse(&envelope).unwrap() else { panic!("not open") };
    let opened = open.verify(&ana.signer(), REALM).unwrap();
    let messages = opened.messages();
    let message = &messages[0];
    let (id, chain) = (message.id.unwrap(), opened.chain());
    let account = ana.account().id();
    let claim = Claim::over(account, 1, chain, 0, &[id], [0; 32], TimeInterval::UNKNOWN).unwrap();
    let evidence =
        Evidence { statement: claim.sign(ana.signing_key(), REALM).unwrap(), salt: None };
    let address = Address::topic(REALM, "field");
    let precedence = chappe_codec::precedence::Precedence::Routine;
    let parcel = Parcel::new(address, precedence, 5, envelope.clone()).unwrap();
    vec![
        Content::Envelope { by: "ana".into(), to: "open".into(), octets: hex::encode(&envelope) },
        Content::Parcel {
            by: "ana".into(),
            octets: hex::encode(&parcel.to_bytes()),
            id: hex::encode(&parcel.id().0),
        },
        Content::Message(MessageLine {
            at: "ben".into(),
            author: "ana".into(),
            sealed: false,
            device: 1,
            epoch: 0,
            counter: 0,
            chain: chain.to_string(),
            salt: hex::encode(&message.salt.0),
            item: hex::encode(&message.item.canonical().unwrap()),
            id: id.to_string(),
            envelope: hex::encode(&digest::sha256(&envelope)),
            signal: crate::signal::with_message(&message.item, crate::signal::to_nested_json)
                .unwrap_or_default(),
        }),
        Content::Statement {
            at: "ben".into(),
            author: "ana".into(),
            evidence: hex::encode(&evidence.to_bytes()),
            ids: vec![id.to_string()],
        },
    ]
}

fn seal(lines: Vec<Content>, recorder: u8) -> String {
    let secret = identity(recorder).signing_key().clone();
    let mut recorder = Recorder::new(secret, REALM).unwrap();
    for line in lines {
        recorder.add(line).unwrap();
    }
    recorder.seal().unwrap()
}

fn holds(transcript: &str) -> bool {
    verify(transcript.as_bytes(), &public_keys()).is_ok()
}

#[test]
fn every_changed_octet_is_caught() {
    let transcript = seal(story(), 1);
    assert!(holds(&transcript));
    for at in 0..transcript.len() {
        // The lowest bit makes another digit of a digit, the sixth another case of a letter.
        for bit in [0, 5] {
            let mut octets = transcript.clone().into_bytes();
            octets[at] ^= 1 << bit;
            let around = String::from_utf8_lossy(&octets[at.saturating_sub(30)..=at]);
            assert!(verify(&octets, &public_keys()).is_err(), "octet {at}, bit {bit}: {around}");
        }
    }
}

#[test]
fn a_seal_of_somebody_else_is_refused() {
    assert!(!holds(&seal(story(), 4)));
}

/// The recorder is not trusted either: what it seals must hold by itself.
#[test]
fn a_sealed_forgery_is_refused() {
    type Forgery = (&'static str, fn(&mut Vec<Content>));
    let forgeries: [Forgery; 9] = [
        ("an envelope by another author", |lines| {
            if let Content::Envelope { by, .. } = &mut lines[0] {
                *by = "ben".into();
            }
        }),
        ("an envelope changed", |lines| {
            if let Content::Envelope { octets, .. } = &mut lines[0] {
                *octets = octets.replacen("01030", "01031", 1).replacen("57463130", "57463131", 1);
            }
        }),
        ("a parcel's id", |lines| {
            if let Content::Parcel { id, .. } = &mut lines[1] {
                *id = "00".repeat(32);
            }
        }),
        ("a message nobody sent", |lines| {
            lines.remove(0);
        }),
        ("a message of another author", |lines| {
            if let Content::Message(line) = &mut lines[2] {
                line.author = "ben".into();
            }
        }),
        ("a message with another text", |lines| {
            if let Content::Message(line) = &mut lines[2] {
                line.signal["MessageBody"]["Text"] = "no".into();
            }
        }),
        ("a message at another counter", |lines| {
            if let Content::Message(line) = &mut lines[2] {
                line.counter = 1;
            }
        }),
        ("a statement over a message not shown", |lines| {
            lines.remove(2);
        }),
        ("a decision without a comply", |lines| {
            lines.push(Content::Decision {
                by: "ana".into(),
                decision: Verdict::Go,
                because: vec![],
            });
        }),
    ];
    for (what, forge) in forgeries {
        let mut lines = story();
        forge(&mut lines);
        assert!(!holds(&seal(lines, 1)), "{what}");
    }
}

#[test]
fn a_packed_signal_is_shown_as_any_other() {
    let shown = |lines: &[Content]| match &lines[2] {
        Content::Message(line) => line.signal.clone(),
        _ => panic!("no message"),
    };
    let packed = story_of(&signal("ok", true));
    assert_eq!(shown(&packed), shown(&story()));
    assert!(holds(&seal(packed, 1)));
    // A repeat has no body of its own, a text no signal: neither shows one.
    let repeat = [&[0x01, 0x06][..], &[0x5F; 32], &[0xD0, 0x7F]].concat();
    for octets in [repeat, crate::text::to_item("ok").unwrap()] {
        let lines = story_of(&octets);
        assert!(shown(&lines).is_null());
        assert!(holds(&seal(lines, 1)));
    }
    for wrong in [shown(&story_of(&signal("no", true))), serde_json::Value::Null] {
        let mut lines = story_of(&signal("ok", true));
        if let Content::Message(line) = &mut lines[2] {
            line.signal = wrong;
        }
        assert!(!holds(&seal(lines, 1)));
    }
}

#[test]
fn what_is_not_sealed_or_goes_on_behind_the_seal_is_refused() {
    let transcript = seal(story(), 1);
    let end = transcript.trim_end().rfind('\n').unwrap() + 1;
    assert!(!holds(&transcript[..end]));
    assert!(!holds(""));
    let seal = &transcript[end..];
    assert!(!holds(&format!("{transcript}{seal}")));
    let line: Line = serde_json::from_str(seal).unwrap();
    assert!(matches!(line.content, Content::Seal { .. }));
}

/// Ana's root revokes her device, and Ben hears of it.
fn revocation() -> Content {
    let root = SignKey::from_seed(&[2 ^ 0x80; 32]);
    let account = *identity(2).account();
    let content = Revocation { account, device: 1, issue: u16::MAX };
    let mut draft = Draft::new(content, Root::of_key(&root.public())).unwrap();
    draft.sign(&root, REALM).unwrap();
    let octets = hex::encode(&draft.finish().unwrap().to_bytes());
    Content::Revocation { at: "ben".into(), octets }
}

/// Ben refuses the envelope of the story's first line.
fn refusal(story: &[Content]) -> Content {
    let Content::Envelope { octets, .. } = &story[0] else { panic!("no envelope") };
    let (what, kind) = (Refused::Envelope, "revoked".into());
    Content::Refusal { at: "ben".into(), what, kind, octets: octets.clone() }
}

#[test]
fn a_revocation_ends_a_device_from_its_line_on() {
    let holds = |lines| verify(seal(lines, 1).as_bytes(), &public_keys()).is_ok();
    // What came before stays.
    assert!(holds([story(), vec![revocation()]].concat()));
    // An envelope after it must be refused by a later line, and brings no message.
    let [envelope, parcel, message, statement] = story().try_into().unwrap();
    let refused = refusal(std::slice::from_ref(&envelope));
    assert!(!holds(vec![revocation(), envelope.clone()]));
    assert!(holds(vec![revocation(), envelope.clone(), parcel, refused.clone()]));
    assert!(!holds(vec![revocation(), envelope.clone(), message.clone(), refused.clone()]));
    let between = vec![envelope.clone(), message.clone(), revocation(), statement];
    assert!(!holds(between), "a statement after it");
    assert!(!holds(vec![envelope, refused]), "nothing was revoked");
}

/// What was sealed to Ben finds no session any more once he knows that its device is revoked.
#[test]
fn what_a_revoked_device_seals_is_refused_for_want_of_a_session() {
    let holds = |lines| verify(seal(lines, 1).as_bytes(), &public_keys()).is_ok();
    let octets = hex::encode(&[&[0x08][..], &[0xA5; 40]].concat());
    let envelope = Content::Envelope { by: "ana".into(), to: "ben".into(), octets: octets.clone() };
    let refusal = |at: &str| Content::Refusal {
        at: at.into(),
        what: Refused::Envelope,
        kind: "unknown_hint".into(),
        octets: octets.clone(),
    };
    assert!(holds(vec![revocation(), envelope.clone(), refusal("ben")]));
    assert!(!holds(vec![envelope.clone(), refusal("ben")]), "nothing was revoked");
    assert!(!holds(vec![envelope.clone(), refusal("ben"), revocation()]), "revoked afterwards");
    assert!(holds(vec![envelope, refusal("ana")]), "sealed to somebody else");
}

#[test]
fn only_the_root_s_own_certificates_are_keys() {
    let holds = |keys: &PublicKeys| verify(seal(story(), 1).as_bytes(), keys).is_ok();
    let mut keys = public_keys();
    assert!(holds(&keys));
    let ana = keys.accounts["ana"].clone();
    for changed in [
        AccountKeys { certificates: Vec::new(), ..ana.clone() },
        AccountKeys {
            certificates: [&ana.certificates[..], &ana.certificates].concat(),
            ..ana.clone()
        },
        AccountKeys { certificates: keys.accounts["ben"].certificates.clone(), ..ana.clone() },
        AccountKeys { account: keys.accounts["ben"].account.clone(), ..ana },
    ] {
        keys.accounts.insert("ana".into(), changed);
        assert!(!holds(&keys));
    }
}

/// Ana's account has a second device, under a name of its own.
fn keys_of_two_devices() -> PublicKeys {
    let mut keys = public_keys();
    let ana = identity(2);
    let root = SignKey::from_seed(&[2 ^ 0x80; 32]);
    let certificate = Certificate { device: 2, ..*ana.card().certificate() };
    let mut draft = Draft::new(certificate, Root::of_key(&root.public())).unwrap();
    draft.sign(&root, REALM).unwrap();
    let second = AccountKeys {
        account: keys.accounts["ana"].account.clone(),
        certificates: vec![hex::encode(&draft.finish().unwrap().to_bytes())],
    };
    keys.accounts.insert("ana's handset".into(), second);
    keys
}

#[test]
fn a_name_may_stand_for_one_of_an_account_s_devices() {
    let keys = keys_of_two_devices();
    let holds = |lines, keys: &PublicKeys| verify(seal(lines, 1).as_bytes(), keys).is_ok();
    assert!(holds(story(), &keys));
    // What is by the first device is not by the second one's name.
    let Content::Envelope { to, octets, .. } = story().remove(0) else { panic!("no envelope") };
    let by_other = Content::Envelope { by: "ana's handset".into(), to, octets };
    assert!(!holds(vec![by_other], &keys));
    // No device stands under two names.
    let mut twice = keys.clone();
    let first = twice.accounts["ana"].certificates.clone();
    twice.accounts.get_mut("ana's handset").unwrap().certificates.extend(first);
    assert!(!holds(story(), &twice));
}

#[test]
fn a_revoked_device_does_not_end_the_account_s_other_one() {
    let keys = keys_of_two_devices();
    let holds = |lines| verify(seal(lines, 1).as_bytes(), &keys).is_ok();
    let octets = hex::encode(&[&[0x08][..], &[0xA5; 40]].concat());
    let sealed = |by: &str| {
        let envelope =
            Content::Envelope { by: by.into(), to: "ben".into(), octets: octets.clone() };
        let refusal = Content::Refusal {
            at: "ben".into(),
            what: Refused::Envelope,
            kind: "unknown_hint".into(),
            octets: octets.clone(),
        };
        // The first device is revoked, and no other.
        vec![revocation(), envelope, refusal]
    };
    assert!(holds(sealed("ana")));
    assert!(!holds(sealed("ana's handset")), "ben could open what the other one seals");
}

/// Ben asks for area access, sealed to a name.
fn asked(to: &str, number: u8) -> Vec<Content> {
    let request = serde_json::json!({
        "Prefix": "WF", "Version": "1", "EncryptionIndicator": "0", "DuressIndicator": "0",
        "MessageCode": "Q", "ReferenceIndicator": "0", "ReferencedMessage": "0".repeat(64),
        "SubjectCode": "20", "DateTime": "2026-11-22T06:00:00Z", "Duration": "P02D00H00M",
        "ObjectType": "22", "ObjectLatitude": "+46.20440", "ObjectLongitude": "+006.14320",
        "ObjectSizeDim1": "5000", "ObjectSizeDim2": "2000", "ObjectOrientation": "045",
        "ObjectType1": "40", "ObjectType1Quant": "12",
    });
    let octets = crate::signal::read(&request.to_string(), false, false).unwrap().written;
    let item = Item::from_canonical(&octets).unwrap();
    let salt = chappe_codec::id::Salt([number; 16]);
    let envelope = [&[0x08][..], &[number; 200]].concat();
    let message = MessageLine {
        at: to.into(),
        author: "ben".into(),
        sealed: true,
        device: 1,
        epoch: 0,
        counter: 0,
        chain: hex::encode(&[number; 8]),
        salt: hex::encode(&salt.0),
        item: hex::encode(&octets),
        id: item.id(identity(3).account(), &salt).unwrap().to_string(),
        envelope: hex::encode(&digest::sha256(&envelope)),
        signal: crate::signal::with_message(&item, crate::signal::to_nested_json).unwrap(),
    };
    let octets = hex::encode(&envelope);
    let envelope = Content::Envelope { by: "ben".into(), to: to.into(), octets };
    vec![envelope, Content::Message(message)]
}

/// Who asks both devices of one organisation has not asked two parties.
#[test]
fn an_account_with_two_devices_is_one_party() {
    let go = || {
        let (by, because) = ("ben".into(), Vec::new());
        vec![Content::Decision { by, decision: Verdict::Go, because }]
    };
    let keys = keys_of_two_devices();
    let refusal = |lines| verify(seal(lines, 1).as_bytes(), &keys).unwrap_err().to_string();
    let (one, other) = (asked("ana", 1), asked("ana's handset", 2));
    let found = refusal([one.clone(), go()].concat());
    assert!(found.contains("GO without every party"), "{found}");
    let found = refusal([one, other, go()].concat());
    assert!(found.contains("one account was asked twice"), "{found}");
}
