//! The clock of the machine.

use core::time::Duration;

use crate::clock::Clock;
use crate::time::Instant;

/// Monotonic time since this clock, or the one it was cloned from, was made.
#[derive(Debug, Clone)]
pub struct MachineClock {
    origin: std::time::Instant,
}

impl MachineClock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Default for MachineClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Instant {
        Instant::ZERO.after(self.origin.elapsed())
    }

    async fn sleep_until(&self, deadline: Instant) {
        loop {
            let left = deadline.since(self.now());
            if left.is_zero() {
                return;
            }
            if left < TIMER_STEP {
                // The runtime's timer counts milliseconds, and a chip is busy for microseconds, a
                // dozen times for each packet: let others run and look again.
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(left.min(LONGEST)).await;
            }
        }
    }
}

const TIMER_STEP: Duration = Duration::from_millis(1);

/// What the runtime's timer surely takes.
const LONGEST: Duration = Duration::from_secs(86_400);
