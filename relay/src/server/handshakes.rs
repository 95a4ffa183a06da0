//! Handshakes, a step at a time.
//!
//! A step's signatures and key agreements take as long as some hundred parcels. Without this a burst of handshakes
//! lies in front of a FLASH that comes meanwhile, once each time the FLASH is handed on: its connection, its lane,
//! the disk's answer. So one connection whose handshake is not over has its turn at a time, and between two steps
//! every task that is ready runs once.
//!
//! ```text
//! Initial ──► Door ──► waits for a turn ──► accept (first step) ──► its driver, each poll a turn ──► over: no turns
//! ```
//!
//! Those that have begun go before those that have not: what is begun may be waited for no longer than a client waits.

use super::hub::Shared;
use super::turn::Turn;
use crate::limits::{HANDSHAKE_FLASH_WAIT, HANDSHAKES_WAITING_MAX};
use quinn::{AsyncTimer, AsyncUdpSocket, Connecting, ConnectionError, Incoming, Runtime};
use std::future::poll_fn;
use std::io;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Steps may take this part of what the others just took, and one step always: a relay whose clients all come back at
/// once, and one that is flooded with handshakes, serves those who are in.
const SHARE: u32 = 4;

/// Steps that take no more in all do not wait for FLASH.
const CHEAP: Duration = Duration::from_micros(50);

/// What has a turn: a step of a handshake, by its number from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    First(u64),
    Later(u64),
    /// None: the others have theirs.
    Pause,
}

/// The turns of a relay's handshakes.
#[derive(Debug, Clone, Default)]
pub(super) struct Handshakes(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    turns: Mutex<Turns>,
    /// A pause has begun.
    paused: Notify,
}

#[derive(Debug, Default)]
struct Turns {
    turn: Turn<Step>,
    /// Numbers given out.
    given: u64,
    /// How many handshakes wait for their first step.
    arrived: usize,
    /// Whose connection is being accepted: the task that is spawned meanwhile is its driver.
    accepting: Option<(u64, Arc<AtomicBool>)>,
    /// How long steps may still take before the next pause.
    left: Duration,
    /// How long they took since they last waited for FLASH.
    taken: Duration,
}

impl Handshakes {
    /// The runtime of the relay's endpoint.
    pub(super) fn runtime(&self, inner: Arc<dyn Runtime>) -> Arc<dyn Runtime> {
        Arc::new(Paced { inner, handshakes: self.clone() })
    }

    /// A handshake to come; `None` when as many wait as may.
    pub(super) fn begin(&self) -> Option<Handshake> {
        let mut turns = self.turns();
        if turns.arrived >= HANDSHAKES_WAITING_MAX {
            return None;
        }
        turns.arrived = turns.arrived.saturating_add(1);
        turns.given = turns.given.saturating_add(1);
        let (number, handshakes) = (turns.given, self.clone());
        Some(Handshake { number, has_begun: false, is_over: Arc::default(), handshakes })
    }

    /// Ends the pauses, as long as the relay runs.
    pub(super) async fn run(self, shared: Arc<Shared>) {
        loop {
            self.0.paused.notified().await;
            let began = Instant::now();
            others().await;
            let took = began.elapsed().min(HANDSHAKE_FLASH_WAIT);
            let end = began.checked_add(HANDSHAKE_FLASH_WAIT).unwrap_or(began);
            let is_due = self.turns().wait_is_due();
            while is_due
                && shared.hub().node.is_storing_flash()
                && timeout_at(end, shared.flash_told.notified()).await.is_ok()
            {
                others().await;
            }
            let mut turns = self.turns();
            turns.left = took.checked_div(SHARE).unwrap_or_default();
            turns.turn.pass(Step::Pause);
        }
    }

