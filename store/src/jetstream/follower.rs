//! The task that hands over what the stream holds, in order and without gaps.

use super::cluster::{Cluster, failed};
use super::limits::{FOLLOW_LOOK, PULL_EXPIRY, PULL_HEARTBEAT, RETRY_PAUSE};
use crate::error::StoreError;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use bytes::Bytes;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What comes next in the stream.
pub(super) enum Next {
    /// The message at this place.
    Message(u64, Bytes),
    /// Everything up to this place is gone.
    Gone(u64),
}

/// The task; ends with this.
pub(super) struct Follower {
    pub(super) next: mpsc::Receiver<Next>,
    task: JoinHandle<()>,
}

impl Follower {
    /// Follows from behind a place.
    pub(super) fn behind(place: u64, cluster: Cluster) -> Self {
        let (sender, next) = mpsc::channel(64);
        Self { next, task: tokio::spawn(follow(cluster, place, sender)) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(cluster: Cluster, mut place: u64, sender: mpsc::Sender<Next>) {
    loop {
        let Ok((first, _)) = cluster.ends().await else {
            sleep(RETRY_PAUSE).await;
            continue;
        };
        let gone = first.saturating_sub(1);
        if gone > place {
            place = gone;
            if sender.send(Next::Gone(gone)).await.is_err() {
                return;
            }
        }
        let Ok(mut messages) = messages(&cluster, place.saturating_add(1)).await else {
            sleep(RETRY_PAUSE).await;
            continue;
        };
        // An error, a gap, or a consumer that stands still: begun anew from what was handed over.
        loop {
            let next = tokio::select! {
                next = messages.next() => next,
                () = held_back(&cluster, place) => break,
            };
            let Some(Ok(message)) = next else { break };
            let Ok(at) = message.info().map(|info| info.stream_sequence) else { break };
            if at <= place {
                continue;
            }
            if at != place.saturating_add(1) {
                break;
            }
            place = at;
            if sender.send(Next::Message(at, message.message.payload)).await.is_err() {
                return;
            }
        }
        sleep(RETRY_PAUSE).await;
    }
}

/// Returns once the stream has had more than this for two looks. A consumer may hold a message back until the
/// next one comes and show with each heartbeat that it is well (seen with nats-server 2.10.27 where another server
/// had died): "Who got nothing for a while compares its place with the end of the stream" (spec/15-store.md).
async fn held_back(cluster: &Cluster, place: u64) {
    let mut was_behind = false;
    loop {
        sleep(FOLLOW_LOOK).await;
        let is_behind = matches!(cluster.ends().await, Ok((_, last)) if last > place);
        if is_behind && was_behind {
            return;
        }
        was_behind = is_behind;
    }
}

async fn messages(cluster: &Cluster, from: u64) -> Result<pull::Stream, StoreError> {
    let consumer = cluster
        .stream
        .create_consumer(pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
            ack_policy: AckPolicy::None,
            inactive_threshold: Duration::from_secs(10),
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        })
        .await
        .map_err(failed("follow", &cluster.name))?;
    consumer
        .stream()
        .max_messages_per_batch(64)
        .expires(PULL_EXPIRY)
        .heartbeat(PULL_HEARTBEAT)
        .messages()
        .await
        .map_err(failed("follow", &cluster.name))
}
