//! One connection: the hello, then a task for each lane.

use super::event::RelayEvent;
use super::lane::Lane;
use super::{Shared, drained};
use crate::key::TransportKey;
use crate::limits::{HELLO_WAIT, READ_OCTETS};
use crate::protocol::{CloseCode, RelaySession, SessionError};
use crate::quic::peer_key;
use quinn::{Connection, Incoming, RecvStream, SendStream, VarInt};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Serves one connection until its client is gone or the relay drains.
pub(super) async fn serve(
    incoming: Incoming,
    shared: Arc<Shared>,
    mut drain: watch::Receiver<bool>,
) {
    // A handshake that fails is the client's business; it learns why from TLS.
    let Ok(connection) = incoming.await else { return };
    let Some(client) = peer_key(&connection) else { return };
    let greeted = tokio::select! {
        greeted = tokio::time::timeout(HELLO_WAIT, greet(&connection, &shared)) => greeted,
        () = drained(&mut drain) => return,
    };
    let (session, send, receive) = match greeted {
        Ok(Ok(first_lane)) => first_lane,
        Ok(Err(Some(error))) => return misbehaved(&connection, &shared, error),
        Ok(Err(None)) => return,
        Err(_) => return close(&connection, CloseCode::NoHello),
    };
    shared.observer.note(&RelayEvent::Connected);
    let lanes = Lanes { connection: &connection, shared: &shared, client };
    lanes.run((session, send, receive), drain).await;
    shared.observer.note(&RelayEvent::Disconnected);
}

type FirstLane = (RelaySession, SendStream, RecvStream);

/// Reads the hello and writes its answer. `Err(None)`: the client is gone.
async fn greet(
    connection: &Connection,
    shared: &Shared,
) -> Result<FirstLane, Option<SessionError>> {
    let (mut send, mut receive) = connection.accept_bi().await.map_err(|_| None)?;
    let mut session = RelaySession::first_lane(shared.realm, shared.log);
    while !session.is_greeted() {
        let chunk = receive.read_chunk(READ_OCTETS, true).await.map_err(|_| None)?.ok_or(None)?;
        session.receive(&chunk.bytes);
        session.next_greeting().map_err(Some)?;
    }
    send.write_all(&session.take_output()).await.map_err(|_| None)?;
    Ok((session, send, receive))
}

struct Lanes<'a> {
    connection: &'a Connection,
    shared: &'a Arc<Shared>,
    client: TransportKey,
}

impl Lanes<'_> {
    async fn run(&self, first: FirstLane, mut drain: watch::Receiver<bool>) {
        let mut lanes = JoinSet::new();
        let lane = |(session, send, receive)| {
            Lane::new(session, send, receive, self.client, Arc::clone(self.shared))
        };
        lanes.spawn(lane(first).run(drain.clone()));
        loop {
            tokio::select! {
                accepted = self.connection.accept_bi() => match accepted {
                    Ok((send, receive)) => {
                        let next = (RelaySession::lane(), send, receive);
                        lanes.spawn(lane(next).run(drain.clone()));
                    }
                    Err(_) => break,
                },
                Some(ended) = lanes.join_next() => {
                    if let Ok(Err(error)) = ended {
                        misbehaved(self.connection, self.shared, error);
                        break;
                    }
                }
                () = drained(&mut drain) => break,
            }
        }
        // A lane ends by itself: its stream fails with the connection, or it has drained.
        while lanes.join_next().await.is_some() {}
        close(self.connection, CloseCode::ShuttingDown);
    }
}

fn misbehaved(connection: &Connection, shared: &Shared, error: SessionError) {
    shared.observer.note(&RelayEvent::Misbehaved { error });
    let code = VarInt::from_u32(error.close_code().code());
    connection.close(code, error.to_string().as_bytes());
}

/// Closing what is closed already changes nothing.
fn close(connection: &Connection, code: CloseCode) {
    connection.close(VarInt::from_u32(code.code()), code.name().as_bytes());
}
