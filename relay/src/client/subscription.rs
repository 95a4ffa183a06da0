//! Parcels of one address, from the lanes of all precedences.

use super::lane::Lane;
use super::{ClientError, Cursors, Delivery};
use crate::limits::{CLIENT_CREDIT, CLIENT_LIVE_MAX};
use chappe_codec::precedence::Precedence;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Where the lanes put what comes for a reader: bounded by the credit it gives.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<InboxState>,
    news: Notify,
}

#[derive(Debug, Default)]
struct InboxState {
    /// By precedence: a delivery and the octets it took of the credit.
    queues: [VecDeque<(Delivery, usize)>; 4],
    error: Option<ClientError>,
}

fn index(precedence: Precedence) -> usize {
    usize::from(precedence.to_bits())
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, delivery: Delivery, octets: usize) {
        let mut state = self.state();
        if let Some(queue) = state.queues.get_mut(index(delivery.parcel.precedence)) {
            queue.push_back((delivery, octets));
        }
        drop(state);
        self.news.notify_one();
    }

    /// Without credit: when the reader is too slow it misses some.
    pub(super) fn push_live(&self, delivery: Delivery) {
        let mut state = self.state();
        if let Some(queue) = state.queues.get_mut(index(delivery.parcel.precedence))
            && queue.len() < CLIENT_LIVE_MAX
        {
            queue.push_back((delivery, 0));
        }
        drop(state);
        self.news.notify_one();
    }

    pub(super) fn fail(&self, error: ClientError) {
        self.state().error.get_or_insert(error);
        self.news.notify_one();
    }

    /// The most urgent that is there; an error when nothing is left and none will come.
    fn pop(&self) -> Option<Result<(Delivery, usize), ClientError>> {
        let mut state = self.state();
        let next = state.queues.iter_mut().rev().find_map(VecDeque::pop_front);
        match next {
            Some(next) => Some(Ok(next)),
            None => state.error.take().map(Err),
        }
    }

    async fn next(&self) -> Result<(Delivery, usize), ClientError> {
        loop {
            if let Some(next) = self.pop() {
                return next;
            }
            self.news.notified().await;
        }
    }
}

/// A read on one lane.
#[derive(Debug)]
pub(super) struct LaneRead {
    pub(super) lane: Arc<Lane>,
    pub(super) number: u64,
    pub(super) precedence: Precedence,
    /// Octets read since credit was given last.
    pub(super) used: u32,
}

/// Parcels of one address as they come, FLASH first. Dropping it ends the subscription; dropping its
/// [`RelayClient`](super::RelayClient) does too, with an error.
///
/// What is ahead of [`Subscription::next`] is bounded for each precedence by
/// [`CLIENT_CREDIT`]: a slow reader slows nobody but itself.
#[derive(Debug)]
pub struct Subscription {
    pub(super) inbox: Arc<Inbox>,
    pub(super) reads: Vec<LaneRead>,
    pub(super) cursors: Cursors,
}

impl Subscription {
    /// The next parcel. Cancelling loses nothing: it comes with the next call.
    ///
    /// # Errors
    /// [`ClientError`]; after one of them the subscription is over. Subscribe again from
    /// [`Subscription::cursors`].
    pub async fn next(&mut self) -> Result<Delivery, ClientError> {
        let (delivery, octets) = self.inbox.next().await?;
        let precedence = delivery.parcel.precedence;
        if delivery.cursor > 0 {
            self.cursors.set(precedence, delivery.cursor);
        }
        if let Some(read) = self.reads.iter_mut().find(|read| read.precedence == precedence) {
            read.used = read.used.saturating_add(u32::try_from(octets).unwrap_or(u32::MAX));
            if read.used >= CLIENT_CREDIT / 2 {
                let (number, used) = (read.number, std::mem::take(&mut read.used));
                read.lane.ask(|state| state.session.credit(number, used));
            }
        }
        Ok(delivery)
    }

    /// The cursors behind the last parcels given out.
    #[must_use]
    pub const fn cursors(&self) -> Cursors {
        self.cursors
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        for read in &self.reads {
            read.lane.ask(|state| {
                if state.reads.contains_key(&read.number) {
                    state.session.stop(read.number);
                }
            });
        }
    }
}
