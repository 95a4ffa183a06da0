//! What one flow has sent and got back, shared between its thread and who watches it.

use super::histogram::Histogram;
use chappe_relay::Reason;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What one flow has sent and got back.
#[derive(Debug, Default)]
pub(super) struct Tally {
    readers: usize,
    pub(super) sent: AtomicU64,
    acknowledged: AtomicU64,
    delivered: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
    has_stopped: AtomicBool,
    is_complete: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    latency: Histogram,
    first_refusal: Option<Reason>,
    began: Option<(Instant, Counts)>,
    ended: Option<(Instant, Counts)>,
}

/// Counters at one moment.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) acknowledged: u64,
    pub(super) delivered: u64,
}

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    pub(super) counts: Counts,
    pub(super) refused: u64,
    pub(super) lost: u64,
    pub(super) first_refusal: Option<Reason>,
    pub(super) latency: Histogram,
}

impl Tally {
    pub(super) fn new(readers: usize) -> Self {
        Self { readers, ..Self::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn acknowledge(&self, count: u64) {
        self.acknowledged.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self, reason: Reason) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.state().first_refusal.get_or_insert(reason);
    }

    pub(super) fn deliver(&self, count: u64) {
        self.delivered.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn lose(&self, count: u64) {
        self.lost.fetch_add(count, Ordering::Relaxed);
    }

    /// Notes how long parcels took, in nanoseconds, when they count.
    pub(super) fn took(&self, nanoseconds: impl Iterator<Item = u64>) {
        let mut state = self.state();
        if state.began.is_some() && state.ended.is_none() {
            nanoseconds.for_each(|one| state.latency.add(one));
        }
    }

    fn counts(&self) -> Counts {
        Counts {
            sent: self.sent.load(Ordering::Relaxed),
            acknowledged: self.acknowledged.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
        }
    }

    /// What came back in all, for whoever waits.
    pub(super) fn answered(&self) -> u64 {
        let counts = self.counts();
        if self.readers > 0 { counts.delivered } else { counts.acknowledged }
    }

    pub(super) fn begin(&self) {
        self.state().began.get_or_insert((Instant::now(), self.counts()));
    }

    pub(super) fn end(&self) {
        self.state().ended.get_or_insert((Instant::now(), self.counts()));
    }

    pub(super) fn stop(&self) {
        self.has_stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.has_stopped.load(Ordering::Relaxed)
    }

    /// The flow has sent all it was to send.
    pub(super) fn complete(&self) {
        self.is_complete.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Relaxed)
    }

    pub(super) fn measured(&self) -> Measured {
        let state = self.state();
        let (began, before) = state.began.unwrap_or((Instant::now(), Counts::default()));
        let (ended, after) = state.ended.unwrap_or((Instant::now(), self.counts()));
        Measured {
            seconds: ended.saturating_duration_since(began).as_secs_f64(),
            counts: Counts {
                sent: after.sent.saturating_sub(before.sent),
                acknowledged: after.acknowledged.saturating_sub(before.acknowledged),
                delivered: after.delivered.saturating_sub(before.delivered),
            },
            refused: self.refused.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            first_refusal: state.first_refusal,
            latency: state.latency.clone(),
        }
    }
}
