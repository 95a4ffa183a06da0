//! A topic replicated from a peer: what the peer has is "stored as if published, with the expiry it came with"
//! (spec/06-relay.md, "Federation").

use super::hub::Shared;
use crate::address::Address;
use crate::client::{ClientError, Delivery, Reading, RelayClient};
use crate::federation::PeerId;
use crate::key::TransportKey;
use crate::limits::{PEER_WINDOW_PARCELS, PUT_OFF_FIRST, PUT_OFF_MOST};
use crate::node::{Leave, Peer, SlotId};
use crate::parcel::ParcelRef;
use crate::protocol::{ClientEvent, ClientLane, LaneRequests, Reason};
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Replicates a topic until the task is ended or the connection is lost. Where this relay itself puts a parcel
/// off, it begins again behind the last that it has, after a pause that doubles.
pub(super) async fn replicate(
    shared: Arc<Shared>,
    client: Arc<RelayClient>,
    (id, key): (PeerId, TransportKey),
    topic: Address,
) {
    let mut pause = PUT_OFF_FIRST;
    loop {
        let log = client.log_name();
        let cursors = shared.hub().node.federation().and_then(|own| own.cursors(id, topic, log));
        let Some(cursors) = cursors else {
            // Old records are still being read.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let reading = Reading { cursors, ..Reading::all(topic) };
        let Ok(mut subscription) = client.subscribe(reading).await else { return };
        let mut store = Store::new(&shared, (id, key), (topic, log));
        let has_stored = loop {
            tokio::select! {
                delivery = subscription.next(), if store.has_room() => match delivery {
                    Ok(delivery) => store.publish(&delivery),
                    Err(ClientError::Refused(Reason::CursorAhead)) => {
                        if let Some(own) = shared.hub().node.federation() {
                            own.begin_again(id, topic);
                        }
                        break false;
                    }
                    Err(ClientError::Refused(reason)) if reason.is_temporary() => {
                        break store.has_stored;
                    }
                    // Refused for good, or the connection is lost.
                    Err(_) => return,
                },
                stored = std::future::poll_fn(|context| store.poll(context)) => {
                    if stored.is_err() {
                        break store.has_stored;
                    }
                }
            }
        };
        pause = if has_stored { PUT_OFF_FIRST } else { pause.saturating_mul(2).min(PUT_OFF_MOST) };
        drop((subscription, store));
        tokio::time::sleep(pause).await;
    }
}

/// The way of a topic's parcels into the node: a lane for each precedence, as a client has.
struct Store<'a> {
    shared: &'a Shared,
    peer: PeerId,
    topic: (Address, u64),
    lanes: Vec<StoreLane>,
    has_stored: bool,
}

/// A lane within this process: both ends of it.
struct StoreLane {
    precedence: Precedence,
    client: ClientLane,
    relay: LaneRequests,
    id: SlotId,
    /// Publishes that are not answered, and the cursor behind each.
    pending: VecDeque<(u64, u64)>,
}

/// The node cannot store it now.
struct PutOff;

impl<'a> Store<'a> {
    fn new(shared: &'a Shared, (peer, key): (PeerId, TransportKey), topic: (Address, u64)) -> Self {
        let leave = Leave::of_peer(key);
        let mut hub = shared.hub();
        let lanes = Precedence::ALL.into_iter().map(|precedence| StoreLane {
            precedence,
            client: ClientLane::new(precedence),
            relay: LaneRequests::default(),
            id: hub.node.open_lane(Peer { key, leave }, precedence),
            pending: VecDeque::new(),
        });
        let lanes = lanes.collect();
        Self { shared, peer, topic, lanes, has_stored: false }
    }

    fn has_room(&self) -> bool {
        let mut hub = self.shared.hub();
        self.lanes.iter().all(|lane| {
            lane.pending.len() < PEER_WINDOW_PARCELS && hub.node.lane_state(lane.id).takes_requests
        })
    }

    fn publish(&mut self, delivery: &Delivery) {
        let precedence = delivery.parcel.precedence;
        let lane = self.lanes.iter_mut().find(|lane| lane.precedence == precedence);
        let octets = delivery.parcel.to_bytes();
        let (Some(lane), Ok(parcel)) = (lane, ParcelRef::parse(&octets)) else { return };
        let number = lane.client.publish(parcel);
        lane.pending.push_back((number, delivery.cursor));
        lane.relay.receive(Bytes::from(lane.client.take_output()));
        let now = self.shared.now();
        let mut hub = self.shared.hub();
        // The node's own client keeps to the protocol.
        while let Ok(Some(request)) = lane.relay.next_request() {
            hub.node.request(lane.id, &request, now);
        }
        hub.finish();
    }

    /// Takes what the node answers. Ready when something is durable, or put off.
    fn poll(&mut self, context: &Context<'_>) -> Poll<Result<(), PutOff>> {
        let mut hub = self.shared.hub();
        let mut stored = false;
        for lane in &mut self.lanes {
            hub.set_waker(lane.id, context.waker());
            let mut output = Vec::new();
            hub.node.take_output(lane.id, &mut output);
            output.into_iter().for_each(|octets| lane.client.receive(octets));
            let (mut cursor, mut parcels) = (0, 0_u64);
            let mut is_put_off = false;
            while let Ok(Some(event)) = lane.client.next_event() {
                match event {
                    ClientEvent::Acknowledged { number } => {
                        while let Some((first, behind)) = lane.pending.front().copied()
                            && first <= number
                        {
                            lane.pending.pop_front();
                            cursor = behind;
                            parcels = parcels.saturating_add(1);
                        }
                    }
                    ClientEvent::Refused { reason, .. } if reason.is_temporary() => {
                        is_put_off = true;
                        break;
                    }
                    // What this relay will never store, such as what expired on the way, holds up nothing.
                    ClientEvent::Refused { number, .. } => {
                        lane.pending.retain(|(waiting, _)| *waiting != number);
                    }
                    ClientEvent::Delivery { .. }
                    | ClientEvent::Ended { .. }
                    | ClientEvent::Heard { .. } => {}
                }
            }
            if parcels > 0
                && let Some(federation) = hub.node.federation()
            {
                let reached = (lane.precedence, cursor);
                federation.replicated(self.peer, self.topic, reached, parcels);
                stored = true;
            }
            if is_put_off {
                self.has_stored |= stored;
                return Poll::Ready(Err(PutOff));
            }
        }
        hub.finish();
        self.has_stored |= stored;
        if stored { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl Drop for Store<'_> {
    fn drop(&mut self) {
        let mut hub = self.shared.hub();
        for lane in &self.lanes {
            hub.node.close_lane(lane.id);
        }
        hub.finish();
    }
}