    /// A step is done that took so long.
    fn done(&self, step: Step, took: Duration) {
        let mut turns = self.turns();
        turns.left = turns.left.saturating_sub(took);
        turns.taken = turns.taken.saturating_add(took);
        // The next takes about as long.
        if turns.left <= took {
            turns.turn.hand(step, Step::Pause);
            self.0.paused.notify_one();
        } else {
            turns.turn.pass(step);
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    /// Datagrams that are no packets cost little each: FLASH does not wait for one, nor do all other handshakes.
    fn wait_is_due(&mut self) -> bool {
        let is_due = self.taken > CHEAP;
        if is_due {
            self.taken = Duration::ZERO;
        }
        is_due
    }
}

/// Ready when what is ready now has run and the sockets have been looked at; and again, when all that came of what
/// they brought has run too.
async fn others() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// A client that may shake hands. Boxed: what serves a connection keeps the room of what it is given as long as it
/// serves.
pub(super) type Arrival = (Box<Incoming>, Handshake);

/// A handshake that is not over; it is over when this is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    number: u64,
    has_begun: bool,
    is_over: Arc<AtomicBool>,
    handshakes: Handshakes,
}

impl Handshake {
    /// Ready when its first step has its turn; [`Handshake::accept`] takes it.
    pub(super) async fn turn(&self) {
        let step = Step::First(self.number);
        poll_fn(|context| match self.handshakes.turns().turn.may_take(step, context.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    /// Its first step.
    pub(super) fn accept(&mut self, incoming: Incoming) -> Result<Connecting, ConnectionError> {
        self.begun();
        let began = Instant::now();
        self.handshakes.turns().accepting = Some((self.number, Arc::clone(&self.is_over)));
        let accepted = incoming.accept();
        // Nothing is spawned for one that is not accepted.
        self.handshakes.turns().accepting = None;
        self.handshakes.done(Step::First(self.number), began.elapsed());
        accepted
    }

    /// It waits for its first step no more.
    fn begun(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            let mut turns = self.handshakes.turns();
            turns.arrived = turns.arrived.saturating_sub(1);
        }
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let step = if self.has_begun { Step::Later } else { Step::First };
        self.begun();
        let mut turns = self.handshakes.turns();
        self.is_over.store(true, Ordering::Relaxed);
        turns.turn.leave(step(self.number));
    }
}

/// Spawns the drivers of connections whose handshake is to be paced as such, and all else as it is.
#[derive(Debug)]
struct Paced {
    inner: Arc<dyn Runtime>,
    handshakes: Handshakes,
}

impl Runtime for Paced {
    fn new_timer(&self, at: std::time::Instant) -> Pin<Box<dyn AsyncTimer>> {
        self.inner.new_timer(at)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let accepting = self.handshakes.turns().accepting.take();
        match accepting {
            Some((number, is_over)) => {
                let handshakes = self.handshakes.clone();
                self.inner.spawn(Box::pin(Driver {
                    number,
                    is_waiting: false,
                    is_over,
                    handshakes,
                    future,
                }));
            }
            None => self.inner.spawn(future),
        }
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        self.inner.wrap_udp_socket(socket)
    }

    fn now(&self) -> std::time::Instant {
        self.inner.now()
    }
}

/// Drives a connection: in its turn, until the handshake is over.
struct Driver {
    number: u64,
    /// It is known that it waits: each datagram that comes for it wakes it.
    is_waiting: bool,
    is_over: Arc<AtomicBool>,
    handshakes: Handshakes,
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.is_over.load(Ordering::Relaxed) {
            return this.future.as_mut().poll(context);
        }
        let (step, is_first) = (Step::Later(this.number), |other| matches!(other, Step::First(_)));
        let mut turns = this.handshakes.turns();
        // It may have been over until the lock was had.
        let is_over = this.is_over.load(Ordering::Relaxed);
        if !is_over {
            if this.is_waiting && !turns.turn.is_of(step) {
                return Poll::Pending;
            }
            this.is_waiting = !turns.turn.may_take_before(step, context.waker(), is_first);
            if this.is_waiting {
                return Poll::Pending;
            }
        }
        drop(turns);
        let began = Instant::now();
        let polled = this.future.as_mut().poll(context);
        if !is_over {
            this.handshakes.done(step, began.elapsed());
        }
        polled
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.handshakes.turns().turn.pass(Step::Later(self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_wait_than_may_and_who_is_gone_makes_room() {
        let handshakes = Handshakes::default();
        let mut waiting: Vec<_> = std::iter::from_fn(|| handshakes.begin()).collect();
        assert_eq!(waiting.len(), HANDSHAKES_WAITING_MAX);
        waiting.pop();
        let mut one = handshakes.begin().unwrap();
        assert!(handshakes.begin().is_none());
        one.begun();
        let next = handshakes.begin().unwrap();
        // It counts once.
        drop((one, next));
        assert_eq!(handshakes.turns().arrived, HANDSHAKES_WAITING_MAX - 1);
    }
}
