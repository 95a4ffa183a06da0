//! Home relays from outside: where a card says its owner reads is where what is said goes, and what one
//! relay keeps back another has.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use homes::home::{Relay, kinds, of, set_homes};
use homes::{Homes, Server, objects, run, text, text_signal};
use serde_json::Value;
use std::net::UdpSocket;

/// A place where nobody answers: the socket is held, so that nobody else takes it.
struct Dead {
    _socket: UdpSocket,
    home: String,
}

impl Dead {
    fn with_key_of(homes: &Homes, name: &str) -> Self {
        assert_eq!(homes.chappe(name, &["id", "new", "--no-put-away"], "").0, 0);
        let key = homes.chappe(name, &["id", "show"], "").1[0]["transport_key"].clone();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let home = format!("{}@{}", key.as_str().unwrap(), socket.local_addr().unwrap());
        Self { _socket: socket, home }
    }
}

#[test]
fn what_is_said_goes_where_the_card_says() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let (one, two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));

    // Without home relays nothing is written that could go nowhere; a relay that is named will do.
    let to_ben = ["send", "--to", "ben"];
    let (exit, said) = homes.chappe("ana", &to_ben, &text_signal("nowhere"));
    assert_eq!((exit, kinds(&said)), (2, vec!["error"]), "{said:?}");
    assert_eq!(homes.chappe("ben", &["recv"], "").0, 2);
    let (exit, said) = homes.chappe("ana", &one.named(&to_ben), &text_signal("named"));
    assert_eq!((exit, of(&said, "parcel").len()), (0, 1), "{said:?}");
    let (exit, heard) = homes.chappe("ben", &one.named(&["recv"]), "");
    assert_eq!((exit, kinds(&heard)), (0, vec!["message"]), "{heard:?}");

    set_homes(&homes, "ben", "ana", &[&one.home(), &two.home()]);
    let shown = &homes.chappe("ana", &["contact", "show", "ben"], "").1[0];
    assert_eq!(shown["homes"][0]["key"], one.key);
    assert_eq!(shown["homes"][1]["address"], two.address);
    let (exit, said) = homes.chappe("ana", &to_ben, &text_signal("to his home"));
    assert_eq!(exit, 0, "{said:?}");
    assert_eq!(of(&said, "parcel")[0]["relays"], serde_json::json!([one.key]));
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    assert_eq!((exit, kinds(&heard)), (0, vec!["message"]), "{heard:?}");
    // The relay that is named is one of his: it is asked first.
    let (_, said) = homes.chappe("ana", &two.named(&to_ben), &text_signal("at the other"));
    assert_eq!(of(&said, "parcel")[0]["relays"], serde_json::json!([two.key]));
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    assert_eq!((exit, kinds(&heard)), (0, vec!["message"]), "{heard:?}");
    assert_eq!(homes.chappe("ben", &["recv"], ""), (0, vec![]), "each is shown once");
}

#[test]
fn a_dead_home_relay_holds_up_neither_who_sends_nor_who_reads() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let alive = Relay::start(&homes, "alive");
    let dead = Dead::with_key_of(&homes, "dead");
    set_homes(&homes, "ben", "ana", &[&dead.home, &alive.home()]);
    let (exit, said) = homes.chappe("ana", &["send", "--to", "ben"], &text_signal("all the same"));
    assert_eq!(exit, 0, "{said:?}");
    assert_eq!(of(&said, "parcel")[0]["relays"], serde_json::json!([alive.key]));
    // He reads it, and is told that not all was read: the other may hold what this one has not.
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    assert_eq!((exit, kinds(&heard)), (6, vec!["message", "error"]), "{heard:?}");
    assert!(heard[1]["error"]["message"].as_str().unwrap().contains("not all of your home relays"));
}

