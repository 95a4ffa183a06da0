//! When a transmission is drowned by others.

use std::collections::BTreeMap;

use super::propagation::{milliwatts, rejection_db};
use super::transmission::Transmission;
use crate::modulation::spreading_factor_number;
use crate::time::Instant;

/// A transmission that is in the way, and how loud the receiver hears it.
pub(super) struct Interferer<'a> {
    pub(super) transmission: &'a Transmission,
    pub(super) rssi_dbm: f64,
}

/// The parts of [from, until) in which `wanted` is drowned.
pub(super) fn drowned(
    wanted: &Transmission,
    rssi_dbm: f64,
    interferers: &[Interferer<'_>],
    (from, until): (Instant, Instant),
    capture_db: f64,
) -> Vec<(Instant, Instant)> {
    let mut edges = vec![from, until];
    for interferer in interferers {
        edges.push(interferer.transmission.start);
        edges.push(interferer.transmission.last_instant());
    }
    edges.retain(|edge| (from..=until).contains(edge));
    edges.sort_unstable();
    edges.dedup();

    // Between two edges nothing begins or ends, so what holds at the first holds throughout.
    let mut drowned = Vec::new();
    for (begin, end) in edges.iter().zip(edges.iter().skip(1)) {
        if is_drowned(wanted, rssi_dbm, interferers, (*begin, *end), capture_db) {
            drowned.push((*begin, *end));
        }
    }
    drowned
}

fn is_drowned(
    wanted: &Transmission,
    rssi_dbm: f64,
    interferers: &[Interferer<'_>],
    (begin, end): (Instant, Instant),
    capture_db: f64,
) -> bool {
    // Those of one spreading factor add up; those of different ones are rejected differently.
    let mut together = BTreeMap::new();
    for interferer in interferers {
        if interferer.transmission.is_on_air_between(begin, end) {
            let factor = interferer.transmission.tuning.spreading_factor;
            let (_, sum) = together.entry(spreading_factor_number(factor)).or_insert((factor, 0.0));
            *sum += milliwatts(interferer.rssi_dbm);
        }
    }
    together.into_values().any(|(factor, sum): (_, f64)| {
        let needed = rejection_db(wanted.tuning.spreading_factor, factor, capture_db);
        rssi_dbm - 10.0 * sum.log10() < needed
    })
}
