//! `chappe load` against a relay that runs.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const REALM: &str = "exercise/0000002a";

fn chappe() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chappe"));
    command.arg("--json");
    command
}

struct Relay {
    process: Child,
    address: String,
    key: String,
}

impl Relay {
    fn start(folder: &Path) -> Self {
        let passphrase = folder.join("passphrase");
        std::fs::write(&passphrase, "a passphrase for a test of load\n").unwrap();
        let device = |command: &mut Command| {
            command.arg("--home").arg(folder.join("device"));
            command.arg("--passphrase-file").arg(&passphrase);
        };
        let mut new = chappe();
        new.args(["id", "new", "--no-put-away", "--realm", REALM]);
        device(&mut new);
        assert!(new.output().unwrap().status.success());
        let mut relay = chappe();
        relay.args(["relay", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        device(&mut relay);
        let mut process = relay.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let ready = events.into_iter().find(|event| event["event"] == "ready").unwrap();
        let text = |field: &str| ready[field].as_str().unwrap().to_owned();
        Self { process, address: text("address"), key: text("key") }
    }

    fn load(&self, arguments: &[&str]) -> Output {
        let mut load = chappe();
        load.args(["load", "--relay", &self.address, "--relay-key", &self.key, "--realm", REALM]);
        load.args(arguments).output().unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn last(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[test]
fn a_load_is_answered_counted_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path());
    let stored = relay.load(&[
        "--stored",
        "--readers",
        "2",
        "--count",
        "3000",
        "--warm-up",
        "0",
        "--seconds",
        "60",
        "--send",
        "routine=max",
        "--send",
        "flash=max",
    ]);
    let said = last(&stored);
    for flow in said["flows"].as_array().unwrap() {
        assert_eq!(flow["acknowledged"], 3000, "{flow}");
        assert_eq!(flow["delivered"], 6000, "each reader has each of them: {flow}");
        assert_eq!((&flow["refused"], &flow["lost"]), (&0.into(), &0.into()));
        assert_eq!(flow["latency_microseconds"]["count"], 6000);
    }
    let live = relay.load(&["--count", "500", "--warm-up", "0", "--seconds", "60"]);
    assert_eq!(last(&live)["flows"][0]["delivered"], 500);
    let idle = relay.load(&["--idle", "3", "--seconds", "1"]);
    assert_eq!(last(&idle)["event"], "done");
}

#[test]
fn a_relay_elsewhere_is_left_alone() {
    let mut load = chappe();
    // An address of documentation (RFC 5737): nothing is sent to it.
    load.args(["load", "--relay", "192.0.2.1:7406", "--relay-key"]);
    let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"; // RFC 8032 §7.1
    let output = load.arg(key).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