#[test]
fn a_flash_goes_to_both_home_relays_and_is_shown_once() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let (one, mut two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
    set_homes(&homes, "ben", "ana", &[&one.home(), &two.home()]);
    let flash = ["send", "--to", "ben", "--precedence", "flash"];
    let (exit, said) = homes.chappe("ana", &flash, &text_signal("now"));
    assert_eq!(exit, 0, "{said:?}");
    let mut relays: Vec<&str> = of(&said, "parcel")[0]["relays"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(Value::as_str)
        .collect();
    let mut both = [one.key.as_str(), two.key.as_str()];
    relays.sort_unstable();
    both.sort_unstable();
    assert_eq!(relays, both);
    assert_eq!(of(&said, "parcel").len(), 2, "the message and the statement that signs it");
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    assert_eq!((exit, kinds(&heard)), (0, vec!["message", "message", "signed"]), "{heard:?}");

    // With one of them gone it goes to the other, which is told.
    two.kill();
    let (exit, said) = homes.chappe("ana", &flash, &text_signal("again"));
    assert_eq!(exit, 0, "{said:?}");
    assert_eq!(of(&said, "parcel")[0]["relays"], serde_json::json!([one.key]));
}

#[test]
fn who_reads_two_relays_is_told_which_lost_a_flash() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let (one, mut two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
    set_homes(&homes, "ben", "ana", &[&one.home(), &two.home()]);
    let flash = ["send", "--to", "ben", "--precedence", "flash"];
    assert_eq!(homes.chappe("ana", &flash, &text_signal("kept by one")).0, 0);
    // What is less urgent lies at one relay only, and nothing is missing at the other.
    assert_eq!(homes.chappe("ana", &["send", "--to", "ben"], &text_signal("at one")).0, 0);
    two.lose_everything(&homes);
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    // The FLASH, the statement that signs it, and the other message.
    let expected = vec!["message", "message", "signed", "message", "withheld"];
    assert_eq!((exit, kinds(&heard)), (0, expected), "{heard:?}");
    assert_eq!(heard[4]["had"], one.key);
    assert_eq!(heard[4]["lacked"], serde_json::json!([two.key]));
    let parcels = serde_json::json!([heard[0]["parcel"], heard[1]["parcel"]]);
    let mut lost: Vec<&Value> = heard[4]["ids"].as_array().unwrap().iter().collect();
    lost.sort_by_key(|id| **id != parcels[0]);
    assert_eq!(serde_json::json!(lost), parcels);
    assert_eq!(homes.chappe("ben", &["recv"], ""), (0, vec![]), "told once");

    // While one is away nothing is said about it.
    assert_eq!(homes.chappe("ana", &flash, &text_signal("one is away")).0, 0);
    two.kill();
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    let expected = vec!["message", "message", "signed", "error"];
    assert_eq!((exit, kinds(&heard)), (6, expected), "{heard:?}");
    two.come_back(&homes);
    assert_eq!(homes.chappe("ben", &["recv"], ""), (0, vec![]), "it had it");
}

#[test]
fn who_follows_two_relays_hears_either_and_sees_one_go() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let (mut one, two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
    set_homes(&homes, "ben", "ana", &[&one.home(), &two.home()]);
    let station = Server::start(&homes, "ben", &["recv", "--follow"]);
    let to_ben = ["send", "--to", "ben"];
    assert_eq!(homes.chappe("ana", &one.named(&to_ben), &text_signal("at one")).0, 0);
    assert!(station.next("message")["summary"].as_str().unwrap().contains("at one"));
    assert_eq!(homes.chappe("ana", &two.named(&to_ben), &text_signal("at two")).0, 0);
    assert!(station.next("message")["summary"].as_str().unwrap().contains("at two"));
    one.kill();
    let flash = ["send", "--to", "ben", "--precedence", "flash"];
    assert_eq!(homes.chappe("ana", &flash, &text_signal("over the other")).0, 0);
    assert!(station.next("message")["summary"].as_str().unwrap().contains("over the other"));
    // It is known to have died as soon as it is back, and read again.
    one.come_back(&homes);
    assert!(station.next("offline")["message"].as_str().unwrap().contains(&one.address));
    station.next("online");
    assert_eq!(homes.chappe("ana", &one.named(&to_ben), &text_signal("back")).0, 0);
    assert!(station.next("message")["summary"].as_str().unwrap().contains("back"));
}

#[test]
fn a_relay_that_is_no_home_takes_it_there() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let [one, two] = Relay::peers(&homes);
    set_homes(&homes, "ben", "ana", &[&one.home()]);
    let through_two = two.named(&["send", "--to", "ben"]);
    let (exit, said) = homes.chappe("ana", &through_two, &text_signal("over two relays"));
    assert_eq!(exit, 0, "{said:?}");
    assert_eq!(of(&said, "parcel")[0]["relays"], serde_json::json!([two.key]));
    let station = Server::start(&homes, "ben", &["recv", "--follow"]);
    assert!(station.next("message")["summary"].as_str().unwrap().contains("over two relays"));

    // One that does not know his home says so, and it waits.
    let stranger = Relay::start(&homes, "stranger");
    let through_stranger = stranger.named(&["send", "--to", "ben"]);
    let (exit, said) = homes.chappe("ana", &through_stranger, &text_signal("no way"));
    assert_eq!((exit, kinds(&said).last()), (1, Some(&"error")), "{said:?}");
    assert!(said.last().unwrap()["error"]["advice"].as_str().unwrap().contains("without --relay"));
    assert_eq!(homes.chappe("ana", &["send", "--queued"], "").0, 0);
    assert!(station.next("message")["summary"].as_str().unwrap().contains("no way"));
}

