//! The task of one peer: connects, forwards what waits, replicates topics, and connects again.

use super::event::RelayEvent;
use super::federation::PeerOptions;
use super::hub::Shared;
use super::replica::replicate;
use super::sockets::Sockets;
use crate::client::{ClientError, PendingAck, RelayClient};
use crate::federation::{Federation, Jitter, Outgoing, PeerId, QueueName};
use crate::limits::{
    CONNECT_WAIT, PEER_ANSWER_WAIT, PEER_TOPICS_MAX, RECONNECT_FIRST, RECONNECT_MOST,
};
use std::io;
use std::sync::Arc;
use std::task::Poll;
use tokio::net::lookup_host;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The task of one peer.
#[derive(Debug)]
pub(super) struct PeerTask {
    id: PeerId,
    options: PeerOptions,
    sockets: Sockets,
    jitter: Jitter,
    failures: u32,
}

impl PeerTask {
    pub(super) fn new(id: PeerId, options: PeerOptions, sockets: Sockets, seed: u64) -> Self {
        Self { id, options, sockets, jitter: Jitter::new(seed), failures: 0 }
    }

    /// Runs until the relay ends it.
    pub(super) async fn run(mut self, shared: Arc<Shared>) {
        loop {
            let error = match self.connect().await {
                Ok(client) => {
                    self.failures = 0;
                    let client = Arc::new(client);
                    self.tell(&shared, Federation::connected);
                    shared
                        .observer
                        .note(&RelayEvent::PeerReached { name: self.options.name.clone() });
                    let error = self.serve(&shared, &client).await;
                    self.tell(&shared, Federation::lost);
                    error
                }
                Err(error) => error,
            };
            self.failures = self.failures.saturating_add(1);
            // Once, not with each attempt.
            if self.failures == 1 {
                let name = self.options.name.clone();
                shared.observer.note(&RelayEvent::PeerLost { name, error });
            }
            let pause = self.jitter.pause(self.failures, RECONNECT_FIRST, RECONNECT_MOST);
            tokio::time::sleep(pause).await;
        }
    }

    async fn connect(&self) -> Result<RelayClient, ClientError> {
        let resolved = timeout(CONNECT_WAIT, lookup_host(&self.options.address)).await;
        let addresses =
            resolved.map_err(|_| ClientError::NoAnswer)?.map_err(ClientError::Socket)?;
        let mut failed = ClientError::Socket(io::Error::from(io::ErrorKind::NotFound));
        for address in addresses {
            for connector in self.sockets.towards(address) {
                match connector.connect(address).await {
                    Ok(client) => return Ok(client),
                    Err(error) => failed = error,
                }
            }
        }
        Err(failed)
    }

    /// Forwards and replicates until the connection is lost.
    async fn serve(&self, shared: &Arc<Shared>, client: &Arc<RelayClient>) -> ClientError {
        let mut replicas = JoinSet::new();
        for topic in self.options.topics.iter().take(PEER_TOPICS_MAX) {
            let (shared, client) = (Arc::clone(shared), Arc::clone(client));
            replicas.spawn(replicate(shared, client, (self.id, self.options.key), *topic));
        }
        // FLASH by itself: it waits for nothing that is not.
        tokio::select! {
            error = client.closed() => error,
            error = self.forward(shared, client, QueueName::Flash) => error,
            error = self.forward(shared, client, QueueName::Rest) => error,
        }
    }

    async fn forward(
        &self,
        shared: &Shared,
        client: &RelayClient,
        queue: QueueName,
    ) -> ClientError {
        let mut answers: JoinSet<(u64, Result<(), ClientError>)> = JoinSet::new();
        loop {
            let outgoing = std::future::poll_fn(|context| {
                let mut hub = shared.hub();
                let Some(federation) = hub.node.federation() else { return Poll::Pending };
                let outgoing = federation.take_outgoing(self.id, queue, context.waker());
                if outgoing.is_empty() { Poll::Pending } else { Poll::Ready(outgoing) }
            });
            tokio::select! {
                outgoing = outgoing => {
                    for Outgoing { sequence, hops_left, parcel } in outgoing {
                        match client.start_forward(parcel, &[], hops_left).await {
                            Ok(pending) => drop(answers.spawn(answer(sequence, pending))),
                            Err(error) => return error,
                        }
                    }
                }
                Some(first) = answers.join_next() => {
                    let mut next = Some(first);
                    let mut answered = Vec::new();
                    while let Some(one) = next {
                        answered.extend(one);
                        next = answers.try_join_next();
                    }
                    if let Some(error) = self.take_answers(shared, queue, answered) {
                        return error;
                    }
                }
            }
        }
    }

    /// Brings answers to the queue. An error when the connection is of no use any more.
    fn take_answers(
        &self,
        shared: &Shared,
        queue: QueueName,
        answers: Vec<(u64, Result<(), ClientError>)>,
    ) -> Option<ClientError> {
        let now = shared.now();
        let mut hub = shared.hub();
        let federation = hub.node.federation()?;
        let mut failed = None;
        for (sequence, answer) in answers {
            match answer {
                Ok(()) => federation.acknowledged(self.id, queue, sequence, now),
                Err(ClientError::Refused(reason)) => {
                    federation.refused(self.id, queue, sequence, reason, now);
                }
                Err(error) => failed = Some(error),
            }
        }
        hub.finish();
        failed
    }

    fn tell(&self, shared: &Shared, tell: fn(&mut Federation, PeerId, crate::node::Now)) {
        let now = shared.now();
        let mut hub = shared.hub();
        if let Some(federation) = hub.node.federation() {
            tell(federation, self.id, now);
        }
        hub.finish();
    }
}

/// Waits for a peer's answer; a peer that gives none for long is as good as gone.
async fn answer(sequence: u64, pending: PendingAck) -> (u64, Result<(), ClientError>) {
    let answer = timeout(PEER_ANSWER_WAIT, pending.wait()).await;
    let answer = answer.unwrap_or(Err(ClientError::NoAnswer)).map(|_| ());
    (sequence, answer)
}
