//! The processes that stay through the whole demo.

use super::director::Director;
use super::stage::{NETWORK_KEY, PARTIES, RELAYS};
use crate::exit::Outcome;
use crate::hex;
use chappe_codec::home::HomeRelay;
use chappe_codec::key::VerifyKey;

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
    let mut homes = Vec::new();
    for name in RELAYS {
        let relay = director.start(name, &["relay", "--listen", "127.0.0.1:0"]).await?;
        let key = VerifyKey::from_bytes(&key_of(director, name)?)?;
        homes.push(HomeRelay::new(key, relay.text("address").into())?);
    }
    let relay = homes.first().map(|home| home.network_address().to_owned()).unwrap_or_default();
    director.remark("the organisations' cards name both relays as their homes");
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

fn key_of(director: &Director, relay: &str) -> Outcome<[u8; 32]> {
    Ok(*director.stage.device(relay)?.identity.card().transport_key())
}
