//! A prekey that is replaced, from outside.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs, dead_code)]

mod homes;

use homes::Homes;
use serde_json::Value;

/// Seals a text and opens it; what was said of it.
fn seal_and_open(homes: &Homes, from: &str, to: &str) -> Vec<Value> {
    let (exit, said) = homes.chappe(from, &["seal", "--text", "--to", to], "all well\n");
    assert_eq!(exit, 0, "{said:?}");
    let (exit, said) = homes.chappe(to, &["open"], said[0]["octets"].as_str().unwrap());
    assert_eq!(exit, 0, "{said:?}");
    said
}

fn new_cards(said: &[Value]) -> usize {
    said.iter().filter(|line| line["event"] == "change" && line["what"] == "new_card").count()
}

#[test]
fn a_new_prekey_goes_along_once() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    assert_eq!(new_cards(&seal_and_open(&homes, "ana", "ben")), 0);
    assert_eq!(new_cards(&seal_and_open(&homes, "ben", "ana")), 0);

    let before = homes.chappe("ben", &["card", "show"], "").1.remove(0);
    let (exit, made) = homes.chappe("ben", &["device", "prekey"], "");
    assert_eq!((exit, &made[0]["event"], &made[0]["prekeys"]), (0, &"prekey".into(), &2.into()));
    let after = homes.chappe("ben", &["card", "show"], "").1.remove(0);
    assert_ne!(before["card"], after["card"]);
    assert_eq!(made[0]["card"], after["card"]);
    assert!(before["prekey_expiry"].as_u64() < after["prekey_expiry"].as_u64());

    assert_eq!(new_cards(&seal_and_open(&homes, "ben", "ana")), 1);
    assert_eq!(new_cards(&seal_and_open(&homes, "ben", "ana")), 0);
    assert_eq!(new_cards(&seal_and_open(&homes, "ana", "ben")), 0);

    let (exit, made) = homes.chappe("ben", &["device", "prekey", "--destroy-former"], "");
    assert_eq!((exit, &made[0]["prekeys"]), (0, &1.into()));
    assert_eq!(new_cards(&seal_and_open(&homes, "ben", "ana")), 1);
}
