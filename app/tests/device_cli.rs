//! `chappe device` from outside: passphrases, decoys that do not show, wipes, retention.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::{Homes, Server, chappe, run, text, text_signal};
use serde_json::Value;

/// Runs `chappe` as `name` with another passphrase than the test's.
fn with(
    homes: &Homes,
    name: &str,
    passphrase: &str,
    arguments: &[&str],
    input: &str,
) -> (i32, Vec<Value>) {
    let file = homes.path(&format!("{passphrase}.txt"));
    std::fs::write(&file, passphrase).unwrap();
    let home = homes.path(name);
    let own = ["--json", "--home", text(&home), "--passphrase-file", text(&file)];
    // `--json` is the program's, the others the command's.
    let all = [&own[..1], arguments, &own[1..]].concat();
    let output = run(&all, input);
    (output.status.code().unwrap(), homes::objects(&output.stdout))
}

fn new_passphrase(homes: &Homes, name: &str, command: &str, passphrase: &str) {
    let file = homes.path(&format!("{passphrase}.txt"));
    std::fs::write(&file, passphrase).unwrap();
    let (exit, said) =
        homes.chappe(name, &["device", command, "--new-passphrase-file", text(&file)], "");
    assert_eq!(exit, 0, "{said:?}");
}

#[test]
fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    let homes = Homes::new();
    homes.people(&["ana"]);
    let before = homes.chappe("ana", &["id", "show"], "").1;
    new_passphrase(&homes, "ana", "passphrase", "another one");
    assert_eq!(homes.chappe("ana", &["id", "show"], "").0, 4);
    assert_eq!(with(&homes, "ana", "another one", &["id", "show"], ""), (0, before));
}

#[test]
fn a_wipe_asks_for_a_word_and_for_no_passphrase() {
    let homes = Homes::new();
    homes.people(&["ana"]);
    let home = homes.path("ana");
    let wipe = ["device", "wipe", "--home", text(&home)];
    for word in ["", "yes\n", "WIPE\n"] {
        assert_eq!(run(&wipe, word).status.code(), Some(2));
        assert_eq!(homes.chappe("ana", &["id", "show"], "").0, 0);
    }
    assert_eq!(run(&wipe, "wipe\n").status.code(), Some(0));
    assert_eq!(homes.chappe("ana", &["id", "show"], "").0, 5);
    assert_eq!(run(&wipe, "wipe\n").status.code(), Some(5));

    // The folder can be used again.
    assert_eq!(homes.chappe("ana", &["id", "new", "--no-put-away"], "").0, 0);
    assert_eq!(run(&[&wipe[..], &["--yes"]].concat(), "").status.code(), Some(0));
}

/// A signal whose author writes that it is under duress.
fn coerced(words: &str) -> String {
    text_signal(words).replace("\"DuressIndicator\":\"0\"", "\"DuressIndicator\":\"1\"")
}

fn duress_of(heard: &[Value]) -> Vec<&str> {
    let signals = heard.iter().filter(|event| event["event"] == "message");
    signals
        .map(|event| event["signal"]["MessageHeader"]["DuressIndicator"].as_str().unwrap())
        .collect()
}

