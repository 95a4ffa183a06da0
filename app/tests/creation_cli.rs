//! What must exist from an account's first day on, and the days it is needed (spec/10-identity.md, "At an
//! account's creation"): a device is lost, a root is lost.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::{Homes, Server, chappe, run, text, text_signal};
use serde_json::Value;
use std::path::{Path, PathBuf};

const WARNING: &str = "put away";

fn passphrase(homes: &Homes, words: &str) -> PathBuf {
    let file = homes.path(&format!("{words}.txt"));
    std::fs::write(&file, words).unwrap();
    file
}

/// Makes an account with everything that is put away; where that lies, and what was said.
fn create(homes: &Homes, name: &str) -> (PathBuf, Vec<Value>) {
    let folder = homes.path(&format!("{name}-papers"));
    let (root, successor) = (passphrase(homes, "of the root"), passphrase(homes, "of the next"));
    let new = [
        "id",
        "new",
        "--put-away",
        text(&folder),
        "--root-passphrase-file",
        text(&root),
        "--successor-passphrase-file",
        text(&successor),
    ];
    let (exit, said) = homes.chappe(name, &new, "");
    assert_eq!(exit, 0, "{said:?}");
    (folder, said)
}

/// What it says on standard error.
fn noted(homes: &Homes, name: &str, arguments: &[&str]) -> String {
    let all = homes.with(name, arguments);
    let output = chappe(&[]).args(&all).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn whats(heard: &[Value], event: &str, field: &str) -> Vec<String> {
    let of = heard.iter().filter(|line| line["event"] == event);
    of.map(|line| line[field].as_str().unwrap_or_default().to_owned()).collect()
}

struct Relay {
    _server: Server,
    address: String,
    key: String,
}

impl Relay {
    fn start(homes: &Homes) -> Self {
        homes.people(&["relay"]);
        let server = Server::start(homes, "relay", &["relay", "--listen", "127.0.0.1:0"]);
        let (address, key) = (server.of("address"), server.of("key"));
        Self { _server: server, address, key }
    }

    fn with<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [command, &["--relay", &self.address, "--relay-key", &self.key]].concat()
    }

    fn say(&self, homes: &Homes, who: &str, to: &[&str], words: &str) -> (i32, Vec<Value>) {
        homes.chappe(who, &self.with(&[&["send"], to].concat()), &text_signal(words))
    }

    fn hear(&self, homes: &Homes, who: &str) -> Vec<Value> {
        let (exit, heard) = homes.chappe(who, &self.with(&["recv", "--topic", "field"]), "");
        assert_eq!(exit, 0, "{heard:?}");
        heard
    }

    fn publish(&self, homes: &Homes, who: &str, file: &Path) {
        let revoke = self.with(&["device", "revoke", text(file)]);
        let (exit, said) = homes.chappe(who, &revoke, "");
        assert_eq!(exit, 0, "{said:?}");
    }
}

#[test]
fn a_new_account_says_what_to_put_away_until_it_is_told_that_it_is() {
    let homes = Homes::new();
    let (folder, said) = create(&homes, "ana");
    let names = ["account.root", "successor.root", "device-1.revocation", "account.succession"]
        .map(String::from);
    let told: Vec<String> = said[1]["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            assert!(!file["purpose"].as_str().unwrap().is_empty());
            assert!(!file["keeper"].as_str().unwrap().is_empty());
            let path = Path::new(file["file"].as_str().unwrap());
            assert!(path.exists(), "{path:?}");
            path.file_name().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(told, names);
    // Nobody else reads any of it, and no passphrase stands in it.
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0, "{path:?}");
        }
        let content = std::fs::read(&path).unwrap();
        let shown = String::from_utf8_lossy(&content);
        assert!(!shown.contains("of the root") && !shown.contains("of the next"), "{path:?}");
    }
    // What is printed holds the text whose code it shows.
    for name in &names[2..] {
        let whole = std::fs::read_to_string(folder.join(name)).unwrap();
        let page = std::fs::read_to_string(folder.join(format!("{name}.print.txt"))).unwrap();
        assert!(page.contains(whole.trim()) && page.contains('█'), "{page}");
    }
    // The root is nowhere but in its file.
    let late = homes.path("late");
    let (exit, said) = homes.chappe("ana", &["device", "revocation", text(&late)], "");
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (5, Some("no root")));

    assert!(noted(&homes, "ana", &["id", "show"]).contains(WARNING));
    assert_eq!(homes.chappe("ana", &["id", "put-away"], "no\n").0, 2);
    assert!(noted(&homes, "ana", &["contact", "list"]).contains(WARNING));
    assert_eq!(homes.chappe("ana", &["device", "retention", "7"], "").0, 0);
    assert_eq!(homes.chappe("ana", &["id", "put-away"], "yes\n").0, 0);
    assert_eq!(noted(&homes, "ana", &["id", "show"]), "");
    let (_, said) = homes.chappe("ana", &["device", "retention"], "");
    assert_eq!(said[0]["days"], 7, "what else was set stays");
}

