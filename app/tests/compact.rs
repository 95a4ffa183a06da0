//! Packed signals and texts from one person to another: sealed, open, over relay and radio.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::{Homes, Server, text, text_signal};
use serde_json::{Value, json};

/// D21: a mine field.
fn mine_field(indicator: &str, referenced: &str) -> Value {
    json!({
        "MessageHeader": {
            "Prefix": "WF", "Version": "1", "EncryptionIndicator": "0", "DuressIndicator": "0",
            "MessageCode": "D", "ReferenceIndicator": indicator, "ReferencedMessage": referenced,
        },
        "MessageBody": {
            "SubjectCode": "21", "DateTime": "2026-11-22T09:10:00Z", "Duration": "P00D00H00M",
            "ObjectType": "21", "ObjectLatitude": "+46.21870", "ObjectLongitude": "+006.15500",
            "ObjectSizeDim1": "0200", "ObjectSizeDim2": "0000", "ObjectOrientation": "000",
        },
    })
}

fn original() -> Value {
    mine_field("0", &"0".repeat(64))
}

/// The events of one name.
fn named<'e>(events: &'e [Value], name: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

struct Relay {
    server: Server,
}

impl Relay {
    fn start(homes: &Homes) -> Self {
        Self { server: Server::start(homes, "relay", &["relay", "--listen", "127.0.0.1:0"]) }
    }

    /// A command that uses it, carried out without fault; what was said.
    fn run(&self, homes: &Homes, name: &str, arguments: &[&str], input: &str) -> Vec<Value> {
        let (address, key) = (self.server.of("address"), self.server.of("key"));
        let at_relay = ["--relay", address.as_str(), "--relay-key", key.as_str()];
        let (exit, said) = homes.chappe(name, &[arguments, &at_relay[..]].concat(), input);
        assert_eq!(exit, 0, "{arguments:?}: {said:?}");
        said
    }
}

#[test]
fn a_packed_signal_says_what_the_standard_wire_says() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Relay::start(&homes);
    for (sealed, to) in [(true, &["--to", "ben"][..]), (false, &["--open"])] {
        let send = |how: &[&str]| {
            let arguments = [&["send"], to, how].concat();
            relay.run(&homes, "ana", &arguments, &(original().to_string() + "\n"))
        };
        let whole = send(&["--standard"]);
        let packed = send(&["--sign"]);
        let size = |said: &[Value]| named(said, "envelope")[0]["size"].as_u64().unwrap();
        // To a relay a sealed envelope is as long as a step, whatever is in it.
        let saved = if sealed { 0 } else { 41 };
        assert!(size(&packed) + saved <= size(&whole), "{packed:?}");
        let id = named(&packed, "envelope")[0]["ids"][0].clone();

        let heard = relay.run(&homes, "ben", &["recv", "--topic", "field"], "");
        let messages = named(&heard, "message");
        assert_eq!(messages.len(), 3, "{heard:?}");
        let (before, after) = (messages[0], messages[1]);
        assert_eq!((&after["id"], &after["sealed"]), (&id, &json!(sealed)));
        assert_eq!(after["summary"], before["summary"]);
        assert_eq!(after["signal"], original());
        assert_eq!(before["signal"], original());
        assert_eq!(before["line"]["signal"], original());
        assert_eq!(after["line"]["signal"], original());
        assert!(after["line"]["item"].as_str().unwrap().starts_with("0104"));
        // Both are signed by the one statement.
        assert_eq!(named(&heard, "signed")[0]["ids"][1], id);
    }
}

#[test]
fn an_answer_names_the_message_by_its_whole_id() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Relay::start(&homes);
    let to = |name| ["send", "--to", name];
    let said = relay.run(&homes, "ana", &to("ben"), &original().to_string());
    let id = named(&said, "envelope")[0]["ids"][0].as_str().unwrap().to_owned();
    let confirmed = mine_field("6", &id);
    let answered = relay.run(&homes, "ben", &to("ana"), &confirmed.to_string());
    let heard = relay.run(&homes, "ana", &["recv"], "");
    let message = named(&heard, "message")[0];
    assert_eq!(message["signal"], confirmed);
    assert_eq!(message["id"], named(&answered, "envelope")[0]["ids"][0]);
    let item = message["line"]["item"].as_str().unwrap();
    assert!(item.starts_with(&format!("0106{id}")), "{item}");

    // A packed item goes in as it came out; half of one is nothing to send.
    let again = relay.run(&homes, "ben", &to("ana"), item);
    assert_eq!(named(&again, "envelope")[0]["summary"], message["summary"]);
    let half = format!("0105{}d07f", id.get(..16).unwrap());
    let nowhere = ["--relay", "127.0.0.1:9", "--relay-key", &relay.server.of("key")];
    let (exit, refused) = homes.chappe("ben", &[&to("ana")[..], &nowhere].concat(), &half);
    assert_eq!(exit, 3, "{refused:?}");
    assert_eq!(refused[0]["error"]["kind"], "unsupported", "{refused:?}");
}

