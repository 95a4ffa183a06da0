//! What a network does to a relay and its clients: loss, delay, jitter, reordering, duplication, narrow and
//! capped links, partitions, other addresses, readers that stop, clocks that jump. The network is simulated
//! and the time is the test's; relay and client are the crate's own, over QUIC. A seed decides everything, and
//! the same seed gives the same datagrams again.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod actors;
mod arrivals;
mod chance;
mod early;
mod federated;
mod federation;
mod filling;
mod overtaking;
#[path = "../support/raw.rs"]
mod raw;
mod relay;
mod retry;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod virtual_store;
mod weather;
mod world;

use federation::Totals;
use story::{Outcome, play};

/// Runs unless `RELAY_NETWORK_RUNS` says otherwise.
const RUNS: u64 = 60;

#[test]
fn whatever_the_network_does_what_is_acknowledged_arrives_once_and_in_order() {
    let first = number("RELAY_NETWORK_SEED", 0);
    let runs = number("RELAY_NETWORK_RUNS", RUNS);
    let (mut sum, mut datagrams, mut lost) = (Sum::default(), 0, 0);
    for seed in first..first + runs {
        let outcome = play(seed);
        sum.add(&outcome);
        datagrams += outcome.trace.datagrams;
        lost += outcome.trace.lost;
    }
    println!(
        "{runs} networks from seed {first}: {datagrams} datagrams, {lost} of them lost; {sum:?}"
    );
    // Of one run alone neither needs to hold.
    if runs >= RUNS {
        assert!(sum.losses > 0, "no connection was ever lost: these networks are too good");
        assert!(sum.heard > 0, "nobody ever heard anything live");
    }
}

#[test]
fn the_same_seed_gives_the_same_datagrams() {
    for seed in 0..8 {
        let (first, second) = (play(seed), play(seed));
        assert_eq!(first, second, "seed {seed}");
    }
    assert_ne!(play(1).trace, play(2).trace);
}

/// Fewer: three relays are more to simulate.
const FEDERATION_RUNS: u64 = 30;

#[test]
fn whatever_the_network_does_relays_take_parcels_to_their_homes_once() {
    let first = number("RELAY_NETWORK_SEED", 0);
    let runs = number("RELAY_NETWORK_RUNS", FEDERATION_RUNS);
    let mut totals = Totals::default();
    for seed in first..first + runs {
        totals.add(&federation::play(seed));
    }
    println!("{runs} federations from seed {first}: {totals:?}");
    // Of one run alone none of it needs to hold.
    if runs >= FEDERATION_RUNS {
        totals.assert_harm_was_done();
    }
}

#[test]
fn the_same_seed_gives_the_same_federation() {
    for seed in 0..2 {
        assert_eq!(federation::play(seed), federation::play(seed), "seed {seed}");
    }
}

/// What all runs came to.
#[derive(Debug, Default)]
struct Sum {
    acknowledged: usize,
    refused: usize,
    deliveries: usize,
    heard: usize,
    losses: u64,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.acknowledged += outcome.acknowledged;
        self.refused += outcome.refused;
        self.deliveries += outcome.deliveries;
        self.heard += outcome.heard;
        self.losses += outcome.losses;
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}
