//! The fetches and subscriptions of one lane.

use super::Shared;
use super::store::ReadJob;
use super::subscribers::{LiveParcel, Subscriber};
use crate::address::Address;
use crate::key::TransportKey;
use crate::limits::{FETCH_PARCELS_MAX, LIVE_QUEUE_MAX, SUBSCRIPTIONS_MAX};
use crate::node::{Grant, LiveStep, StoredPage, SubscriptionState, may_read};
use crate::protocol::{Read, Reason, RelaySession};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, mpsc, oneshot};

/// Names subscriptions towards the store.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

pub(super) struct Reading {
    client: TransportKey,
    shared: Arc<Shared>,
    /// What the store is still to be told, in order.
    jobs: VecDeque<ReadJob>,
    fetch: Option<Fetch>,
    subscriptions: BTreeMap<u64, Open>,
    page: Option<Page>,
    /// The subscription whose page was read last: they take turns.
    last_turn: u64,
    live: (mpsc::Sender<LiveParcel>, mpsc::Receiver<LiveParcel>),
    lag: Arc<Notify>,
}

struct Fetch {
    number: u64,
    address: Address,
    cursor: u64,
    limit: u16,
}

/// An open subscription.
struct Open {
    id: u64,
    address: Address,
    grant: Grant,
    state: SubscriptionState,
}

/// A page of the log that is on its way.
struct Page {
    number: u64,
    is_fetch: bool,
    answer: oneshot::Receiver<Result<StoredPage, Reason>>,
}

/// What a reading waited for.
pub(super) enum Happened {
    Told,
    Page(Result<StoredPage, Reason>),
    Live(LiveParcel),
    Lagged,
}

impl Reading {
    pub(super) fn new(client: TransportKey, shared: Arc<Shared>) -> Self {
        Self {
            client,
            shared,
            jobs: VecDeque::new(),
            fetch: None,
            subscriptions: BTreeMap::new(),
            page: None,
            last_turn: 0,
            live: mpsc::channel(LIVE_QUEUE_MAX),
            lag: Arc::new(Notify::new()),
        }
    }

    fn grant(&self, read: &Read) -> Result<Grant, Reason> {
        let now_seconds = self.shared.clock.now_seconds();
        may_read(self.client, &read.address, &read.delegation, self.shared.realm, now_seconds)
    }

    pub(super) fn fetch(
        &mut self,
        number: u64,
        read: Read,
        limit: u16,
        session: &mut RelaySession,
    ) {
        match self.grant(&read) {
            Ok(_) => {
                let Read { address, cursor, .. } = read;
                self.fetch = Some(Fetch { number, address, cursor, limit });
            }
            Err(reason) => session.refuse(number, reason),
        }
    }

