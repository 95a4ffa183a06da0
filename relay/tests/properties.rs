//! What holds for all parcels, delegations, leases, messages and sessions.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use bytes::Bytes;
use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::limits::{FORWARD_HOMES_MAX, FORWARD_HOPS_MAX, LEASE_LABELS_MAX, SECONDS_MAX};
use chappe_relay::parcel::ParcelRef;
use chappe_relay::protocol::{
    AnyParcel, ClientControl, ClientLane, ClientMessage, ConnectionRole, ControlSession, Given,
    GroupId, Hello, LaneAnswers, LaneRequests, Read, Reason, RelayMessage,
};
use chappe_relay::{Address, AddressKind, Delegation, Lease, Parcel, TransportSecret};
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::Instant;

fn realm() -> impl Strategy<Value = Realm> {
    let mode = prop_oneof![Just(Mode::Live), Just(Mode::Exercise)];
    (mode, any::<u32>()).prop_map(|(mode, network)| Realm { mode, network })
}

fn address() -> impl Strategy<Value = Address> {
    let kind = prop_oneof![Just(AddressKind::Mailbox), Just(AddressKind::Topic)];
    (kind, any::<[u8; 16]>()).prop_map(|(kind, octets)| Address { kind, octets })
}

fn parcel() -> impl Strategy<Value = Parcel> {
    (address(), 0..4_u8, 0..=SECONDS_MAX, vec(any::<u8>(), 1..300)).prop_map(
        |(address, bits, expiry, envelope)| {
            Parcel::new(address, Precedence::from_bits(bits), expiry, envelope).unwrap()
        },
    )
}

fn delegation() -> impl Strategy<Value = Delegation> {
    (any::<[u8; 32]>(), any::<[u8; 32]>(), realm(), 0..=SECONDS_MAX).prop_map(
        |(owner, reader, realm, expiry)| {
            let reader = TransportSecret::from_seed(&reader).public();
            Delegation::sign(&TransportSecret::from_seed(&owner), realm, reader, expiry)
        },
    )
}

/// What the messages borrow, and numbers for them.
#[derive(Debug, Clone)]
struct Material {
    parcel: Vec<u8>,
    octets: Vec<u8>,
    homes: Vec<[u8; 32]>,
    versions: Vec<u8>,
    realm: Realm,
    address: Address,
    number: u64,
    step: u64,
    wide: u64,
    narrow: u32,
    octet: u8,
    is_so: bool,
}

prop_compose! {
    fn material()(
        parcel in parcel(),
        octets in vec(any::<u8>(), 0..300),
        homes in vec(any::<[u8; 32]>(), 0..=FORWARD_HOMES_MAX),
        versions in proptest::collection::btree_set(any::<u8>(), 1..=8),
        (realm, address) in (realm(), address()),
        (number, step) in (1..1_u64 << 63, 1..1_u64 << 63),
        (wide, narrow, octet, is_so) in (any::<u64>(), any::<u32>(), any::<u8>(), any::<bool>()),
    ) -> Material {
        let (parcel, versions) = (parcel.to_bytes(), versions.into_iter().collect());
        Material {
            parcel, octets, homes, versions, realm, address, number, step, wide, narrow, octet, is_so,
        }
    }
}

