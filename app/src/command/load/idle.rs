//! Connections that say nothing: what each costs the relay is seen there.

use super::{LoadArguments, TICK};
use crate::command::shutdown;
use crate::exit::Outcome;
use crate::network::Relay;
use crate::random;
use crate::report::Report;
use chappe_relay::TransportSecret;
use serde_json::json;
use std::time::{Duration, Instant};

pub(super) async fn hold(
    arguments: &LoadArguments,
    relay: Relay,
    connections: usize,
    report: Report,
) -> Outcome<()> {
    let secret = TransportSecret::from_seed(&*random::secret::<32>()?);
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(relay.connect_as(&secret, arguments.realm).await?);
    }
    let text = format!("{connections} connections are open for {} s", arguments.seconds);
    report.event("open", &text, json!({ "connections": connections }));
    let until = Duration::from_secs(arguments.seconds);
    let began = Instant::now();
    let mut stop = std::pin::pin!(shutdown());
    while began.elapsed() < until {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = &mut stop => break,
        }
    }
    drop(open);
    report.event("done", "closed", json!({}));
    Ok(())
}
