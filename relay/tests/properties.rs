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

use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::limits::{LEASE_LABELS_MAX, SECONDS_MAX};
use chappe_relay::node::{Node, Stored};
use chappe_relay::protocol::{
    ClientEvent, ClientMessage, ClientSession, Hello, Read, Reason, RelayMessage, RelaySession,
    Request,
};
use chappe_relay::{Address, AddressKind, Delegation, Lease, Parcel, TransportSecret};
use chappe_store::Options;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashMap;

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

fn read() -> impl Strategy<Value = Read> {
    (address(), any::<u64>(), vec(any::<u8>(), 0..140))
        .prop_map(|(address, cursor, delegation)| Read { address, cursor, delegation })
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        (realm(), proptest::collection::btree_set(any::<u8>(), 1..=8)).prop_map(
            |(realm, versions)| {
                ClientMessage::Hello(Hello { realm, versions: versions.into_iter().collect() })
            }
        ),
        (any::<u64>(), parcel())
            .prop_map(|(number, parcel)| ClientMessage::Publish { number, parcel }),
        (any::<u64>(), read(), any::<u16>())
            .prop_map(|(number, read, limit)| ClientMessage::Fetch { number, read, limit }),
        (any::<u64>(), read()).prop_map(|(number, read)| ClientMessage::Subscribe { number, read }),
        any::<u64>().prop_map(|number| ClientMessage::Unsubscribe { number }),
        (6..0x80_u8, vec(any::<u8>(), 0..300))
            .prop_map(|(message_type, body)| ClientMessage::Unknown { message_type, body }),
    ]
}