impl Material {
    fn parcel(&self) -> AnyParcel<'_> {
        AnyParcel::Known(ParcelRef::parse(&self.parcel).unwrap())
    }

    /// One of each.
    fn client_messages(&self) -> Vec<ClientMessage<'_>> {
        let read = Read { address: self.address, delegation: &self.octets };
        let role = if self.is_so { ConnectionRole::Relay } else { ConnectionRole::Client };
        let (cursor, number) = (self.wide, self.number);
        let limit = u16::try_from(self.narrow >> 16).unwrap();
        vec![
            ClientMessage::Hello(Hello {
                role,
                realm: self.realm,
                versions: self.versions.clone(),
                certificate: &self.octets,
                invitation: &self.parcel,
            }),
            ClientMessage::Lane(Precedence::from_bits(self.octet & 3)),
            ClientMessage::Publish(self.parcel()),
            ClientMessage::Live(self.parcel()),
            ClientMessage::Forward {
                hops: self.octet % FORWARD_HOPS_MAX + 1,
                homes: &self.homes,
                parcel: self.parcel(),
            },
            ClientMessage::Fetch { read, cursor, limit },
            ClientMessage::Subscribe { read, cursor, credit: self.narrow },
            ClientMessage::Listen { read, datagrams: self.is_so },
            ClientMessage::Credit { number, octets: self.narrow },
            ClientMessage::Stop { number },
            ClientMessage::Unknown { message_type: 0x0B + self.octet % 0x75, body: &self.octets },
        ]
    }

    /// One of each.
    fn relay_messages(&self) -> Vec<RelayMessage<'_>> {
        let AnyParcel::Known(parcel) = self.parcel() else { panic!() };
        let given = Given {
            kind: parcel.address.kind,
            precedence: parcel.precedence,
            expiry_seconds: parcel.expiry_seconds(),
            envelope: &self.parcel[22..],
        };
        let number = self.number;
        vec![
            RelayMessage::HelloAnswer { version: self.octet, log: self.wide },
            RelayMessage::Acknowledged { number },
            RelayMessage::Refused { number, reason: Reason::from_code(self.octet) },
            RelayMessage::Delivery { number, step: self.step, given },
            RelayMessage::End { number, cursor: self.wide, more: self.is_so },
            RelayMessage::UnknownMessage { message_type: self.octet },
            RelayMessage::Heard { number, given },
            RelayMessage::Unknown { message_type: 0x88 + self.octet % 0x78, body: &self.octets },
        ]
    }
}

