//! Emulated chips in simulated air, all in one program.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::cell::RefCell;
use std::rc::Rc;

use super::VirtualClock;
use crate::air::{Air, AirEvent, NodeId};
use crate::antenna::Position;
use crate::chip::Board;
use crate::clock::{Clock, First, first};
use crate::time::{Instant, earliest};

/// A field whose chips and air share a program and a clock. Clones are the same field.
#[derive(Debug, Clone)]
pub struct SimulatedField {
    shared: Rc<RefCell<Shared>>,
    clock: VirtualClock,
}

#[derive(Debug)]
struct Shared {
    air: Air,
    boards: Vec<(NodeId, Board<VirtualClock>)>,
    events: Vec<(Instant, AirEvent)>,
    attached: Option<Waker>,
}

impl SimulatedField {
    /// A field with nobody in it.
    #[must_use]
    pub fn new(clock: VirtualClock, air: Air) -> Self {
        let shared = Shared { air, boards: Vec::new(), events: Vec::new(), attached: None };
        Self { shared: Rc::new(RefCell::new(shared)), clock }
    }

    /// A new chip, with its antenna at a place. `None`: the field is full.
    #[must_use]
    pub fn attach(&self, position: Position) -> Option<Board<VirtualClock>> {
        let mut shared = self.shared.borrow_mut();
        let node = shared.air.attach(position)?;
        let board = Board::new(self.clock.clone());
        shared.boards.push((node, board.clone()));
        if let Some(waker) = shared.attached.take() {
            waker.wake();
        }
        Some(board)
    }

    /// Everything an observer has seen since he last asked, and when.
    #[must_use]
    pub fn take_events(&self) -> Vec<(Instant, AirEvent)> {
        core::mem::take(&mut self.shared.borrow_mut().events)
    }

    /// Carries what chips send to the air and what it does to them back. Runs for ever: spawn it.
    pub async fn run(self) {
        loop {
            let seen = self.changes();
            let deadline = self.settle();
            // Whatever settling itself changed has been settled.
            if seen != self.changes() {
                continue;
            }
            let deadline = deadline.unwrap_or(Instant::FAR_FUTURE);
            match first(self.changed(seen), self.clock.sleep_until(deadline)).await {
                First::One(()) | First::Other(()) => {}
            }
        }
    }

    fn settle(&self) -> Option<Instant> {
        let now = self.clock.now();
        let shared = &mut *self.shared.borrow_mut();
        for (_, board) in &shared.boards {
            if board.poll_timeout().is_some_and(|at| at <= now) {
                board.handle_timeout();
            }
        }
        for (node, board) in &shared.boards {
            while let Some(request) = board.poll_request() {
                shared.air.handle_request(now, *node, request);
            }
        }
        shared.air.handle_timeout(now);
        while let Some((node, report)) = shared.air.poll_report() {
            if let Some((_, board)) = shared.boards.iter().find(|(other, _)| *other == node) {
                board.handle_report(&report);
            }
        }
        while let Some(event) = shared.air.poll_event() {
            shared.events.push((now, event));
        }
        let timers = shared.boards.iter().map(|(_, board)| board.poll_timeout());
        timers.fold(shared.air.poll_timeout(), earliest)
    }

    fn changes(&self) -> Vec<u64> {
        self.shared.borrow().boards.iter().map(|(_, board)| board.changes()).collect()
    }

    async fn changed(&self, seen: Vec<u64>) {
        let boards: Vec<_> =
            self.shared.borrow().boards.iter().map(|(_, board)| board.clone()).collect();
        let mut changes: Vec<_> =
            boards.iter().zip(&seen).map(|(board, seen)| Box::pin(board.changed(*seen))).collect();
        poll_fn(|context| {
            let mut shared = self.shared.borrow_mut();
            if shared.boards.len() != seen.len() {
                return Poll::Ready(());
            }
            shared.attached = Some(context.waker().clone());
            drop(shared);
            if changes.iter_mut().any(|change| change.as_mut().poll(context).is_ready()) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}