fn relay_message() -> impl Strategy<Value = RelayMessage> {
    prop_oneof![
        (any::<u8>(), any::<u64>())
            .prop_map(|(version, log)| RelayMessage::HelloAnswer { version, log }),
        any::<u64>().prop_map(|number| RelayMessage::Acknowledged { number }),
        (any::<u64>(), any::<u8>()).prop_map(|(number, code)| {
            RelayMessage::Refused { number, reason: Reason::from_code(code) }
        }),
        (any::<u64>(), any::<u64>(), parcel())
            .prop_map(|(number, cursor, parcel)| RelayMessage::Parcel { number, cursor, parcel }),
        (any::<u64>(), any::<u64>(), any::<bool>())
            .prop_map(|(number, cursor, more)| RelayMessage::End { number, cursor, more }),
        any::<u8>().prop_map(|message_type| RelayMessage::UnknownMessage { message_type }),
        (0x87..=0xFF_u8, vec(any::<u8>(), 0..300))
            .prop_map(|(message_type, body)| RelayMessage::Unknown { message_type, body }),
    ]
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
    fn messages_read_back(client in client_message(), relay in relay_message()) {
        prop_assert_eq!(ClientMessage::parse(&client.to_bytes()), Ok(client));
        prop_assert_eq!(RelayMessage::parse(&relay.to_bytes()), Ok(relay));
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
        message in client_message(),
        at: prop::sample::Index,
        octet: u8,
    ) {
        let mut octets = message.to_bytes();
        let at = at.index(octets.len());
        octets[at] = octet;
        if let Ok(message) = ClientMessage::parse(&octets) {
            prop_assert_eq!(message.to_bytes(), octets);
        }
    }

    #[test]
    fn sessions_survive_arbitrary_octets(pieces in vec(vec(any::<u8>(), 0..100), 0..10)) {
        let realm = Realm { mode: Mode::Live, network: 1 };
        let mut relay_lanes = [RelaySession::first_lane(realm, 1), RelaySession::lane()];
        let mut client_lanes = [ClientSession::first_lane(realm), ClientSession::lane()];
        for piece in &pieces {
            for session in &mut relay_lanes {
                session.receive(piece);
                while let Ok(Some(_)) = session.next_request() {}
            }
            for session in &mut client_lanes {
                session.receive(piece);
                while let Ok(Some(_)) = session.next_event() {}
            }
        }
    }

    #[test]
    fn however_a_lane_is_cut_and_answered_each_publish_is_answered_once(
        parcels in vec(parcel(), 1..20),
        cut in 1..50_usize,
        order in vec(any::<prop::sample::Index>(), 20),
        refused in vec(any::<bool>(), 20),
    ) {
        let realm = Realm { mode: Mode::Exercise, network: 9 };
        let mut client = ClientSession::first_lane(realm);
        let mut relay = RelaySession::first_lane(realm, 77);
        for parcel in &parcels {
            client.publish(parcel.clone());
        }
        let mut open = Vec::new();
        for piece in client.take_output().chunks(cut) {
            relay.receive(piece);
            while let Some(request) = relay.next_request().unwrap() {
                let Request::Publish { number, parcel } = request else { panic!("{request:?}") };
                prop_assert_eq!(&parcel, &parcels[usize::try_from(number).unwrap() - 1]);
                open.push(number);
            }
        }
        prop_assert_eq!(open.len(), parcels.len());

        let mut answers = HashMap::new();
        let mut expected = HashMap::new();
        for (index, is_refused) in order.iter().zip(refused).take(parcels.len()) {
            let number = open.remove(index.index(open.len()));
            let outcome = if is_refused { Err(Reason::TryLater) } else { Ok(()) };
            relay.published(number, outcome);
            // A second answer to the same is passed over.
            relay.published(number, Ok(()));
            expected.insert(number, outcome);
            for piece in relay.take_output().chunks(cut) {
                client.receive(piece);
                while let Some(event) = client.next_event().unwrap() {
                    let (number, outcome) = match event {
                        ClientEvent::Greeted { log: 77 } => continue,
                        ClientEvent::Published { number } => (number, Ok(())),
                        ClientEvent::Refused { number, reason } => (number, Err(reason)),
                        other => panic!("{other:?}"),
                    };
                    // Cumulative: nothing is acknowledged before all before it are answered.
                    prop_assert_eq!(expected.get(&number), Some(&outcome));
                    prop_assert_eq!(answers.insert(number, outcome), None);
                }
            }
        }
        prop_assert_eq!(answers, expected);
        prop_assert_eq!((client.publishes_pending(), relay.publishes_pending()), (0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The node against the plainest thing that could be right: a list.
    #[test]
    fn a_node_gives_out_what_a_list_would(
        batches in vec((0..20_u64, any::<bool>(), vec((0..3_u8, 0..6_u8, 1..60_u64), 1..8)), 1..8),
        later in 0..70_u64,
        limit in 1..5_u16,
    ) {
        let mut now = 1_000_000;
        let folder = tempfile::tempdir().unwrap();
        let open = || Node::open(folder.path(), Options::default()).unwrap().0;
        let mut node = open();
        let mut list: Vec<Parcel> = Vec::new();
        for (pause, is_restarted, batch) in &batches {
            now += pause;
            if *is_restarted {
                drop(node);
                node = open();
            }
            let parcels: Vec<Parcel> = batch.iter().map(|(address, envelope, life)| {
                let address = Address { kind: AddressKind::Topic, octets: [*address; 16] };
                let expiry = now + life - 1;
                Parcel::new(address, Precedence::Routine, expiry, vec![*envelope]).unwrap()
            }).collect();
            let (answers, error) = node.commit(&parcels, now);
            prop_assert!(error.is_none());
            for (parcel, answer) in parcels.into_iter().zip(answers) {
                let is_known = list.iter().any(|known| {
                    let left = known.expiry_seconds().saturating_sub(now);
                    known.address == parcel.address
                        && known.envelope() == parcel.envelope()
                        && left * 2 >= parcel.expiry_seconds().saturating_sub(now)
                });
                match answer {
                    Err(reason) => {
                        prop_assert_eq!(reason, Reason::Expired);
                        prop_assert!(parcel.expiry_seconds() <= now);
                    }
                    Ok(Stored::Duplicate) => prop_assert!(is_known),
                    Ok(Stored::New { .. }) => {
                        prop_assert!(!is_known);
                        list.push(parcel);
                    }
                }
            }
        }
        drop(node);
        let mut node = open();
        for round in 0..2 {
            for octet in 0..3 {
                let address = Address { kind: AddressKind::Topic, octets: [octet; 16] };
                let expected: Vec<Vec<u8>> = list.iter()
                    .filter(|parcel| parcel.address == address)
                    .filter(|parcel| parcel.expiry_seconds() > now + later)
                    .map(Parcel::to_bytes)
                    .collect();
                let mut got = Vec::new();
                let mut cursor = 0;
                loop {
                    let page = node.fetch(&address, cursor, limit, now + later).unwrap();
                    prop_assert!(page.parcels.len() <= usize::from(limit));
                    got.extend(page.parcels.into_iter().map(|(_, octets)| octets));
                    cursor = page.cursor;
                    if !page.more {
                        break;
                    }
                }
                prop_assert_eq!(got, expected, "round {}", round);
            }
            // Discarding takes away nothing that could still be given out.
            node.discard_expired(now + later).unwrap();
        }
    }
}
