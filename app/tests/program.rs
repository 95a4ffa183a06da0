//! The program from outside: help that fits a screen, exit codes, and the way from an identity to a
//! receipt, without the demo.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::{Homes, Server, chappe, code, text, text_signal};
use std::path::Path;

/// Lines of a screen.
const SCREEN_LINES: usize = 30;

#[test]
fn the_help_of_every_command_fits_a_screen() {
    let commands: [&[&str]; 58] = [
        &[],
        &["id"],
        &["id", "new"],
        &["id", "put-away"],
        &["id", "show"],
        &["device"],
        &["device", "wipe"],
        &["device", "repair"],
        &["device", "passphrase"],
        &["device", "decoy"],
        &["device", "retention"],
        &["device", "receipts"],
        &["device", "revocation"],
        &["device", "revoke"],
        &["device", "root"],
        &["device", "request"],
        &["device", "install"],
        &["root"],
        &["root", "new"],
        &["root", "join"],
        &["root", "sign"],
        &["root", "revocation"],
        &["root", "succession"],
        &["card"],
        &["card", "show"],
        &["card", "read"],
        &["contact", "words"],
        &["contact", "show"],
        &["contact", "list"],
        &["contact"],
        &["contact", "add"],
        &["signal"],
        &["signal", "encode"],
        &["signal", "decode"],
        &["signal", "check"],
        &["signal", "explain"],
        &["signal", "notation"],
        &["signal", "decrypt"],
        &["signal", "encrypt"],
        &["signal", "authenticate"],
        &["text"],
        &["text", "encode"],
        &["text", "decode"],
        &["card", "homes"],
        &["send"],
        &["seal"],
        &["open"],
        &["recv"],
        &["handset"],
        &["gateway"],
        &["lease"],
        &["relay"],
        &["relay", "check"],
        &["relay", "invite"],
        &["relay", "status"],
        &["ledger"],
        &["field"],
        &["verify"],
    ];
    for command in commands {
        let output = chappe(command).arg("--help").env("COLUMNS", "80").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.lines().count() <= SCREEN_LINES, "{command:?}:\n{help}");
        assert!(output.status.success());
    }
}

#[test]
fn from_an_identity_to_a_receipt() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay", "ledger"]);
    let relay = Server::start(&homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
    let ledger = Server::start(&homes, "ledger", &["ledger", "--listen", "127.0.0.1:0"]);
    let (relay_at, relay_key) = (relay.of("address"), relay.of("key"));
    let (ledger_at, ledger_key) = (ledger.of("address"), ledger.of("key"));
    let at_relay = ["--relay", relay_at.as_str(), "--relay-key", relay_key.as_str()];
    let to_ben = [&["send", "--to", "ben", "--sign"], &at_relay[..]].concat();

    let (exit, said) = homes.chappe("ana", &to_ben, &text_signal("water is at the school"));
    assert_eq!(exit, 0, "{said:?}");
    assert_eq!(said.iter().filter(|line| line["event"] == "parcel").count(), 2);

    let at_ledger = ["--ledger", ledger_at.as_str(), "--ledger-key", ledger_key.as_str()];
    let recv = [&["recv"], &at_relay[..], &at_ledger].concat();
    let (exit, heard) = homes.chappe("ben", &recv, "");
    assert_eq!(exit, 0, "{heard:?}");
    let events: Vec<_> = heard.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["message", "message", "signed", "anchored"]);
    assert!(heard[0]["summary"].as_str().unwrap().contains("water is at the school"));

    // A second look brings nothing new, and the other account finds nothing at all.
    assert_eq!(homes.chappe("ben", &recv, ""), (0, vec![]));
    assert_eq!(homes.chappe("relay", &[&["recv"], &at_relay[..]].concat(), ""), (0, vec![]));

    // The receipt verifies offline, with the evidence and without; a wrong card does not.
    let receipts = homes.path("receipts");
    let (exit, said) = homes.chappe("ben", &["device", "receipts", text(&receipts)], "");
    assert_eq!((exit, said[0]["count"].as_u64()), (0, Some(2)));
    let find = |extension: &str| {
        let mut entries = std::fs::read_dir(&receipts).unwrap().map(|entry| entry.unwrap().path());
        entries.find(|path| path.extension().is_some_and(|found| found == extension)).unwrap()
    };
    let (receipt, evidence) = (find("receipt"), find("evidence"));
    let card = homes.path("ana").join("card");
    let verify = ["verify", text(&receipt), "--ledger-key", ledger_key.as_str()];
    assert_eq!(code(&verify, ""), 0);
    let with = |card: &Path| {
        let opened = ["--evidence", text(&evidence), "--card", text(card)];
        code(&[&verify[..], &opened].concat(), "")
    };
    assert_eq!(with(&card), 0);
    assert_eq!(with(&homes.path("ben").join("card")), 4);
    let exercise = [&verify[..], &["--realm", "exercise/00000001"]].concat();
    assert_eq!(code(&exercise, ""), 4);

    let mut damaged = std::fs::read(&receipt).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let path = homes.path("damaged");
    std::fs::write(&path, damaged).unwrap();
    let found = code(&["verify", text(&path), "--ledger-key", ledger_key.as_str()], "");
    assert!([3, 4, 5].contains(&found), "{found}");
}

