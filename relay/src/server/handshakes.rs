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

use super::hub::Shared;
use super::turn::Turn;
use crate::limits::HANDSHAKE_WAIT;
use quinn::{AsyncTimer, AsyncUdpSocket, Connecting, ConnectionError, Incoming, Runtime};
use std::io;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// What part of the time handshakes may have while others have work: a relay whose clients all come back at once,
/// and one that is flooded with handshakes, serves those who are in.
const SHARE: u32 = 4;

/// Holds the place between two steps; handshakes have numbers from 1 on.
const PAUSE: u64 = 0;

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
    turn: Turn<u64>,
    /// Numbers given out.
    given: u64,
    /// Whose connection is being accepted: the task that is spawned meanwhile is its driver.
    accepting: Option<(u64, Arc<AtomicBool>)>,
    /// How long steps may still take before the next pause.
    left: Duration,
}

impl Handshakes {
    /// The runtime of the relay's endpoint.
    pub(super) fn runtime(&self, inner: Arc<dyn Runtime>) -> Arc<dyn Runtime> {
        Arc::new(Paced { inner, handshakes: self.clone() })
    }

    /// A handshake to come.
    pub(super) fn begin(&self) -> Handshake {
        let mut turns = self.turns();
        turns.given = turns.given.saturating_add(1);
        Handshake { number: turns.given, is_over: Arc::default(), handshakes: self.clone() }
    }

    /// Ends the pauses, as long as the relay runs.
    pub(super) async fn run(self, shared: Arc<Shared>) {
        loop {
            self.0.paused.notified().await;
            let began = Instant::now();
            others().await;
            let took = began.elapsed();
            let end = began.checked_add(HANDSHAKE_WAIT).unwrap_or(began);
            while shared.hub().node.is_storing_flash()
                && timeout_at(end, shared.flash_told.notified()).await.is_ok()
            {
                others().await;
            }
            let mut turns = self.turns();
            turns.left = took.checked_div(SHARE).unwrap_or_default();
            turns.turn.pass(PAUSE);
        }
    }

    /// A step is done that took so long.
    fn done(&self, number: u64, took: Duration) {
        let mut turns = self.turns();
        turns.left = turns.left.saturating_sub(took);
        // The next takes about as long.
        if turns.left <= took {
            turns.turn.hand(number, PAUSE);
            self.0.paused.notify_one();
        } else {
            turns.turn.pass(number);
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ready when what is ready now has run and the sockets have been looked at; and again, when all that came of what
/// they brought has run too.
async fn others() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// A handshake that is not over; it is over when this is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    number: u64,
    is_over: Arc<AtomicBool>,
    handshakes: Handshakes,
}

impl Handshake {
    /// Its first step, when it has its turn.
    pub(super) async fn accept(&self, incoming: Incoming) -> Result<Connecting, ConnectionError> {
        let mut incoming = Some(incoming);
        std::future::poll_fn(|context| {
            let mut turns = self.handshakes.turns();
            if !turns.turn.may_take(self.number, context.waker()) {
                return Poll::Pending;
            }
            turns.accepting = Some((self.number, Arc::clone(&self.is_over)));
            drop(turns);
            let began = Instant::now();
            let accepted = match incoming.take() {
                Some(incoming) => incoming.accept(),
                None => Err(ConnectionError::LocallyClosed),
            };
            // Nothing is spawned for one that is not accepted.
            self.handshakes.turns().accepting = None;
            self.handshakes.done(self.number, began.elapsed());
            Poll::Ready(accepted)
        })
        .await
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.handshakes.turns().turn.leave(self.number);
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
        match self.handshakes.turns().accepting.take() {
            Some((number, is_over)) => {
                let handshakes = self.handshakes.clone();
                self.inner.spawn(Box::pin(Driver { number, is_over, handshakes, future }));
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
    is_over: Arc<AtomicBool>,
    handshakes: Handshakes,
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.is_over.load(Ordering::Relaxed) {
            return self.future.as_mut().poll(context);
        }
        if !self.handshakes.turns().turn.may_take(self.number, context.waker()) {
            return Poll::Pending;
        }
        let began = Instant::now();
        let polled = self.future.as_mut().poll(context);
        self.handshakes.done(self.number, began.elapsed());
        polled
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.handshakes.turns().turn.pass(self.number);
    }
}
