//! The message under way: sent until it is found in the stream, or given up.

use super::batch::Header;
use super::cluster::Cluster;
use super::limits::RETRY_PAUSE;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use tokio::time::Instant;

/// The place a message was stored at, once the cluster says so; `None` when it says anything else,
/// or nothing.
type Answer = Pin<Box<dyn Future<Output = Option<u64>>>>;

/// The message under way.
pub(super) struct UnderWay {
    pub(super) header: Header,
    pub(super) message: Bytes,
    answer: Option<Answer>,
    /// Where the cluster says that it is.
    pub(super) stored_at: Option<u64>,
    /// When it is sent again.
    again: Instant,
    /// When nobody waits for it any more.
    pub(super) give_up: Instant,
}

impl UnderWay {
    pub(super) fn new(header: Header, message: Bytes, give_up: Instant) -> Self {
        let again = Instant::now();
        Self { header, message, answer: None, stored_at: None, again, give_up }
    }

    /// Sends it, if it is not known to be stored and no answer is awaited.
    pub(super) async fn send(&mut self, cluster: &Cluster) {
        if self.answer.is_some() || self.stored_at.is_some() || Instant::now() < self.again {
            return;
        }
        self.answer = send(cluster, self.header, self.message.clone()).await;
        self.pause();
    }

    fn pause(&mut self) {
        let now = Instant::now();
        self.again = now.checked_add(RETRY_PAUSE).unwrap_or(now);
    }

    /// Notes what the cluster said.
    fn answered(&mut self, place: Option<u64>) {
        self.answer = None;
        self.stored_at = place;
        self.pause();
    }
}

/// The next answer to the message under way: where it is stored. Never, when none is awaited.
pub(super) async fn answer_of(under_way: &mut Option<UnderWay>) -> Option<u64> {
    let Some(UnderWay { answer: Some(answer), .. }) = under_way else {
        return std::future::pending().await;
    };
    let place = answer.await;
    if let Some(sent) = under_way {
        sent.answered(place);
    }
    place
}

async fn send(cluster: &Cluster, header: Header, message: Bytes) -> Option<Answer> {
    let publish = PublishMessage::build()
        .payload(message)
        .message_id(header.message_id())
        .expected_stream(&cluster.name);
    let sent = cluster.context.send_publish(cluster.subject.clone(), publish).await.ok()?;
    // One that the cluster has already is answered with its place.
    Some(Box::pin(async move { sent.into_future().await.ok().map(|answer| answer.sequence) }))
}
