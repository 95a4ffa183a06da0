//! Writing: messages under way, answers in order. Anything but the answer that was to come ends it.

use super::batch::{self, Header, Kind};
use super::cluster::Cluster;
use super::driver::Driver;
use super::limits::LOOK_PAUSE;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use tokio::time::sleep;

/// The place a message was stored at, once the cluster says so; `None` when it says anything else,
/// or nothing.
pub(super) type Answer = Pin<Box<dyn Future<Output = Option<u64>>>>;

/// Sends a message that is stored only right behind a place.
pub(super) async fn send(
    cluster: &Cluster,
    header: Header,
    behind: u64,
    message: Bytes,
) -> Option<Answer> {
    let publish = PublishMessage::build()
        .payload(message)
        .message_id(header.message_id())
        .expected_stream(&cluster.name)
        .expected_last_sequence(behind);
    let sent = cluster.context.send_publish(cluster.subject.clone(), publish).await.ok()?;
    Some(Box::pin(async move {
        let answer = sent.into_future().await.ok()?;
        // No message is ever sent twice, so one that was there already is none of ours.
        (!answer.duplicate).then_some(answer.sequence)
    }))
}

impl Driver {
    /// Writes as this writer until something is in doubt: an answer that does not come or is not
    /// the one, or a lease that ends.
    pub(super) async fn write(&mut self, writer: u64) {
        let epoch = self.order.epoch();
        let mut last = self.place;
        let mut number = 0_u64;
        let mut answers: FuturesOrdered<Answer> = FuturesOrdered::new();
        let mut messages = std::collections::VecDeque::new();
        loop {
            while let Some(command) = self.ready_command() {
                self.obey(Some(command));
            }
            if self.is_done() || self.epoch().is_none() {
                return;
            }
            while self.waiting.under_way() < self.under_way && !self.waiting.nothing_to_send() {
                number = number.saturating_add(1);
                let octets = self.cluster.message_octets;
                let Some(sent) = self.waiting.pack(writer, number, octets) else { break };
                let header = Header { kind: Kind::Records, epoch, writer, number };
                let message: Bytes =
                    batch::encode(self.cluster.identity, header, sent.records()).into();
                messages.push_back((header, message.clone()));
                let Some(answer) = send(&self.cluster, header, last, message).await else { return };
                last = last.saturating_add(1);
                answers.push_back(answer);
            }
            tokio::select! {
                Some(stored) = answers.next(), if !answers.is_empty() => {
                    let next = self.place.saturating_add(1);
                    let (true, Some((header, message))) = (stored == Some(next), messages.pop_front())
                    else {
                        return;
                    };
                    self.place = next;
                    self.order.judge(&header);
                    self.reads.tail().keep(next, message);
                    self.waiting.stored(next, &self.reads);
                }
                command = self.next_command() => self.obey(command),
                // The lease may have ended.
                () = sleep(LOOK_PAUSE) => {}
            }
        }
    }
}
