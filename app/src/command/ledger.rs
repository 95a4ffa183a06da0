//! `chappe ledger`: a transparency log of statements.

use crate::command::shutdown;
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::report::Report;
use chappe_anchor::key::LedgerSecret;
use chappe_anchor::origin::Origin;
use chappe_anchor::server::{LedgerServer, ServerError, ServerOptions};
use serde_json::json;
use std::net::SocketAddr;

#[derive(Debug, clap::Args)]
pub(crate) struct LedgerServerArguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7407")]
    listen: SocketAddr,

    /// The ledger's name, part of what it signs
    #[arg(long, default_value = "ledger")]
    name: String,

    /// Let other machines in; HTTP hides nothing
    #[arg(long)]
    allow_remote: bool,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) async fn run(arguments: LedgerServerArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let origin = Origin::new(device.realm, &arguments.name)?;
    let secret = LedgerSecret::from_seed(origin, &device.identity.ledger_seed());
    let options =
        ServerOptions { allow_remote: arguments.allow_remote, ..ServerOptions::default() };
    let server = LedgerServer::bind(arguments.listen, device.subfolder("ledger")?, secret, options)
        .await
        .map_err(failure)?;
    let (address, key) = (server.local_addr(), server.key().to_string());
    report.event(
        "ready",
        &format!("ledger on {address}\nkey {key}"),
        json!({"role": "ledger", "address": address.to_string(), "key": key}),
    );
    server.run(shutdown()).await.map_err(failure)
}

fn failure(error: ServerError) -> Failure {
    Failure::new(Exit::Failure, "ledger", error.to_string())
}