#[test]
fn what_cannot_be_delivered_waits() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let key = homes.chappe("relay", &["id", "show"], "").1[0]["transport_key"]
        .as_str()
        .unwrap()
        .to_owned();
    // A port nobody listens on: it was free a moment ago.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    drop(socket);
    let at_relay = ["--relay", address.as_str(), "--relay-key", key.as_str()];

    let to_ben = [&["send", "--to", "ben"], &at_relay[..]].concat();
    let (exit, said) = homes.chappe("ana", &to_ben, &text_signal("one"));
    assert_eq!(exit, 6, "{said:?}");

    let relay = Server::start(&homes, "relay", &["relay", "--listen", &address]);
    assert_eq!(relay.of("key"), key);
    let queued = [&["send", "--queued"], &at_relay[..]].concat();
    let (exit, said) = homes.chappe("ana", &queued, "");
    assert_eq!(exit, 0, "{said:?}");
    assert_eq!(said.len(), 1);
    let (exit, heard) = homes.chappe("ben", &[&["recv"], &at_relay[..]].concat(), "");
    assert_eq!(exit, 0);
    assert!(heard[0]["summary"].as_str().unwrap().contains("one"));
}

#[test]
fn failures_have_their_exit_codes() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    assert_eq!(code(&["no-such-command"], ""), 2);
    assert_eq!(homes.chappe("nobody", &["id", "show"], "").0, 5);
    assert_eq!(homes.chappe("ana", &["id", "new", "--no-put-away"], "").0, 1);
    let nowhere = ["--relay", "127.0.0.1:9", "--relay-key", "00"];
    assert_eq!(homes.chappe("ana", &[&["send", "--to", "ben"], &nowhere[..]].concat(), "").0, 3);
    assert_eq!(homes.chappe("ana", &["send", "--to", "ben"], "").0, 2);

    // A known name with other keys is refused until the old card is removed.
    homes.people(&["impostor"]);
    let card = homes.path("impostor").join("card");
    let replace = ["contact", "add", "ben", text(&card)];
    let (exit, said) = homes.chappe("ana", &replace, "");
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (4, Some("key change")));
    assert_eq!(homes.chappe("ana", &["contact", "remove", "ben"], "").0, 0);
    assert_eq!(homes.chappe("ana", &["contact", "remove", "ben"], "").0, 5);
    assert_eq!(homes.chappe("ana", &replace, "").0, 0);

    std::fs::write(homes.path("passphrase"), "another").unwrap();
    let (exit, said) = homes.chappe("ana", &["id", "show"], "");
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (4, Some("passphrase")));
}

#[test]
fn secrets_are_nowhere_to_be_seen() {
    let homes = Homes::new();
    assert_eq!(homes.chappe("ana", &["id", "new", "--no-put-away"], "").0, 0);
    let shown = homes.chappe("ana", &["id", "show"], "").1;
    let said = [shown[0]["account_key"].clone(), shown[0]["card"].clone()];
    let mut folders = vec![homes.path("ana")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = entry.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{:?} is open to others", entry.path());
            }
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            files += 1;
            let octets = std::fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&octets);
            assert!(!text.contains("a passphrase for tests"));
            for secret in &said {
                assert!(!text.contains(secret.as_str().unwrap()), "{:?}", entry.path());
            }
            let key = homes::octets(said[0].as_str().unwrap());
            assert!(!octets.windows(key.len()).any(|window| window == key), "{:?}", entry.path());
        }
    }
    // The vault, and four areas of five sealed files and four pages.
    assert_eq!(files, 37);
}

#[test]
fn a_stranger_is_heard_and_shown_as_unverified() {
    let homes = Homes::new();
    homes.people(&["ana"]);
    homes.people(&["stranger"]);
    homes.people(&["relay"]);
    let relay = Server::start(&homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
    let (address, key) = (relay.of("address"), relay.of("key"));
    let at_relay = ["--relay", address.as_str(), "--relay-key", key.as_str()];
    let open = [&["send", "--open"], &at_relay[..]].concat();
    assert_eq!(homes.chappe("stranger", &open, &text_signal("help at the bridge")).0, 0);

    let recv = [&["recv", "--topic", "field"], &at_relay[..]].concat();
    let (exit, heard) = homes.chappe("ana", &recv, "");
    assert_eq!((exit, heard.len()), (0, 1), "{heard:?}");
    assert_eq!(heard[0]["event"], "claim");
    assert!(heard[0]["summary"].as_str().unwrap().contains("help at the bridge"));
}

#[test]
fn a_test_message_is_never_urgent() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let test = text_signal("only a test")
        .replace("\"MessageCode\":\"F\"", "\"MessageCode\":\"T\"")
        .replace("\"Text\"", "\"PseudoMessageCode\":\"F\",\"Text\"");
    let key = homes.chappe("ben", &["id", "show"], "").1[0]["transport_key"].clone();
    let key = key.as_str().unwrap().to_owned();
    let nowhere = ["--relay", "127.0.0.1:9", "--relay-key", key.as_str()];
    let flash = [&["send", "--to", "ben", "--precedence", "flash"], &nowhere[..]].concat();
    let (exit, said) = homes.chappe("ana", &flash, &test);
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (2, Some("precedence")), "{said:?}");
}
