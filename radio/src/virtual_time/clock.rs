//! The clock of a simulation.

use core::future::{Future, poll_fn};
use core::task::{Poll, Waker};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::time::Instant;

/// A clock that stands still until its [`super::Executor`] moves it. Clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct VirtualClock(Arc<Mutex<Timeline>>);

#[derive(Debug, Default)]
struct Timeline {
    now: Instant,
    /// Who waits until when; among equals the first to ask is woken first.
    waiting: BTreeMap<(Instant, u64), Waker>,
    asked: u64,
}

impl VirtualClock {
    /// Moves the clock to the next deadline and wakes who waits for it. False: nobody waits, or
    /// only for a time after `limit`.
    pub(super) fn advance(&self, limit: Instant) -> bool {
        let mut timeline = self.lock();
        let next = timeline.waiting.first_key_value().map(|((at, _), _)| *at);
        let Some(next) = next.filter(|next| *next <= limit) else { return false };
        timeline.now = timeline.now.max(next);
        let mut due = Vec::new();
        while timeline.waiting.first_key_value().is_some_and(|((at, _), _)| *at <= next) {
            due.extend(timeline.waiting.pop_first().map(|(_, waker)| waker));
        }
        drop(timeline);
        due.into_iter().for_each(Waker::wake);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Timeline> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.lock().now
    }

    fn sleep_until(&self, deadline: Instant) -> impl Future<Output = ()> + Send {
        let mut sleep = Sleep { clock: self.clone(), deadline, place: None };
        poll_fn(move |context| sleep.poll(context.waker()))
    }
}

struct Sleep {
    clock: VirtualClock,
    deadline: Instant,
    place: Option<(Instant, u64)>,
}

impl Sleep {
    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let mut timeline = self.clock.lock();
        if self.deadline <= timeline.now {
            return Poll::Ready(());
        }
        let place = *self.place.get_or_insert_with(|| {
            timeline.asked = timeline.asked.wrapping_add(1);
            (self.deadline, timeline.asked)
        });
        timeline.waiting.insert(place, waker.clone());
        Poll::Pending
    }
}

/// Who no longer waits is not woken: a dropped timer must not move the clock.
impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.clock.lock().waiting.remove(&place);
        }
    }
}
