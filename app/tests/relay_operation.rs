//! The relay as its operator meets it: real processes, signals, HTTP.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod homes;

use homes::relay::Relay;
use homes::{Homes, chappe, text};
use serde_json::Value;

#[test]
fn health_metrics_and_log_tell_how_much_and_not_who() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Relay::start(&homes, "[log]\nlevel = \"debug\"\n");
    relay.wait_for_log("log of the rest open");
    relay.wait_for_log("log of FLASH open");
    assert!(relay.get("/livez").starts_with("HTTP/1.1 200"));
    assert!(relay.get("/readyz").starts_with("HTTP/1.1 200"), "{}", relay.get("/readyz"));
    assert!(relay.get("/other").starts_with("HTTP/1.1 404"));

    let (address, key) = (relay.of("address"), relay.of("key"));
    let at = ["--relay", &address, "--relay-key", &key];
    let send = [&["send", "--to", "ben", "--text"], &at[..]].concat();
    let (exit, said) = homes.chappe("ana", &send, "hello\n");
    assert_eq!(exit, 0, "{said:?}");

    let metrics = relay.get("/metrics");
    let stored = metrics.lines().filter(|line| line.contains("parcels_stored_total{"));
    let stored: u64 =
        stored.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert!(stored >= 1, "{metrics}");
    let log = std::fs::read_to_string(&relay.log).unwrap();
    for name in ["ana", "ben"] {
        let (_, said) = homes.chappe(name, &["id", "show"], "");
        for field in said[0].as_object().unwrap().values().filter_map(Value::as_str) {
            // Long enough to be nobody else's.
            if field.len() >= 16 {
                assert!(!metrics.contains(field) && !log.contains(field), "{field}");
            }
        }
    }
    assert!(!metrics.contains(&key) && !metrics.contains("127.0.0.1"), "{metrics}");
    assert!(!log.contains("127.0.0.1"), "{log}");

    labels_say_how_much_and_not_who(&metrics);
    every_query_of_the_dashboard_names_a_metric(&metrics);
    let asked =
        chappe(&["relay", "status", "--set", &format!("http.address={}", relay.of("http"))]);
    let asked = { asked }.output().unwrap();
    assert!(asked.status.success(), "{asked:?}");
    let shown = String::from_utf8(asked.stdout).unwrap();
    assert!(shown.starts_with("relay: ready") && shown.contains("connections"), "{shown}");
    assert_eq!(relay.end(), Some(0));
}

