//! `chappe field`: the simulated air that handsets and gateways of this machine share.

use super::shutdown;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::report::Report;
use chappe_radio::air::{Air, AirConfig, AirEvent, PathLoss};
use chappe_radio::driver::field::{self, FieldCommand};
use serde::Deserialize;
use serde_json::json;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Commands waiting to be carried out.
const QUEUE: usize = 16;

/// A packet shorter than this is an acknowledgement and is left alone when a bit is to be flipped.
const FLIP_OCTETS_MIN: usize = 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
One command a line on standard input:
  {\"flip\": \"next\"}   damage one bit of the next long packet")]
pub(crate) struct FieldArguments {
    /// Where to listen, on this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7408")]
    listen: SocketAddr,

    /// How far signals reach
    #[arg(long, value_enum, default_value_t = Land::Open)]
    land: Land,

    /// The seed of everything left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Land {
    Open,
    BuiltUp,
}

/// A line of input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    flip: Which,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    Next,
}

pub(crate) async fn run(arguments: FieldArguments, report: Report) -> Outcome<()> {
    let failed = |what: String| Failure::new(Exit::Failure, "field", what);
    let socket =
        UdpSocket::bind(arguments.listen).await.map_err(|error| failed(error.to_string()))?;
    let address = socket.local_addr().map_err(|error| failed(error.to_string()))?;
    let path_loss = match arguments.land {
        Land::Open => PathLoss::OPEN,
        Land::BuiltUp => PathLoss::BUILT_UP,
    };
    let air = Air::new(AirConfig { path_loss, seed: arguments.seed, ..AirConfig::default() });
    let (sender, commands) = mpsc::channel(QUEUE);
    tokio::spawn(obey(sender, report));
    report.event(
        "ready",
        &format!("radio field on {address}"),
        json!({"role": "field", "address": address.to_string()}),
    );
    field::serve(socket, air, commands, shutdown(), |event| show(&event, report))
        .await
        .map_err(|error| failed(error.to_string()))
}

async fn obey(sender: mpsc::Sender<FieldCommand>, report: Report) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Order { flip: Which::Next }) => {
                let command = FieldCommand::FlipNext { octets_min: FLIP_OCTETS_MIN };
                if sender.send(command).await.is_err() {
                    return;
                }
            }
            Err(error) => report.note(&format!("not a command: {error}")),
        }
    }
}

fn show(event: &AirEvent, report: Report) {
    if let AirEvent::Transmitted { node, time_on_air, payload, is_damaged, .. } = event {
        let octets = payload.len();
        report.event(
            "transmission",
            &format!("antenna {} sends {octets} octets, {time_on_air:?} on air", node.0),
            json!({
                "node": node.0,
                "size": octets,
                "time_on_air_ns": u64::try_from(time_on_air.as_nanos()).unwrap_or(u64::MAX),
                "damaged": is_damaged,
                "octets": hex::encode(payload),
            }),
        );
    }
}
