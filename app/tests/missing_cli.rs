//! What did not arrive and what a relay withholds, from outside: over several runs of the program, at relays
//! that lose what they had (spec/06-relay.md, "What a relay withholds" and "What did not arrive").

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::home::{Relay, kinds, of, set_homes};
use homes::{Homes, Server, text_signal};
use serde_json::{Value, json};

const TO_BEN: [&str; 3] = ["send", "--to", "ben"];
const FLASH: [&str; 5] = ["send", "--to", "ben", "--precedence", "flash"];
const DAY_SECONDS: u64 = 86_400;

/// Ana, and ben who reads at two relays and has answered her: what she says now are no first flights.
struct Field {
    homes: Homes,
    one: Relay,
    two: Relay,
}

impl Field {
    fn new() -> Self {
        let homes = Homes::new();
        homes.people(&["ana", "ben"]);
        let (one, two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
        set_homes(&homes, "ben", "ana", &[&one.home(), &two.home()]);
        set_homes(&homes, "ana", "ben", &[&two.home()]);
        let field = Self { homes, one, two };
        field.says("hello");
        assert_eq!(kinds(&field.reads(0)), ["message"]);
        let to_ana = ["send", "--to", "ana"];
        assert_eq!(field.homes.chappe("ben", &to_ana, &text_signal("hello")).0, 0);
        assert_eq!(field.homes.chappe("ana", &["recv"], "").0, 0);
        // Her card with her home relays goes with the next once, as a message of its own.
        field.says("where I read");
        assert_eq!(of(&field.reads(0), "message").len(), 2);
        field
    }

    fn says(&self, text: &str) -> Vec<Value> {
        self.says_with(&TO_BEN, text)
    }

    fn says_with(&self, command: &[&str], text: &str) -> Vec<Value> {
        let (exit, said) = self.homes.chappe("ana", command, &text_signal(text));
        assert_eq!(exit, 0, "{said:?}");
        said
    }

    fn reads(&self, exit: i32) -> Vec<Value> {
        let (found, heard) = self.homes.chappe("ben", &["recv"], "");
        assert_eq!(found, exit, "{heard:?}");
        heard
    }

    fn path_of(&self, relay: &str, name: &str) -> std::path::PathBuf {
        self.homes.path(relay).join(name)
    }

    /// What a relay has is put aside: it knows nothing of it any more.
    fn put_aside(&mut self) {
        self.one.kill();
        std::fs::rename(self.path_of("one", "relay"), self.path_of("one", "aside")).unwrap();
        self.one.come_back(&self.homes);
    }

    /// And it is found again.
    fn find_again(&mut self) {
        self.one.kill();
        std::fs::remove_dir_all(self.path_of("one", "relay")).unwrap();
        std::fs::rename(self.path_of("one", "aside"), self.path_of("one", "relay")).unwrap();
        self.one.come_back(&self.homes);
    }
}

/// How many messages of a line are missing, or are not any more.
fn messages(line: &Value) -> u64 {
    line["messages"].as_u64().unwrap()
}

#[test]
fn what_one_home_drops_is_told_in_each_run_until_it_comes() {
    let mut field = Field::new();
    field.says("dropped");
    field.put_aside();
    field.says("behind it");
    let heard = field.reads(0);
    assert_eq!(kinds(&heard), ["message", "not-arrived"], "{heard:?}");
    let missing = &heard[1];
    assert_eq!((missing["name"].as_str(), messages(missing)), (Some("ana"), 1));
    let homes = |line: &Value| {
        let mut homes: Vec<String> = serde_json::from_value(line["homes"].clone()).unwrap();
        homes.sort();
        homes
    };
    let mut both = vec![field.one.key.clone(), field.two.key.clone()];
    both.sort();
    assert_eq!((homes(missing), &missing["unread"]), (both.clone(), &json!([])));
    let chains = missing["chains"].as_array().unwrap();
    assert_eq!((chains.len(), chains[0]["counters"].as_array().unwrap().len()), (1, 1));
    // It is told again, the same, and says which home was not read.
    assert_eq!(field.reads(0), std::slice::from_ref(missing));
    field.two.kill();
    let heard = field.reads(6);
    assert_eq!(kinds(&heard), ["not-arrived", "error"], "{heard:?}");
    assert_eq!(heard[0]["unread"], json!([field.two.key]));
    assert_eq!((homes(&heard[0]), &heard[0]["since"]), (both, &missing["since"]));
    field.two.come_back(&field.homes);
    // People read one plain line.
    let told = told_to_people(&field.homes);
    let line = told.lines().next().unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        line.starts_with("ana: 1 message (number ") && line.contains("did not arrive"),
        "{line}"
    );
    assert!(line.contains(&field.one.address) && line.contains(&field.two.address), "{line}");
    assert!(!line.contains("withh"), "{line}");
    // It comes, and that is told once.
    field.find_again();
    let heard = field.reads(0);
    assert_eq!(kinds(&heard), ["message", "arrived"], "{heard:?}");
    assert!(heard[0]["summary"].as_str().unwrap().contains("dropped"));
    assert_eq!((&heard[1]["chains"], &heard[1]["since"]), (&missing["chains"], &missing["since"]));
    assert_eq!(field.reads(0), Vec::<Value>::new());
}

