//! Frames: whatever is written reads back, whatever is read writes back, nothing else is read.

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
use chappe_radio::frame::{
    EmitError, Frame, FrameError, FrameKind, NetworkKey, NetworkKeys, Pseudonym, Unverified,
};
use proptest::prelude::*;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };

fn frames() -> impl Strategy<Value = Frame> {
    let kind = prop_oneof![
        any::<[u8; 3]>().prop_map(|label| FrameKind::Data { label: Label(label) }),
        Just(FrameKind::Broadcast),
        Just(FrameKind::Acknowledgement),
    ];
    let flags = (0_u8..4, 0_u8..16, any::<bool>(), any::<bool>(), any::<bool>());
    let numbers = (any::<u8>(), any::<[u8; 3]>(), any::<u16>(), any::<u8>());
    let payload = proptest::collection::vec(any::<u8>(), 1..240);
    (kind, flags, numbers, payload).prop_map(|(kind, flags, numbers, payload)| {
        let (precedence, hops_left, wanted, backbone, relayed) = flags;
        let (net, source, sequence, previous) = numbers;
        let is_answer = kind == FrameKind::Acknowledgement;
        Frame {
            precedence: Precedence::from_bits(precedence),
            hops_left: if is_answer { 0 } else { hops_left },
            acknowledgement_wanted: wanted && !is_answer,
            backbone: backbone && !is_answer,
            relayed: relayed && !is_answer,
            net,
            source: Pseudonym(source),
            sequence,
            previous,
            kind,
            payload: if is_answer { Vec::new() } else { payload },
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(frame in frames(), key: [u8; 32]) {
        let key = NetworkKey::from_bytes(key);
        let octets = frame.emit(&key, REALM).unwrap();
        prop_assert!(octets.len() <= 255);
        let unverified = Unverified::parse(&octets).unwrap();
        prop_assert_eq!(unverified.net(), frame.net);
        prop_assert_eq!(unverified.verify(&key, REALM), Ok(frame));
    }

    #[test]
    fn one_wrong_bit_is_refused(frame in frames(), at: prop::sample::Index, bit in 0_u8..8) {
        let key = NetworkKey::from_bytes([7; 32]);
        let mut octets = frame.emit(&key, REALM).unwrap();
        let at = at.index(octets.len());
        octets[at] ^= 1 << bit;
        // Hops left, relayed and previous are not covered: they change at every hop.
        let is_covered = !(at == 8 || (at == 1 && (bit >= 4 || bit == 1)));
        let read = Unverified::parse(&octets).map_err(FrameError::from);
        let read = read.and_then(|unverified| unverified.verify(&key, REALM));
        if is_covered {
            prop_assert!(read.is_err());
        }
    }

    #[test]
    fn hops_may_change_what_is_theirs(frame in frames(), hops in 0_u8..16, previous: u8) {
        prop_assume!(frame.kind != FrameKind::Acknowledgement);
        let key = NetworkKey::from_bytes([7; 32]);
        let mut octets = frame.emit(&key, REALM).unwrap();
        octets[1] = (octets[1] & 0x0F) | (hops << 4) | 0x02;
        octets[8] = previous;
        let read = Unverified::parse(&octets).unwrap().verify(&key, REALM);
        prop_assert_eq!(read, Ok(Frame { hops_left: hops, relayed: true, previous, ..frame }));
    }

    #[test]
    fn arbitrary_octets_are_never_a_frame(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        // One in 2^32 would have a right MIC; the seed of this test is not among them.
        prop_assert!(Frame::parse(&octets, &NetworkKeys::new(), REALM).is_err());
    }

    #[test]
    fn what_is_read_has_one_form(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
        let key = NetworkKey::public();
        let mut packet = octets.clone();
        packet.extend(key.mic(REALM, &octets));
        if let Ok(unverified) = Unverified::parse(&packet) {
            let frame = unverified.verify(&key, REALM).unwrap();
            prop_assert_eq!(frame.emit(&key, REALM).unwrap(), packet);
        }
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let frame = Frame {
        precedence: Precedence::Routine,
        hops_left: 16,
        acknowledgement_wanted: false,
        backbone: false,
        relayed: false,
        net: 0,
        source: Pseudonym([0; 3]),
        sequence: 0,
        previous: 0,
        kind: FrameKind::Broadcast,
        payload: vec![0; 243],
    };
    let key = NetworkKey::public();
    assert_eq!(frame.emit(&key, REALM), Err(EmitError::Hops(16)));
    let frame = Frame { hops_left: 15, ..frame };
    let too_long = EmitError::Payload { octets: 243, longest: 242 };
    assert_eq!(frame.emit(&key, REALM), Err(too_long));
    let empty = Frame { payload: Vec::new(), ..frame.clone() };
    assert!(matches!(empty.emit(&key, REALM), Err(EmitError::Payload { octets: 0, .. })));
    let answer = Frame { kind: FrameKind::Acknowledgement, payload: Vec::new(), ..frame };
    assert_eq!(answer.emit(&key, REALM), Err(EmitError::Flags));
}
