//! The relays that this one knows: `[[peers]]` in its configuration, and what is counted of each.

use super::config::Config;
use super::config::{flaw, line_of};
use crate::exit::{Exit, Failure, Outcome};
use crate::network::transport_key;
use chappe_codec::realm::Realm;
use chappe_relay::limits::{PEER_TOPICS_MAX, PEERS_MAX};
use chappe_relay::{Address, PeerCounts, PeerOptions, TransportKey};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use toml_edit::{Item, Table};

/// Letters of a name.
const NAME_OCTETS_MAX: usize = 32;

/// One peer as the configuration names it. Every value has been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerSetting {
    pub(crate) name: String,
    pub(crate) key: TransportKey,
    pub(crate) address: String,
    /// Names of topics.
    pub(crate) topics: Vec<String>,
    /// Where it begins in the file.
    pub(crate) line: usize,
}

/// Reads all `[[peers]]` of a file.
pub(crate) fn read(text: &str, item: &Item) -> Outcome<Vec<PeerSetting>> {
    let Some(tables) = item.as_array_of_tables() else {
        return Err(flaw("peers: each begins with a line [[peers]] of its own".to_owned()));
    };
    if tables.len() > PEERS_MAX {
        return Err(flaw(format!("{} peers: a relay has {PEERS_MAX} at most", tables.len())));
    }
    let mut peers: Vec<PeerSetting> = Vec::new();
    for table in tables {
        let peer = peer(text, table)?;
        let line = peer.line;
        if peers.iter().any(|other| other.name == peer.name) {
            return Err(flaw(format!("line {line}: there are two peers {}", peer.name)));
        }
        if let Some(other) = peers.iter().find(|other| other.key == peer.key) {
            let (one, two) = (&other.name, &peer.name);
            return Err(flaw(format!("line {line}: {one} and {two} have the same key")));
        }
        peers.push(peer);
    }
    Ok(peers)
}

fn peer(text: &str, table: &Table) -> Outcome<PeerSetting> {
    let line = line_of(text, table.span());
    let mut found: [Option<&str>; 3] = [None; 3];
    let mut topics = Vec::new();
    for (key, item) in table {
        let line = line_of(text, table.key(key).and_then(toml_edit::Key::span));
        let place = match key {
            "name" => 0,
            "key" => 1,
            "address" => 2,
            "topics" => {
                topics = names(item).ok_or_else(|| {
                    flaw(format!("line {line}: peers.topics is no list of texts"))
                })?;
                continue;
            }
            other => {
                let known = "known are name, key, address and topics";
                return Err(
                    flaw(format!("line {line}: there is no setting peers.{other}")).advise(known)
                );
            }
        };
        let value = item.as_str();
        let value = value.ok_or_else(|| flaw(format!("line {line}: peers.{key} is no text")))?;
        if let Some(place) = found.get_mut(place) {
            *place = Some(value);
        }
    }
    let [name, key, address] = found;
    let missing = |what| flaw(format!("line {line}: this peer has no {what}"));
    let name = name.ok_or_else(|| missing("name"))?;
    let key = key.ok_or_else(|| missing("key"))?;
    let address = address.ok_or_else(|| missing("address"))?;
    if name.is_empty() || name.len() > NAME_OCTETS_MAX || !name.bytes().all(is_of_name) {
        let form = "has letters a to z, digits and hyphens, 32 at most";
        return Err(flaw(format!("line {line}: peers.name = {name:?}: a name {form}")));
    }
    if !is_host_and_port(address) {
        let form = "is not host and port, such as relay.example.org:7406 or [2001:db8::1]:7406";
        return Err(flaw(format!("line {line}: peers.address = {address:?} {form}")));
    }
    if topics.len() > PEER_TOPICS_MAX || topics.iter().any(String::is_empty) {
        let bounds = format!("{PEER_TOPICS_MAX} topics at most, each with a name");
        return Err(flaw(format!("line {line}: peers.topics: {bounds}")));
    }
    let key = transport_key("peers.key", key)
        .map_err(|failure| flaw(format!("line {line}: {failure}")))?;
    let (name, address) = (name.to_owned(), address.to_owned());
    Ok(PeerSetting { name, key, address, topics, line })
}

fn names(item: &Item) -> Option<Vec<String>> {
    item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

const fn is_of_name(octet: u8) -> bool {
    matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

fn is_host_and_port(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let host = match host.strip_prefix('[') {
        Some(bracketed) => match bracketed.strip_suffix(']') {
            Some(v6) => return v6.parse::<std::net::Ipv6Addr>().is_ok() && is_port(port),
            None => return false,
        },
        None => host,
    };
    let is_of_host = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-');
    !host.is_empty() && host.len() <= 253 && host.bytes().all(is_of_host) && is_port(port)
}

fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|port| port != 0)
}

/// One line for each peer: what `chappe relay check` says. Whom a relay knows is no secret to who reads its
/// configuration, but nobody's business who looks over a shoulder: the key is not in it.
pub(crate) fn lines(config: &Config) -> impl Iterator<Item = (String, &PeerSetting)> {
    config.peers().iter().map(|peer| {
        let topics = match peer.topics.as_slice() {
            [] => "no topics".to_owned(),
            topics => format!("topics {}", topics.join(", ")),
        };
        let (name, address) = (&peer.name, &peer.address);
        // Name, address and topics may each be long: a line for the relay, one for what is copied.
        let first = format!("peer {name:<19} {address:<38} line {}", peer.line);
        (format!("{first}\n  {topics}"), peer)
    })
}

