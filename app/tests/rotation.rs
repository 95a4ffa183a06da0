//! A change of address epoch, seen by a person who is away and by a relay.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod homes;

use homes::{Homes, Server};
use serde_json::Value;

const WEEK_SECONDS: u64 = 604_800;

fn of<'a>(events: &'a [Value], name: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["event"] == name)
}

fn mailbox(homes: &Homes, seconds: u64) -> String {
    let shown = homes.ahead(seconds, "ben", &["id", "show"], "");
    shown[0]["mailbox"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_sent_before_a_change_of_epoch_is_read_after_it() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Server::start(&homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
    let (address, key) = (relay.of("address"), relay.of("key"));
    let at = ["--relay", address.as_str(), "--relay-key", key.as_str()];
    let send = [&["send", "--to", "ben", "--text"][..], &at].concat();
    let recv = [&["recv"][..], &at].concat();

    // Three mailboxes in three weeks, none like another.
    let mailboxes = [0, 1, 2].map(|week| mailbox(&homes, week * WEEK_SECONDS));
    assert!(mailboxes[0] != mailboxes[1] && mailboxes[1] != mailboxes[2]);

    let first = homes.ahead(0, "ana", &send, "before\n");
    let second = homes.ahead(WEEK_SECONDS, "ana", &send, "after\n");
    for sent in [&first, &second] {
        let parcel = of(sent, "parcel").next().unwrap();
        // The parcel's head and the envelope, which is as long as a step.
        let size = parcel["size"].as_u64().unwrap() - 22;
        assert!([64, 128, 239].contains(&size), "{size}");
    }
    let address_of = |sent: &[Value]| {
        let octets = of(sent, "parcel").next().unwrap()["octets"].as_str().unwrap().to_owned();
        octets[2..34].to_owned()
    };
    assert_eq!([address_of(&first), address_of(&second)], mailboxes[..2]);

    // A month later both are there, and once only.
    let read = homes.ahead(3 * WEEK_SECONDS, "ben", &recv, "");
    let texts: Vec<_> = read.iter().map(Value::to_string).collect();
    for text in ["before", "after"] {
        assert_eq!(texts.iter().filter(|line| line.contains(text)).count(), 1, "{texts:#?}");
    }
    let again = homes.ahead(3 * WEEK_SECONDS, "ben", &recv, "");
    assert!(again.iter().all(|event| !event.to_string().contains("before")), "{again:#?}");
}
