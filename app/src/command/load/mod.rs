//! `chappe load`: finds out what a relay carries, within bounds.

mod flow;
mod histogram;
mod idle;
mod message;
mod progress;
mod result;
mod tally;

use crate::exit::{Exit, Failure, Outcome};
use crate::network::{Relay, RelayArguments};
use crate::report::Report;
use chappe_codec::limits::ENVELOPE_OCTETS_MAX;
use chappe_codec::realm::Realm;
use chappe_relay::limits::PUBLISHES_PENDING_MAX;
use flow::{Flow, Manner};
use message::STAMP_OCTETS;
use progress::Progress;
use serde_json::json;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tally::Tally;

/// A load never lasts longer.
const SECONDS_MAX: u64 = 3600;

/// Nor does it hold more connections.
const CONNECTIONS_MAX: usize = 20_000;

/// Readers of one flow, each a connection.
const READERS_MAX: i64 = 256;

/// How long answers are waited for when all is sent.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

const TICK: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chappe load --relay 127.0.0.1:7406 --relay-key HEX --stored
  chappe load … --stored --send routine=max --send flash=100 --readers 1
Everything goes to topics drawn for this run, under keys made for it. What is stored expires in an hour
and takes room until then.")]
pub(crate) struct LoadArguments {
    #[command(flatten)]
    relay: RelayArguments,

    /// The relay's realm
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,

    /// A precedence and its parcels a second, or max; each on a connection of its own
    #[arg(long, value_name = "PRECEDENCE=RATE", default_value = "routine=max")]
    send: Vec<Flow>,

    /// Store the parcels, instead of saying them live
    #[arg(long)]
    stored: bool,

    /// Who reads each of them
    #[arg(long, value_name = "COUNT", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(0..=READERS_MAX))]
    readers: u16,

    /// Octets of a parcel's envelope
    #[arg(long, value_name = "OCTETS", default_value_t = 128)]
    size: usize,

    /// Parcels on their way at a time
    #[arg(long, value_name = "COUNT", default_value_t = PUBLISHES_PENDING_MAX,
          value_parser = clap::value_parser!(u64).range(1..=PUBLISHES_PENDING_MAX))]
    window: u64,

    /// How long to measure
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,

    /// How long to send before
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1_000,
          value_parser = clap::value_parser!(u64).range(0..=60_000))]
    warm_up: u64,

    /// Send no more than this many parcels of each precedence
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,

    /// Only hold this many silent connections
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["send", "stored", "count"])]
    idle: Option<usize>,

    /// Load a relay that is not on this machine; ask whoever runs it first
    #[arg(long)]
    allow_remote: bool,
}

pub(crate) async fn run(arguments: LoadArguments, report: Report) -> Outcome<()> {
    let relay = arguments.relay.address_and_key()?;
    check(&arguments, relay)?;
    if let Some(connections) = arguments.idle {
        return idle::hold(&arguments, relay, connections, report).await;
    }
    let started = Instant::now();
    let mut flows = Vec::new();
    for flow in &arguments.send {
        let tally = Arc::new(Tally::new(usize::from(arguments.readers)));
        let manner = Manner {
            relay,
            realm: arguments.realm,
            is_stored: arguments.stored,
            readers: usize::from(arguments.readers),
            size: arguments.size,
            window: arguments.window,
            count: arguments.count.unwrap_or(u64::MAX),
            started,
        };
        flows.push((*flow, Arc::clone(&tally), flow::start(*flow, manner, tally)?));
    }
    measure(&arguments, &flows, report).await;
    flows.iter().for_each(|(_, tally, _)| tally.stop());
    let results = flows.into_iter().map(|(flow, tally, thread)| {
        let ended = thread.join().unwrap_or_else(|_| Err(broken()));
        ended.map(|()| (flow, tally))
    });
    let results: Vec<_> = results.collect::<Outcome<_>>()?;
    result::say(&arguments, &results, report);
    Ok(())
}

fn check(arguments: &LoadArguments, relay: Relay) -> Outcome<()> {
    if !relay.address.ip().is_loopback() && !arguments.allow_remote {
        let message = "that relay is not on this machine: a load takes from others what they need";
        return Err(Failure::new(Exit::Usage, "usage", message)
            .advise("with the consent of whoever runs it: --allow-remote"));
    }
    if !(STAMP_OCTETS..=ENVELOPE_OCTETS_MAX).contains(&arguments.size) {
        let message = format!("--size goes from {STAMP_OCTETS} to {ENVELOPE_OCTETS_MAX}");
        return Err(Failure::new(Exit::Usage, "usage", message));
    }
    if arguments.idle.is_some_and(|connections| connections > CONNECTIONS_MAX) {
        let message = format!("--idle goes to {CONNECTIONS_MAX}");
        return Err(Failure::new(Exit::Usage, "usage", message));
    }
    Ok(())
}

type Running = (Flow, Arc<Tally>, JoinHandle<Outcome<()>>);

/// Warms up, measures, and waits for the end: of the time, of the count, of a flow that failed, or
/// because somebody wants it.
async fn measure(arguments: &LoadArguments, flows: &[Running], report: Report) {
    let shutdown = super::shutdown();
    tokio::pin!(shutdown);
    let warm_up = Duration::from_millis(arguments.warm_up);
    let seconds = Duration::from_secs(arguments.seconds);
    let mut progress = Progress::new(warm_up.saturating_add(seconds));
    let began = Instant::now();
    let mut is_measuring = false;
    loop {
        if !is_measuring && began.elapsed() >= warm_up {
            flows.iter().for_each(|(_, tally, _)| tally.begin());
            report.event_if_json("measuring", json!({ "seconds": arguments.seconds }));
            is_measuring = true;
        }
        let is_over = began.elapsed() >= warm_up.saturating_add(seconds);
        if is_over || flows.iter().all(|(_, _, thread)| thread.is_finished()) {
            break;
        }
        if flows.iter().any(|(_, tally, thread)| thread.is_finished() && !tally.is_complete()) {
            break;
        }
        progress.show(flows.iter().map(|(_, tally, _)| tally.answered()).sum());
        let until = if is_measuring { warm_up.saturating_add(seconds) } else { warm_up };
        let pause = until.saturating_sub(began.elapsed()).min(TICK);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut shutdown => break,
        }
    }
    flows.iter().for_each(|(_, tally, _)| tally.end());
    report.event_if_json("measured", json!({}));
    progress.clear();
}

fn broken() -> Failure {
    Failure::new(Exit::Failure, "load", "a thread of the load broke off")
}
