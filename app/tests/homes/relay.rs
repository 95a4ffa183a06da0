//! A relay as its operator runs it: a configuration, signals, a log, HTTP.

use super::{Homes, chappe, text};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A relay with a configuration of its own.
pub(crate) struct Relay {
    child: Child,
    ready: Value,
    pub(crate) log: PathBuf,
}

impl Relay {
    pub(crate) fn start(homes: &Homes, config: &str) -> Self {
        Self::start_at(homes, config, "127.0.0.1:0")
    }

    pub(crate) fn start_at(homes: &Homes, config: &str, address: &str) -> Self {
        std::fs::write(homes.path("relay.toml"), config).unwrap();
        let log = homes.path("log");
        let mut child = chappe(&["--json", "relay", "run", "--config"])
            .arg(homes.path("relay.toml"))
            .args(["--home", text(&homes.path("relay"))])
            .args(["--passphrase-file", text(&homes.path("passphrase"))])
            .args(["--listen", address, "--set", "http.address=127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, ready: serde_json::from_str(&line).unwrap(), log }
    }

    pub(crate) fn of(&self, field: &str) -> String {
        self.ready[field].as_str().unwrap().to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.of("http")).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn wait_for_log(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let log = std::fs::read_to_string(&self.log).unwrap();
            if log.contains(words) {
                return log;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "no {words:?} in {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn end(mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}