/// Every label of every sample, and all it may be.
fn labels_say_how_much_and_not_who(metrics: &str) {
    let precedences = ["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"];
    let grounds = ["peer", "everybody", "account", "key", "invitation"];
    let mut seen = 0;
    let (_, metrics) = metrics.split_once("\r\n\r\n").unwrap();
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        assert!(name.starts_with("chappe_relay_") && name.chars().all(is_plain), "{line}");
        let Some((labels, _)) = line.split_once('{').and_then(|(_, rest)| rest.split_once('}'))
        else {
            continue;
        };
        for label in labels.split(',') {
            let (label, value) = label.split_once('=').unwrap();
            let value = value.trim_matches('"');
            let is_known = match label {
                "precedence" => precedences.contains(&value),
                "log" => ["flash", "rest"].contains(&value),
                "by" => grounds.contains(&value),
                "reason" => value.len() < 24 && value.chars().all(is_plain),
                "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
                _ => false,
            };
            assert!(is_known, "{line}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

fn every_query_of_the_dashboard_names_a_metric(metrics: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/grafana/chappe-relay.json");
    let dashboard: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut queries = 0;
    for target in dashboard["panels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
    {
        let query = target["expr"].as_str().unwrap();
        let words = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for word in words.filter(|word| word.starts_with("chappe_relay_")) {
            let family = word.trim_end_matches("_bucket").trim_end_matches("_total");
            assert!(metrics.contains(&format!("# TYPE {family} ")), "{query}: no {family}");
            queries += 1;
        }
    }
    assert!(queries >= 10);
}

#[test]
fn a_reload_takes_what_can_change_refuses_the_rest_and_keeps_the_old_on_errors() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let relay = Relay::start(&homes, "");
    let reload = |config: &str| {
        std::fs::write(homes.path("relay.toml"), config).unwrap();
        relay.signal("-HUP");
    };
    let (address, key) = (relay.of("address"), relay.of("key"));
    let send = ["send", "--to", "ben", "--text", "--relay", &address, "--relay-key", &key];
    reload("[admission]\nwoh = \"keys\"\n");
    relay.wait_for_log("the old configuration holds: line 2: there is no setting admission.woh");
    reload("[admission]\nwho = \"listed\"\n[limits]\nconnections = 5\n");
    relay.wait_for_log("limits.connections changed, which needs a restart");
    let (exit, said) = homes.chappe("ana", &send, "hello\n");
    assert_eq!(exit, 0, "{said:?}");
    reload("[admission]\nwho = \"listed\"\n");
    relay.wait_for_log("configuration read again");
    let (exit, _) = homes.chappe("ana", &send, "hello\n");
    assert_ne!(exit, 0);
    assert_eq!(relay.end(), Some(0));
}

#[test]
fn check_shows_what_holds_and_names_what_is_wrong() {
    let homes = Homes::new();
    homes.people(&["relay"]);
    let home = homes.path("relay");
    let check = |more: &[&str]| {
        let output =
            chappe(&["relay", "check", "--home", text(&home)]).args(more).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    };
    let (exit, said) = check(&["--listen", "127.0.0.1:0"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("command line") && said.contains("All is well"), "{said}");
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let (exit, said) = check(&["--listen", &taken.local_addr().unwrap().to_string()]);
    assert!(exit == 1 && said.contains("is in use"), "{said}");
    let (exit, said) = check(&["--set", "store.segmnt=1 MiB"]);
    assert!(exit == 3 && said.contains("did you mean store.segment?"), "{said}");
}

#[test]
fn peers_are_checked_reached_and_shown_by_their_names() {
    let (north, south) = (Homes::new(), Homes::new());
    for homes in [&north, &south] {
        homes.people(&["relay"]);
    }
    // A first run tells each relay's key; a port that was free is taken again.
    let alone = [&north, &south].map(|homes| {
        let relay = Relay::start(homes, "");
        let (key, address) = (relay.of("key"), relay.of("address"));
        assert_eq!(relay.end(), Some(0));
        (key, address)
    });
    let peer = |name: &str, (key, address): &(String, String)| {
        format!(
            "[[peers]]\nname = \"{name}\"\nkey = \"{key}\"\naddress = \"{address}\"\n\
             topics = [\"field\"]\n"
        )
    };
    let config = peer("south", &alone[1]);
    let relay = Relay::start(&north, &config);
    relay.wait_for_log("peer south not reached: the relay does not answer");
    let file = north.path("relay.toml");
    let checked = chappe(&["relay", "check", "--config", text(&file)]).output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    let line = said.lines().find(|line| line.starts_with("peer south")).unwrap();
    assert!(line.contains(&alone[1].1) && said.contains("\n  topics field\n"), "{said}");
    assert!(!said.contains(&alone[1].0), "{said}");

    let address = relay.of("address");
    let config = peer("north", &(alone[0].0.clone(), address));
    let other = Relay::start_at(&south, &config, &alone[1].1);
    relay.wait_for_log("peer south reached");
    other.wait_for_log("peer north reached");
    let status = |relay: &Relay| {
        let at = format!("http.address={}", relay.of("http"));
        let shown = chappe(&["relay", "status", "--set", &at]).output().unwrap();
        String::from_utf8(shown.stdout).unwrap()
    };
    let shown = status(&relay);
    let row = shown.lines().find(|line| line.trim().starts_with("south")).expect(&shown);
    assert!(row.contains(" yes "), "{shown}");
    let metrics = relay.get("/metrics");
    for name in ["waiting", "oldest_seconds", "forwarded_total", "replicated_total"] {
        let row = format!("chappe_relay_peer_{name}{{peer=\"south\"}} ");
        assert!(metrics.contains(&row), "{metrics}");
    }
    assert!(!metrics.contains(&alone[1].0) && !metrics.contains("127.0.0.1"));
    let log = std::fs::read_to_string(&relay.log).unwrap();
    assert!(!log.contains(&alone[1].0) && !log.contains("127.0.0.1"), "{log}");
    assert_eq!((relay.end(), other.end()), (Some(0), Some(0)));

    // A relay that is its own peer would send to itself for ever.
    std::fs::write(&file, peer("itself", &alone[0])).unwrap();
    let home = north.path("relay");
    let refused = chappe(&["relay", "run", "--listen", "127.0.0.1:0", "--config", text(&file)])
        .args(["--home", text(&home), "--passphrase-file", text(&north.path("passphrase"))])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("peer itself has this relay's own key"), "{said}");
}

#[test]
fn the_operators_page_names_every_setting() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/relay-operations.md");
    let page = std::fs::read_to_string(file).unwrap();
    let homes = Homes::new();
    let output =
        chappe(&["--json", "relay", "check", "--home", text(&homes.path("none"))]).output();
    let settings = homes::objects(&output.unwrap().stdout);
    assert!(settings.len() >= 10);
    for setting in settings.iter().filter(|said| said["event"] == "setting") {
        let row = format!("| `{}` |", setting["name"].as_str().unwrap());
        assert!(page.contains(&row), "no {row}");
    }
}
