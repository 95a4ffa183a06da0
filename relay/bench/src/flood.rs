//! A hundred urgent messages a second while another connection writes as much as goes through: how long the
//! urgent ones take.

use crate::latency::Stopwatch;
use crate::peer::Peer;
use crate::{ROUND, WARM_UP, fan_out};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Between two urgent messages.
const EVERY: Duration = Duration::from_millis(10);

pub(crate) fn measure(peer: &Peer, octets: usize, a_second: u64) {
    let watch = Arc::new(Stopwatch::new());
    let mut urgent_reader = peer.reader("urgent");
    let arriving = Arc::clone(&watch);
    thread::spawn(move || {
        loop {
            urgent_reader.read(&mut |message| arriving.arrived(message));
        }
    });
    let mut urgent_writer = peer.writer("urgent");
    let leaving = Arc::clone(&watch);
    thread::spawn(move || {
        loop {
            urgent_writer.put(&leaving.stamped(octets));
            urgent_writer.flush();
            thread::sleep(EVERY);
        }
    });
    let watched = Arc::clone(&watch);
    thread::spawn(move || {
        thread::sleep(WARM_UP);
        watched.begin();
    });
    // Its own figure tells how much of a flood it was. As long again: percentiles need messages.
    fan_out::measure(peer, 1, octets, a_second);
    thread::sleep(ROUND);
    watch.figures();
}
