//! What an asynchronous driver needs of time: the one of the machine, or one of its own.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use embedded_hal_async::delay::DelayNs;

use crate::time::Instant;

/// A clock that can be waited for. Clones show the same time.
pub trait Clock: Clone {
    /// The time now.
    fn now(&self) -> Instant;

    /// Waits until `deadline` or a little later; not at all when it has passed. Safe to drop.
    fn sleep_until(&self, deadline: Instant) -> impl Future<Output = ()> + Send;
}

/// A clock as the delay a driver asks for.
#[derive(Debug, Clone)]
pub struct ClockDelay<C>(pub C);

impl<C: Clock> DelayNs for ClockDelay<C> {
    async fn delay_ns(&mut self, nanoseconds: u32) {
        let deadline = self.0.now().after(Duration::from_nanos(u64::from(nanoseconds)));
        self.0.sleep_until(deadline).await;
    }

    // The default methods are chains of delay_ns; one wait is exact.
    async fn delay_us(&mut self, microseconds: u32) {
        let deadline = self.0.now().after(Duration::from_micros(u64::from(microseconds)));
        self.0.sleep_until(deadline).await;
    }

    async fn delay_ms(&mut self, milliseconds: u32) {
        let deadline = self.0.now().after(Duration::from_millis(u64::from(milliseconds)));
        self.0.sleep_until(deadline).await;
    }
}

/// What came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First<A, B> {
    /// The one named first; it also wins when both are there.
    One(A),
    /// The other.
    Other(B),
}

/// Waits for the first of two. The other is dropped: it must be safe to drop.
pub async fn first<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> First<A, B> {
    let mut one = pin!(one);
    let mut other = pin!(other);
    poll_fn(|context| {
        if let Poll::Ready(value) = one.as_mut().poll(context) {
            return Poll::Ready(First::One(value));
        }
        other.as_mut().poll(context).map(First::Other)
    })
    .await
}

/// Waits at most so long. `None`: the future was dropped unfinished.
pub async fn within<C: Clock, T>(
    clock: &C,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    let deadline = clock.now().after(limit);
    match first(future, clock.sleep_until(deadline)).await {
        First::One(value) => Some(value),
        First::Other(()) => None,
    }
}
