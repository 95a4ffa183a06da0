// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

//! A receipt is one text: change an octet and it is none.

mod scene;

use chappe_anchor::bundle;
use chappe_anchor::checkpoint::SignedCheckpoint;
use chappe_anchor::key::LedgerKey;
use chappe_anchor::leaf::Leaf;
use chappe_anchor::log::ShardLog;
use chappe_anchor::origin::Origin;
use chappe_anchor::receipt::Receipt;
use chappe_anchor::submission::Submission;
use chappe_anchor::tile::Tile;
use proptest::prelude::*;
use scene::{LIVE, NOW, blinded, ledger_key, ledger_secret, submission, whole};

/// Receipts of a log of seven, whole and blinded, at the edge and in the middle.
fn receipts() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut log = ShardLog::open(folder.path(), ledger_secret()).unwrap();
    for n in 0..7_u8 {
        let evidence = if n % 2 == 0 { whole(1, n.into()) } else { blinded(n, n.into()) };
        log.intake(&submission(&evidence), NOW).unwrap();
    }
    [0, 3, 6].map(|index| log.receipt(index).unwrap().to_text()).to_vec()
}

fn is_accepted(text: &[u8]) -> bool {
    Receipt::parse(text).is_ok_and(|receipt| receipt.verify(&[ledger_key()], LIVE).is_ok())
}

#[test]
fn every_single_changed_octet_is_refused() {
    for text in receipts() {
        assert!(is_accepted(text.as_bytes()));
        for at in 0..text.len() {
            for change in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF] {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= change;
                assert!(!is_accepted(&changed), "octet {at} ^ {change:#x} of\n{text}");
            }
        }
    }
}

#[test]
fn every_missing_or_doubled_octet_and_line_is_refused() {
    let text = receipts().remove(1);
    for at in 0..text.len() {
        let mut shorter = text.clone().into_bytes();
        let octet = shorter.remove(at);
        assert!(!is_accepted(&shorter), "without octet {at}");
        let mut longer = text.clone().into_bytes();
        longer.insert(at, octet);
        assert!(!is_accepted(&longer), "octet {at} twice");
        assert!(!is_accepted(&text.as_bytes()[..at]), "cut at {at}");
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        let without: String = [&lines[..at], &lines[at + 1..]].concat().concat();
        assert!(!is_accepted(without.as_bytes()), "without line {at}");
        let twice: String = [&lines[..=at], &lines[at..]].concat().concat();
        assert!(!is_accepted(twice.as_bytes()), "line {at} twice");
        if at > 0 && lines[at] != lines[at - 1] {
            let mut swapped = lines.clone();
            swapped.swap(at, at - 1);
            assert!(!is_accepted(swapped.concat().as_bytes()), "lines {at} and the one before");
        }
    }
}

/// The texts and octets arbitrary changes begin from, so that they reach deep into the parsers.
fn near(text: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = text.len();
    proptest::collection::vec((0..length, any::<u8>()), 0..4).prop_map(move |changes| {
        let mut text = text.clone();
        for (at, octet) in changes {
            text[at] = octet;
        }
        text
    })
}

fn receipt_like() -> impl Strategy<Value = Vec<u8>> {
    let text = receipts().remove(1).into_bytes();
    prop_oneof![near(text), any::<Vec<u8>>()]
}

fn checkpoint_like() -> impl Strategy<Value = Vec<u8>> {
    let text = receipts().remove(1);
    let checkpoint = text.split_once("\n\n").unwrap().1.as_bytes().to_vec();
    prop_oneof![near(checkpoint), any::<Vec<u8>>()]
}

fn leaf_like() -> impl Strategy<Value = Vec<u8>> {
    let leaf = |index: usize| Receipt::parse(receipts()[index].as_bytes()).unwrap();
    let octets = |index| leaf(index).claimed_leaf().to_vec();
    prop_oneof![near(octets(0)), near(octets(1)), any::<Vec<u8>>()]
}

fn submission_like() -> impl Strategy<Value = Vec<u8>> {
    let octets = |evidence| submission(&evidence).to_bytes();
    prop_oneof![near(octets(whole(1, 0))), near(octets(blinded(1, 0))), any::<Vec<u8>>()]
}

proptest! {
    #[test]
    fn a_receipt_has_one_text(text in receipt_like()) {
        if let Ok(receipt) = Receipt::parse(&text) {
            prop_assert_eq!(receipt.to_text().into_bytes(), text);
            prop_assert!(receipt.verify(&[], LIVE).is_err());
        }
    }

    #[test]
    fn a_checkpoint_has_one_text(text in checkpoint_like()) {
        if let Ok(checkpoint) = SignedCheckpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_text().into_bytes(), text);
        }
    }

    #[test]
    fn a_leaf_has_one_encoding(octets in leaf_like()) {
        if let Ok(leaf) = Leaf::parse(&octets) {
            prop_assert_eq!(leaf.to_bytes(), octets);
        }
    }

    #[test]
    fn a_submission_has_one_encoding(octets in submission_like()) {
        if let Ok(submission) = Submission::parse(&octets) {
            prop_assert_eq!(submission.to_bytes(), octets);
        }
    }

    #[test]
    fn a_tile_has_one_path(path in "(tile/([0-9]{1,2}|entries)/(x[0-9]{3}/){0,7}[0-9]{3}(\\.p/[0-9]{1,3})?)|\\PC{0,80}") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn a_bundle_has_one_encoding(octets in prop_oneof![
        any::<Vec<u8>>(),
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..20)
            .prop_map(|entries| bundle::write(entries.iter().map(Vec::as_slice))),
    ]) {
        if let Ok(entries) = bundle::parse(&octets) {
            prop_assert_eq!(bundle::write(entries), octets);
        }
    }

    #[test]
    fn a_key_and_an_origin_have_one_text(text in prop_oneof![
        near(ledger_key().to_string().into_bytes()).prop_map(|text| String::from_utf8_lossy(&text).into_owned()),
        any::<String>(),
    ]) {
        if let Ok(key) = text.parse::<LedgerKey>() {
            prop_assert_eq!(key.to_string(), text.clone());
        }
        if let Ok(origin) = text.parse::<Origin>() {
            prop_assert_eq!(origin.to_string(), text);
        }
    }
}