#[test]
fn nothing_is_made_where_something_is_missing_or_in_the_way() {
    let homes = Homes::new();
    let same = passphrase(&homes, "the same");
    let of_roots =
        ["--root-passphrase-file", text(&same), "--successor-passphrase-file", text(&same)];
    let new = [&["id", "new"], &of_roots[..]].concat();
    assert_eq!(homes.chappe("ana", &new, "").0, 2, "one passphrase for both roots");
    assert!(!homes.path("ana").exists());
    // Beside the device unless told otherwise, and never among other files.
    let folder = homes.path("ana-put-away");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("mine"), "").unwrap();
    assert_eq!(homes.chappe("ana", &new, "").0, 2);
    assert!(!homes.path("ana").exists());
    std::fs::remove_file(folder.join("mine")).unwrap();
    let other = passphrase(&homes, "another");
    let new = [&new[..5], &[text(&other)]].concat();
    assert_eq!(homes.chappe("ana", &new, "").0, 0);
    assert!(folder.join("account.succession").exists());
    // Without a terminal and without a file nobody can be asked, and nothing is made.
    assert_eq!(homes.chappe("ben", &["id", "new"], "").0, 2);
    assert!(!homes.path("ben").exists());
    assert_eq!(noted(&homes, "ben", &["id", "new", "--no-put-away"]), "");
}

#[test]
fn the_whole_life_of_an_account() {
    let homes = Homes::new();
    let (papers, _) = create(&homes, "ana");
    assert_eq!(homes.chappe("ana", &["id", "put-away", "--yes"], "").0, 0);
    homes.people(&["ben", "friend"]);
    homes.acquaint(&["ana", "ben", "friend"]);
    let relay = Relay::start(&homes);
    let summary = |heard: &[Value]| whats(heard, "message", "summary").join("|");

    assert_eq!(relay.say(&homes, "ana", &["--to", "ben"], "before").0, 0);
    assert_eq!(relay.say(&homes, "ana", &["--open"], "to all").0, 0);
    let heard = summary(&relay.hear(&homes, "ben"));
    assert!(heard.contains("before") && heard.contains("to all"), "{heard}");

    // The root is lost. A friend publishes what was signed beforehand; nobody misses it.
    relay.publish(&homes, "friend", &papers.join("account.succession"));
    let heard = relay.hear(&homes, "ben");
    assert_eq!(whats(&heard, "change", "what"), ["succeeded"], "never silent: {heard:?}");
    assert_eq!(whats(&relay.hear(&homes, "ana"), "change", "what"), ["succeeded"]);
    // The device is the account's as before: in its session, in the open, and both ways.
    assert_eq!(relay.say(&homes, "ana", &["--to", "ben"], "after the root").0, 0);
    assert_eq!(relay.say(&homes, "ana", &["--open"], "after, to all").0, 0);
    assert_eq!(relay.say(&homes, "ben", &["--to", "ana"], "so I hear").0, 0);
    let heard = summary(&relay.hear(&homes, "ben"));
    assert!(heard.contains("after the root") && heard.contains("after, to all"), "{heard}");
    assert!(summary(&relay.hear(&homes, "ana")).contains("so I hear"));

    // The device is lost: what the old root signed ends it, though that root was succeeded.
    relay.publish(&homes, "friend", &papers.join("device-1.revocation"));
    assert_eq!(whats(&relay.hear(&homes, "ben"), "change", "what"), ["revoked"]);
    assert_eq!(relay.say(&homes, "ana", &["--to", "ben"], "its finder").0, 0);
    assert_eq!(relay.say(&homes, "ana", &["--open"], "its finder, to all").0, 0);
    let heard = relay.hear(&homes, "ben");
    assert_eq!(summary(&heard), "");
    assert_eq!(whats(&heard, "refused", "kind"), ["unknown_hint", "revoked"], "{heard:?}");
    let (exit, said) = relay.say(&homes, "ben", &["--to", "ana"], "are you there?");
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (4, Some("revoked")));
}

