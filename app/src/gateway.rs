//! What a gateway keeps in mind: leases, what waits for the relay, what waits for the air.

use crate::clock;
use crate::outbox;
use chappe_codec::envelope::Envelope;
use chappe_codec::label::{Label, label_epoch};
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_radio::frame::{FrameKind, PUBLIC_NET};
use chappe_radio::link::{Destination, FrameRequest};
use chappe_relay::{Address, Lease};
use std::collections::{BTreeMap, VecDeque};

/// Envelopes from the air that may wait for the relay.
const UPLINK_MAX: usize = 4096;

/// How often a frame may be passed on.
const HOPS: u8 = 3;

/// The mailboxes leased to this gateway.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    by_mailbox: BTreeMap<[u8; 16], Lease>,
}

impl Leases {
    /// A later lease of the same mailbox replaces the earlier one.
    pub(crate) fn insert(&mut self, lease: Lease) {
        self.by_mailbox.insert(lease.delegation.address().octets, lease);
    }

    pub(crate) fn remove(&mut self, mailbox: Address) {
        self.by_mailbox.remove(&mailbox.octets);
    }

    /// The leases under which the mailbox may be read as well.
    pub(crate) fn both_ways(&self) -> Vec<Lease> {
        self.by_mailbox.values().filter(|lease| carries_down(lease)).cloned().collect()
    }

    /// The label a mailbox has on the air today, if its parcels are to be carried there.
    pub(crate) fn label_now(&self, mailbox: Address) -> Option<Label> {
        let lease = self.by_mailbox.get(&mailbox.octets).filter(|lease| carries_down(lease))?;
        lease.label(label_epoch(clock::now_seconds()))
    }

    /// Where what came in a frame goes: to the mailbox of its label, and to the public topic when no
    /// mailbox is known by it.
    pub(crate) fn destination(&self, kind: FrameKind, realm: Realm) -> Address {
        let FrameKind::Data { label } = kind else { return outbox::public_topic(realm) };
        let today = label_epoch(clock::now_seconds());
        let around = today.saturating_sub(1)..=today.saturating_add(1);
        self.by_mailbox
            .values()
            .find(|lease| around.clone().any(|epoch| lease.label(epoch) == Some(label)))
            .map_or_else(|| outbox::public_topic(realm), |lease| lease.delegation.address())
    }
}

/// spec/06-relay.md: "A delegation with expiry 0 lets nobody read: such a lease carries from the air
/// to the mailbox only."
pub(crate) fn carries_down(lease: &Lease) -> bool {
    lease.delegation.expiry_seconds != 0
}

/// What came from the air and is not yet on a relay's disk, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Uplink {
    queue: VecDeque<ForRelay>,
}

/// An envelope on its way to a relay.
#[derive(Debug)]
pub(crate) struct ForRelay {
    pub(crate) address: Address,
    pub(crate) precedence: Precedence,
    pub(crate) envelope: Vec<u8>,
}

impl Uplink {
    /// Queues an envelope; `false` when the queue is full.
    pub(crate) fn push(
        &mut self,
        address: Address,
        precedence: Precedence,
        envelope: Vec<u8>,
    ) -> bool {
        if self.queue.len() >= UPLINK_MAX {
            return false;
        }
        self.queue.push_back(ForRelay { address, precedence, envelope });
        true
    }

    pub(crate) fn first(&self) -> Option<&ForRelay> {
        self.queue.front()
    }

    /// The first one is on disk.
    pub(crate) fn done(&mut self) {
        self.queue.pop_front();
    }
}

/// What waits for the air: one frame at a time for each mailbox, in the relay's order, so that the
/// cursor of what the handset acknowledged says all that is needed after a restart.
#[derive(Debug, Default)]
pub(crate) struct Downlink {
    lanes: BTreeMap<[u8; 16], VecDeque<ForAir>>,
    next_token: u64,
}

#[derive(Debug)]
struct ForAir {
    source: String,
    cursor: u64,
    label: Label,
    precedence: Precedence,
    envelope: Vec<u8>,
    token: Option<u64>,
}

impl Downlink {
    pub(crate) fn push(
        &mut self,
        mailbox: Address,
        source: String,
        cursor: u64,
        label: Label,
        precedence: Precedence,
        envelope: Vec<u8>,
    ) {
        let lane = self.lanes.entry(mailbox.octets).or_default();
        // After a reconnect the relay gives again what the handset has not acknowledged yet.
        if lane.iter().all(|waiting| waiting.cursor != cursor) {
            lane.push_back(ForAir { source, cursor, label, precedence, envelope, token: None });
        }
    }

    /// The frames to be handed to the link now.
    pub(crate) fn ready(&mut self, sealed_net: u8) -> Vec<FrameRequest> {
        let mut requests = Vec::new();
        for lane in self.lanes.values_mut() {
            let Some(first) = lane.front_mut() else { continue };
            if first.token.is_some() {
                continue;
            }
            let token = self.next_token;
            self.next_token = self.next_token.wrapping_add(1);
            first.token = Some(token);
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

    /// A frame was acknowledged; returns whose cursor is how far now, and the envelope's octets.
    pub(crate) fn done(&mut self, token: u64) -> Option<(String, u64, usize)> {
        let lane = self.lane_of(token)?;
        let sent = lane.pop_front()?;
        Some((sent.source, sent.cursor, sent.envelope.len()))
    }

    /// Nobody acknowledged a frame: it will be tried again.
    pub(crate) fn again(&mut self, token: u64) {
        if let Some(first) = self.lane_of(token).and_then(VecDeque::front_mut) {
            first.token = None;
        }
    }

    fn lane_of(&mut self, token: u64) -> Option<&mut VecDeque<ForAir>> {
        self.lanes
            .values_mut()
            .find(|lane| lane.front().is_some_and(|first| first.token == Some(token)))
    }
}
