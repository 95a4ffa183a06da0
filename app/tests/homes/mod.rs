//! Identities in folders of their own, and the program run as one of them.

// Not every test needs all of it.
#![allow(dead_code)]

pub(crate) mod home;
pub(crate) mod relay;

use serde_json::Value;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a process may take to say what is waited for: LoRa takes its time.
const EVENT_WAIT: Duration = Duration::from_secs(60);

pub(crate) fn chappe(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chappe"));
    command.args(arguments).env_remove("CHAPPE_HOME").env_remove("CHAPPE_PASSPHRASE_FILE");
    command
}

pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = chappe(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child.stdin.take().unwrap().write_all(input.as_bytes());
    // A command that refuses what it was given does not read, and may be gone by then.
    if let Err(error) = written {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    }
    child.wait_with_output().unwrap()
}

pub(crate) fn code(arguments: &[&str], input: &str) -> i32 {
    run(arguments, input).status.code().unwrap()
}

/// Folders and a passphrase of one test.
pub(crate) struct Homes {
    folder: tempfile::TempDir,
}

impl Homes {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("passphrase"), "a passphrase for tests\n").unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn with<'a>(&'a self, name: &str, arguments: &[&'a str]) -> Vec<String> {
        let mut all: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let own =
            ["--home", text(&self.path(name)), "--passphrase-file", text(&self.path("passphrase"))]
                .map(str::to_owned);
        all.extend(own);
        all
    }

    /// Runs `chappe --json` as `name`; returns its exit code and what it said.
    pub(crate) fn chappe(&self, name: &str, arguments: &[&str], input: &str) -> (i32, Vec<Value>) {
        let all = self.with(name, arguments);
        let mut borrowed: Vec<&str> = vec!["--json"];
        borrowed.extend(all.iter().map(String::as_str));
        let output = run(&borrowed, input);
        (output.status.code().unwrap(), objects(&output.stdout))
    }

    /// The same with its clock so far ahead; it ends well.
    pub(crate) fn ahead(
        &self,
        seconds: u64,
        name: &str,
        arguments: &[&str],
        input: &str,
    ) -> Vec<Value> {
        let all = self.with(name, arguments);
        let mut borrowed = vec!["--json"];
        borrowed.extend(all.iter().map(String::as_str));
        let mut child = chappe(&borrowed)
            .env("CHAPPE_TEST_CLOCK_AHEAD", seconds.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        objects(&output.stdout)
    }

    /// Makes identities that know one another by name.
    pub(crate) fn people(&self, names: &[&str]) {
        for name in names {
            let (exit, said) = self.chappe(name, &["id", "new", "--no-put-away"], "");
            assert_eq!(exit, 0, "{said:?}");
        }
        self.acquaint(names);
    }

    /// Hands the cards of identities to one another.
    pub(crate) fn acquaint(&self, names: &[&str]) {
        for name in names {
            let (exit, said) = self.chappe(name, &["id", "show"], "");
            assert_eq!(exit, 0, "{said:?}");
            // What its owner would hand to others.
            let card = said[0]["card"].as_str().unwrap();
            std::fs::write(self.path(name).join("card"), card).unwrap();
        }
        for name in names {
            for other in names.iter().filter(|other| *other != name) {
                let card = self.path(other).join("card");
                let add = ["contact", "add", other, text(&card)];
                assert_eq!(self.chappe(name, &add, "").0, 0);
            }
        }
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn objects(output: &[u8]) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

/// A process that is ended with the test.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    ready: Value,
    /// What it says once it is ready.
    events: Receiver<Value>,
}

impl Server {
    pub(crate) fn start(homes: &Homes, name: &str, arguments: &[&str]) -> Self {
        Self::run(&homes.with(name, arguments))
    }

    /// The air, which is nobody's.
    pub(crate) fn field() -> Self {
        Self::run(&["field", "--listen", "127.0.0.1:0"].map(str::to_owned))
    }

    fn run(arguments: &[String]) -> Self {
        let mut child = chappe(&["--json"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let ready = events.find(|event| event["event"] == "ready").unwrap();
        // Whatever else it says must not block it.
        let (sender, receiver) = channel();
        std::thread::spawn(move || events.for_each(|event| drop(sender.send(event))));
        Self { child, input, ready, events: receiver }
    }

    pub(crate) fn of(&self, field: &str) -> String {
        self.ready[field].as_str().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Writes a line to its standard input.
    pub(crate) fn say(&mut self, line: &Value) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The next event of that name; others are passed over.
    pub(crate) fn next(&self, name: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(EVENT_WAIT);
            let event = event.unwrap_or_else(|error| panic!("no {name}: {error}"));
            assert_ne!(event["event"], "error", "{event}");
            if event["event"] == name {
                return event;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn text_signal(text: &str) -> String {
    let zeros = "0".repeat(64);
    serde_json::json!({
        "Prefix": "WF", "Version": "1", "EncryptionIndicator": "0", "DuressIndicator": "0",
        "MessageCode": "F", "ReferenceIndicator": "0", "ReferencedMessage": zeros, "Text": text,
    })
    .to_string()
        + "\n"
}

/// The octets of hexadecimal digits.
pub(crate) fn octets(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
