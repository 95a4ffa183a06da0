//! One lane: between a stream and the node. A task each, and nothing in it waits for anybody else.

use super::early::Completion;
use super::hub::Shared;
use crate::limits::{BATCH_FLASH_MAX, BATCH_MAX, RATE_WAIT_MAX, READ_CHUNKS_MAX, WRITE_CHUNKS_MAX};
use crate::node::{LaneState, Peer, SlotId};
use crate::protocol::{LaneRequests, Request, SessionError};
use crate::rates::RateMeter;
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use quinn::{Connection, RecvStream, SendDatagramError, SendStream};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::time::{Instant, Sleep, sleep_until};

/// Serves a lane until both ends are done with it.
///
/// # Errors
/// The client sent what it must not: the whole connection is to be closed. A stream that fails is no
/// error; its client is gone.
pub(super) async fn serve_lane(
    shared: Arc<Shared>,
    connection: Connection,
    peer: Peer,
    (send, receive): (SendStream, RecvStream),
    completion: Option<Completion>,
) -> Result<(), SessionError> {
    let requests = match completion {
        Some(_) => LaneRequests::early(),
        None => LaneRequests::default(),
    };
    let mut lane = Lane {
        shared,
        connection,
        peer,
        send,
        receive,
        id: None,
        requests,
        completion: completion.map(|completion| Box::pin(completion.wait()) as Pin<Box<_>>),
        output: Vec::new(),
        written: 0,
        is_starved: true,
        input_ended: false,
        timer: None,
        meter: None,
        meter_changes: 0,
        held: None,
    };
    let is_whole = std::future::poll_fn(|context| lane.poll(context)).await?;
    if is_whole && lane.send.finish().is_ok() {
        // So that the last answers leave before the connection is closed.
        drop(lane.send.stopped().await);
    }
    Ok(())
}

struct Lane {
    shared: Arc<Shared>,
    connection: Connection,
    peer: Peer,
    send: SendStream,
    receive: RecvStream,
    /// The node's name for it, once it has begun.
    id: Option<SlotId>,
    requests: LaneRequests,
    /// Ready when the handshake is complete, where the lane began before.
    completion: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    output: Vec<Bytes>,
    /// Chunks of the output that are written.
    written: usize,
    /// Whether more octets are needed to go on.
    is_starved: bool,
    input_ended: bool,
    /// Set when a message was begun, and then left alone until it is due.
    timer: Option<Pin<Box<Sleep>>>,
    /// What its sender's rate has still to pay for, where rates are limited.
    meter: Option<RateMeter>,
    /// How often rates had been changed when it was got.
    meter_changes: u64,
    /// Until when the lane is read no further for that.
    held: Option<Pin<Box<Sleep>>>,
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let mut hub = self.shared.hub();
            hub.node.close_lane(id);
            hub.turn.pass(id);
            hub.finish();
        }
    }
}

impl Lane {
    /// Goes on as far as it can. `Ok(false)`: the stream failed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, SessionError>> {
        if let Some(completion) = &mut self.completion
            && completion.as_mut().poll(context).is_ready()
        {
            self.completion = None;
            self.requests.complete();
            self.is_starved = false;
        }
        loop {
            let state = self.fetch_output(context);
            let Ok(has_written) = self.write(context) else { return Poll::Ready(Ok(false)) };
            if has_written {
                continue;
            }
            if self.is_over(state) {
                return Poll::Ready(Ok(true));
            }
            if !state.takes_requests {
                self.requests.pause();
                if let Some(id) = self.id {
                    self.shared.hub().turn.pass(id);
                }
                return Poll::Pending;
            }
            // "A relay reads a lane no further until its sender may send again."
            if let Some(held) = &mut self.held {
                if held.as_mut().poll(context).is_pending() {
                    self.requests.pause();
                    return Poll::Pending;
                }
                self.held = None;
            }
            if !self.is_starved {
                if !self.has_turn(context) {
                    return Poll::Pending;
                }
                self.take_requests()?;
                if !self.is_starved {
                    // Others, FLASH among them, have their turn.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                continue;
            }
            if self.input_ended {
                return Poll::Pending;
            }
            if self.shared.is_draining() {
                self.end_input();
                continue;
            }
            if self.requests.is_held() {
                self.requests.pause();
                return Poll::Pending;
            }
            match ready!(self.read(context))? {
                Some(true) => {}
                Some(false) => {
                    self.requests.end()?;
                    self.end_input();
                }
                None => return Poll::Ready(Ok(false)),
            }
        }
    }

    /// Takes what the node has for this lane, when all before it is written.
    fn fetch_output(&mut self, context: &Context<'_>) -> LaneState {
        let Some(id) = self.id else {
            return LaneState { takes_requests: true, is_done: self.input_ended };
        };
        let mut hub = self.shared.hub();
        hub.set_waker(id, context.waker());
        if self.written >= self.output.len() {
            self.output.clear();
            self.written = 0;
            hub.node.take_output(id, &mut self.output);
            for datagram in hub.node.take_datagrams(id) {
                let sent = self.connection.send_datagram(datagram.clone());
                // "As a datagram where the listen asked for that and it fits".
                if matches!(
                    sent,
                    Err(SendDatagramError::TooLarge | SendDatagramError::UnsupportedByPeer)
                ) {
                    self.output.push(datagram);
                }
            }
            hub.finish();
        }
        hub.node.lane_state(id)
    }

