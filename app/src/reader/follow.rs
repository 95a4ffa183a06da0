//! Everything as it comes, from all relays beside each other.

use super::Reader;
use super::link::{Link, News, What};
use crate::arrivals::{Anchoring, Answer};
use crate::clock;
use crate::device::retention::LOOK_EVERY;
use crate::device::watch::flashes::RelayKey;
use crate::exit::{Exit, Failure, Outcome};
use crate::network;
use crate::outbox;
use chappe_relay::rotation;
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What waits to be dealt with.
const QUEUE: usize = 64;

/// How long to wait before trying a relay or ledger again.
const RETRY: Duration = Duration::from_millis(500);

/// The same for one of several relays that refused this device or showed another key.
const RETRY_REFUSED: Duration = Duration::from_secs(60);

/// How often it is looked whether something is to be asked for or answered.
const INQUIRE_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked whether a relay lacks what another had.
const COMPARE_EVERY: Duration = Duration::from_secs(5);

/// How often it is looked whether something is missing that was said.
const MISS_EVERY: Duration = Duration::from_secs(20);

/// How long a relay that is read all the time may take with what another had, and with what is missing.
const LATE_AFTER: Duration = Duration::from_secs(60);

/// How one relay is doing.
struct State {
    attempt: u64,
    /// Since when it is read to its end.
    since: Option<Instant>,
    /// Whether it was told that it is away.
    is_told_away: bool,
    /// Whether the mailboxes of the epochs before have been read.
    is_drained: bool,
}

/// All of them.
struct Links {
    states: Vec<State>,
    tasks: JoinSet<()>,
    news: mpsc::Sender<News>,
}

