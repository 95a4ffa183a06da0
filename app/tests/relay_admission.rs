//! Who may use a relay, as its operator says and as those who come see it: real processes.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod homes;

use homes::relay::Relay;
use homes::{Homes, chappe, text};
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

const AUTHENTICATION: i32 = 4;

/// The operator's side.
struct Operator<'a> {
    homes: &'a Homes,
}

impl Operator<'_> {
    fn invite(&self, arguments: &[&str], exit: i32) -> Vec<Value> {
        let output = chappe(&["--json", "relay", "invite"])
            .args(arguments)
            .args(["--home", text(&self.homes.path("relay"))])
            .args(["--passphrase-file", text(&self.homes.path("passphrase"))])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
        homes::objects(&output.stdout)
    }

    /// A new invitation to this relay: its text and its number.
    fn make(&self, relay: &Relay, keys: &str) -> (String, String) {
        let address = relay.of("address");
        let made = self.invite(&["--keys", keys, "--public", &address, "--note", "ward 3"], 0);
        let of = |field: &str| made[0][field].as_str().unwrap().to_owned();
        (of("text"), of("number"))
    }

    fn reload(&self, relay: &Relay, config: &str) {
        std::fs::write(self.homes.path("relay.toml"), config).unwrap();
        let before = count(relay, "configuration read again");
        relay.signal("-HUP");
        let began = Instant::now();
        while count(relay, "configuration read again") == before {
            assert!(began.elapsed() < Duration::from_secs(30), "no reload");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn count(relay: &Relay, words: &str) -> usize {
    std::fs::read_to_string(&relay.log).unwrap().matches(words).count()
}

fn account(homes: &Homes, name: &str) -> String {
    let (exit, said) = homes.chappe(name, &["id", "show"], "");
    assert_eq!(exit, 0, "{said:?}");
    said[0]["account_key"].as_str().unwrap().to_owned()
}

/// `chappe send` to ana or ben; its exit code, and what it said of a failure.
fn send(homes: &Homes, name: &str, more: &[&str]) -> (i32, String) {
    let to = if name == "ben" { "ana" } else { "ben" };
    let arguments = [&["send", "--to", to, "--text"], more].concat();
    let (exit, said) = homes.chappe(name, &arguments, "hello\n");
    let error = said.iter().find_map(|event| event.get("error").map(Value::to_string));
    (exit, error.unwrap_or_default())
}

#[test]
fn a_relay_lets_in_whom_its_operator_lists_or_invites_and_turns_out_who_is_no_longer() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "dan", "relay"]);
    let operator = Operator { homes: &homes };
    let listed = format!(
        "[admission]\nwho = \"listed\"\nstrangers = \"ROUTINE\"\naccounts = [\"{}=PRIORITY\"]\n",
        account(&homes, "ana")
    );
    let relay = Relay::start(&homes, &listed);
    let (address, key) = (relay.of("address"), relay.of("key"));
    let at = ["--relay", &address, "--relay-key", &key];

    // A stranger is told what to do.
    let (exit, error) = send(&homes, "ben", &at);
    assert_eq!(exit, AUTHENTICATION, "{error}");
    assert!(error.contains("does not admit") && error.contains("--invitation"), "{error}");
    // Who is listed says so once, and may use what the list says.
    assert_eq!(send(&homes, "ana", &at).0, AUTHENTICATION);
    assert_eq!(send(&homes, "ana", &[&at[..], &["--introduce"]].concat()).0, 0);
    assert_eq!(send(&homes, "ana", &[&at[..], &["--precedence", "priority"]].concat()).0, 0);
    let (exit, error) = send(&homes, "ana", &[&at[..], &["--precedence", "immediate"]].concat());
    assert!(exit == 1 && error.contains("not_permitted"), "{exit} {error}");

    // An invitation says where the relay is, and is remembered.
    let (invitation, number) = operator.make(&relay, "1");
    assert!(invitation.starts_with("chappe-invitation:"));
    assert_eq!(send(&homes, "ben", &["--invitation", &invitation]), (0, String::new()));
    assert_eq!(send(&homes, "ben", &at), (0, String::new()));
    assert_eq!(send(&homes, "dan", &["--invitation", &invitation]).0, AUTHENTICATION);
    let (exit, error) = send(&homes, "ben", &["--invitation", &invitation[..60]]);
    assert!(exit == 3 && error.contains("copy it whole"), "{exit} {error}");

    let metrics = relay.get("/metrics");
    let has = |line: &str| assert!(metrics.lines().any(|one| one == line), "{line}: {metrics}");
    has("chappe_relay_hellos_admitted_total{by=\"account\"} 3");
    has("chappe_relay_hellos_admitted_total{by=\"invitation\"} 2");
    assert!(metrics.contains("chappe_relay_hellos_refused_total{reason=\"not_admitted\"}"));

    // How many keys it has let in survives a restart.
    assert_eq!(relay.end(), Some(0));
    let relay = Relay::start_at(&homes, &listed, &address);
    assert_eq!(
        send(&homes, "dan", &[&at[..], &["--invitation", &invitation]].concat()).0,
        AUTHENTICATION
    );
    assert_eq!(send(&homes, "ben", &at), (0, String::new()));
    let shown = operator.invite(&["list"], 0);
    assert_eq!((&shown[0]["used"], &shown[0]["state"]), (&1.into(), &"good".into()), "{shown:?}");

    // Withdrawn, it turns out who is there already, and nobody else.
    let follow = ["recv", "--follow", "--introduce"];
    let follow = homes.with("ana", &[&follow[..], &at].concat());
    let mut follower = chappe(&["--json"])
        .args(&follow)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let connected = |count: &str| {
        let line = format!("chappe_relay_connections {count}");
        let began = Instant::now();
        while !relay.get("/metrics").lines().any(|one| one == line) {
            assert!(began.elapsed() < Duration::from_secs(30), "no {line}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    connected("1");
    operator.invite(&["withdraw", &number], 0);
    operator.invite(&["withdraw", "0000000000000000"], 5);
    operator.reload(&relay, &listed);
    assert_eq!(send(&homes, "ben", &at).0, AUTHENTICATION);
    connected("1");

    // A revocation, too.
    let file = homes.path("revocation");
    let (exit, said) = homes.chappe("ana", &["device", "revocation", text(&file)], "");
    assert_eq!(exit, 0, "{said:?}");
    let revocations = format!("revocations = \"{}\"\n", text(&file));
    operator.reload(&relay, &format!("{listed}{revocations}"));
    let ended = follower.wait().unwrap();
    assert_eq!(ended.code(), Some(AUTHENTICATION));
    assert_eq!(send(&homes, "ana", &at).0, AUTHENTICATION);
    has_ended(&relay);

    // What does not hold changes nothing.
    let mut broken = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    writeln!(broken, "# a comment\nchappe-endorsement:AAAA").unwrap();
    std::fs::write(homes.path("relay.toml"), format!("{listed}{revocations}")).unwrap();
    relay.signal("-HUP");
    relay.wait_for_log("line 3");
    assert_eq!(relay.end(), Some(0));
}

fn has_ended(relay: &Relay) {
    let metrics = relay.get("/metrics");
    let ended =
        metrics.lines().find(|line| line.starts_with("chappe_relay_admissions_ended_total"));
    assert_eq!(ended, Some("chappe_relay_admissions_ended_total 1"), "{metrics}");
}

#[test]
fn what_a_relay_says_to_its_operator_fits_a_terminal() {
    let homes = Homes::new();
    homes.people(&["relay"]);
    let at = |command: &[&str]| {
        let output = chappe(command)
            .args(["--home", text(&homes.path("relay"))])
            .args(["--passphrase-file", text(&homes.path("passphrase"))])
            .env("CHAPPE_RELAY_ADMISSION_STRANGERS", "PRIORITY")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let keys = "f".repeat(64);
    let accounts = format!("admission.accounts={keys}=PRIORITY");
    let shown = at(&["relay", "check", "--listen", "127.0.0.1:0", "--set", &accounts]);
    assert!(shown.contains("(1 accounts)") && !shown.contains(&keys), "{shown}");
    assert!(shown.contains("environment"), "{shown}");
    let path = text(&homes.path("relay")).to_owned();
    let too_wide = |line: &&str| line.chars().count() > 80 && !line.contains(&path);
    assert_eq!(shown.lines().filter(too_wide).collect::<Vec<_>>(), Vec::<&str>::new());

    let made = at(&["relay", "invite", "--public", "relay.example:7406", "--note", "ward 3"]);
    let code = made.lines().filter(|line| line.contains('█'));
    assert!(code.clone().count() > 15, "{made}");
    assert!(code.clone().all(|line| line.chars().count() <= 80));
    let shown = at(&["relay", "invite", "list"]);
    assert!(shown.contains("0 of 6") && shown.contains("ward 3"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}
