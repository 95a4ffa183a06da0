//! The processes that stay through the whole demo.

use super::actor::Event;
use super::director::Director;
use super::stage::{NETWORK_KEY, PARTIES, RELAYS};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::hex;
use chappe_codec::home::HomeRelay;
use chappe_codec::key::VerifyKey;
use chappe_relay::FIELD_TOPIC;

/// Where everything is.
pub(super) struct Scenery {
    pub(super) relay: String,
    pub(super) relay_key: String,
    pub(super) ledger: String,
    pub(super) ledger_key: String,
    pub(super) field: String,
    /// The relay that is a home of the organisations beside the first.
    pub(super) other_relay_key: String,
}

impl Scenery {
    /// `--relay … --relay-key …`: the gateway's.
    pub(super) fn relay_arguments(&self) -> [&str; 4] {
        ["--relay", &self.relay, "--relay-key", &self.relay_key]
    }

    fn station_arguments(&self) -> Vec<&str> {
        // They read at both of their home relays.
        let mut arguments = vec!["recv", "--follow", "--topic", "field"];
        arguments.extend(["--ledger", &self.ledger, "--ledger-key", &self.ledger_key]);
        arguments
    }
}

/// Starts ledger, relays, radio field, gateway, stations and handset.
pub(super) async fn build(director: &mut Director) -> Outcome<Scenery> {
    director.scene("Everyone takes their place: ten processes, one exercise realm");
    let ledger = director.start("ledger", &["ledger", "--listen", "127.0.0.1:0"]).await?;
    let homes = federate(director)?;
    for (name, home) in RELAYS.into_iter().zip(&homes) {
        start_relay(director, name, home.network_address()).await?;
    }
    let relay = homes.first().map(|home| home.network_address().to_owned()).unwrap_or_default();
    director.remark(
        "two relays that know each other; the organisations' cards name both as their homes",
    );
    director.populate(homes)?;
    let field = director.start("field", &["field", "--listen", "127.0.0.1:0"]).await?;
    let scenery = Scenery {
        relay,
        relay_key: hex::encode(&key_of(director, RELAYS[0])?),
        other_relay_key: hex::encode(&key_of(director, RELAYS[1])?),
        ledger: ledger.text("address").into(),
        ledger_key: ledger.text("key").into(),
        field: field.text("address").into(),
    };

    let network_key = director.stage.file(NETWORK_KEY).display().to_string();
    let on_air = ["--radio", &scenery.field, "--network-key", &network_key];
    let mut gateway = vec!["gateway", "--position", "0,0"];
    gateway.extend(on_air);
    gateway.extend(scenery.relay_arguments());
    director.start("gateway", &gateway).await?;
    for station in ["aid"].iter().chain(&PARTIES) {
        director.start(station, &scenery.station_arguments()).await?;
    }
    // Before the convoy leaves, its handset and its station tell the gateway which labels are theirs.
    for (owner, way) in [("aid", Some("--up")), ("handset", None)] {
        let mut lease = vec!["lease", "--gateway", "gateway"];
        lease.extend(way);
        lease.extend(scenery.relay_arguments());
        let (code, _) = director.run(owner, &lease, &[]).await?;
        director.expect_code(owner, code, 0)?;
        let device = u64::from(director.stage.device(owner)?.identity.device());
        let account = director.stage.device(owner)?.identity.account().id().to_string();
        director
            .until(&format!("the gateway to take {owner}'s lease"), |event| {
                event.name() == "lease"
                    && event.text("author") == account
                    && event.number("device") == device
            })
            .await?;
    }
    // 4 km from the gateway, and in reach.
    let mut handset = vec!["handset", "--position", "2400,3200"];
    handset.extend(on_air);
    director.start("handset", &handset).await?;
    Ok(scenery)
}

/// Makes each relay a peer of the other, and the public topic known to both.
fn federate(director: &Director) -> Outcome<Vec<HomeRelay>> {
    let mut homes = Vec::new();
    for name in RELAYS {
        let key = VerifyKey::from_bytes(&key_of(director, name)?)?;
        homes.push(HomeRelay::new(key, free_address()?)?);
    }
    let others = RELAYS.into_iter().zip(&homes).rev();
    for (name, (other, home)) in RELAYS.into_iter().zip(others) {
        let (key, address) = (hex::encode(&home.key().to_bytes()), home.network_address());
        let peer = format!(
            "[[peers]]\nname = \"{other}\"\nkey = \"{key}\"\naddress = \"{address}\"\n\
             topics = [\"{FIELD_TOPIC}\"]\n"
        );
        files::replace(&director.stage.file(&configuration_of(name)), peer.as_bytes())?;
    }
    Ok(homes)
}

/// A port of this machine that is free now: each relay has to know where the other will be.
fn free_address() -> Outcome<String> {
    let no_port = |error: std::io::Error| Failure::new(Exit::Failure, "port", error.to_string());
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").map_err(no_port)?;
    Ok(socket.local_addr().map_err(no_port)?.to_string())
}

/// Starts a relay, or starts it again.
pub(super) async fn start_relay(
    director: &mut Director,
    name: &str,
    address: &str,
) -> Outcome<Event> {
    let file = director.stage.file(&configuration_of(name)).display().to_string();
    director.start(name, &["relay", "--listen", address, "--config", &file]).await
}

fn configuration_of(relay: &str) -> String {
    format!("{relay}.toml")
}

fn key_of(director: &Director, relay: &str) -> Outcome<[u8; 32]> {
    Ok(*director.stage.device(relay)?.identity.card().transport_key())
}