#[test]
fn a_flash_that_one_home_relay_has_is_taken_to_the_other_when_it_is_back() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let [one, mut two] = Relay::peers(&homes);
    set_homes(&homes, "ben", "ana", &[&one.home(), &two.home()]);
    two.kill();
    let flash = ["send", "--to", "ben", "--precedence", "flash"];
    let (exit, said) = homes.chappe("ana", &flash, &text_signal("now"));
    assert_eq!(exit, 0, "{said:?}");
    assert_eq!(of(&said, "parcel")[0]["relays"], serde_json::json!([one.key]));
    two.come_back(&homes);
    // He reads at the one that was dead.
    let at_two = Server::start(&homes, "ben", &two.named(&["recv", "--follow"]));
    assert!(at_two.next("message")["summary"].as_str().unwrap().contains("now"));
}

#[test]
fn a_gateway_reads_and_writes_where_the_cards_say() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "hill"]);
    let (one, mut two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
    let dead = Dead::with_key_of(&homes, "dead");
    let field = Server::field();
    let radio = ["--radio", &field.of("address")].map(str::to_owned);
    let on_air: Vec<&str> = radio.iter().map(String::as_str).collect();

    // Where no card names a relay nothing is written that could go nowhere.
    let lease = ["lease", "--gateway", "hill"];
    let (exit, said) = homes.chappe("ana", &lease, "");
    assert_eq!((exit, kinds(&said)), (2, vec!["error"]), "{said:?}");
    assert_eq!(homes.chappe("hill", &[&["gateway"], &on_air[..]].concat(), "").0, 2);

    // The gateway reads at one relay, whoever leases at another; the gateway's first home is away.
    set_homes(&homes, "hill", "ana", &[&dead.home, &one.home()]);
    set_homes(&homes, "hill", "ben", &[&dead.home, &one.home()]);
    for (owner, others) in [("ana", ["ben", "hill"]), ("ben", ["ana", "hill"])] {
        others.iter().for_each(|other| set_homes(&homes, owner, other, &[&two.home()]));
    }
    let gateway = Server::start(&homes, "hill", &[&["gateway"], &on_air[..]].concat());
    let (exit, said) = homes.chappe("ana", &lease, "");
    assert_eq!((exit, &of(&said, "parcel")[0]["relays"][0]), (0, &Value::from(one.key.clone())));
    gateway.next("lease");
    assert_eq!(homes.chappe("ben", &[&lease[..], &["--up"]].concat(), "").0, 0);
    gateway.next("lease");

    // Down: what lies at her home relay goes to the air.
    let place = ["handset", "--position", "300,400"];
    let mut ana = Server::start(&homes, "ana", &[&place[..], &on_air].concat());
    let to_ana = ["send", "--to", "ana"];
    let (exit, said) = homes.chappe("ben", &to_ana, &text_signal("down"));
    assert_eq!((exit, &of(&said, "parcel")[0]["relays"][0]), (0, &Value::from(two.key.clone())));
    assert!(ana.next("message")["summary"].as_str().unwrap().contains("down"));

    // Up: what came from the air goes to his home relay, also when that was away.
    ana.say(&serde_json::json!({"text": "up", "to": "ben"}));
    let at_two = |event: &Value| event["relays"] == serde_json::json!([two.key]);
    while !at_two(&gateway.next("parcel")) {}
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    assert_eq!((exit, heard[0]["text"].as_str()), (0, Some("up")), "{heard:?}");
    two.kill();
    ana.say(&serde_json::json!({"text": "later", "to": "ben"}));
    ana.next("delivered");
    two.come_back(&homes);
    let at_two = |event: &Value| event["relays"] == serde_json::json!([two.key]);
    while !at_two(&gateway.next("parcel")) {}
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    assert_eq!((exit, heard[0]["text"].as_str()), (0, Some("later")), "{heard:?}");
}