fn told_to_people(homes: &Homes) -> String {
    let arguments = homes.with("ben", &["recv"]);
    let output = homes::run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_a_statement_covers_is_missing_also_where_nothing_came_behind_it() {
    let mut field = Field::new();
    field.says("dropped");
    field.says("dropped, too");
    field.put_aside();
    // The statement comes in the chain that it is over.
    let (exit, said) = field.homes.chappe("ana", &[&TO_BEN[..], &["--sign"]].concat(), "");
    assert_eq!((exit, of(&said, "parcel").len()), (0, 1), "{said:?}");
    let heard = field.reads(0);
    let missing = of(&heard, "not-arrived");
    assert_eq!((missing.len(), messages(missing[0])), (1, 2), "{heard:?}");
    field.find_again();
    let heard = field.reads(0);
    let ended = of(&heard, "arrived");
    assert_eq!((ended.len(), messages(ended[0])), (1, 2), "{heard:?}");
    assert_eq!(of(&heard, "signed").len(), 1, "{heard:?}");
}

#[test]
fn a_sender_that_begins_anew_leaves_nothing_missing_and_a_reader_gives_up() {
    let mut field = Field::new();
    field.says("dropped");
    field.put_aside();
    // Her device is put back, and begins other sessions: of the end of the one before nothing is known.
    let repair = ["device", "repair", "--restored", "--yes"];
    assert_eq!(field.homes.chappe("ana", &repair, "").0, 0);
    assert_eq!(field.homes.chappe("ana", &["send", "--queued"], "").0, 0);
    field.says("in another session");
    let heard = field.reads(0);
    let said = |text: &str| heard.iter().any(|line| line.to_string().contains(text));
    assert!(said("in another session") && !said("dropped"), "{heard:?}");
    assert!(of(&heard, "not-arrived").is_empty(), "{heard:?}");

    // What he waits for when he begins anew could not be opened any more.
    field.says("dropped in the other session");
    field.one.lose_everything(&field.homes);
    field.says("behind it");
    let heard = field.reads(0);
    assert_eq!(kinds(&heard), ["message", "not-arrived"], "{heard:?}");
    assert_eq!(field.homes.chappe("ben", &repair, "").0, 0);
    let heard = field.reads(0);
    assert_eq!(
        (of(&heard, "given-up").len(), of(&heard, "not-arrived").len()),
        (1, 0),
        "{heard:?}"
    );
    assert_eq!(field.reads(0), Vec::<Value>::new());
}

#[test]
fn what_may_have_expired_is_not_missing() {
    let mut field = Field::new();
    field.says("expired");
    field.put_aside();
    field.says("behind it");
    // He was away for longer than a parcel lives. What is there still is there since the relay's clock is
    // behind his.
    let heard = field.homes.ahead(8 * DAY_SECONDS, "ben", &["recv"], "");
    assert_eq!((of(&heard, "message").len(), of(&heard, "not-arrived").len()), (1, 0), "{heard:?}");
    assert_eq!(field.homes.ahead(8 * DAY_SECONDS, "ben", &["recv"], ""), Vec::<Value>::new());
}

#[test]
fn a_flash_that_lacks_at_a_home_that_was_away_is_compared_when_it_is_read_again() {
    let mut field = Field::new();
    let said = field.says_with(&FLASH, "kept by one");
    assert_eq!(of(&said, "parcel")[0]["relays"].as_array().unwrap().len(), 2, "{said:?}");
    let home_two = field.two.home();
    field.two.kill();
    let heard = field.reads(6);
    assert!(of(&heard, "withheld").is_empty(), "{heard:?}");
    // It comes back without it.
    field.two.come_back(&field.homes);
    field.two.lose_everything(&field.homes);
    let heard = field.reads(0);
    assert_eq!(kinds(&heard), ["withheld"], "{heard:?}");
    assert_eq!(
        (&heard[0]["had"], &heard[0]["lacked"]),
        (&json!(field.one.key), &json!([field.two.key]))
    );
    assert_eq!(heard[0]["ids"].as_array().unwrap().len(), 2, "and the statement that signs it");
    assert_eq!(field.reads(0), Vec::<Value>::new(), "told once");

    // Another is at both in the end: that it was away once says nothing.
    field.says_with(&FLASH, "at both");
    field.two.kill();
    field.reads(6);
    field.two.come_back(&field.homes);
    assert_eq!(field.reads(0), Vec::<Value>::new());
    assert_eq!(field.two.home(), home_two);
}

#[test]
fn that_it_came_is_told_while_relays_are_followed() {
    let mut field = Field::new();
    field.says("dropped");
    field.put_aside();
    field.says("behind it");
    assert_eq!(kinds(&field.reads(0)), ["message", "not-arrived"]);
    field.find_again();
    let station = Server::start(&field.homes, "ben", &["recv", "--follow"]);
    assert!(station.next("message")["summary"].as_str().unwrap().contains("dropped"));
    assert_eq!(messages(&station.next("arrived")), 1);
}
