//! Publishing so that the broker acknowledges, with so many not yet acknowledged at a time.

use crate::measured::{figure, rate, read};
use crate::peer::{Acknowledged, Peer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

pub(crate) fn measure(peer: &Peer, window: u64, octets: usize) {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let Acknowledged { mut publisher, mut answers } = peer.acknowledged("bench");
    let counting = Arc::clone(&acknowledged);
    thread::spawn(move || {
        loop {
            counting.fetch_add(answers.count(), Ordering::Relaxed);
        }
    });
    let waiting = Arc::clone(&acknowledged);
    let message = vec![0x5A; octets];
    thread::spawn(move || {
        let mut published = 0_u64;
        loop {
            let free = (read(&waiting) + window).saturating_sub(published).min(256);
            if free == 0 {
                thread::yield_now();
                continue;
            }
            for _ in 0..free {
                publisher.put(&message);
            }
            publisher.flush();
            published += free;
        }
    });
    figure("acknowledged", rate(|| read(&acknowledged)));
}
