//! The brokers, as far as a load speaks to them.

mod mqtt;
mod nats;
mod tls;

use std::net::TcpStream;

/// Which broker, and where on this machine.
pub(crate) struct Peer {
    kind: Kind,
    port: u16,
    certificate: String,
}

#[derive(Clone, Copy)]
enum Kind {
    NatsTls,
    JetStream,
    Mosquitto { quality: u8 },
}

/// Writes messages to one subject. What is put leaves with the next flush.
pub(crate) trait Writer: Send {
    fn put(&mut self, message: &[u8]);
    fn flush(&mut self);
}

/// Reads messages of one subject.
pub(crate) trait Reader: Send {
    /// Waits for octets, hands over the messages in them, and says how many there were.
    fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> u64;
}

/// Counts acknowledgements.
pub(crate) trait Answers: Send {
    /// Waits for some and says how many there were.
    fn count(&mut self) -> u64;
}

/// A publisher whose messages are acknowledged.
pub(crate) struct Acknowledged {
    pub(crate) publisher: Box<dyn Writer>,
    pub(crate) answers: Box<dyn Answers>,
}

/// Held open and silent.
#[allow(dead_code)] // only held
pub(crate) struct Idle(Box<dyn Send>);

impl Peer {
    pub(crate) fn named(name: &str, port: u16, certificate: &str) -> Self {
        let kind = match name {
            "nats-tls" => Kind::NatsTls,
            "jetstream" => Kind::JetStream,
            "mosquitto-0" => Kind::Mosquitto { quality: 0 },
            "mosquitto-1" => Kind::Mosquitto { quality: 1 },
            other => panic!("no peer is called {other}"),
        };
        Self { kind, port, certificate: certificate.to_owned() }
    }

    pub(crate) fn writer(&self, subject: &str) -> Box<dyn Writer> {
        match self.kind {
            Kind::NatsTls => Box::new(nats::writer(self.nats_tls(), subject)),
            Kind::JetStream => Box::new(nats::writer(nats::plain(self.connect()), subject)),
            Kind::Mosquitto { quality } => Box::new(mqtt::writer(self.connect(), subject, quality)),
        }
    }

    pub(crate) fn reader(&self, subject: &str) -> Box<dyn Reader> {
        match self.kind {
            Kind::NatsTls => Box::new(nats::reader(self.nats_tls(), subject)),
            Kind::JetStream => Box::new(nats::reader(nats::plain(self.connect()), subject)),
            Kind::Mosquitto { .. } => Box::new(mqtt::reader(self.connect(), subject)),
        }
    }

    pub(crate) fn acknowledged(&self, subject: &str) -> Acknowledged {
        match self.kind {
            Kind::JetStream => nats::jetstream(&self.connect(), subject),
            Kind::Mosquitto { quality: 1 } => mqtt::acknowledged(&self.connect(), subject),
            _ => panic!("this peer acknowledges nothing"),
        }
    }

    pub(crate) fn idle(&self) -> Idle {
        match self.kind {
            Kind::NatsTls => Idle(Box::new(self.nats_tls())),
            Kind::JetStream => Idle(Box::new(nats::plain(self.connect()))),
            Kind::Mosquitto { .. } => Idle(Box::new(mqtt::reader(self.connect(), "idle"))),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    fn nats_tls(&self) -> nats::Connection<tls::Stream> {
        nats::over_tls(self.connect(), &self.certificate)
    }
}
