//! One connection: the control stream, then a task for each lane.

use super::drained;
use super::early::{Begun, Completion, begin};
use super::event::RelayEvent;
use super::hub::Shared;
use super::lane::serve_lane;
use crate::limits::READ_CHUNKS_MAX;
use crate::node::{Applicant, Leave, Node, Peer};
use crate::protocol::{CloseCode, ControlSession, SessionError, live_datagram};
use crate::rates::RateMeter;
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use quinn::{Connection, Incoming, RecvStream, SendStream, VarInt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Serves one connection until its client is gone or the relay drains.
pub(super) async fn serve(
    incoming: Incoming,
    shared: Arc<Shared>,
    mut drain: watch::Receiver<bool>,
) {
    let Some(Begun { connection, key, completion }) = begin(incoming).await else { return };
    let realm = shared.hub().node.realm();
    let session = ControlSession::new(realm, tokio::time::Instant::now().into_std());
    let mut control = Control {
        connection: &connection,
        shared: &shared,
        session,
        streams: None,
        meters: None,
        completion,
    };
    let greeted = tokio::select! {
        greeted = control.greet(key) => greeted,
        () = drained(&mut drain) => return close(&connection, CloseCode::ShuttingDown),
    };
    let leave = match greeted {
        Ok(Some(leave)) => leave,
        Ok(None) => return,
        Err(error) => return misbehaved(&connection, &shared, error),
    };
    shared.observer.note(&RelayEvent::Connected);
    let mut lanes = JoinSet::new();
    let ended = control.run(Peer { key, leave }, &mut lanes, &mut drain).await;
    if let Err(error) = ended {
        misbehaved(&connection, &shared, error);
    }
    // A lane ends by itself: its stream fails with the connection, or it has drained.
    while lanes.join_next().await.is_some() {}
    close(&connection, CloseCode::ShuttingDown);
    shared.observer.note(&RelayEvent::Disconnected);
}

struct Control<'a> {
    connection: &'a Connection,
    shared: &'a Arc<Shared>,
    session: ControlSession,
    streams: Option<(SendStream, RecvStream)>,
    /// For datagrams: of FLASH, and of all else.
    meters: Option<[RateMeter; 2]>,
    /// Where the handshake is not complete yet.
    completion: Option<Completion>,
}

