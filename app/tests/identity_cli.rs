//! Accounts and their devices from outside: what ends a device that is lost.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::{Homes, Server, run, text, text_signal};
use serde_json::Value;

fn kinds(said: &[Value]) -> Vec<&str> {
    said.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

fn error_kind(said: &[Value]) -> Option<&str> {
    said.last().and_then(|line| line["error"]["kind"].as_str())
}

/// A relay of the test.
struct AtRelay {
    /// Runs as long as this is held.
    _server: Server,
    address: String,
    key: String,
}

impl AtRelay {
    fn start(homes: &Homes) -> Self {
        homes.people(&["relay"]);
        let relay = Server::start(homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
        let (address, key) = (relay.of("address"), relay.of("key"));
        Self { _server: relay, address, key }
    }

    fn with<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [command, &["--relay", &self.address, "--relay-key", &self.key]].concat()
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

/// "Of `revoked` the person is told whose device seems to try, at most once in ten minutes"
/// (spec/11-session.md, "Refusals").
#[test]
fn a_revoked_device_that_tries_is_named_once() {
    let homes = Homes::new();
    homes.people(&["lost", "ben"]);
    let at_relay = AtRelay::start(&homes);
    let file = homes.path("lost.revocation");
    assert_eq!(homes.chappe("lost", &["device", "revocation", text(&file)], "").0, 0);
    let to_ben = at_relay.with(&["send", "--to", "ben"]);
    let listen = at_relay.with(&["recv"]);
    // Ben never answers, so it goes on with first flights.
    assert_eq!(homes.chappe("lost", &to_ben, &text_signal("one")).0, 0);
    assert_eq!(kinds(&homes.chappe("ben", &listen, "").1), ["message"]);
    let revoke = at_relay.with(&["device", "revoke", text(&file)]);
    assert_eq!(homes.chappe("ben", &revoke, "").0, 0);
    for words in ["two", "three"] {
        assert_eq!(homes.chappe("lost", &to_ben, &text_signal(words)).0, 0);
    }
    let (exit, heard) = homes.chappe("ben", &listen, "");
    assert_eq!((exit, kinds(&heard)), (0, vec!["refused"]), "{heard:?}");
    let account = homes.chappe("lost", &["id", "show"], "").1[0]["account"].clone();
    assert_eq!((&heard[0]["kind"], &heard[0]["account"]), (&"revoked".into(), &account));
    assert_eq!(heard[0]["device"], 1);
}

/// "They count … also in one whose author is unknown" (spec/10-identity.md, "Carried as items").
#[test]
fn a_stranger_may_carry_a_revocation() {
    let homes = Homes::new();
    homes.people(&["lost", "ben"]);
    // Nobody's contact, who knows nobody.
    assert_eq!(homes.chappe("stranger", &["id", "new", "--no-put-away"], "").0, 0);
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

/// Runs `chappe` without a device; what it printed on standard output.
fn printed(homes: &Homes, arguments: &[&str], out: &str) -> String {
    let output = run(arguments, "");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(homes.path(out), &output.stdout).unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn two_of_three_keyholders_certify_a_device() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let passphrase = homes.path("passphrase");
    let mut keys = Vec::new();
    for keyholder in ["one", "two", "three"] {
        let file = homes.path(&format!("{keyholder}.root"));
        let new =
            ["root", "new", text(&file), "--no-successor", "--passphrase-file", text(&passphrase)];
        keys.push(printed(&homes, &new, "key"));
        assert!(keys.last().unwrap().starts_with("chappe-root:"));
        assert!(!run(&new, "").status.success(), "it is never overwritten");
    }
    let join = ["root", "join", "--threshold", "2", &keys[0], &keys[1], &keys[2]];
    printed(&homes, &join, "org.txt");

    let org = homes.path("org.txt");
    let permits = ["--types", "DQ,text", "--precedence", "priority"];
    let ask =
        [&["device", "request", "--root", text(&org), "--number", "2"][..], &permits].concat();
    let (exit, said) = homes.chappe("ana", &ask, "");
    assert_eq!(exit, 0, "{said:?}");
    let request = homes.path("request.txt");
    std::fs::write(&request, said[0]["request"].as_str().unwrap()).unwrap();

    // A keyholder is told what is signed, and signs only when they say so.
    let sign = |request: &str, keyholder: &str| {
        let (request, file) = (homes.path(request), homes.path(&format!("{keyholder}.root")));
        let own = ["--root", text(&file), "--passphrase-file", text(&passphrase)];
        [&["root", "sign", text(&request)][..], &own]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let first = sign("request.txt", "one");
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    let refused = run(&first, "no\n");
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0));
    let told = String::from_utf8(refused.stderr).unwrap();
    for words in ["device 2", "signals DQ, text", "PRIORITY", "2 of 3 keys", "its words"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let half = run(&first, "sign\n");
    assert_eq!(half.status.code(), Some(0));
    std::fs::write(homes.path("half.txt"), &half.stdout).unwrap();
    let install = homes.path("half.txt");
    assert_eq!(homes.chappe("ana", &["device", "install", text(&install)], "").0, 3, "not enough");
    let second = sign("half.txt", "three");
    let second: Vec<&str> = second.iter().map(String::as_str).chain(["--yes"]).collect();
    printed(&homes, &second, "certificate.txt");

    // The certificate is for ana's keys and nobody else's.
    let certificate = homes.path("certificate.txt");
    let install = ["device", "install", text(&certificate)];
    assert_ne!(homes.chappe("ben", &install, "").0, 0);
    let (exit, said) = homes.chappe("ana", &install, "");
    assert_eq!((exit, said[0]["device"].as_u64()), (0, Some(2)), "{said:?}");

    // Its card says so, and a contact who had the old one is warned by words.
    let card = homes.path("ana.card");
    let shown = homes.chappe("ana", &["card", "show"], "").1;
    std::fs::write(&card, shown[0]["card"].as_str().unwrap()).unwrap();
    let read = printed(&homes, &["card", "read", text(&card)], "read");
    for words in ["device         2, issue 1", "2 of 3 keys", "signals DQ, text", "as numbers"] {
        assert!(read.contains(words), "{words}: {read}");
    }
    let (exit, said) = homes.chappe("ben", &["contact", "add", "ana", text(&card)], "");
    assert_eq!((exit, error_kind(&said)), (4, Some("key change")));
    assert_eq!(said[0]["error"]["message"].as_str().unwrap().matches("words").count(), 2);

    // The root is not on the device any more, so it cannot end itself.
    let out = homes.path("late.revocation");
    let (exit, said) = homes.chappe("ana", &["device", "revocation", text(&out)], "");
    assert_eq!((exit, error_kind(&said)), (5, Some("no root")));

    // The keyholders sign what ends it, and it ends it.
    printed(&homes, &["root", "revocation", text(&card)], "end.txt");
    let both = [sign("end.txt", "one"), sign("end.txt", "two")[3..5].to_vec()].concat();
    let both: Vec<&str> = both.iter().map(String::as_str).chain(["--yes"]).collect();
    assert!(printed(&homes, &both, "ana.revocation").starts_with("chappe-endorsement:"));
    assert_eq!(homes.chappe("ben", &["contact", "remove", "ana"], "").0, 0);
    assert_eq!(homes.chappe("ben", &["contact", "add", "ana", text(&card)], "").0, 0);
    let at_relay = AtRelay::start(&homes);
    let end = homes.path("ana.revocation");
    let revoke = at_relay.with(&["device", "revoke", text(&end)]);
    let (exit, said) = homes.chappe("ben", &revoke, "");
    assert_eq!((exit, said[0]["what"].as_str()), (0, Some("revoked")), "{said:?}");
    let (_, said) = homes.chappe("ben", &["contact", "show", "ana"], "");
    assert_eq!(said[0]["state"], "revoked");
}

#[test]
fn a_root_is_taken_off_its_device_and_still_certifies_it() {
    let homes = Homes::new();
    homes.people(&["ana"]);
    let (root, passphrase) = (homes.path("ana.root"), homes.path("passphrase"));
    let take = ["device", "root", text(&root), "--new-passphrase-file", text(&passphrase)];
    assert_eq!(homes.chappe("ana", &take, "").0, 0);
    std::fs::remove_file(&root).unwrap_or_default();
    let (exit, said) = homes.chappe("ana", &take, "");
    assert_eq!((exit, error_kind(&said)), (5, Some("no root")), "it is gone from the device");
}

#[test]
fn two_people_compare_the_same_words() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let of = |who: &str, other: &str| homes.chappe(who, &["contact", "words", other], "").1;
    let (ana, ben) = (of("ana", "ben"), of("ben", "ana"));
    assert_eq!(ana[0]["own_words"], ben[0]["words"]);
    assert_eq!(ana[0]["words"], ben[0]["own_words"]);
    assert_ne!(ana[0]["words"], ben[0]["words"]);
    assert_eq!(ana[0]["words"].as_str().unwrap().split(' ').count(), 7);
    assert_eq!(ana[0]["numbers"].as_array().unwrap().len(), 7);
    let (_, shown) = homes.chappe("ana", &["contact", "show", "ben"], "");
    assert_eq!(
        (shown[0]["session"].as_bool(), shown[0]["device"].as_u64()),
        (Some(false), Some(1))
    );

    // The QR code's text reads as the card does.
    let (_, card) = homes.chappe("ana", &["card", "show", "--qr"], "");
    let file = homes.path("qr.txt");
    std::fs::write(&file, card[0]["qr"].as_str().unwrap()).unwrap();
    let read = printed(&homes, &["card", "read", text(&file)], "read");
    assert!(read.contains(ben[0]["words"].as_str().unwrap()), "{read}");
}

#[test]
fn an_envelope_goes_by_any_way_there_is() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    let (exit, sealed) = homes.chappe("ana", &["seal", "--to", "ben", "--text"], "one\ntwo\n");
    assert_eq!((exit, kinds(&sealed)), (0, vec!["envelope"]));
    let envelope = sealed[0]["octets"].as_str().unwrap();
    let (exit, heard) = homes.chappe("ben", &["open"], envelope);
    assert_eq!((exit, kinds(&heard)), (0, vec!["message", "message"]), "{heard:?}");
    let texts: Vec<&str> = heard.iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two"]);
    for field in ["whereabouts", "vouching"] {
        assert!(heard[0][field].is_string(), "{field}");
    }
    // It opens once, for nobody else, and is not sent again.
    assert_eq!(homes.chappe("ben", &["open"], envelope).0, 4);
    assert_eq!(error_kind(&homes.chappe("ana", &["open"], envelope).1), Some("unknown_hint"));
    let damaged = envelope.replacen(&envelope[90..92], "zz", 1);
    assert_eq!(homes.chappe("ben", &["open"], &damaged).0, 3);
    assert_eq!(homes.chappe("ana", &["seal", "--to", "ben"], "").0, 2);
}

#[test]
fn what_a_device_may_not_say_is_shown_as_such() {
    let homes = Homes::new();
    homes.people(&["ana", "ben"]);
    // Ana's own root lets her device say dangers and nothing else.
    let passphrase = homes.path("passphrase");
    let root = homes.path("ana.root");
    let (_, said) = homes.chappe("ana", &["device", "request", "--types", "D"], "");
    let request = homes.path("request.txt");
    std::fs::write(&request, said[0]["request"].as_str().unwrap()).unwrap();
    let take = ["device", "root", text(&root), "--new-passphrase-file", text(&passphrase)];
    assert_eq!(homes.chappe("ana", &take, "").0, 0);
    let sign = [
        "root",
        "sign",
        text(&request),
        "--root",
        text(&root),
        "--yes",
        "--passphrase-file",
        text(&passphrase),
    ];
    printed(&homes, &sign, "certificate.txt");
    let certificate = homes.path("certificate.txt");
    assert_eq!(homes.chappe("ana", &["device", "install", text(&certificate)], "").0, 0);
    let (_, shown) = homes.chappe("ana", &["card", "show"], "");
    let card = homes.path("new.card");
    std::fs::write(&card, shown[0]["card"].as_str().unwrap()).unwrap();
    assert_eq!(homes.chappe("ben", &["contact", "remove", "ana"], "").0, 0);
    assert_eq!(homes.chappe("ben", &["contact", "add", "ana", text(&card)], "").0, 0);

    let (_, sealed) = homes.chappe("ana", &["seal", "--to", "ben", "--text"], "come quickly");
    let (exit, heard) = homes.chappe("ben", &["open"], sealed[0]["octets"].as_str().unwrap());
    assert_eq!((exit, heard[0]["event"].as_str()), (0, Some("message")), "never hidden");
    assert_eq!(heard[0]["not_permitted"][0], "this type of message", "{heard:?}");
}
