//! The executor of a simulation.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use super::VirtualClock;
use crate::clock::Clock;
use crate::time::Instant;

/// Runs tasks on one thread and moves their clock.
pub struct Executor {
    clock: VirtualClock,
    ready: Ready,
    tasks: BTreeMap<usize, Pin<Box<dyn Future<Output = ()>>>>,
    next_task: usize,
}

/// Nothing is ready, and nobody waits for a time within the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stalled {
    /// The time it happened.
    pub at: Instant,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} nothing is left to be done or waited for", self.at)
    }
}

impl core::error::Error for Stalled {}

impl Executor {
    /// An executor without tasks, at time zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            clock: VirtualClock::default(),
            ready: Ready::default(),
            tasks: BTreeMap::new(),
            next_task: MAIN.wrapping_add(1),
        }
    }

    /// The clock its tasks wait for.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    /// Adds a task. It runs whenever the executor does.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        let number = self.next_task;
        self.next_task = number.wrapping_add(1);
        self.tasks.insert(number, Box::pin(task));
        self.ready.push(number);
    }

    /// Runs all tasks until `main` is done.
    ///
    /// # Errors
    ///
    /// [`Stalled`] when it never will be, or not by `limit`.
    pub fn run<T>(&mut self, limit: Instant, main: impl Future<Output = T>) -> Result<T, Stalled> {
        let mut main = core::pin::pin!(main);
        let main_waker = self.ready.waker(MAIN);
        self.ready.push(MAIN);
        loop {
            while let Some(number) = self.ready.pop() {
                if number == MAIN {
                    let mut context = Context::from_waker(&main_waker);
                    if let Poll::Ready(value) = main.as_mut().poll(&mut context) {
                        return Ok(value);
                    }
                } else {
                    self.poll_task(number);
                }
            }
            if !self.clock.advance(limit) {
                return Err(Stalled { at: self.clock.now() });
            }
        }
    }

    fn poll_task(&mut self, number: usize) {
        let waker = self.ready.waker(number);
        let Some(task) = self.tasks.get_mut(&number) else { return };
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.tasks.remove(&number);
        }
    }
}

impl Default for Executor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("now", &self.clock.now())
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

/// The number of the future that is being run to its end.
const MAIN: usize = 0;

/// Tasks that are ready, in the order they became so.
#[derive(Debug, Clone, Default)]
struct Ready(Arc<Mutex<VecDeque<usize>>>);

impl Ready {
    fn push(&self, number: usize) {
        let mut queue = self.lock();
        if !queue.contains(&number) {
            queue.push_back(number);
        }
    }

    fn pop(&self) -> Option<usize> {
        self.lock().pop_front()
    }

    fn waker(&self, number: usize) -> Waker {
        Waker::from(Arc::new(TaskWaker { ready: self.clone(), number }))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct TaskWaker {
    ready: Ready,
    number: usize,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[test]
    fn time_passes_in_nanoseconds_and_in_order() {
        let mut executor = Executor::new();
        let clock = executor.clock();
        let order = Rc::new(RefCell::new(Vec::new()));
        for nanoseconds in [30_u64, 10, 20, 10] {
            let (clock, order) = (clock.clone(), Rc::clone(&order));
            executor.spawn(async move {
                clock.sleep_until(Instant::from_nanoseconds(nanoseconds)).await;
                order.borrow_mut().push((nanoseconds, clock.now().as_nanoseconds()));
            });
        }
        let end = Instant::ZERO.after(Duration::from_secs(1));
        assert_eq!(executor.run(end, clock.sleep_until(end)), Ok(()));
        assert_eq!(*order.borrow(), [(10, 10), (10, 10), (20, 20), (30, 30)]);
        assert_eq!(clock.now(), end);
    }

    #[test]
    fn a_future_that_waits_for_nothing_is_noticed() {
        let mut executor = Executor::new();
        let end = Instant::from_nanoseconds(1_000);
        assert_eq!(
            executor.run(end, core::future::pending::<()>()),
            Err(Stalled { at: Instant::ZERO })
        );
    }

    #[test]
    fn a_dropped_timer_does_not_move_the_clock() {
        let mut executor = Executor::new();
        let clock = executor.clock();
        let far = Instant::from_nanoseconds(1_000_000);
        let near = Instant::from_nanoseconds(10);
        let ended = executor.run(far, async {
            crate::clock::first(clock.sleep_until(near), clock.sleep_until(far)).await
        });
        assert_eq!(ended, Ok(crate::clock::First::One(())));
        assert!(executor.run(far, core::future::pending::<()>()).is_err());
        assert_eq!(clock.now(), near);
    }
}