#[test]
fn a_packed_test_is_never_urgent() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Relay::start(&homes);
    let test = text_signal("only a test")
        .replace("\"MessageCode\":\"F\"", "\"MessageCode\":\"T\"")
        .replace("\"Text\"", "\"PseudoMessageCode\":\"F\",\"Text\"");
    let send = ["send", "--to", "ben", "--precedence"];
    let nowhere = ["--relay", "127.0.0.1:9", "--relay-key", &relay.server.of("key")];
    let (exit, said) = homes.chappe("ana", &[&send[..], &["flash"], &nowhere].concat(), &test);
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (2, Some("precedence")), "{said:?}");
    relay.run(&homes, "ana", &[&send[..], &["priority"]].concat(), &test);
}

#[test]
fn a_text_arrives_composed_and_steers_nothing() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Relay::start(&homes);
    let lines = "Pont coupe\u{301}\r\nالطريق آمن\n\n  a\u{202e}b\u{1b}[2J\n";
    for to in [&["--to", "ben"][..], &["--open"]] {
        relay.run(&homes, "ana", &[&["send", "--text"], to].concat(), lines);
        let heard = relay.run(&homes, "ben", &["recv", "--topic", "field"], "");
        let messages = named(&heard, "message");
        let texts: Vec<_> = messages.iter().map(|message| &message["text"]).collect();
        assert_eq!(texts, ["Pont coupé", "الطريق آمن", "  a\u{202e}b\u{1b}[2J"]);
        assert_eq!(messages[0]["summary"], "text \u{2068}\"Pont coupé\"\u{2069}");
        assert_eq!(messages[2]["summary"], r#"text "  a\u{202e}b\u{1b}[2J""#);
        assert_eq!(messages[0]["line"]["signal"], Value::Null);
        assert!(messages.iter().all(|message| message["id"].as_str().unwrap().len() == 64));
    }
}

#[test]
fn the_handset_says_packed_signals_over_the_radio() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "carl", "gateway", "relay"]);
    std::fs::write(homes.path("network-key"), "5f".repeat(32)).unwrap();
    let relay = Relay::start(&homes);
    let field = Server::field();
    let (air, key) = (field.of("address"), homes.path("network-key"));
    let on_air = ["--radio", air.as_str(), "--network-key", text(&key)];
    let (address, relay_key) = (relay.server.of("address"), relay.server.of("key"));
    let at_relay = ["--relay", address.as_str(), "--relay-key", relay_key.as_str()];
    let _gateway =
        Server::start(&homes, "gateway", &[&["gateway"], &on_air[..], &at_relay].concat());
    let handset = |name, how: &[&str]| {
        let place = ["handset", "--position", "300,400"];
        Server::start(&homes, name, &[&place[..], &on_air, how].concat())
    };
    let mut ana = handset("ana", &[]);
    let mut ben = handset("ben", &["--standard"]);

    // To everyone: the other handset hears it, and the gateway takes it to the relay.
    ana.say(&json!({"say": original(), "to": "open", "precedence": "immediate"}));
    let id = ana.next("envelope")["ids"][0].clone();
    let heard = ben.next("message");
    assert_eq!((&heard["id"], &heard["signal"]), (&id, &original()));
    ana.next("delivered");
    // To one person: sealed, and acknowledged by the handset itself.
    let confirmed = mine_field("6", id.as_str().unwrap());
    ana.say(&json!({"say": confirmed, "to": "ben"}));
    let id = ana.next("envelope")["ids"][0].clone();
    let heard = ben.next("message");
    assert_eq!((&heard["id"], &heard["signal"]), (&id, &confirmed));
    ana.next("delivered");
    ana.say(&json!({"text": "Дорога відкрита до ночі.", "to": "ben", "precedence": "priority"}));
    assert_eq!(ben.next("message")["text"], "Дорога відкрита до ночі.");

    // Whoever likes may stay on the standard wire; both read both.
    ben.say(&json!({"say": confirmed, "to": "ana"}));
    let heard = ana.next("message");
    assert_eq!(heard["signal"], confirmed);
    assert!(heard["line"]["item"].as_str().unwrap().starts_with("01035746"));

    let at_station = relay.run(&homes, "carl", &["recv", "--topic", "field"], "");
    let messages = named(&at_station, "message");
    assert_eq!(messages.len(), 1, "{at_station:?}");
    assert_eq!(messages[0]["signal"], original());
}
