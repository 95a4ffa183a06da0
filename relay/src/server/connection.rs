//! One connection: the control stream, then a task for each lane.

use super::course::{Order, Orders};
use super::early::{Begun, Completion, begin};
use super::event::RelayEvent;
use super::handshakes::Arrival;
use super::hub::Shared;
use super::lane::serve_lane;
use crate::counts::Counts;
use crate::limits::{HANDSHAKE_TURN_WAIT, READ_CHUNKS_MAX};
use crate::node::{Applicant, Leave, Node, Peer};
use crate::protocol::{
    CloseCode, ConnectionRole, ControlSession, Hello, SessionError, VERSION, live_datagram,
};
use crate::rates::RateMeter;
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use quinn::{Connection, RecvStream, SendStream, VarInt};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Serves one connection until its client is gone or the relay drains.
pub(super) async fn serve(
    (incoming, mut handshake): Arrival,
    shared: Arc<Shared>,
    mut orders: Orders,
) {
    let has_turn = tokio::select! {
        turn = timeout(HANDSHAKE_TURN_WAIT, handshake.turn()) => turn.is_ok(),
        () = orders.drained() => false,
    };
    if !has_turn {
        // The client asks again; another relay, if this one is gone by then.
        return incoming.ignore();
    }
    let Ok(connecting) = handshake.accept(*incoming) else { return };
    let begun = begin(connecting).await;
    drop(handshake);
    let Some(Begun { connection, key, completion }) = begun else { return };
    let realm = shared.hub().node.realm();
    let session = ControlSession::new(realm, tokio::time::Instant::now().into_std());
    let mut control = Control {
        connection: &connection,
        shared: &shared,
        session,
        streams: None,
        shown: None,
        meters: None,
        meters_changes: 0,
        completion,
    };
    let greeted = tokio::select! {
        greeted = control.greet(key) => greeted,
        () = orders.drained() => return close(&connection, CloseCode::ShuttingDown),
    };
    let leave = match greeted {
        Ok(Some(leave)) => leave,
        Ok(None) => return,
        Err(error) => {
            shared.counts.refuse_hello(error.close_code());
            return misbehaved(&connection, &shared, error);
        }
    };
    shared.observer.note(&RelayEvent::Connected);
    let mut lanes = JoinSet::new();
    let ended = control.run(Peer { key, leave }, &mut lanes, &mut orders).await;
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
    /// What was shown beside the key, if anything was.
    shown: Option<Box<Shown>>,
    /// For datagrams: of FLASH, and of all else.
    meters: Option<[RateMeter; 2]>,
    /// How often rates had been changed when those were got.
    meters_changes: u64,
    /// Where the handshake is not complete yet.
    completion: Option<Completion>,
}

/// What a client's hello showed, kept to be judged anew.
struct Shown {
    role: ConnectionRole,
    certificate: Box<[u8]>,
    invitation: Box<[u8]>,
}

impl Shown {
    /// `None` for a client that showed nothing: of such there may be very many.
    fn of(hello: &Hello<'_>) -> Option<Box<Self>> {
        let Hello { role, certificate, invitation, .. } = hello;
        let is_plain =
            *role == ConnectionRole::Client && certificate.is_empty() && invitation.is_empty();
        let (certificate, invitation) = ((*certificate).into(), (*invitation).into());
        (!is_plain).then(|| Box::new(Self { role: *role, certificate, invitation }))
    }
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
                self.shown = Shown::of(&hello);
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
        orders: &mut Orders,
    ) -> Result<(), SessionError> {
        let Some((mut send, mut receive)) = self.streams.take() else { return Ok(()) };
        self.get_meters(peer.leave);
        let ended = self.run_on(&mut send, &mut receive, peer, lanes, orders).await;
        // Open "as long as the connection": also while the lanes drain.
        self.streams = Some((send, receive));
        ended
    }

    fn get_meters(&mut self, leave: Leave) {
        self.meters_changes = self.shared.rates_changes();
        let meter = |precedence| self.shared.meter(leave, precedence);
        self.meters = meter(Precedence::Flash)
            .zip(meter(Precedence::Routine))
            .map(|(flash, rest)| [flash, rest]);
    }

    /// "Whoever is connected is judged anew" (spec/06-relay.md, "Admission").
    async fn review(&self, peer: &mut Peer) -> Result<(), SessionError> {
        // An error means that the relay itself is gone.
        let Ok(_turn) = self.shared.review.acquire().await else { return Ok(()) };
        let (certificate, invitation, role) = match &self.shown {
            Some(shown) => (&*shown.certificate, &*shown.invitation, shown.role),
            None => (&[][..], &[][..], ConnectionRole::Client),
        };
        let mut hub = self.shared.hub();
        let realm = hub.node.realm();
        let hello = Hello { role, realm, versions: vec![VERSION], certificate, invitation };
        let now_seconds = self.shared.now().seconds;
        let leave = hub.node.review(&Applicant { key: peer.key, hello: &hello, now_seconds });
        let highest = leave.inspect_err(|_| self.shared.counts.end_admission())?.highest;
        if highest != peer.leave.highest {
            hub.node.limit(peer, highest);
            peer.leave.highest = highest;
        }
        Ok(())
    }

    async fn run_on(
        &mut self,
        send: &mut SendStream,
        receive: &mut RecvStream,
        mut peer: Peer,
        lanes: &mut JoinSet<Result<(), SessionError>>,
        orders: &mut Orders,
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
                order = orders.next() => match order {
                    Order::Review => self.review(&mut peer).await?,
                    Order::Drain => return Ok(()),
                },
            }
        }
    }

    /// Hands over a datagram and those that came with it.
    fn take_datagrams(&mut self, leave: Leave, first: &Bytes) -> Result<(), SessionError> {
        let now = self.shared.now();
        if self.meters_changes != self.shared.rates_changes() {
            self.get_meters(leave);
        }
        let counts = &self.shared.counts;
        let mut hub = self.shared.hub();
        let elapsed = self.shared.elapsed(now);
        let meters = &mut self.meters;
        let mut take = |node: &mut Node, octets: &[u8]| {
            take_datagram(node, leave, octets, now, (meters.as_mut(), elapsed, counts))
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
    (meters, elapsed, counts): (Option<&mut [RateMeter; 2]>, Duration, &Counts),
) -> Result<(), SessionError> {
    if let Some(parcel) = live_datagram(octets)? {
        if let Some([flash, rest]) = meters {
            let is_flash = parcel.precedence == Precedence::Flash;
            let meter = if is_flash { flash } else { rest };
            if !meter.takes_live(parcel.envelope().len(), elapsed) {
                counts.drop_live(parcel.precedence);
                return Ok(());
            }
        }
        node.live_datagram(leave, &parcel, now);
    }
    Ok(())
}

fn misbehaved(connection: &Connection, shared: &Shared, error: SessionError) {
    shared.observer.note(&match error {
        SessionError::NotAdmitted
        | SessionError::NotAPeer
        | SessionError::WrongRealm
        | SessionError::NoCommonVersion => RelayEvent::TurnedAway { error },
        _ => RelayEvent::Misbehaved { error },
    });
    let code = VarInt::from_u32(error.close_code().code());
    connection.close(code, error.to_string().as_bytes());
}

/// Closing what is closed already changes nothing.
fn close(connection: &Connection, code: CloseCode) {
    connection.close(VarInt::from_u32(code.code()), code.name().as_bytes());
}
