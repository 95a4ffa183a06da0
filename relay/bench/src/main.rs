//! Loads for brokers people run today, to hold the relay against. `.ci/bench-relay` starts the brokers, pins
//! everything to its core, calls this program, and makes the table; `chappe load` is the load for the relay.
//!
//! Each call measures one thing on a broker that runs, prints figures (a name, a tab, a value) and stops at
//! the first surprise.

// A benchmark may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]
// Rates and percentiles.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod fan_out;
mod flood;
mod idle;
mod latency;
mod measured;
mod peer;
mod window;

use peer::Peer;
use std::time::Duration;

const USAGE: &str = "usage: relay-bench PEER PORT CERTIFICATE WORK\n\
    peers: nats-tls, jetstream, mosquitto-0, mosquitto-1\n\
    works: fan-out READERS OCTETS | publish WINDOW OCTETS | flood OCTETS A_SECOND | idle CONNECTIONS PID";

/// What is measured begins when this has passed.
const WARM_UP: Duration = Duration::from_millis(700);

/// How long a round measures.
const ROUND: Duration = Duration::from_millis(2_000);

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let [peer, port, certificate, ref work @ ..] = arguments[..] else {
        println!("{USAGE}");
        return;
    };
    let peer = Peer::named(peer, port.parse().unwrap(), certificate);
    match *work {
        ["fan-out", readers, octets] => {
            fan_out::measure(&peer, readers.parse().unwrap(), octets.parse().unwrap(), 0);
        }
        ["publish", window, octets] => {
            window::measure(&peer, window.parse().unwrap(), octets.parse().unwrap());
        }
        ["flood", octets, a_second] => {
            flood::measure(&peer, octets.parse().unwrap(), a_second.parse().unwrap());
        }
        ["idle", connections, pid] => {
            idle::measure(&peer, connections.parse().unwrap(), pid.parse().unwrap());
        }
        _ => println!("{USAGE}"),
    }
}
