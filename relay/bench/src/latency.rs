//! When a message left, inside it, and how long the ones that arrived took.

use crate::measured::figure;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Messages that carry the time they left at, against one clock of this process.
pub(crate) struct Stopwatch {
    started: Instant,
    taken: Mutex<Vec<Duration>>,
}

impl Stopwatch {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), taken: Mutex::default() }
    }

    /// A message of so many octets that leaves now.
    pub(crate) fn stamped(&self, octets: usize) -> Vec<u8> {
        let mut message = vec![0x5A; octets];
        message[..8].copy_from_slice(&(self.started.elapsed().as_nanos() as u64).to_be_bytes());
        message
    }

    /// Such a message arrived.
    pub(crate) fn arrived(&self, message: &[u8]) {
        let left = u64::from_be_bytes(message[..8].try_into().unwrap());
        let taken = self.started.elapsed() - Duration::from_nanos(left);
        self.taken.lock().unwrap().push(taken);
    }

    /// Forgets what arrived so far.
    pub(crate) fn begin(&self) {
        self.taken.lock().unwrap().clear();
    }

    /// Prints the median and the 99th percentile in microseconds, and how many there were.
    pub(crate) fn figures(&self) {
        let mut taken = self.taken.lock().unwrap();
        assert!(taken.len() > 20, "only {} messages arrived", taken.len());
        taken.sort();
        let at =
            |hundredths: usize| taken[(taken.len() - 1) * hundredths / 100].as_nanos() as f64 / 1e3;
        figure("p50", at(50));
        figure("p99", at(99));
        figure("messages", taken.len());
    }
}
