//! Joining a radio field: arguments, modem and link, the same for gateway and handset.

use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::hex;
use crate::random;
use crate::report::Report;
use chappe_codec::realm::Realm;
use chappe_radio::antenna::Position;
use chappe_radio::driver::{Modem, ModemError, ModemHandle};
use chappe_radio::frame::{FrameError, NetworkKey, PUBLIC_NET, Pseudonym};
use chappe_radio::link::{Link, LinkConfig, Role};
use chappe_radio::modulation::Modulation;
use chappe_radio::transceiver::RadioSettings;
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// The net sealed envelopes travel on when a key for it is held.
const FIELD_NET: u8 = 1;

/// Transmit power, in dBm: all the chip has; the band of the default channel allows 27.
const POWER_DBM: i8 = 22;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RadioArguments {
    /// The radio field to join
    #[arg(long, value_name = "ADDRESS")]
    radio: SocketAddr,

    /// Where the antenna stands, in metres
    #[arg(long, value_name = "EAST,NORTH", default_value = "0,0", allow_hyphen_values = true)]
    position: Place,

    /// The key of the field's own net, in hex
    #[arg(long, value_name = "FILE")]
    network_key: Option<PathBuf>,
}

/// A place in a field, written EAST,NORTH in metres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(Position);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<i32>().ok();
        text.split_once(',')
            .and_then(|(east, north)| Some((number(east)?, number(north)?)))
            .map(|(east_m, north_m)| Self(Position { east_m, north_m }))
            .ok_or_else(|| "a place is two whole numbers of metres: EAST,NORTH".to_owned())
    }
}

/// A modem at work and the net for what is sealed.
pub(crate) struct Radio {
    pub(crate) modem: ModemHandle,
    pub(crate) sealed_net: u8,
}

impl RadioArguments {
    /// Joins the field under a fresh pseudonym.
    pub(crate) async fn join(&self, realm: Realm, role: Role) -> Outcome<Radio> {
        let mut chance = [0; 16];
        random::fill(&mut chance)?;
        let [a, b, c, d, e, seed @ .., _, _, _] = chance;
        let mut config = LinkConfig::new(Pseudonym([a, b, c]), realm, role, Modulation::DEFAULT);
        config.first_sequence = u16::from_be_bytes([d, e]);
        config.seed = u64::from_be_bytes(seed);
        let mut sealed_net = PUBLIC_NET;
        if let Some(path) = &self.network_key {
            let key = hex::decode_array(
                "the network key",
                &files::read_text(path)?.to_ascii_lowercase(),
            )?;
            if config.keys.insert(FIELD_NET, NetworkKey::from_bytes(key)) {
                sealed_net = FIELD_NET;
            }
        }
        let settings = RadioSettings { modulation: Modulation::DEFAULT, power_dbm: POWER_DBM };
        let Place(position) = self.position;
        let modem = Modem::connect(self.radio, position, settings)
            .await
            .map_err(|error| failure(&error))?;
        Ok(Radio { modem: modem.start(Link::new(config)), sealed_net })
    }
}

/// What a radio's failure means.
pub(crate) fn failure(error: &ModemError) -> Failure {
    let exit = match error {
        ModemError::FieldGone | ModemError::FieldFull | ModemError::Stopped => Exit::TryLater,
        _ => Exit::Failure,
    };
    Failure::new(exit, "radio", error.to_string())
}

/// Tells that octets from the air were dropped.
pub(crate) fn report_refused(report: Report, packet: &[u8], error: &FrameError) {
    report.event(
        "refused",
        &format!("dropped a frame of {} octets: {error}", packet.len()),
        json!({
            "what": "frame",
            "kind": error.name(),
            "message": error.to_string(),
            "size": packet.len(),
            "octets": hex::encode(packet),
        }),
    );
}
