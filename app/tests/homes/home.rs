//! Home relays: they can be killed, come back, and lose what they had.

use super::{Homes, Server, text};
use serde_json::Value;
use std::net::UdpSocket;

pub(crate) fn kinds(said: &[Value]) -> Vec<&str> {
    said.iter().map(|line| line["event"].as_str().unwrap_or("error")).collect()
}

pub(crate) fn of<'a>(said: &'a [Value], event: &str) -> Vec<&'a Value> {
    said.iter().filter(|line| line["event"] == event).collect()
}

/// A relay, and what a card says of it.
pub(crate) struct Relay {
    /// Runs as long as this is held.
    server: Option<Server>,
    name: &'static str,
    pub(crate) address: String,
    pub(crate) key: String,
}

impl Relay {
    pub(crate) fn start(homes: &Homes, name: &'static str) -> Self {
        assert_eq!(homes.chappe(name, &["id", "new", "--no-put-away"], "").0, 0);
        let server = Server::start(homes, name, &["relay", "--listen", "127.0.0.1:0"]);
        let (address, key) = (server.of("address"), server.of("key"));
        Self { server: Some(server), name, address, key }
    }

    /// Two relays that know each other.
    pub(crate) fn peers(homes: &Homes) -> [Self; 2] {
        let names = ["one", "two"];
        let relays = names.map(|name| {
            assert_eq!(homes.chappe(name, &["id", "new", "--no-put-away"], "").0, 0);
            let key = homes.chappe(name, &["id", "show"], "").1[0]["transport_key"].clone();
            // Each has to know where the other will be.
            let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            Self { server: None, name, address, key: key.as_str().unwrap().to_owned() }
        });
        for (relay, other) in [(&relays[0], &relays[1]), (&relays[1], &relays[0])] {
            let Self { name, address, key, .. } = other;
            let peer =
                format!("[[peers]]\nname = \"{name}\"\nkey = \"{key}\"\naddress = \"{address}\"\n");
            std::fs::write(homes.path(relay.name).join("relay.toml"), peer).unwrap();
        }
        relays.map(|mut relay| {
            relay.come_back(homes);
            relay
        })
    }

    /// It dies as a process does that is killed.
    pub(crate) fn kill(&mut self) {
        self.server = None;
    }

    /// As the system's own command sends it.
    pub(crate) fn signal(&self, name: &str) {
        self.server.as_ref().unwrap().signal(name);
    }

    /// It comes back where it was, with what is on its disk.
    pub(crate) fn come_back(&mut self, homes: &Homes) {
        let configuration = homes.path(self.name).join("relay.toml");
        let mut listen = vec!["relay", "--listen", &self.address];
        if configuration.exists() {
            listen.extend(["--config", text(&configuration)]);
        }
        self.server = Some(Server::start(homes, self.name, &listen));
        assert_eq!(self.server.as_ref().unwrap().of("key"), self.key);
    }

    /// All parcels it had are gone.
    pub(crate) fn lose_everything(&mut self, homes: &Homes) {
        self.kill();
        std::fs::remove_dir_all(homes.path(self.name).join("relay")).unwrap();
        self.come_back(homes);
    }

    pub(crate) fn home(&self) -> String {
        format!("{}@{}", self.key, self.address)
    }

    pub(crate) fn named<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [command, &["--relay", &self.address, "--relay-key", &self.key]].concat()
    }
}

/// Sets home relays and hands the new card to another, who knows its owner already.
pub(crate) fn set_homes(homes: &Homes, name: &str, to: &str, these: &[&str]) {
    let (exit, said) = homes.chappe(name, &[&["card", "homes"], these].concat(), "");
    assert_eq!((exit, kinds(&said)), (0, vec!["homes"]), "{said:?}");
    assert_eq!(said[0]["homes"].as_array().unwrap().len(), these.len());
    let card = homes.path(&format!("{name}.card"));
    std::fs::write(&card, said[0]["card"].as_str().unwrap()).unwrap();
    let (exit, said) = homes.chappe(to, &["contact", "add", name, text(&card)], "");
    assert_eq!((exit, said[0]["state"].as_str()), (0, Some("renewed")), "{said:?}");
    assert_eq!(said[0]["homes"].as_array().unwrap().len(), these.len());
}