#[test]
fn a_decoy_sends_under_duress_and_nothing_shows_it() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Server::start(&homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
    let (address, key) = (relay.of("address"), relay.of("key"));
    let at_relay = ["--relay", address.as_str(), "--relay-key", key.as_str()];
    let standard = [&["send", "--to", "ben", "--standard"], &at_relay[..]].concat();
    let own = homes.chappe("ana", &standard, &text_signal("all is well"));

    new_passphrase(&homes, "ana", "decoy", "decoy");
    let decoy = |arguments: &[&str], input: &str| with(&homes, "ana", "decoy", arguments, input);
    // Another device, without contacts; ben knows it under another name.
    let (exit, shown) = decoy(&["id", "show"], "");
    assert_eq!(exit, 0);
    assert_ne!(shown, homes.chappe("ana", &["id", "show"], "").1);
    assert_eq!(decoy(&["contact", "list"], ""), (0, vec![]));
    let card = homes.path("decoy.card");
    std::fs::write(&card, shown[0]["card"].as_str().unwrap()).unwrap();
    assert_eq!(homes.chappe("ben", &["contact", "add", "ana-2", text(&card)], "").0, 0);
    let ben = homes.path("ben").join("card");
    assert_eq!(decoy(&["contact", "add", "ben", text(&ben)], "").0, 0);

    let sent = decoy(&standard, &text_signal("all is well"));
    let shape = |(exit, said): &(i32, Vec<Value>)| {
        let line = |event: &Value| {
            let event = event.as_object().unwrap();
            let fixed = ["event", "to", "summary", "size", "precedence"];
            let fixed = fixed.map(|name| event.get(name).cloned());
            (event.keys().cloned().collect::<Vec<_>>(), fixed)
        };
        (*exit, said.iter().map(line).collect::<Vec<_>>())
    };
    assert_eq!(shape(&sent), shape(&own));
    // Packed it may be an octet longer, and says nothing either.
    let packed = [&["send", "--to", "ben"], &at_relay[..]].concat();
    let (exit, said) = decoy(&packed, &text_signal("come at once"));
    assert_eq!((exit, said[0]["summary"].as_str()), (0, Some("F(0) \"come at once\"")));

    let recv = [&["recv"], &at_relay[..]].concat();
    let (exit, heard) = homes.chappe("ben", &recv, "");
    assert_eq!(exit, 0);
    assert_eq!(duress_of(&heard), ["0", "1", "1"], "{heard:?}");

    // In the open nothing is set, and what says duress is refused, the same with both passphrases.
    let open = [&["send", "--open"], &at_relay[..]].concat();
    let refused = decoy(&open, &coerced("help"));
    assert_eq!(refused, homes.chappe("ana", &open, &coerced("help")));
    assert_eq!(refused.1[0]["error"]["kind"], "open_duress");
    assert_eq!(decoy(&open, &text_signal("the road is free")).0, 0);
    let forced = [&open[..], &["--duress-in-the-open"]].concat();
    assert_eq!(homes.chappe("ana", &forced, &coerced("help")).0, 0);
    let recv = [&["recv", "--topic", "field"], &at_relay[..]].concat();
    let (_, heard) = homes.chappe("ben", &recv, "");
    assert_eq!(duress_of(&heard), ["0", "1"], "{heard:?}");
}

#[test]
fn old_texts_go_and_what_they_prove_stays() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Server::start(&homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
    let (address, key) = (relay.of("address"), relay.of("key"));
    let at_relay = ["--relay", address.as_str(), "--relay-key", key.as_str()];
    let (exit, shown) = homes.chappe("ben", &["device", "retention"], "");
    assert_eq!((exit, shown[0]["days"].as_u64()), (0, Some(30)));
    assert_eq!(homes.chappe("ben", &["device", "retention", "3651"], "").0, 2);
    assert_eq!(homes.chappe("ben", &["device", "retention", "0"], "").0, 0);

    let to_ben = [&["send", "--to", "ben"], &at_relay[..]].concat();
    let long: Vec<String> = (0..300_u32).map(|n| (n * 7919 % 100_000).to_string()).collect();
    assert_eq!(homes.chappe("ana", &to_ben, &text_signal(&long.join(" "))).0, 0);
    let recv = [&["recv"], &at_relay[..]].concat();
    assert_eq!(homes.chappe("ben", &recv, "").1.len(), 1);
    let kept = || {
        let areas = (0..4).map(|area| homes.path("ben").join(format!("area-{area}/received")));
        let logs = areas.flat_map(|folder| ["log-0", "log-1"].map(|log| folder.join(log)));
        let files = logs.filter_map(|log| std::fs::read_dir(log).ok()).flatten();
        files.map(|entry| entry.unwrap().metadata().unwrap().len()).sum::<u64>()
    };
    let before = kept();
    assert_eq!(homes.chappe("ben", &recv, ""), (0, vec![]));
    assert!(kept() < before / 2, "{} of {before} octets", kept());

    // A statement that comes later still finds its message, and nothing is told twice.
    let sign = [&to_ben[..], &["--sign"]].concat();
    assert_eq!(homes.chappe("ana", &sign, "").0, 0);
    let (exit, heard) = homes.chappe("ben", &recv, "");
    let events: Vec<_> = heard.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!((exit, events), (0, vec!["message", "signed"]));
    assert_eq!(heard[1]["ids"].as_array().unwrap().len(), 1);
}

