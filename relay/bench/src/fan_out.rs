//! One writes, some read: how many messages arrive in a second, nothing being stored.

use crate::measured::{figure, rate, read};
use crate::peer::Peer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Messages on their way to the slowest reader. A broker cuts off who reads too slowly; and what waits in
/// queues is not throughput.
const ON_THE_WAY_MAX: u64 = 16_384;

/// Between two writes where so many a second are wanted.
const PAUSE: Duration = Duration::from_millis(1);

/// Messages handed over with one write.
const BATCH: u64 = 256;

/// `a_second`: 0 writes as much as goes through.
pub(crate) fn measure(peer: &Peer, readers: usize, octets: usize, a_second: u64) {
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
        let started = Instant::now();
        loop {
            if written >= slowest() + ON_THE_WAY_MAX {
                thread::yield_now();
                continue;
            }
            let mut batch = BATCH;
            if a_second > 0 {
                let due = (started.elapsed().as_secs_f64() * a_second as f64) as u64;
                batch = due.saturating_sub(written).min(BATCH);
                if batch == 0 {
                    thread::sleep(PAUSE);
                    continue;
                }
            }
            for _ in 0..batch {
                writer.put(&message);
            }
            writer.flush();
            written += batch;
        }
    });
    figure("deliveries", rate(|| counters.iter().map(read).sum()));
}
