//! `chappe relay status`: what the running relay says of itself, as a table.

use super::{ConfigArguments, table};
use crate::exit::{Exit, Failure, Outcome};
use crate::report::Report;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// Octets of an answer.
const ANSWER_OCTETS_MAX: usize = 1 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct StatusArguments {
    /// Say nothing; exit with 0 only when it is ready
    #[arg(long)]
    quiet: bool,

    #[command(flatten)]
    config: ConfigArguments,
}

pub(super) async fn run(arguments: &StatusArguments, report: Report) -> Outcome<()> {
    let config = arguments.config.read()?;
    let address = config.address("http.address").ok_or_else(|| {
        Failure::new(Exit::Usage, "status", "http.address is off: the relay cannot be asked")
            .advise("put http.address = \"127.0.0.1:7408\" into the configuration and restart it")
    })?;
    let asked = tokio::time::timeout(ANSWER_WAIT, async {
        Ok::<_, Failure>((get(address, "/readyz").await?, get(address, "/metrics").await?))
    });
    let ((is_ready, state), (_, metrics)) =
        asked.await.map_err(|_| no_answer(address, "it takes too long"))??;
    if !arguments.quiet {
        let state = state.trim();
        let text = table::text(state, &metrics);
        report.event("state", text.trim_end(), json!({"state": state}));
        for (name, value) in rows(&metrics) {
            report.event_if_json("metric", json!({"name": name, "value": value}));
        }
    }
    if is_ready { Ok(()) } else { Err(Failure::new(Exit::TryLater, "not ready", state.trim())) }
}

/// What counts of the metrics, for programs: no buckets, no zeros of precedences nobody used.
fn rows(metrics: &str) -> impl Iterator<Item = (String, String)> {
    metrics.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        let is_wanted = !(name.contains("_bucket") || name.contains('{') && value == "0");
        let name = name.trim_start_matches("chappe_relay_").replace("_total", "");
        is_wanted.then(|| (name.replace('_', " ").replace(['{', '}'], " "), value.to_owned()))
    })
}

async fn get(address: SocketAddr, path: &str) -> Outcome<(bool, String)> {
    let fail = |error: &dyn std::fmt::Display| no_answer(address, &error.to_string());
    let stream = TcpStream::connect(address).await.map_err(|error| fail(&error))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| fail(&error))?;
    let driver = tokio::spawn(connection);
    let request =
        Request::get(path).header("host", address.to_string()).body(Empty::<Bytes>::new());
    let request = request.map_err(|error| fail(&error))?;
    let response = sender.send_request(request).await.map_err(|error| fail(&error))?;
    let is_ok = response.status().is_success();
    let body = Limited::new(response.into_body(), ANSWER_OCTETS_MAX).collect().await;
    let octets = body.map_err(|error| fail(&error))?.to_bytes();
    driver.abort();
    Ok((is_ok, String::from_utf8_lossy(&octets).into_owned()))
}

fn no_answer(address: SocketAddr, why: &str) -> Failure {
    Failure::new(Exit::TryLater, "status", format!("no answer from {address}: {why}"))
        .advise("does it run? systemctl status chappe-relay; journalctl -u chappe-relay")
}