#[test]
fn no_secret_is_taken_on_a_command_line() {
    for command in ["wipe", "passphrase", "decoy", "retention", "receipts"] {
        let help = chappe(&["device", command, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(!help.contains("<PASSPHRASE>"), "{help}");
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_device_whose_journal_was_put_back_stops_until_it_is_repaired() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Server::start(&homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
    let (address, key) = (relay.of("address"), relay.of("key"));
    let at_relay = ["--relay", address.as_str(), "--relay-key", key.as_str()];
    let open = [&["send", "--open"], &at_relay[..]].concat();
    let to_ben = [&["send", "--to", "ben"], &at_relay[..]].concat();
    let recv = [&["recv", "--topic", "field"], &at_relay[..]].concat();
    let summaries = |heard: &[Value]| {
        let messages = heard.iter().filter(|line| line["event"] == "message");
        messages.map(|line| line["summary"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // Whole, it says so and does nothing.
    assert_eq!(homes.chappe("ana", &["device", "repair", "--yes"], "").1[0]["event"], "whole");
    assert_eq!(homes.chappe("ana", &to_ben, &text_signal("first")).0, 0);

    // The log of what was said is put back to where it was, the rest is not.
    let home = homes.path("ana");
    let areas = std::fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path().join("sent"));
    let log = areas.map(|sent| sent.join("log-0")).find(|log| log.exists()).unwrap();
    let before = homes.path("before");
    copy(&log, &before);
    let many: String = (0..70).map(|n| text_signal(&format!("number {n}"))).collect();
    assert_eq!(homes.chappe("ana", &open, &many).0, 0);
    std::fs::remove_dir_all(&log).unwrap();
    copy(&before, &log);
    let (exit, said) = homes.chappe("ana", &open, &text_signal("another number 0"));
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (4, Some("cut")), "{said:?}");
    assert!(said[0]["error"]["advice"].as_str().unwrap().contains("chappe device repair"));

    assert_eq!(homes.chappe("ana", &["device", "repair"], "no\n").0, 2);
    let all = homes.with("ana", &["device", "repair"]);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let repaired = run(&all, "repair\n");
    assert_eq!(repaired.status.code(), Some(0));
    let told = String::from_utf8_lossy(&repaired.stderr);
    for words in ["is lost", "statements", "sessions"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // The new card goes out, and after it what is said: in the open and sealed, both ways.
    let queued = [&["send", "--queued"], &at_relay[..]].concat();
    let to_ana = [&["send", "--to", "ana"], &at_relay[..]].concat();
    assert_eq!(homes.chappe("ana", &queued, "").0, 0);
    assert_eq!(homes.chappe("ana", &open, &text_signal("open again")).0, 0);
    assert_eq!(homes.chappe("ana", &to_ben, &text_signal("sealed again")).0, 0);
    let heard = summaries(&homes.chappe("ben", &recv, "").1).join("|");
    for words in ["first", "contact card", "open again", "sealed again"] {
        assert!(heard.contains(words), "{words}: {heard}");
    }
    assert_eq!(homes.chappe("ben", &to_ana, &text_signal("I hear")).0, 0);
    let heard = summaries(&homes.chappe("ana", &recv, "").1).join("|");
    assert!(heard.contains("I hear"), "{heard}");

    // A copy of everything does not show; its owner says so.
    let (exit, said) = homes.chappe("ana", &["device", "repair", "--restored", "--yes"], "");
    assert_eq!((exit, said[0]["event"].as_str()), (0, Some("repaired")), "{said:?}");
    assert_eq!(said[0]["refused"], serde_json::json!([]));
}