    pub(super) fn subscribe(&mut self, number: u64, read: Read, session: &mut RelaySession) {
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return session.refuse(number, Reason::TooMany);
        }
        let grant = match self.grant(&read) {
            Ok(grant) => grant,
            Err(reason) => return session.refuse(number, reason),
        };
        let Read { address, cursor, .. } = read;
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let (queue, lag) = (self.live.0.clone(), Arc::clone(&self.lag));
        let subscriber = Subscriber { id, number, queue, lag };
        // Before the first page is asked for, so that nothing is stored unseen between the two.
        self.jobs.push_back(ReadJob::Subscribe { address, subscriber });
        let state = SubscriptionState::new(cursor);
        self.subscriptions.insert(number, Open { id, address, grant, state });
    }

    pub(super) fn unsubscribe(&mut self, number: u64, session: &mut RelaySession) {
        if let Some(cursor) = self.close(number) {
            session.end(number, cursor, false);
        }
    }

    pub(super) fn end_subscriptions(&mut self, session: &mut RelaySession) {
        while let Some(number) = self.subscriptions.keys().next().copied() {
            self.unsubscribe(number, session);
        }
    }

    /// Forgets a subscription; the store is told later. Returns its cursor.
    fn close(&mut self, number: u64) -> Option<u64> {
        let Open { id, address, state, .. } = self.subscriptions.remove(&number)?;
        self.jobs.push_back(ReadJob::Unsubscribe { address, id });
        Some(state.cursor())
    }

    /// Tells the store about every subscription that is gone with its lane.
    pub(super) async fn close_all(mut self) {
        while let Some(number) = self.subscriptions.keys().next().copied() {
            self.close(number);
        }
        for job in self.jobs {
            if self.shared.store.reads.send(job).await.is_err() {
                return;
            }
        }
    }

    pub(super) const fn has_fetch(&self) -> bool {
        self.fetch.is_some()
    }

    /// Whether nothing is asked of the store or expected from it.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.fetch.is_none() && self.page.is_none()
    }

    /// Asks for the next page of the log, if one is needed and none is on its way.
    pub(super) fn start_page(&mut self) {
        if self.page.is_some() {
            return;
        }
        let (number, is_fetch, address, cursor, limit) = if let Some(fetch) = self.fetch.take() {
            (fetch.number, true, fetch.address, fetch.cursor, fetch.limit)
        } else {
            let last_turn = self.last_turn;
            let mut behind = self.subscriptions.iter_mut().filter(|open| open.1.state.reads_log());
            let first = behind.next();
            let next = match first {
                Some(first) if *first.0 > last_turn => Some(first),
                first => behind.find(|open| *open.0 > last_turn).or(first),
            };
            let Some((number, open)) = next else { return };
            (*number, false, open.address, open.state.start_page(), FETCH_PARCELS_MAX)
        };
        if !is_fetch {
            self.last_turn = number;
        }
        let (answer, page) = oneshot::channel();
        self.page = Some(Page { number, is_fetch, answer: page });
        self.jobs.push_back(ReadJob::Page { address, cursor, limit, answer });
    }

    /// Waits for what comes next. Cancelling loses nothing.
    pub(super) async fn next(&mut self, reads: &mpsc::Sender<ReadJob>, has_room: bool) -> Happened {
        let Self { jobs, page, live, lag, .. } = self;
        tokio::select! {
            Ok(permit) = reads.reserve(), if !jobs.is_empty() => {
                if let Some(job) = jobs.pop_front() {
                    permit.send(job);
                }
                Happened::Told
            }
            page = arrival(page) => Happened::Page(page),
            Some(live) = live.1.recv(), if has_room => Happened::Live(live),
            () = lag.notified() => Happened::Lagged,
        }
    }

    /// Takes up what happened.
    pub(super) fn take(&mut self, happened: Happened, session: &mut RelaySession) {
        match happened {
            Happened::Told => {}
            Happened::Lagged => {
                self.subscriptions.values_mut().for_each(|open| open.state.lagged());
            }
            Happened::Live(live) => self.take_live(&live, session),
            Happened::Page(result) => {
                let Some(Page { number, is_fetch, .. }) = self.page.take() else { return };
                if is_fetch {
                    give_fetched(number, result, session);
                } else {
                    self.take_page(number, result, session);
                }
            }
        }
    }

    fn take_live(&mut self, live: &LiveParcel, session: &mut RelaySession) {
        if !self.still_granted(live.number, session) {
            return;
        }
        let Some(open) = self.subscriptions.get_mut(&live.number) else { return };
        if open.state.live(live.cursor, live.previous) == LiveStep::Deliver {
            session.deliver(live.number, live.cursor, &live.octets);
        }
    }

    fn take_page(
        &mut self,
        number: u64,
        result: Result<StoredPage, Reason>,
        session: &mut RelaySession,
    ) {
        if !self.still_granted(number, session) {
            return;
        }
        match result {
            Ok(page) => {
                let Some(open) = self.subscriptions.get_mut(&number) else { return };
                for (cursor, octets) in &page.parcels {
                    session.deliver(number, *cursor, octets);
                }
                open.state.page(page.cursor, page.more);
            }
            Err(reason) => {
                self.close(number);
                session.refuse(number, reason);
            }
        }
    }

    /// spec/06-relay.md: "A subscription whose delegation expires is refused". Also false for one
    /// that is closed.
    fn still_granted(&mut self, number: u64, session: &mut RelaySession) -> bool {
        let now_seconds = self.shared.clock.now_seconds();
        match self.subscriptions.get(&number) {
            None => false,
            Some(open) if open.grant.holds(now_seconds) => true,
            Some(_) => {
                self.close(number);
                session.refuse(number, Reason::DelegationExpired);
                false
            }
        }
    }
}

fn give_fetched(number: u64, result: Result<StoredPage, Reason>, session: &mut RelaySession) {
    match result {
        Ok(page) => {
            for (cursor, octets) in &page.parcels {
                session.deliver(number, *cursor, octets);
            }
            session.end(number, page.cursor, page.more);
        }
        Err(reason) => session.refuse(number, reason),
    }
}

/// The page on its way; never, without one.
async fn arrival(page: &mut Option<Page>) -> Result<StoredPage, Reason> {
    match page {
        // The store's thread answers every question, or is gone for good.
        Some(page) => (&mut page.answer).await.unwrap_or(Err(Reason::TryLater)),
        None => std::future::pending().await,
    }
}