impl Reader<'_> {
    /// Goes on until it is told to end or this device cannot. A relay or ledger that goes away is tried again.
    pub(crate) async fn follow(&mut self, shutdown: impl Future<Output = ()>) -> Outcome<()> {
        let (sender, mut news) = mpsc::channel(QUEUE);
        let fresh = || State { attempt: 0, since: None, is_told_away: false, is_drained: false };
        let states = self.sources.relays.iter().map(|_| fresh()).collect();
        let mut links = Links { states, tasks: JoinSet::new(), news: sender };
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            self.begin_all(&mut links)?;
            let is_over = tokio::select! {
                listened = self.listen(&mut links, &mut news) => { listened?; false }
                () = &mut shutdown => true,
            };
            // Other mailboxes are to be read. What was not taken by then is read again.
            links.tasks.abort_all();
            if is_over {
                return self.miss(&links, true);
            }
        }
    }

    fn begin_all(&self, links: &mut Links) -> Outcome<()> {
        for place in 0..self.sources.relays.len() {
            self.begin(links, place, Duration::ZERO)?;
        }
        Ok(())
    }

    /// Begins to read a relay, after a pause.
    fn begin(&self, links: &mut Links, place: usize, pause: Duration) -> Outcome<()> {
        let Some(relay) = self.sources.relays.get(place).cloned() else { return Ok(()) };
        let Some(state) = links.states.get_mut(place) else { return Ok(()) };
        (state.attempt, state.since) = (state.attempt.saturating_add(1), None);
        let now = clock::now_seconds();
        let read = rotation::epochs_read(now);
        let mut followed = Vec::new();
        for epoch in read.clone() {
            followed.push((network::secret_in(self.device, epoch), self.addresses(epoch)?));
        }
        let mut drained = Vec::new();
        let earlier = rotation::epochs_stored(now).filter(|epoch| !read.contains(epoch));
        for epoch in earlier.filter(|_| !state.is_drained) {
            let card = self.device.identity.card();
            let mailbox = outbox::mailbox_in(card, self.device.realm, epoch)?;
            drained.push((network::secret_in(self.device, epoch), mailbox));
        }
        let (realm, attempt, news) = (self.device.realm, state.attempt, links.news.clone());
        let link = Link { relay, realm, followed, drained, place, attempt, news };
        links.tasks.spawn(link.run(pause));
        Ok(())
    }

    /// Deals with what comes until another mailbox is to be read.
    async fn listen(&mut self, links: &mut Links, news: &mut mpsc::Receiver<News>) -> Outcome<()> {
        let now = clock::now_seconds();
        let until_change = Duration::from_secs(rotation::next_change(now).saturating_sub(now));
        let change = Instant::now() + until_change;
        let mut retention = tokio::time::interval(LOOK_EVERY);
        let mut inquiries = tokio::time::interval(INQUIRE_EVERY);
        let mut comparing = tokio::time::interval(COMPARE_EVERY);
        let mut missing = tokio::time::interval(MISS_EVERY);
        loop {
            if self.anchoring.is_none() && self.anchor_at <= Instant::now() {
                self.anchoring = self.desk.begin_anchoring()?;
            }
            tokio::select! {
                biased;
                // Never the end of it: `links` holds a sender.
                Some(news) = news.recv() => self.heard(links, news)?,
                () = tokio::time::sleep_until(change) => return Ok(()),
                _ = retention.tick() => self.received.keep_retention()?,
                _ = comparing.tick() => self.compare_all(links)?,
                _ = missing.tick() => self.miss(links, false)?,
                _ = inquiries.tick() => {
                    if links.states.iter().any(|state| state.since.is_some()) {
                        match self.correspond().await {
                            // It waits with what else is queued.
                            Err(failure) if failure.exit == Exit::TryLater => {
                                self.report.note(&failure.to_string());
                            }
                            corresponded => corresponded?,
                        }
                    }
                }
                answer = answered(&mut self.anchoring) => self.anchored(answer?)?,
                () = tokio::time::sleep_until(self.anchor_at), if self.anchoring.is_none()
                    && self.anchor_at > Instant::now() => {}
                // Ended tasks have said why.
                Some(_) = links.tasks.join_next() => {}
            }
        }
    }

    fn heard(&mut self, links: &mut Links, News { place, attempt, what }: News) -> Outcome<()> {
        let relay = self.name_of(place);
        let is_one_of_several = self.sources.relays.len() > 1;
        let Some(state) = links.states.get_mut(place).filter(|state| state.attempt == attempt)
        else {
            return Ok(());
        };
        match what {
            What::Asked { log, address, answer } => {
                // Who asked may be gone.
                answer.send(self.cursors(log, address)).ok();
                Ok(())
            }
            What::Delivered { log, delivery } => self.take(place, log, *delivery),
            What::Online => {
                if std::mem::take(&mut state.is_told_away) {
                    let back = if is_one_of_several { relay } else { "the relay".to_owned() };
                    self.report.event("online", &format!("{back} is back"), json!({}));
                }
                Ok(())
            }
            What::Drained => {
                (state.is_drained, state.since) = (true, Some(Instant::now()));
                Ok(())
            }
            What::Lost(failure) if failure.exit != Exit::TryLater && !is_one_of_several => {
                Err(failure)
            }
            What::Lost(failure) => {
                if !std::mem::replace(&mut state.is_told_away, true) {
                    self.tell_away(&failure);
                }
                let is_refused = failure.exit != Exit::TryLater;
                self.begin(links, place, if is_refused { RETRY_REFUSED } else { RETRY })
            }
        }
    }

    fn tell_away(&self, failure: &Failure) {
        let text = format!("{failure}; trying again");
        self.report.event("offline", &text, json!({"message": text}));
    }

    fn compare_all(&mut self, links: &Links) -> Outcome<()> {
        let since = self.read_since(links);
        let (now, late) = (clock::now_seconds(), LATE_AFTER.as_secs());
        self.tell_withheld(&|home, heard| {
            let since = since.iter().find(|(key, _)| key == home);
            since.is_some_and(|(_, since)| now.saturating_sub(heard.max(*since)) >= late)
        })
    }

    /// Says what is missing. That something has come that was is said as well while no relay is read.
    fn miss(&mut self, links: &Links, is_last: bool) -> Outcome<()> {
        let noticed_by = clock::now_seconds().saturating_sub(LATE_AFTER.as_secs());
        let mut read = self.read_since(links);
        read.retain(|(_, since)| *since <= noticed_by);
        let read: Vec<RelayKey> = read.into_iter().map(|(key, _)| key).collect();
        self.tell_missing(&read, if read.is_empty() { 0 } else { noticed_by }, is_last)
    }

    /// The relays that are read to their end just now, and since when, in seconds since 1970.
    fn read_since(&self, links: &Links) -> Vec<(RelayKey, u64)> {
        let now = clock::now_seconds();
        let ago = |since: Instant| now.saturating_sub(since.elapsed().as_secs());
        let states = links.states.iter().map(|state| state.since.map(ago));
        self.keys().into_iter().zip(states).filter_map(|(key, since)| Some((key, since?))).collect()
    }

    /// A ledger that is away is tried again; the statement waits.
    fn anchored(&mut self, (kept, answer): Answer) -> Outcome<()> {
        self.anchoring = None;
        if let Err(failure) = self.desk.finish_anchoring(kept, answer, &mut self.received) {
            if failure.exit != Exit::TryLater {
                return Err(failure);
            }
            self.report.note(&failure.to_string());
            self.anchor_at = Instant::now() + RETRY;
        }
        Ok(())
    }
}

/// The ledger's answer, when something is under way.
async fn answered(anchoring: &mut Option<Anchoring>) -> Outcome<Answer> {
    match anchoring {
        Some(anchoring) => anchoring.wait().await,
        None => std::future::pending().await,
    }
}