impl Control<'_> {
    /// Reads the hello, has it judged, and answers it. `None`: the client is gone.
    async fn greet(
        &mut self,
        key: crate::key::TransportKey,
    ) -> Result<Option<Leave>, SessionError> {
        let deadline = self.session.deadline().map(Instant::from_std);
        let deadline = deadline.unwrap_or_else(Instant::now);
        let Ok(accepted) = tokio::time::timeout_at(deadline, self.connection.accept_bi()).await
        else {
            return Err(SessionError::NoHello);
        };
        let Ok((mut send, mut receive)) = accepted else { return Ok(None) };
        loop {
            let now = self.shared.now();
            let hello = self.session.next_hello(now.instant)?;
            if let Some(hello) = hello {
                drop_datagrams(self.connection);
                let applicant = Applicant { key, hello: &hello, now_seconds: now.seconds };
                let (leave, log) = admit(self.shared, &applicant)?;
                self.session.greet(log);
                if send.write_all(&self.session.take_output()).await.is_err() {
                    return Ok(None);
                }
                self.streams = Some((send, receive));
                return Ok(Some(leave));
            }
            let read = receive.read_chunk(usize::MAX, true);
            match tokio::time::timeout_at(deadline, read).await {
                Ok(Ok(Some(chunk))) => self.session.receive(chunk.bytes),
                Ok(Ok(None)) => return Err(self.session.end()),
                Ok(Err(_)) => return Ok(None),
                Err(_) => return Err(SessionError::NoHello),
            }
        }
    }

    /// Takes lanes, datagrams and whatever comes on the control stream.
    async fn run(
        &mut self,
        peer: Peer,
        lanes: &mut JoinSet<Result<(), SessionError>>,
        drain: &mut watch::Receiver<bool>,
    ) -> Result<(), SessionError> {
        let Some((mut send, mut receive)) = self.streams.take() else { return Ok(()) };
        let meter = |precedence| self.shared.meter(peer.leave, precedence);
        self.meters = meter(Precedence::Flash)
            .zip(meter(Precedence::Routine))
            .map(|(flash, rest)| [flash, rest]);
        let ended = self.run_on(&mut send, &mut receive, peer, lanes, drain).await;
        // Open "as long as the connection": also while the lanes drain.
        self.streams = Some((send, receive));
        ended
    }

    async fn run_on(
        &mut self,
        send: &mut SendStream,
        receive: &mut RecvStream,
        peer: Peer,
        lanes: &mut JoinSet<Result<(), SessionError>>,
        drain: &mut watch::Receiver<bool>,
    ) -> Result<(), SessionError> {
        loop {
            self.session.next_hello(tokio::time::Instant::now().into_std())?;
            let output = self.session.take_output();
            if !output.is_empty() && send.write_all(&output).await.is_err() {
                return Ok(());
            }
            let deadline = self.session.deadline().map(Instant::from_std);
            let too_slow = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let completion = self.completion.clone();
            let is_early = completion.is_some();
            let complete = async {
                match completion {
                    Some(completion) => completion.wait().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                accepted = self.connection.accept_bi() => match accepted {
                    Ok(streams) => {
                        let shared = Arc::clone(self.shared);
                        let (connection, completion) =
                            (self.connection.clone(), self.completion.clone());
                        lanes.spawn(serve_lane(shared, connection, peer, streams, completion));
                    }
                    Err(_) => return Ok(()),
                },
                Some(ended) = lanes.join_next() => {
                    if let Ok(Err(error)) = ended {
                        return Err(error);
                    }
                }
                () = complete => self.completion = None,
                // What is said live is not taken up before the handshake is complete either.
                datagram = self.connection.read_datagram(), if !is_early => match datagram {
                    Ok(datagram) => self.take_datagrams(peer.leave, &datagram)?,
                    Err(_) => return Ok(()),
                },
                chunk = receive.read_chunk(usize::MAX, true) => match chunk {
                    Ok(Some(chunk)) => self.session.receive(chunk.bytes),
                    Ok(None) => return Err(self.session.end()),
                    Err(_) => return Ok(()),
                },
                () = too_slow => self.session.check_time(tokio::time::Instant::now().into_std())?,
                () = drained(drain) => return Ok(()),
            }
        }
    }

    /// Hands over a datagram and those that came with it.
    fn take_datagrams(&mut self, leave: Leave, first: &Bytes) -> Result<(), SessionError> {
        let now = self.shared.now();
        let mut hub = self.shared.hub();
        let elapsed = self.shared.elapsed(now);
        let meters = &mut self.meters;
        let mut take = |node: &mut Node, octets: &[u8]| {
            take_datagram(node, leave, octets, now, (meters.as_mut(), elapsed))
        };
        let mut result = take(&mut hub.node, first);
        for _ in 0..READ_CHUNKS_MAX {
            let mut next = std::pin::pin!(self.connection.read_datagram());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let std::task::Poll::Ready(Ok(datagram)) = next.as_mut().poll(&mut context) else {
                break;
            };
            result = result.and(take(&mut hub.node, &datagram));
        }
        hub.finish();
        result
    }
}

/// A datagram "that comes before the hello has been read is dropped".
fn drop_datagrams(connection: &Connection) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        let next = std::pin::pin!(connection.read_datagram());
        if !matches!(next.poll(&mut context), std::task::Poll::Ready(Ok(_))) {
            return;
        }
    }
}

/// What a client may do, and the name of the logs.
fn admit(shared: &Shared, applicant: &Applicant<'_>) -> Result<(Leave, u64), SessionError> {
    let mut hub = shared.hub();
    let leave = hub.node.admit(applicant)?;
    Ok((leave, hub.node.log_name()))
}

fn take_datagram(
    node: &mut Node,
    leave: Leave,
    octets: &[u8],
    now: crate::node::Now,
    (meters, elapsed): (Option<&mut [RateMeter; 2]>, Duration),
) -> Result<(), SessionError> {
    if let Some(parcel) = live_datagram(octets)? {
        if let Some([flash, rest]) = meters {
            let is_flash = parcel.precedence == Precedence::Flash;
            let meter = if is_flash { flash } else { rest };
            if !meter.takes_live(parcel.envelope().len(), elapsed) {
                return Ok(());
            }
        }
        node.live_datagram(leave, &parcel, now);
    }
    Ok(())
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
