//! What waits for the air: one frame at a time for each mailbox, in the relay's order, so that the
//! cursor of what the handset acknowledged says all that is needed after a restart.

use chappe_codec::envelope::Envelope;
use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;
use chappe_radio::frame::PUBLIC_NET;
use chappe_radio::link::{Destination, FrameRequest};
use chappe_relay::Address;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Envelopes held for one mailbox; the others wait at the relay.
const LANE_MAX: usize = 64;

/// How long a lane rests after a frame nobody acknowledged, at first and at most. A handset that is
/// switched off must not keep the channel busy.
const REST_MIN: Duration = Duration::from_secs(2);
const REST_MAX: Duration = Duration::from_secs(120);

/// How often a frame may be passed on.
const HOPS: u8 = 3;

/// An envelope for the air, and where the relay's cursor stands behind it.
#[derive(Debug)]
pub(crate) struct ForAir {
    pub(crate) source: String,
    pub(crate) cursor: u64,
    pub(crate) label: Label,
    pub(crate) precedence: Precedence,
    pub(crate) envelope: Vec<u8>,
}

/// The lanes, by mailbox.
#[derive(Debug, Default)]
pub(crate) struct Downlink {
    lanes: BTreeMap<[u8; 16], Lane>,
    next_token: u64,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<ForAir>,
    /// The link's token of the first one, while the link has it.
    token: Option<u64>,
    rest_until: Option<Instant>,
    failures: u32,
    /// Something was left at the relay for want of room.
    has_more: bool,
}

impl Downlink {
    pub(crate) fn push(&mut self, mailbox: Address, envelope: ForAir) {
        let lane = self.lanes.entry(mailbox.octets).or_default();
        // After a reconnect the relay gives again what the handset has not acknowledged yet, and it may
        // hold a longer-lived copy: readers drop repetitions by envelope (spec/06-relay.md).
        let is_known = lane.waiting.iter().any(|waiting| waiting.envelope == envelope.envelope);
        if lane.has_more || lane.waiting.len() >= LANE_MAX {
            lane.has_more = true;
        } else if !is_known {
            lane.waiting.push_back(envelope);
        }
    }

    /// Carries nothing more to a mailbox.
    pub(crate) fn remove(&mut self, mailbox: Address) {
        self.lanes.remove(&mailbox.octets);
    }

    /// The frames to be handed to the link now.
    pub(crate) fn ready(&mut self, now: Instant, sealed_net: u8) -> Vec<FrameRequest> {
        let mut requests = Vec::new();
        for lane in self.lanes.values_mut() {
            let rests = lane.rest_until.is_some_and(|until| now < until);
            let Some(first) = lane.waiting.front() else { continue };
            if lane.token.is_some() || rests {
                continue;
            }
            let token = self.next_token;
            self.next_token = self.next_token.wrapping_add(1);
            lane.token = Some(token);
            let is_open = matches!(Envelope::parse(&first.envelope), Ok(Envelope::Open(_)));
            requests.push(FrameRequest {
                token,
                net: if is_open { PUBLIC_NET } else { sealed_net },
                destination: Destination::Label(first.label),
                precedence: first.precedence,
                acknowledged: true,
                hops: HOPS,
                envelope: first.envelope.clone(),
            });
        }
        requests
    }

    /// A frame was acknowledged, or can never be sent; returns it.
    pub(crate) fn done(&mut self, token: u64) -> Option<ForAir> {
        let lane = self.lane_of(token)?;
        (lane.token, lane.rest_until, lane.failures) = (None, None, 0);
        lane.waiting.pop_front()
    }

    /// Nobody acknowledged a frame: it will be tried again, later every time.
    pub(crate) fn again(&mut self, now: Instant, token: u64) {
        if let Some(lane) = self.lane_of(token) {
            let rest =
                REST_MIN.saturating_mul(1_u32.checked_shl(lane.failures).unwrap_or(u32::MAX));
            lane.failures = lane.failures.saturating_add(1);
            lane.token = None;
            lane.rest_until = now.checked_add(rest.min(REST_MAX));
        }
    }

    /// A mailbox whose lane is empty while the relay holds more of it: it is to be read again.
    pub(crate) fn wanting(&mut self) -> Option<[u8; 16]> {
        let (mailbox, lane) =
            self.lanes.iter_mut().find(|(_, lane)| lane.has_more && lane.waiting.is_empty())?;
        lane.has_more = false;
        Some(*mailbox)
    }

    fn lane_of(&mut self, token: u64) -> Option<&mut Lane> {
        self.lanes.values_mut().find(|lane| lane.token == Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_relay::AddressKind;

    const MAILBOX: Address = Address { kind: AddressKind::Mailbox, octets: [1; 16] };

    fn envelope(cursor: u64) -> ForAir {
        ForAir {
            source: "log/mailbox".into(),
            cursor,
            label: Label([0, 0, 9]),
            precedence: Precedence::Routine,
            envelope: vec![u8::try_from(cursor % 251).unwrap(); 100],
        }
    }

    #[test]
    fn a_lane_sends_one_at_a_time_in_order() {
        let (mut downlink, now) = (Downlink::default(), Instant::now());
        for cursor in [1, 2, 2] {
            downlink.push(MAILBOX, envelope(cursor));
        }
        for cursor in [1, 2] {
            let requests = downlink.ready(now, 1);
            assert_eq!(requests.len(), 1);
            assert!(downlink.ready(now, 1).is_empty());
            assert_eq!(downlink.done(requests[0].token).unwrap().cursor, cursor);
        }
        assert!(downlink.ready(now, 1).is_empty());
    }

    #[test]
    fn a_silent_handset_is_tried_less_and_less() {
        let (mut downlink, mut now) = (Downlink::default(), Instant::now());
        downlink.push(MAILBOX, envelope(1));
        let mut rests = Vec::new();
        for _ in 0..8 {
            let request = downlink.ready(now, 1).pop().unwrap();
            downlink.again(now, request.token);
            let mut rest = Duration::ZERO;
            while downlink.ready(now + rest, 1).is_empty() {
                rest += Duration::from_secs(1);
            }
            now += rest;
            rests.push(rest);
            downlink.lanes.values_mut().for_each(|lane| lane.token = None);
        }
        assert_eq!(rests[0], REST_MIN);
        assert_eq!(rests[7], REST_MAX);
        assert!(rests.is_sorted());
    }

    #[test]
    fn what_finds_no_room_is_read_again_once_there_is() {
        let (mut downlink, now) = (Downlink::default(), Instant::now());
        let count = u64::try_from(LANE_MAX).unwrap();
        for cursor in 1..=count + 5 {
            downlink.push(MAILBOX, envelope(cursor));
        }
        for cursor in 1..=count {
            assert_eq!(downlink.wanting(), None);
            let request = downlink.ready(now, 1).pop().unwrap();
            assert_eq!(downlink.done(request.token).unwrap().cursor, cursor);
        }
        assert_eq!(downlink.wanting(), Some(MAILBOX.octets));
        assert_eq!(downlink.wanting(), None);
    }
}