/// The peers of a relay about to start.
pub(crate) fn options(config: &Config, realm: Realm) -> Vec<PeerOptions> {
    let of = |peer: &PeerSetting| PeerOptions {
        name: peer.name.clone(),
        key: peer.key,
        address: peer.address.clone(),
        topics: peer.topics.iter().map(|name| Address::topic(realm, name)).collect(),
        counts: PeerCounts::default(),
    };
    config.peers().iter().map(of).collect()
}

/// A relay that is its own peer would send to itself for ever.
pub(crate) fn refuse_itself(config: &Config, own: TransportKey) -> Outcome<()> {
    match config.peers().iter().find(|peer| peer.key == own) {
        None => Ok(()),
        Some(peer) => Err(Failure::new(
            Exit::Malformed,
            "configuration",
            format!("line {}: peer {} has this relay's own key", peer.line, peer.name),
        )),
    }
}

/// What is counted of each peer, by the operator's name for it.
#[derive(Debug)]
pub(crate) struct PeersCounted(Vec<(String, PeerCounts)>);

impl PeersCounted {
    pub(crate) fn new(peers: &[PeerOptions]) -> Self {
        Self(peers.iter().map(|peer| (peer.name.clone(), peer.counts.clone())).collect())
    }
}

type Count = fn(&PeerCounts) -> u64;

impl Collector for PeersCounted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let connected: Count = |peer| u64::from(peer.is_connected());
        for (name, help, level) in [
            ("peer_connected", "1 when this relay is connected to the peer", connected),
            ("peer_waiting", "Parcels that wait for the peer", PeerCounts::waiting),
            ("peer_waiting_octets", "Octets of their records", PeerCounts::waiting_octets),
            ("peer_oldest_seconds", "How long the oldest has waited", PeerCounts::oldest_seconds),
        ] {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (peer, counts) in &self.0 {
                let level = i64::try_from(level(counts)).unwrap_or(i64::MAX);
                let labels = [("peer", peer.as_str())];
                ConstGauge::new(level).encode(family.encode_family(&labels)?)?;
            }
        }
        for (name, help, count) in [
            ("peer_forwarded", "Parcels the peer has acknowledged", PeerCounts::forwarded as Count),
            ("peer_refused", "Parcels the peer has refused for good", PeerCounts::refused),
            ("peer_put_off", "How often the peer has put one off", PeerCounts::put_off),
            ("peer_expired", "Parcels that expired before the peer had them", PeerCounts::expired),
            ("peer_replicated", "Parcels of its topics made durable here", PeerCounts::replicated),
        ] {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (peer, counts) in &self.0 {
                let labels = [("peer", peer.as_str())];
                ConstCounter::new(count(counts)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";

    fn said(text: &str) -> String {
        Config::of(&text.replace("KEY", KEY)).unwrap_err().to_string()
    }

    #[test]
    fn peers_are_read_with_their_topics() {
        let text = "[[peers]]\nname = \"north\"\nkey = \"KEY\"\naddress = \"north.example:7406\"\n\
                    topics = [\"field\", \"news\"]\n";
        let config = Config::of(&text.replace("KEY", KEY)).unwrap();
        let [north] = config.peers() else { panic!("{:?}", config.peers()) };
        assert_eq!((north.name.as_str(), north.address.as_str()), ("north", "north.example:7406"));
        assert_eq!((north.topics.len(), north.key.to_string().as_str()), (2, KEY));
        let (line, _) = lines(&config).next().unwrap();
        assert!(line.contains("topics field, news") && !line.contains(KEY), "{line}");
        let other = Config::of("").unwrap();
        assert_eq!(config.needs_restart(&other), ["peers"]);
    }

    #[test]
    fn what_is_wrong_with_a_peer_is_said_with_its_line() {
        let peer = "[[peers]]\nname = \"a\"\nkey = \"KEY\"\naddress = \"b:1\"\n";
        for (text, why) in [
            ("[peers]\nname = \"a\"".to_owned(), "[[peers]]"),
            (
                "[[peers]]\nname = \"a\"\naddress = \"b:1\"".to_owned(),
                "line 1: this peer has no key",
            ),
            (peer.replace("KEY", "00"), "line 1: peers.key"),
            (peer.replace("b:1", "b"), "is not host and port"),
            (peer.replace("b:1", "b:0"), "is not host and port"),
            (peer.replace("b:1", "[::1:5"), "is not host and port"),
            (peer.replace("b:1", "b c:5"), "is not host and port"),
            (peer.replace("\"a\"", "\"A b\""), "a name has letters"),
            (format!("{peer}topics = \"field\""), "line 5: peers.topics is no list"),
            (format!("{peer}topics = [\"\"]"), "each with a name"),
            (format!("{peer}port = 7"), "line 5: there is no setting peers.port"),
            (format!("{peer}{peer}"), "line 5: there are two peers a"),
            (format!("{peer}{}", peer.replace("\"a\"", "\"b\"")), "a and b have the same key"),
        ] {
            let said = said(&text);
            assert!(said.contains(why), "{text}: {said}");
        }
        for address in ["192.0.2.1:7406", "[2001:db8::1]:7406", "relay-2.example.org:7406"] {
            assert!(Config::of(&peer.replace("b:1", address).replace("KEY", KEY)).is_ok());
        }
    }
}
