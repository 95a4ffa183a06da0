//! The protocol of NATS, as far as a load speaks it: lines ended by CR LF, payloads of the length the line tells.

use super::{Acknowledged, Answers, Reader, Writer, tls};
use std::io::{Read, Write};
use std::net::TcpStream;

const CHUNK: usize = 256 << 10;

pub(crate) struct Connection<S> {
    stream: S,
    /// Octets read and not taken yet begin at `taken`.
    buffer: Vec<u8>,
    taken: usize,
}

/// A connection without TLS.
pub(crate) fn plain(stream: TcpStream) -> Connection<TcpStream> {
    let mut connection = Connection { stream, buffer: Vec::new(), taken: 0 };
    connection.greet();
    connection
}

/// The server says its first line in the clear and then waits for TLS.
pub(crate) fn over_tls(mut stream: TcpStream, certificate: &str) -> Connection<tls::Stream> {
    let mut octet = [0];
    while octet != *b"\n" {
        stream.read_exact(&mut octet).unwrap();
    }
    let stream = tls::connect(stream, certificate);
    let mut connection = Connection { stream, buffer: Vec::new(), taken: 0 };
    connection.say("CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n");
    connection.expect("PONG");
    connection
}

impl<S: Read + Write> Connection<S> {
    fn greet(&mut self) {
        self.expect("INFO");
        self.say("CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n");
        self.expect("PONG");
    }

    fn say(&mut self, octets: &str) {
        self.stream.write_all(octets.as_bytes()).unwrap();
        self.stream.flush().unwrap();
    }

    fn expect(&mut self, beginning: &str) {
        let line = loop {
            match self.line() {
                Some(line) => break line,
                None => self.fill(),
            }
        };
        assert!(line.starts_with(beginning), "{line}");
    }

    fn fill(&mut self) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let octets = self.stream.read(&mut self.buffer[held..]).unwrap();
        assert!(octets > 0, "the broker hung up");
        self.buffer.truncate(held + octets);
    }

    fn line(&mut self) -> Option<String> {
        let rest = &self.buffer[self.taken..];
        let end = rest.iter().position(|octet| *octet == b'\n')?;
        let line = String::from_utf8(rest[..end].trim_ascii_end().to_vec()).unwrap();
        self.taken += end + 1;
        Some(line)
    }

    /// Takes the messages that are there whole.
    fn messages(&mut self, take: &mut dyn FnMut(&[u8])) -> u64 {
        let mut messages = 0;
        loop {
            let rest = &self.buffer[self.taken..];
            let Some(end) = rest.iter().position(|octet| *octet == b'\n') else { return messages };
            let line = &rest[..end - 1];
            if line.starts_with(b"MSG ") {
                let octets = line.rsplit(|octet| *octet == b' ').next().unwrap();
                let octets =
                    octets.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
                let Some(payload) = rest.get(end + 1..end + 1 + octets + 2) else {
                    return messages;
                };
                take(&payload[..octets]);
                messages += 1;
                self.taken += end + 1 + octets + 2;
            } else {
                assert!(!line.starts_with(b"-ERR"), "{}", String::from_utf8_lossy(line));
                let is_ping = line == b"PING";
                self.taken += end + 1;
                if is_ping {
                    self.say("PONG\r\n");
                }
            }
        }
    }
}

struct NatsWriter<S> {
    connection: Connection<S>,
    head: Vec<u8>,
    out: Vec<u8>,
}

pub(crate) fn writer<S: Read + Write + Send>(
    connection: Connection<S>,
    subject: &str,
) -> impl Writer + use<S> {
    NatsWriter { connection, head: format!("PUB {subject} ").into_bytes(), out: Vec::new() }
}

impl<S: Read + Write + Send> Writer for NatsWriter<S> {
    fn put(&mut self, message: &[u8]) {
        self.out.extend_from_slice(&self.head);
        write!(self.out, "{}\r\n", message.len()).unwrap();
        self.out.extend_from_slice(message);
        self.out.extend_from_slice(b"\r\n");
    }

    fn flush(&mut self) {
        self.connection.stream.write_all(&self.out).unwrap();
        self.connection.stream.flush().unwrap();
        self.out.clear();
    }
}

struct NatsReader<S>(Connection<S>);

pub(crate) fn reader<S: Read + Write + Send>(
    mut connection: Connection<S>,
    subject: &str,
) -> impl Reader + use<S> {
    connection.say(&format!("SUB {subject} 1\r\nPING\r\n"));
    connection.expect("PONG");
    NatsReader(connection)
}

impl<S: Read + Write + Send> Reader for NatsReader<S> {
    fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> u64 {
        self.0.fill();
        self.0.messages(take)
    }
}

struct StreamAnswers(NatsReader<TcpStream>);

/// A stream on files, one copy; each message acknowledged.
pub(crate) fn jetstream(stream: &TcpStream, subject: &str) -> Acknowledged {
    let mut connection = plain(stream.try_clone().unwrap());
    connection.say("SUB answers 1\r\n");
    let request = format!(
        "{{\"name\":\"BENCH\",\"subjects\":[\"{subject}\"],\"retention\":\"limits\",\"storage\":\"file\",\
         \"num_replicas\":1,\"discard\":\"old\",\"max_msgs\":-1,\"max_bytes\":-1,\"max_age\":0}}"
    );
    connection.say(&format!(
        "PUB $JS.API.STREAM.CREATE.BENCH answers {}\r\n{request}\r\n",
        request.len()
    ));
    let mut created = String::new();
    while created.is_empty() {
        connection.fill();
        connection.messages(&mut |message| created = String::from_utf8_lossy(message).into_owned());
    }
    assert!(!created.contains("\"error\""), "{created}");
    let writing = Connection { stream: stream.try_clone().unwrap(), buffer: Vec::new(), taken: 0 };
    let head = format!("PUB {subject} answers ").into_bytes();
    let publisher = Box::new(NatsWriter { connection: writing, head, out: Vec::new() });
    Acknowledged { publisher, answers: Box::new(StreamAnswers(NatsReader(connection))) }
}

impl Answers for StreamAnswers {
    fn count(&mut self) -> u64 {
        self.0.read(&mut |message| {
            assert!(!message.windows(7).any(|part| part == b"\"error\""), "a publish was refused");
        })
    }
}
