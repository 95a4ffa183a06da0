//! What a message can be wrong about has words in every language, and no words are left over.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use chappe_codec::signal::names::{ENGLISH, Names};
use chappe_codec::signal::reference::{Originator, Party, Refusal};
use chappe_codec::signal::{Message, MessageCode, ReferenceIndicator, check};
use serde_json::Value;
use std::collections::BTreeSet;

fn rules_broken_by_vectors() -> BTreeSet<&'static str> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/whiteflag/rules.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut broken = BTreeSet::new();
    for vector in document["vectors"].as_array().unwrap() {
        let fields = vector["in"]["fields"].as_object().unwrap();
        let pairs: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let message = Message::from_pairs(&pairs).unwrap();
        broken.extend(check::violations(&message).iter().map(|one| one.message));
        // A status without a location owes one to a protective sign.
        let code = MessageCode::ProtectiveSign;
        let referenced = Party { code, indicator: ReferenceIndicator::ORIGINAL };
        let owed = check::reference_violations(&message, referenced, Originator::Same);
        broken.extend(owed.iter().map(|one| one.message));
    }
    broken
}

#[test]
fn every_rule_has_words() {
    let refusals = [
        Refusal::Original,
        Refusal::MessageType,
        Refusal::ReferenceType,
        Refusal::NotSame,
        Refusal::NotOther,
    ];
    let mut broken = rules_broken_by_vectors();
    broken.extend(refusals.map(Refusal::message));
    let named: BTreeSet<_> =
        ENGLISH.iter().filter_map(|(key, _)| key.strip_prefix("rule ")).collect();
    assert_eq!(broken, named);
    for rule in broken {
        assert_eq!(ENGLISH.rule(rule), rule);
        for names in Names::ALL.iter().filter(|names| names.tag() != ENGLISH.tag()) {
            assert_ne!(names.rule(rule), rule, "{names:?}");
        }
    }
}