#[test]
fn a_relay_that_is_named_is_the_gateways_only_one() {
    let homes = Homes::new();
    homes.people(&["ana", "hill"]);
    let (one, two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
    let field = Server::field();
    let radio = ["--radio", &field.of("address")].map(str::to_owned);
    let on_air: Vec<&str> = radio.iter().map(String::as_str).collect();
    set_homes(&homes, "hill", "ana", &[&one.home()]);
    let at_two = two.named(&[&["gateway"], &on_air[..]].concat()).join(" ");
    let at_two: Vec<&str> = at_two.split(' ').collect();
    let gateway = Server::start(&homes, "hill", &at_two);
    let place = ["handset", "--position", "300,400"];
    let mut ana = Server::start(&homes, "ana", &[&place[..], &on_air].concat());
    ana.say(&serde_json::json!({"text": "to everyone", "to": "open"}));
    assert_eq!(gateway.next("parcel")["relays"], serde_json::json!([two.key]));
}

/// A card that comes as an item tells the person that its owner reads elsewhere.
#[test]
fn a_change_of_home_relays_travels_by_itself_and_is_told() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let relay = Relay::start(&homes, "relay");
    let (to_ben, to_ana) = (["send", "--to", "ben"], ["send", "--to", "ana"]);
    // A session: a card goes along only where there is one.
    assert_eq!(homes.chappe("ana", &relay.named(&to_ben), &text_signal("hello")).0, 0);
    assert_eq!(homes.chappe("ben", &relay.named(&["recv"]), "").0, 0);
    assert_eq!(homes.chappe("ben", &relay.named(&to_ana), &text_signal("hello")).0, 0);
    assert_eq!(homes.chappe("ana", &relay.named(&["recv"]), "").0, 0);

    assert_eq!(homes.chappe("ben", &["card", "homes", &relay.home()], "").0, 0);
    assert_eq!(homes.chappe("ben", &relay.named(&to_ana), &text_signal("I moved")).0, 0);
    let (exit, heard) = homes.chappe("ana", &relay.named(&["recv"]), "");
    assert_eq!(exit, 0, "{heard:?}");
    assert_eq!(of(&heard, "change")[0]["what"], "new_card", "{heard:?}");
    // And what ana says goes there from now on, with nothing to be typed.
    let (exit, said) = homes.chappe("ana", &to_ben, &text_signal("found you"));
    assert_eq!((exit, of(&said, "parcel").len()), (0, 1), "{said:?}");
    let (exit, heard) = homes.chappe("ben", &["recv"], "");
    assert_eq!((exit, of(&heard, "message").len()), (0, 1), "{heard:?}");
}

#[test]
fn an_identity_may_have_home_relays_from_the_start() {
    let homes = Homes::new();
    let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let at = |place: &str| format!("{key}@{place}");
    let (one, twice) = (at("relay.example:7406"), at("[2001:db8::1]:7406"));
    let new = |these: &[&str]| {
        let options: Vec<&str> = these.iter().flat_map(|home| ["--home-relay", home]).collect();
        [&["id", "new", "--no-put-away"][..], &options]
            .concat()
            .iter()
            .map(|one| (*one).to_owned())
            .collect::<Vec<_>>()
    };
    let make = |these: &[&str]| {
        let command = new(these);
        homes.chappe("ana", &command.iter().map(String::as_str).collect::<Vec<_>>(), "")
    };
    for (wrong, exit) in [(vec!["relay.example:7406"], 2), (vec![one.as_str(), &twice], 3)] {
        assert_eq!(make(&wrong).0, exit, "{wrong:?}");
        assert!(!homes.path("ana").exists());
    }
    assert_eq!(make(&[&one]).0, 0);
    let (exit, said) = homes.chappe("ana", &["card", "homes"], "");
    assert_eq!((exit, said[0]["homes"][0]["address"].as_str()), (0, Some("relay.example:7406")));
    let (_, said) = homes.chappe("ana", &["card", "show"], "");
    assert_eq!(said[0]["homes"][0]["key"], key);
    let card = homes.path("card");
    std::fs::write(&card, said[0]["card"].as_str().unwrap()).unwrap();
    let read = objects(&run(&["--json", "card", "read", text(&card)], "").stdout);
    assert_eq!(read[0]["homes"][0]["key"], key);
    let (exit, said) = homes.chappe("ana", &["card", "homes", "--none"], "");
    assert_eq!((exit, said[0]["homes"].as_array().unwrap().len()), (0, 0));
}

/// A card of the form before, from the vectors: whoever is given one is told what to do.
#[test]
fn a_card_of_the_form_before_is_told_from_a_damaged_one() {
    let homes = Homes::new();
    homes.people(&["ana"]);
    let vectors = include_str!("../../test-vectors/identity/card.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let mut former =
        vectors["vectors"].as_array().unwrap().iter().filter(|vector| {
            vector["kind"] == "card_former" && vector["in"]["realm"] == "0000000001"
        });
    let mut told = |is_former: bool| {
        let vector = former.find(|vector| vector["out"]["former"] == is_former).unwrap();
        let octets = homes::octets(vector["in"]["card"].as_str().unwrap());
        let card = homes.path("former.card");
        std::fs::write(&card, format!("chappe-card:{}", URL_SAFE_NO_PAD.encode(octets))).unwrap();
        let (exit, said) = homes.chappe("ana", &["contact", "add", "old", text(&card)], "");
        assert_eq!((exit, kinds(&said)), (3, vec!["error"]), "{said:?}");
        let read = objects(&run(&["--json", "card", "read", text(&card)], "").stdout);
        assert_eq!(read[0]["error"]["kind"], said[0]["error"]["kind"]);
        said[0]["error"].clone()
    };
    let former = told(true);
    assert_eq!(former["kind"], "former_card");
    assert!(former["advice"].as_str().unwrap().contains("ask its owner for a new one"));
    assert_ne!(told(false)["kind"], "former_card");
}
