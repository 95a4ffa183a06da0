//! Connections that are served before their handshake is complete.

use crate::key::TransportKey;
use crate::limits::CONNECT_WAIT;
use crate::protocol::CloseCode;
use crate::quic::peer_key;
use quinn::{Connecting, Connection, VarInt};
use tokio::sync::watch;

/// A connection whose client's key is known.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) connection: Connection,
    pub(super) key: TransportKey,
    /// Where the handshake is not complete yet.
    pub(super) completion: Option<Completion>,
}

/// Tells when a handshake is complete. Until then whoever sends may be repeating what the client once sent.
#[derive(Debug, Clone)]
pub(super) struct Completion(watch::Receiver<bool>);

impl Completion {
    /// Ready when the handshake is complete; never when it failed.
    pub(super) async fn wait(mut self) {
        if self.0.wait_for(|is_complete| *is_complete).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Takes a connection in as far as its client's key is known: "A resumed session carries the client key of the
/// one it resumes", so there it is known with the first datagram; otherwise only at the end of the handshake.
/// `None`: the handshake failed. That is the client's business; it learns why from TLS.
pub(super) async fn begin(connecting: Connecting) -> Option<Begun> {
    // On this side it never refuses: it says that we may speak before the client is done. What it resolves to is
    // whether the client spoke before; that it resolves, that the handshake is over, for better or worse.
    let (connection, over) = connecting.into_0rtt().ok()?;
    if let Some(key) = peer_key(&connection) {
        let (complete, is_complete) = watch::channel(false);
        let early = connection.clone();
        tokio::spawn(async move {
            match tokio::time::timeout(CONNECT_WAIT, over).await {
                Ok(_) if early.close_reason().is_none() => drop(complete.send(true)),
                // Whoever repeats a first datagram cannot complete the handshake.
                Ok(_) | Err(_) => early.close(VarInt::from_u32(CloseCode::NoHello.code()), b""),
            }
        });
        return Some(Begun { connection, key, completion: Some(Completion(is_complete)) });
    }
    tokio::time::timeout(CONNECT_WAIT, over).await.ok()?;
    let key = peer_key(&connection).filter(|_| connection.close_reason().is_none())?;
    Some(Begun { connection, key, completion: None })
}
