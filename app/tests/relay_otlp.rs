//! A relay with a collector of OpenTelemetry's beside it: what it is told, what it is not, and that nobody waits
//! for it.
#![cfg(feature = "otlp")]
// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod homes;

use homes::Homes;
use homes::relay::Relay;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use prost::Message;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Path and body of each.
type Posted = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Takes whatever is posted to it.
struct Collector {
    address: SocketAddr,
    posted: Posted,
}

impl Collector {
    fn listen(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let posted = Posted::default();
        let (address, taken) = (listener.local_addr().unwrap(), Arc::clone(&posted));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let taken = Arc::clone(&taken);
                std::thread::spawn(move || take(&stream.unwrap(), &taken));
            }
        });
        Self { address, posted }
    }

    /// Waits until something posted there holds these words.
    fn wait_for(&self, path: &str, words: &str) {
        let begun = Instant::now();
        while !self.posted.lock().unwrap().iter().any(|(at, body)| {
            at == path && body.windows(words.len()).any(|part| part == words.as_bytes())
        }) {
            assert!(begun.elapsed() < Duration::from_secs(30), "no {words:?} at {path}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn bodies<M: Message + Default>(&self, path: &str) -> Vec<M> {
        let posted = self.posted.lock().unwrap();
        let there = posted.iter().filter(|(at, _)| at == path);
        there.map(|(_, body)| M::decode(&body[..]).unwrap()).collect()
    }
}

fn take(stream: &TcpStream, posted: &Mutex<Vec<(String, Vec<u8>)>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut path, mut octets) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("post ") {
                path = rest.split(' ').next().unwrap().to_owned();
            }
            if let Some(length) = line.strip_prefix("content-length:") {
                octets = length.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; octets];
        reader.read_exact(&mut body).unwrap();
        posted.lock().unwrap().push((path, body));
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

#[test]
fn a_collector_is_told_how_the_relay_is_and_not_who_uses_it() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let collector = Collector::listen("127.0.0.1:0");
    let config = format!("[log]\nlevel = \"debug\"\n[otlp]\naddress = \"{}\"\n", collector.address);
    let relay = Relay::start(&homes, &config);
    relay.wait_for_log("log of the rest open");
    let (address, key) = (relay.of("address"), relay.of("key"));
    let at = ["--relay", &address, "--relay-key", &key];
    let send = [&["send", "--to", "ben", "--text"], &at[..]].concat();
    assert_eq!(homes.chappe("ana", &send, "hello\n").0, 0);
    relay.signal("-HUP");
    relay.wait_for_log("configuration read again");
    assert_eq!(relay.end(), Some(0));

    // All of it was sent by the end of the relay.
    collector.wait_for("/v1/logs", "log of the rest open");
    let logs: Vec<ExportLogsServiceRequest> = collector.bodies("/v1/logs");
    let records = logs.iter().flat_map(|message| &message.resource_logs);
    let resource = records.clone().next().unwrap().resource.as_ref().unwrap();
    let name = resource.attributes.iter().find(|one| one.key == "service.name").unwrap();
    let name = name.value.as_ref().unwrap().value.as_ref().unwrap();
    assert!(matches!(name, AnyValue::StringValue(name) if name == "chappe-relay"));
    let lines = records.flat_map(|one| &one.scope_logs).flat_map(|one| &one.log_records);
    let lines: Vec<&str> = lines
        .filter_map(|record| match record.body.as_ref()?.value.as_ref()? {
            AnyValue::StringValue(line) => Some(&line[..]),
            _ => None,
        })
        .collect();
    for words in ["log of FLASH open", "connected", "configuration read again", "draining"] {
        assert!(lines.iter().any(|line| line.contains(words)), "{words}: {lines:?}");
    }
    let spans: Vec<ExportTraceServiceRequest> = collector.bodies("/v1/traces");
    let spans = spans.iter().flat_map(|message| &message.resource_spans);
    let spans = spans.flat_map(|one| &one.scope_spans).flat_map(|one| &one.spans);
    let mut spans: Vec<(&str, u64)> = spans
        .map(|span| (&span.name[..], span.end_time_unix_nano - span.start_time_unix_nano))
        .collect();
    spans.sort_unstable();
    assert!(matches!(spans[..], [("reload", 1..), ("start", 1_000_000..)]), "{spans:?}");

    let posted = collector.posted.lock().unwrap();
    for name in ["ana", "ben"] {
        let (_, said) = homes.chappe(name, &["id", "show"], "");
        for field in said[0].as_object().unwrap().values().filter_map(Value::as_str) {
            // Long enough to be nobody else's.
            if field.len() >= 16 {
                for (path, body) in posted.iter() {
                    let body = String::from_utf8_lossy(body);
                    assert!(!body.contains(field), "{path}: {field}");
                    assert!(!body.contains("127.0.0.1") && !body.contains(&key), "{path}");
                }
            }
        }
    }
}

#[test]
fn a_collector_that_is_away_is_told_of_once_and_holds_nobody_up() {
    let homes = Homes::new();
    homes.people(&["ana", "ben", "relay"]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = format!("[otlp]\naddress = \"{free}\"\n");
    let relay = Relay::start(&homes, &config);
    relay.wait_for_log("does not take what is sent");
    let (address, key) = (relay.of("address"), relay.of("key"));
    let send = ["send", "--to", "ben", "--text", "--relay", &address, "--relay-key", &key];
    assert_eq!(homes.chappe("ana", &send, "hello\n").0, 0);
    for _ in 0..2 {
        // A line for it to send, and the time in which it does.
        relay.signal("-HUP");
        std::thread::sleep(Duration::from_millis(1500));
    }
    let log = relay.wait_for_log("configuration read again");
    assert_eq!(log.matches("does not take what is sent").count(), 1, "{log}");

    let collector = Collector::listen(&free.to_string());
    relay.signal("-HUP");
    collector.wait_for("/v1/logs", "configuration read again");
    relay.wait_for_log("takes what is sent again");
    assert_eq!(relay.end(), Some(0));
}
