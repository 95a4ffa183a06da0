//! Who may write: an entry in a bucket, changed only by compare-and-set and renewed by its holder.
//!
//! The lease says who ought to write, so that two do not keep fencing one another out. That two do
//! not write at once does not depend on it, nor on a clock: that is the fence in the stream.
//!
//! The entry: octet 0 version 1, 1-8 a number the holder drew, then its name in UTF-8; without a name
//! the lease was given back. Its epoch is the entry's revision when it was taken.

use super::limits::{ANSWER_TIMEOUT, RETRY_PAUSE};
use async_nats::jetstream::kv;
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

/// What a store has to say of its partition's lease. Each is told when it becomes so, and again as the answer
/// to [`JetStreamStore::try_take`](super::JetStreamStore::try_take).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseEvent {
    /// This store writes: all that others had appended was told, and appends are taken.
    Mine {
        /// The lease's epoch.
        epoch: u64,
    },
    /// Another one does.
    Others {
        /// How it is called.
        holder: String,
    },
    /// Nobody renews it, or the cluster does not answer: it may be taken. `Mine` may follow without a
    /// call, when a silent cluster answers again before somebody else took the lease.
    Free,
}

/// Where a store's lease events go. It must not block.
pub type LeaseSink = Box<dyn Fn(LeaseEvent) + Send + Sync>;

/// What is known of the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LeaseState {
    Unknown,
    Free,
    Others(String),
    Mine { epoch: u64, until: Instant },
}

impl LeaseState {
    /// The epoch, when the lease is this store's and not over.
    pub(super) fn mine(&self) -> Option<u64> {
        match self {
            Self::Mine { epoch, until } if Instant::now() < *until => Some(*epoch),
            Self::Unknown | Self::Free | Self::Others(_) | Self::Mine { .. } => None,
        }
    }
}

/// What the keeper is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Take,
    /// Whether it is still this store's.
    Renew,
    GiveBack,
}

/// Watches the lease, takes and renews it.
pub(super) struct LeaseKeeper {
    pub(super) leases: kv::Store,
    pub(super) key: String,
    pub(super) holder: String,
    /// Tells this store's entries from those of an earlier one of the same name.
    pub(super) token: u64,
    pub(super) lease: Duration,
    pub(super) state: watch::Sender<LeaseState>,
    pub(super) wishes: mpsc::UnboundedReceiver<Wish>,
    /// The revision that was seen last, and since when.
    pub(super) seen: Option<(u64, Instant)>,
}

impl LeaseKeeper {
    /// Works until nobody can wish any more, or the lease was given back.
    pub(super) async fn run(mut self) {
        loop {
            let wish = tokio::select! {
                wish = self.wishes.recv() => match wish {
                    Some(wish) => Some(wish),
                    None => return,
                },
                () = sleep(self.lease.checked_div(8).unwrap_or(RETRY_PAUSE)) => None,
            };
            if wish == Some(Wish::GiveBack) {
                self.give_back().await;
                return;
            }
            let state = match self.own() {
                Some((epoch, revision, until)) => self.renew(epoch, revision, until).await,
                None => self.look(wish == Some(Wish::Take)).await,
            };
            // Told again when it was asked for, though it is as it was.
            self.state.send_if_modified(|old| {
                let changed = *old != state || wish == Some(Wish::Take);
                *old = state;
                changed
            });
        }
    }

    /// Epoch, last revision and end of this store's lease.
    fn own(&self) -> Option<(u64, u64, Instant)> {
        let LeaseState::Mine { epoch, until } = *self.state.borrow() else { return None };
        self.seen.map(|(revision, _)| (epoch, revision, until))
    }

    async fn renew(&mut self, epoch: u64, revision: u64, until: Instant) -> LeaseState {
        let before = Instant::now();
        if let Some(revision) = self.put(Some(revision), &self.holder).await {
            self.seen = Some((revision, before));
            return LeaseState::Mine { epoch, until: self.end(before) };
        }
        // The answer may have been lost, or somebody else took it.
        match self.entry().await {
            Some(Some((revision, token, _))) if token == self.token => {
                if self.seen.is_none_or(|(seen, _)| revision > seen) {
                    self.seen = Some((revision, before));
                }
            }
            Some(Some((seen, _, holder))) if seen > revision => {
                self.seen = Some((seen, Instant::now()));
                return LeaseState::Others(holder);
            }
            Some(_) | None => {}
        }
        if Instant::now() < until { LeaseState::Mine { epoch, until } } else { LeaseState::Free }
    }

    async fn look(&mut self, wanted: bool) -> LeaseState {
        let now = Instant::now();
        let (revision, free, holder) = match self.entry().await {
            None => return LeaseState::Unknown,
            Some(None) => (None, true, String::new()),
            Some(Some((revision, token, holder))) => {
                let since = match self.seen {
                    Some((seen, since)) if seen == revision => since,
                    _ => now,
                };
                self.seen = Some((revision, since));
                // Its own entry from before it lost the lease is as free as one given back.
                let free = holder.is_empty()
                    || token == self.token
                    || now.saturating_duration_since(since) >= self.lease;
                (Some(revision), free, holder)
            }
        };
        if !free {
            return LeaseState::Others(holder);
        }
        if wanted && let Some(epoch) = self.put(revision, &self.holder).await {
            self.seen = Some((epoch, now));
            return LeaseState::Mine { epoch, until: self.end(now) };
        }
        LeaseState::Free
    }

    async fn give_back(&mut self) {
        if let Some((_, revision, _)) = self.own() {
            match self.put(Some(revision), "").await {
                // Else it ends by itself.
                Some(_) | None => {}
            }
        }
    }

    fn end(&self, from: Instant) -> Instant {
        from.checked_add(self.lease).unwrap_or(from)
    }

    /// The entry's revision, number and name; `None` when the cluster does not answer.
    async fn entry(&self) -> Option<Option<(u64, u64, String)>> {
        let entry =
            timeout(ANSWER_TIMEOUT, self.leases.entry(self.key.clone())).await.ok()?.ok()?;
        Some(entry.map(|entry| {
            let (token, holder) = decode(&entry.value).unwrap_or_default();
            (entry.revision, token, holder)
        }))
    }

    /// Writes an entry over the one of this revision; its own revision when that worked.
    async fn put(&self, over: Option<u64>, holder: &str) -> Option<u64> {
        let value = encode(self.token, holder);
        let put = async {
            match over {
                Some(revision) => self.leases.update(&self.key, value, revision).await.ok(),
                None => self.leases.create(&self.key, value).await.ok(),
            }
        };
        timeout(ANSWER_TIMEOUT, put).await.ok()?
    }
}

fn encode(token: u64, holder: &str) -> Bytes {
    [&[1], &token.to_be_bytes()[..], holder.as_bytes()].concat().into()
}

fn decode(value: &[u8]) -> Option<(u64, String)> {
    let (token, name) = value.strip_prefix(&[1])?.split_first_chunk()?;
    let holder = std::str::from_utf8(name).ok()?;
    Some((u64::from_be_bytes(*token), holder.to_owned()))
}
