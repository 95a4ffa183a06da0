//! `chappe relay`: stores parcels and hands them on.

use super::shutdown;
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::network::transport_key;
use crate::report::Report;
use chappe_relay::TransportSecret;
use chappe_relay::server::{Observer, RelayEvent, RelayOptions, RelayServer, ServerError};
use serde_json::json;
use std::collections::HashSet;
use std::net::SocketAddr;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    chappe id new --no-put-away --home /var/lib/chappe-relay\n  \
    chappe relay --home /var/lib/chappe-relay --listen 0.0.0.0:7406")]
pub(crate) struct RelayServerArguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7406")]
    listen: SocketAddr,

    /// Admit only these transport keys
    #[arg(long, value_name = "HEX")]
    admit: Vec<String>,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) async fn run(arguments: RelayServerArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let secret = TransportSecret::from_seed(&device.identity.transport_seed());
    let mut options = RelayOptions::new(device.realm);
    if !arguments.admit.is_empty() {
        let admitted: HashSet<_> = arguments
            .admit
            .iter()
            .map(|key| transport_key("--admit", key))
            .collect::<Outcome<_>>()?;
        options.admitted = Some(admitted);
    }
    options.observer = Observer::new(move |event| show(event, report));
    let server = RelayServer::bind(arguments.listen, &secret, device.subfolder("relay")?, options)
        .map_err(|error| failure(&error))?;
    let address = server.local_addr().map_err(|error| failure(&error))?;
    let key = server.key().to_string();
    report.event(
        "ready",
        &format!("relay on {address}\nkey {key}"),
        json!({"role": "relay", "address": address.to_string(), "key": key}),
    );
    server.run(shutdown()).await;
    Ok(())
}

/// One line for what an operator wants to see; connections come and go unremarked.
fn show(event: &RelayEvent, report: Report) {
    if matches!(event, RelayEvent::Connected | RelayEvent::Disconnected) {
        return;
    }
    let text = event.to_string();
    report.event("relay", &text, json!({ "message": text }));
}

fn failure(error: &ServerError) -> Failure {
    Failure::new(Exit::Failure, "relay", error.to_string())
}