proptest! {
    #[test]
    fn a_parcel_reads_back(parcel in parcel()) {
        prop_assert_eq!(Parcel::parse(&parcel.to_bytes()), Ok(parcel));
    }

    #[test]
    fn a_delegation_reads_back(delegation in delegation()) {
        prop_assert_eq!(Delegation::parse(&delegation.to_bytes()), Ok(delegation));
    }

    #[test]
    fn a_lease_reads_back(
        delegation in delegation(),
        first in 0..=u32::MAX - 32,
        labels in vec(1..0x0100_0000_u32, 1..=LEASE_LABELS_MAX),
    ) {
        let labels = labels
            .into_iter()
            .map(|label| {
                let [_, a, b, c] = label.to_be_bytes();
                Label([a, b, c])
            })
            .collect();
        let lease = Lease::new(delegation, first, labels).unwrap();
        prop_assert_eq!(Lease::parse(&lease.to_bytes()), Ok(lease));
    }

    #[test]
    fn messages_read_back(material in material()) {
        for message in material.client_messages() {
            let octets = message.to_bytes();
            prop_assert_eq!(ClientMessage::parse(&octets), Ok(message));
        }
        for message in material.relay_messages() {
            let octets = message.to_bytes();
            prop_assert_eq!(RelayMessage::parse(&octets), Ok(message));
        }
    }

    #[test]
    fn what_is_read_from_arbitrary_octets_has_this_one_encoding(
        octets in vec(any::<u8>(), 0..400),
        message_type in any::<u8>(),
    ) {
        if let Ok(parcel) = Parcel::parse(&octets) {
            prop_assert_eq!(parcel.to_bytes(), &octets[..]);
        }
        if let Ok(delegation) = Delegation::parse(&octets) {
            prop_assert_eq!(delegation.to_bytes(), &octets[..]);
        }
        if let Ok(lease) = Lease::parse(&octets) {
            prop_assert_eq!(lease.to_bytes(), &octets[..]);
        }
        // Framed, so that the bodies are reached too.
        let body = &octets[..octets.len().min(127)];
        let framed = [&[message_type, u8::try_from(body.len()).unwrap()], body].concat();
        for input in [&octets, &framed] {
            if let Ok(message) = ClientMessage::parse(input) {
                prop_assert_eq!(&message.to_bytes(), input);
            }
            if let Ok(message) = RelayMessage::parse(input) {
                prop_assert_eq!(&message.to_bytes(), input);
            }
        }
    }

    #[test]
    fn one_changed_octet_of_a_message_is_read_as_what_it_says(
        material in material(),
        at: prop::sample::Index,
        octet: u8,
    ) {
        for message in material.client_messages() {
            let mut octets = message.to_bytes();
            let at = at.index(octets.len());
            octets[at] = octet;
            if let Ok(message) = ClientMessage::parse(&octets) {
                prop_assert_eq!(message.to_bytes(), octets);
            }
        }
    }

    #[test]
    fn both_ends_survive_arbitrary_octets(pieces in vec(vec(any::<u8>(), 0..100), 0..10)) {
        let realm = Realm { mode: Mode::Live, network: 1 };
        let now = Instant::now();
        let mut control = ControlSession::new(realm, now);
        let mut requests = LaneRequests::default();
        requests.receive(Bytes::from_static(&[2, 1, 0]));
        let mut client = ClientControl::new(ConnectionRole::Client, realm, &[], &[]);
        let mut lane = ClientLane::new(Precedence::Routine);
        for piece in pieces.into_iter().map(Bytes::from) {
            control.receive(piece.clone());
            while let Ok(Some(_)) = control.next_hello(now) {
                control.greet(1);
            }
            requests.receive(piece.clone());
            while let Ok(Some(_)) = requests.next_request() {}
            client.receive(piece.clone());
            while let Ok(Some(_)) = client.next_greeting() {}
            lane.receive(piece);
            while let Ok(Some(_)) = lane.next_event() {}
        }
    }

    #[test]
    fn however_a_lane_is_cut_its_requests_come_whole_and_in_order(
        materials in vec(material(), 1..10),
        cut in 1..200_usize,
    ) {
        let mut octets = vec![2, 1, materials[0].parcel[0] >> 1 & 3];
        let mut expected = 0;
        for material in &materials {
            for message in material.client_messages().iter().skip(2) {
                octets.extend(message.to_bytes());
                expected += 1;
            }
        }
        let run = |cut: usize| {
            let mut lane = LaneRequests::default();
            let mut requests = Vec::new();
            for piece in octets.chunks(cut) {
                lane.receive(Bytes::copy_from_slice(piece));
                while let Some(request) = lane.next_request().unwrap() {
                    requests.push(format!("{request:?}"));
                }
            }
            lane.end().unwrap();
            requests
        };
        let whole = run(octets.len());
        prop_assert_eq!(whole.len(), expected + 1);
        prop_assert_eq!(run(cut), whole);
    }

    /// "`acknowledged n` says: every publish and forward of this lane with a number up to n that was not
    /// refused is on durable storage. […] A refusal is sent before any acknowledgement of its number
    /// or a later one."
    #[test]
    fn an_acknowledgement_covers_what_is_durable_and_nothing_else(
        groups in vec((0..2_usize, 1..4_u64), 1..30),
        order in vec(0..2_usize, 0..60),
    ) {
        let mut answers = LaneAnswers::default();
        let mut waits: Vec<GroupId> = Vec::new();
        let mut latest = [0_u64; 2];
        for (log, step) in groups {
            latest[log] += step - 1;
            let group = GroupId { log, number: latest[log].max(1) };
            latest[log] = group.number;
            waits.push(group);
            answers.wait_for(u64::try_from(waits.len()).unwrap(), 1, group);
        }
        let mut durable = [0_u64; 2];
        for log in order {
            durable[log] += 1;
            answers.settle(&durable);
            let unsettled = waits.iter().position(|group| durable[group.log] < group.number);
            let open = waits.len() - unsettled.unwrap_or(waits.len());
            prop_assert_eq!(answers.open(), u64::try_from(open).unwrap());
        }
    }
}