/// Runs `chappe` without a device; the lines it printed.
fn printed(arguments: &[&str]) -> Vec<String> {
    let output = run(arguments, "");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn an_organisation_has_its_succession_and_revocations_from_the_first_day_on() {
    let homes = Homes::new();
    let (own, next) = (passphrase(&homes, "of mine"), passphrase(&homes, "of the next"));
    let (mut keys, mut following) = (Vec::new(), Vec::new());
    for keyholder in ["one", "two", "three"] {
        let file = homes.path(&format!("{keyholder}.root"));
        let new = ["root", "new", text(&file), "--passphrase-file", text(&own)];
        let mut lines =
            printed(&[&new[..], &["--successor-passphrase-file", text(&next)]].concat());
        assert!(homes.path(&format!("{keyholder}.successor.root")).exists());
        following.push(lines.remove(1));
        keys.push(lines.remove(0));
    }
    let ask = homes.path("ask.txt");
    let mut join = vec!["root", "join", "--threshold", "2"];
    join.extend(keys.iter().map(String::as_str));
    // A key of the root cannot be one of the root that follows.
    let mixed = [&following[..2], &keys[..1]].concat().join(",");
    let refused = [&join[..], &["--successor", &mixed, "--succession", text(&ask)]].concat();
    assert_eq!(run(&refused, "").status.code(), Some(2));
    let following = following.join(",");
    join.extend(["--successor", &following, "--succession", text(&ask)]);
    let org = homes.path("org.txt");
    std::fs::write(&org, printed(&join).remove(0)).unwrap();

    let sign = |file: &Path, keyholder: &str| {
        let root = homes.path(&format!("{keyholder}.root"));
        let sign = ["root", "sign", text(file), "--root", text(&root), "--yes"];
        let signed = printed(&[&sign[..], &["--passphrase-file", text(&own)]].concat()).join("\n");
        let out = homes.path("signed.txt");
        std::fs::write(&out, &signed).unwrap();
        out
    };
    let succession = homes.path("org.succession");
    std::fs::copy(sign(&sign(&ask, "one"), "three"), &succession).unwrap();

    homes.people(&["ana", "ben"]);
    let request = ["device", "request", "--root", text(&org), "--number", "7"];
    let (_, said) = homes.chappe("ana", &request, "");
    assert_eq!(whats(&said, "request", "for"), ["certificate", "revocation"]);
    let file = homes.path("request.txt");
    std::fs::write(&file, whats(&said, "request", "request").join("\n")).unwrap();
    // Both are shown and signed by the same two, at once.
    let certificate = homes.path("certificate.txt");
    std::fs::copy(sign(&sign(&file, "two"), "one"), &certificate).unwrap();
    // A revocation that would not end what is installed is refused with its certificate.
    let later = [&request[..], &["--issue", "9"]].concat();
    let (_, said) = homes.chappe("ana", &later, "");
    std::fs::write(&file, whats(&said, "request", "request").remove(1)).unwrap();
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap().trim().to_owned();
    let whole = lines(&certificate);
    let other = lines(&sign(&sign(&file, "two"), "one"));
    let mixed = homes.path("mixed.txt");
    std::fs::write(&mixed, format!("{}\n{other}", whole.lines().next().unwrap())).unwrap();
    let (exit, said) = homes.chappe("ana", &["device", "install", text(&mixed)], "");
    assert_eq!((exit, said[0]["error"]["kind"].as_str()), (4, Some("inconsistent")), "{said:?}");
    let (exit, said) = homes.chappe("ana", &["device", "install", text(&certificate)], "");
    assert_eq!((exit, said[0]["device"].as_u64()), (0, Some(7)), "{said:?}");
    let revocation = homes.path("device-7.revocation");
    assert!(revocation.exists());
    assert!(noted(&homes, "ana", &["id", "show"]).contains(WARNING));
    assert_eq!(homes.chappe("ana", &["id", "put-away", "--yes"], "").0, 0);

    // Ben meets the device under its organisation, and hears of both ends of it.
    assert_eq!(homes.chappe("ben", &["contact", "remove", "ana"], "").0, 0);
    homes.acquaint(&["ana"]);
    let card = homes.path("ana").join("card");
    assert_eq!(homes.chappe("ben", &["contact", "add", "ana", text(&card)], "").0, 0);
    let relay = Relay::start(&homes);
    homes.people(&["friend"]);
    relay.publish(&homes, "friend", &succession);
    relay.publish(&homes, "friend", &revocation);
    let heard = relay.hear(&homes, "ben");
    assert_eq!(whats(&heard, "change", "what"), ["succeeded", "revoked"], "{heard:?}");
}
