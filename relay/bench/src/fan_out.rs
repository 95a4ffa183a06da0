//! One writes, some read: how many messages arrive in a second, nothing being stored.

use crate::measured::{figure, rate, read};
use crate::peer::Peer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Messages on their way to the slowest reader. A broker cuts off who reads too slowly; and what waits in
/// queues is not throughput.
const ON_THE_WAY_MAX: u64 = 16_384;

/// Messages handed over with one write.
const BATCH: u64 = 256;

pub(crate) fn measure(peer: &Peer, readers: usize, octets: usize) {
    let counters: Arc<Vec<AtomicU64>> = Arc::new((0..readers).map(|_| AtomicU64::new(0)).collect());
    for index in 0..readers {
        let mut reader = peer.reader("bench");
        let counters = Arc::clone(&counters);
        thread::spawn(move || {
            loop {
                let messages = reader.read(&mut |_| {});
                counters[index].fetch_add(messages, Ordering::Relaxed);
            }
        });
    }
    let slowest = {
        let counters = Arc::clone(&counters);
        move || counters.iter().map(read).min().unwrap()
    };
    let mut writer = peer.writer("bench");
    let message = vec![0x5A; octets];
    thread::spawn(move || {
        let mut written = 0;
        loop {
            if written >= slowest() + ON_THE_WAY_MAX {
                thread::yield_now();
                continue;
            }
            for _ in 0..BATCH {
                writer.put(&message);
            }
            writer.flush();
            written += BATCH;
        }
    });
    figure("deliveries", rate(|| counters.iter().map(read).sum()));
}
