//! Accounts and their devices from outside: what ends a device that is lost.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::{Homes, Server, chappe, text, text_signal};
use serde_json::Value;

fn kinds(said: &[Value]) -> Vec<&str> {
    said.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

fn error_kind(said: &[Value]) -> Option<&str> {
    said.last().and_then(|line| line["error"]["kind"].as_str())
}

/// A relay of the test.
struct AtRelay(Server, String, String);

impl AtRelay {
    fn start(homes: &Homes) -> Self {
        homes.people(&["relay"]);
        let relay = Server::start(homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
        let (address, key) = (relay.of("address"), relay.of("key"));
        Self(relay, address, key)
    }

    fn with<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [command, &["--relay", &self.1, "--relay-key", &self.2]].concat()
    }
}

#[test]
fn a_lost_device_is_revoked_by_what_a_friend_keeps() {
    let homes = Homes::new();
    homes.people(&["lost", "friend", "ben"]);
    let at_relay = AtRelay::start(&homes);
    let file = homes.path("lost.revocation");
    let made = homes.chappe("lost", &["device", "revocation", text(&file)], "");
    assert_eq!((made.0, kinds(&made.1)), (0, vec!["revocation"]));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("chappe-endorsement:"));
    // It is never overwritten.
    assert_eq!(homes.chappe("lost", &["device", "revocation", text(&file)], "").0, 1);

    // Before: what it says is heard, and it is sealed to.
    let open = at_relay.with(&["send", "--open"]);
    let to_ben = at_relay.with(&["send", "--to", "ben"]);
    let to_lost = at_relay.with(&["send", "--to", "lost"]);
    let listen = at_relay.with(&["recv", "--topic", "field"]);
    assert_eq!(homes.chappe("lost", &open, &text_signal("one")).0, 0);
    assert_eq!(homes.chappe("lost", &to_ben, &text_signal("two")).0, 0);
    assert_eq!(homes.chappe("ben", &to_lost, &text_signal("three")).0, 0);
    assert_eq!(kinds(&homes.chappe("ben", &listen, "").1), ["message", "message"]);
    assert_eq!(homes.chappe("lost", &listen, "").0, 0);

    let revoke = at_relay.with(&["device", "revoke", text(&file), "--to", "ben"]);
    let (exit, said) = homes.chappe("friend", &revoke, "");
    assert_eq!((exit, said[0]["what"].as_str()), (0, Some("revoked")), "{said:?}");
    let (_, heard) = homes.chappe("ben", &listen, "");
    let changes = heard.iter().filter(|line| line["event"] == "change");
    assert_eq!(changes.count(), 1, "told once, though it came twice: {heard:?}");

    // After: refused by name, and nothing is sealed to it.
    assert_eq!(homes.chappe("lost", &open, &text_signal("four")).0, 0);
    assert_eq!(homes.chappe("lost", &to_ben, &text_signal("five")).0, 0);
    let (_, heard) = homes.chappe("ben", &listen, "");
    let refused: Vec<&str> = heard.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(refused, ["unknown_hint", "revoked"], "{heard:?}");
    let (exit, said) = homes.chappe("ben", &to_lost, &text_signal("six"));
    assert_eq!((exit, error_kind(&said)), (4, Some("revoked")));
}

/// "They count … also in one whose author is unknown" (spec/10-identity.md, "Carried as items").
#[test]
fn a_stranger_may_carry_a_revocation() {
    let homes = Homes::new();
    homes.people(&["lost", "ben"]);
    // Nobody's contact, who knows nobody.
    assert_eq!(homes.chappe("stranger", &["id", "new"], "").0, 0);
    let at_relay = AtRelay::start(&homes);
    let file = homes.path("lost.revocation");
    assert_eq!(homes.chappe("lost", &["device", "revocation", text(&file)], "").0, 0);
    let revoke = at_relay.with(&["device", "revoke", text(&file)]);
    assert_eq!(homes.chappe("stranger", &revoke, "").0, 0);
    let listen = at_relay.with(&["recv", "--topic", "field"]);
    let (_, heard) = homes.chappe("ben", &listen, "");
    assert_eq!(kinds(&heard), ["claim", "change"], "{heard:?}");
    assert_eq!(heard[1]["what"], "revoked");

    // One that is damaged changes nothing, and says so at once.
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.trim().replace("chappe-endorsement:AQ", "chappe-endorsement:AA"))
        .unwrap();
    assert_eq!(homes.chappe("stranger", &revoke, "").0, 3);
}
