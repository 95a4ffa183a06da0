//! MQTT 3.1.1 (OASIS, 2014), as far as a load speaks it.

use super::{Acknowledged, Answers, Reader, Writer};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};

static CLIENTS: AtomicU64 = AtomicU64::new(0);

const CHUNK: usize = 256 << 10;
const CONNECT_ANSWER: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const PUBLISH_ANSWER: u8 = 0x40;
const SUBSCRIBE_ANSWER: u8 = 0x90;

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// §3.1: protocol name and level, a clean session, no keep-alive, a client id of its own.
    fn open(stream: TcpStream) -> Self {
        let mut connection = Self { stream, buffer: Vec::new() };
        let number = CLIENTS.fetch_add(1, Ordering::Relaxed);
        let name = format!("bench-{}-{number}", std::process::id());
        let body = [b"\x00\x04MQTT\x04\x02\x00\x00".as_slice(), &text(&name)].concat();
        connection.stream.write_all(&packet(0x10, &body)).unwrap();
        connection.expect(CONNECT_ANSWER);
        connection
    }

    fn expect(&mut self, kind: u8) {
        let mut met = false;
        while !met {
            self.fill();
            self.packets(&mut |head, _| met |= head & 0xF0 == kind);
        }
    }

    fn fill(&mut self) {
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let octets = self.stream.read(&mut self.buffer[held..]).unwrap();
        assert!(octets > 0, "the broker hung up");
        self.buffer.truncate(held + octets);
    }

    fn packets(&mut self, take: &mut dyn FnMut(u8, &[u8])) {
        let mut at = 0;
        while let Some((head, body, octets)) = whole(&self.buffer[at..]) {
            take(head, body);
            at += octets;
        }
        self.buffer.drain(..at);
    }
}

/// §2.2: the first packet that is there whole, and its octets.
fn whole(input: &[u8]) -> Option<(u8, &[u8], usize)> {
    let mut length = 0;
    for index in 0..4 {
        let octet = *input.get(1 + index)?;
        length |= usize::from(octet & 0x7F) << (7 * index);
        if octet < 0x80 {
            let begin = 2 + index;
            return Some((input[0], input.get(begin..begin + length)?, begin + length));
        }
    }
    panic!("a length of more than four octets");
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![head];
    let mut rest = body.len();
    loop {
        let more = rest > 0x7F;
        out.push((rest & 0x7F) as u8 | if more { 0x80 } else { 0 });
        rest >>= 7;
        if !more {
            break;
        }
    }
    out.extend_from_slice(body);
    out
}

fn text(text: &str) -> Vec<u8> {
    [(text.len() as u16).to_be_bytes().as_slice(), text.as_bytes()].concat()
}

struct MqttWriter {
    stream: TcpStream,
    topic: Vec<u8>,
    quality: u8,
    identifier: u16,
    out: Vec<u8>,
}

pub(crate) fn writer(stream: TcpStream, topic: &str, quality: u8) -> impl Writer + use<> {
    let connection = Connection::open(stream);
    MqttWriter {
        stream: connection.stream,
        topic: text(topic),
        quality,
        identifier: 0,
        out: Vec::new(),
    }
}

impl Writer for MqttWriter {
    fn put(&mut self, message: &[u8]) {
        let mut body = self.topic.clone();
        if self.quality > 0 {
            // §2.3.1: never 0.
            self.identifier = self.identifier.checked_add(1).unwrap_or(1);
            body.extend_from_slice(&self.identifier.to_be_bytes());
        }
        body.extend_from_slice(message);
        self.out.extend_from_slice(&packet(PUBLISH | (self.quality << 1), &body));
    }

    fn flush(&mut self) {
        self.stream.write_all(&self.out).unwrap();
        self.out.clear();
    }
}

struct MqttReader(Connection);

pub(crate) fn reader(stream: TcpStream, topic: &str) -> impl Reader + use<> {
    let mut connection = Connection::open(stream);
    let body = [b"\x00\x01".as_slice(), &text(topic), b"\x00"].concat();
    connection.stream.write_all(&packet(0x82, &body)).unwrap();
    connection.expect(SUBSCRIBE_ANSWER);
    MqttReader(connection)
}

impl Reader for MqttReader {
    fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> u64 {
        let mut messages = 0;
        self.0.fill();
        self.0.packets(&mut |head, body| {
            if head & 0xF0 == PUBLISH {
                // Subscribed with quality 0, so there is no identifier behind the topic.
                let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
                take(&body[2 + topic..]);
                messages += 1;
            }
        });
        messages
    }
}

struct MqttAnswers(Connection);

pub(crate) fn acknowledged(stream: &TcpStream, topic: &str) -> Acknowledged {
    let connection = Connection::open(stream.try_clone().unwrap());
    let publisher = MqttWriter {
        stream: stream.try_clone().unwrap(),
        topic: text(topic),
        quality: 1,
        identifier: 0,
        out: Vec::new(),
    };
    Acknowledged { publisher: Box::new(publisher), answers: Box::new(MqttAnswers(connection)) }
}

impl Answers for MqttAnswers {
    fn count(&mut self) -> u64 {
        let mut answers = 0;
        self.0.fill();
        self.0.packets(&mut |head, _| answers += u64::from(head & 0xF0 == PUBLISH_ANSWER));
        answers
    }
}