    /// Writes what can be written. Whether all of it was, and there may be more.
    fn write(&mut self, context: &mut Context<'_>) -> Result<bool, ()> {
        let mut has_written = false;
        while self.written < self.output.len() {
            let end = self.written.saturating_add(WRITE_CHUNKS_MAX).min(self.output.len());
            let Some(chunks) = self.output.get_mut(self.written..end) else { break };
            match pin!(self.send.write_chunks(chunks)).poll(context) {
                Poll::Ready(Ok(written)) => {
                    self.written = self.written.saturating_add(written.chunks);
                    has_written = true;
                }
                Poll::Ready(Err(_)) => return Err(()),
                Poll::Pending => return Ok(false),
            }
        }
        Ok(has_written)
    }

    fn is_over(&self, state: LaneState) -> bool {
        self.input_ended && state.is_done && self.written >= self.output.len()
    }

    fn end_input(&mut self) {
        self.input_ended = true;
        if let Some(id) = self.id {
            let mut hub = self.shared.hub();
            hub.node.end_input(id);
            hub.finish();
        }
    }

    /// Whether it may hand over a batch: one lane at a time does, FLASH always.
    fn has_turn(&self, context: &Context<'_>) -> bool {
        let is_flash = self.requests.precedence() == Some(Precedence::Flash);
        match self.id {
            Some(id) if !is_flash => self.shared.hub().turn.may_take(id, context.waker()),
            _ => true,
        }
    }

    /// Hands over what was read, as much as others can wait for.
    fn take_requests(&mut self) -> Result<(), SessionError> {
        let now = self.shared.now();
        let shared = Arc::clone(&self.shared);
        let mut hub = shared.hub();
        let precedence = self.requests.precedence();
        let is_flash = precedence == Some(Precedence::Flash);
        if let Some(precedence) = precedence
            && self.meter_changes != shared.rates_changes()
        {
            self.meter_changes = shared.rates_changes();
            self.meter = shared.meter(self.peer.leave, precedence);
        }
        let result = (|| {
            for _ in 0..if is_flash { BATCH_FLASH_MAX } else { BATCH_MAX } {
                if let Some(id) = self.id
                    && !hub.node.lane_state(id).takes_requests
                {
                    return Ok(());
                }
                if let Some(meter) = &mut self.meter
                    && let Some(wait) = meter.settle(shared.elapsed(now))
                {
                    shared.counts.hold(precedence.unwrap_or(Precedence::Routine));
                    let wait = wait.min(RATE_WAIT_MAX);
                    let due = Instant::now().checked_add(wait).unwrap_or_else(Instant::now);
                    self.held = Some(Box::pin(sleep_until(due)));
                    return Ok(());
                }
                match self.requests.next_request()? {
                    Some(Request::Begun(precedence)) => {
                        self.meter_changes = shared.rates_changes();
                        self.meter = shared.meter(self.peer.leave, precedence);
                        let urgency = i32::from(precedence.to_bits());
                        // A stream that failed says so when it is written to.
                        drop(self.send.set_priority(urgency));
                        self.id = Some(hub.node.open_lane(self.peer, precedence));
                    }
                    Some(request) => {
                        let is_live = matches!(request, Request::Live(_));
                        if let (Some(meter), Some(octets)) = (&mut self.meter, sent_in(&request)) {
                            // It "drops `live` beyond the rate".
                            if is_live && !meter.takes_live(octets, shared.elapsed(now)) {
                                shared.counts.drop_live(precedence.unwrap_or(Precedence::Routine));
                                continue;
                            }
                            if !is_live {
                                meter.sent(octets);
                            }
                        }
                        if let Some(id) = self.id {
                            hub.node.request(id, &request, now);
                        }
                    }
                    None => {
                        self.is_starved = true;
                        return Ok(());
                    }
                }
            }
            Ok(())
        })();
        if let Some(id) = self.id
            && !is_flash
        {
            hub.turn.pass(id);
        }
        hub.finish();
        result
    }

    /// Reads. `Some(false)`: the client ended its half. `None`: the stream failed.
    fn read(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<bool>, SessionError>> {
        let mut chunks: [Bytes; READ_CHUNKS_MAX] = std::array::from_fn(|_| Bytes::new());
        let read = pin!(self.receive.read_chunks(&mut chunks)).poll(context);
        match read {
            Poll::Ready(Ok(Some(count))) => {
                for chunk in chunks.into_iter().take(count) {
                    self.requests.receive(chunk);
                }
                self.is_starved = false;
                Poll::Ready(Ok(Some(true)))
            }
            Poll::Ready(Ok(None)) => Poll::Ready(Ok(Some(false))),
            Poll::Ready(Err(_)) => Poll::Ready(Ok(None)),
            Poll::Pending => {
                self.check_time(context)?;
                Poll::Pending
            }
        }
    }

    fn check_time(&mut self, context: &mut Context<'_>) -> Result<(), SessionError> {
        loop {
            if let Some(timer) = &mut self.timer
                && timer.as_mut().poll(context).is_pending()
            {
                return Ok(());
            }
            let now = tokio::time::Instant::now().into_std();
            self.requests.wait(now);
            self.requests.check_time(now)?;
            let deadline = self.requests.deadline();
            self.timer = deadline.map(|due| Box::pin(sleep_until(Instant::from_std(due))));
            if self.timer.is_none() {
                return Ok(());
            }
        }
    }
}

/// Octets of the envelope a request sends; `None` for one that sends nothing.
fn sent_in(request: &Request<'_>) -> Option<usize> {
    match request {
        Request::Publish { parcel, .. }
        | Request::Forward { parcel, .. }
        | Request::Live(parcel) => Some(parcel.envelope().len()),
        _ => None,
    }
}
