//! The node, and who waits for it.

use super::event::RelayEvent;
use super::options::{Clock, Observer};
use super::turn::Turn;
use crate::counts::Counts;
use crate::node::{Leave, Node, Now, SlotId};
use crate::rates::{RateLimits, RateMeter, Rates};
use chappe_codec::precedence::Precedence;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};

/// What every connection of a relay needs. All of it runs on one thread; the lock is never waited for
/// there.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) observer: Observer,
    pub(super) counts: Counts,
    /// One connection is judged anew at a time: between two, everybody else has a turn.
    pub(super) review: Semaphore,
    hub: Mutex<Hub>,
    /// Told when a group is held for more to come.
    pub(super) held: Arc<Notify>,
    /// Told when the disk has said what became of FLASH.
    pub(super) flash_told: Notify,
    /// How fast senders may send, if there is a limit.
    rates: Mutex<Option<Rates>>,
    /// How often that was changed.
    rates_changes: AtomicU64,
    started: Instant,
    is_draining: AtomicBool,
}

/// The node and the lanes' wakers.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) node: Node,
    pub(super) turn: Turn<SlotId>,
    held: Arc<Notify>,
    is_held: bool,
    wakers: Vec<Option<Waker>>,
    ready: Vec<SlotId>,
}

impl Shared {
    pub(super) fn new(
        node: Node,
        clock: Clock,
        observer: Observer,
        counts: Counts,
        limits: Option<RateLimits>,
    ) -> Self {
        let held = Arc::new(Notify::new());
        let hub = Hub {
            node,
            turn: Turn::default(),
            held: Arc::clone(&held),
            is_held: false,
            wakers: Vec::new(),
            ready: Vec::new(),
        };
        Self {
            clock,
            observer,
            counts,
            review: Semaphore::new(1),
            hub: Mutex::new(hub),
            held,
            flash_told: Notify::new(),
            rates: Mutex::new(limits.map(Rates::new)),
            rates_changes: AtomicU64::new(0),
            started: tokio::time::Instant::now().into_std(),
            is_draining: AtomicBool::new(false),
        }
    }

    /// A meter for what a sender sends of a precedence; `None` where nothing is limited. "`forward`s of
    /// a peer are not held to a sender's rate" (spec/06-relay.md, "Federation").
    pub(super) fn meter(&self, leave: Leave, precedence: Precedence) -> Option<RateMeter> {
        if leave.is_peer {
            return None;
        }
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        Some(rates.as_mut()?.meter(leave.sender, precedence))
    }

    /// Other rates from now on. Whoever has a meter sees by [`Shared::rates_changes`] that it is old.
    pub(super) fn set_rates(&self, limits: Option<RateLimits>) {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        *rates = limits.map(Rates::new);
        self.rates_changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often rates were changed.
    pub(super) fn rates_changes(&self) -> u64 {
        self.rates_changes.load(Ordering::Relaxed)
    }

    /// Lets the stores' threads have the processor where this one has taken it from them: it is busy without
    /// a pause when much comes, and they need it for a moment only, which others wait for.
    pub(super) fn let_store(&self) {
        if self.hub().node.is_storing() {
            std::thread::yield_now();
        }
    }

    /// The time as meters count it.
    pub(super) fn elapsed(&self, now: Now) -> Duration {
        now.instant.saturating_duration_since(self.started)
    }

    /// A panic elsewhere is no reason to stop serving.
    pub(super) fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Now {
        let instant = tokio::time::Instant::now().into_std();
        Now { seconds: self.clock.now_seconds(), instant }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Lanes read no further; each is woken to see it.
    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
        for waker in self.hub().wakers.iter().flatten() {
            waker.wake_by_ref();
        }
    }

    /// Tells the operator what the node noted.
    pub(super) fn tell_events(&self) {
        let events = self.hub().node.take_events();
        for event in events {
            self.observer.note(&RelayEvent::Node(event));
        }
    }
}

impl Hub {
    /// After a piece of work: starts what can be started and wakes who has something to do.
    pub(super) fn finish(&mut self) {
        self.node.flush();
        let was_held = std::mem::replace(&mut self.is_held, self.node.held().is_some());
        if self.is_held && !was_held {
            self.held.notify_one();
        }
        self.node.take_ready(&mut self.ready);
        for lane in self.ready.drain(..) {
            if let Some(Some(waker)) = self.wakers.get(lane.index()) {
                waker.wake_by_ref();
            }
        }
    }

    /// Whom to wake for a lane.
    pub(super) fn set_waker(&mut self, lane: SlotId, waker: &Waker) {
        if self.wakers.len() <= lane.index() {
            self.wakers.resize(lane.index().saturating_add(1), None);
        }
        if let Some(place) = self.wakers.get_mut(lane.index())
            && place.as_ref().is_none_or(|known| !known.will_wake(waker))
        {
            *place = Some(waker.clone());
        }
    }
}
