#![no_main]

use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::protocol::{
    ClientControl, ClientLane, ClientMessage, ConnectionRole, ControlSession, LaneRequests,
    RelayMessage, SessionError, heard_datagram, live_datagram,
};
use std::time::Instant;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(message) = ClientMessage::parse(octets) {
        assert_eq!(message.to_bytes(), octets);
    }
    if let Ok(message) = RelayMessage::parse(octets) {
        assert_eq!(message.to_bytes(), octets);
    }
    let _ = (live_datagram(octets), heard_datagram(octets));

    // The same octets as a lane: whole or octet by octet, the relay reads alike.
    for precedence in [Precedence::Routine, Precedence::Flash] {
        let fresh = || {
            let mut lane = LaneRequests::default();
            lane.receive(Bytes::copy_from_slice(&[2, 1, precedence.to_bits()]));
            lane
        };
        let mut whole = fresh();
        whole.receive(Bytes::copy_from_slice(octets));
        let at_once = requests(&mut whole);
        let mut piecewise = fresh();
        let mut in_pieces = (Vec::new(), None);
        for octet in octets {
            piecewise.receive(Bytes::copy_from_slice(&[*octet]));
            let (requests, error) = requests(&mut piecewise);
            in_pieces.0.extend(requests);
            if error.is_some() {
                in_pieces.1 = error;
                break;
            }
        }
        if !octets.is_empty() {
            assert_eq!(at_once, in_pieces);
        }
    }

    let realm = Realm { mode: Mode::Live, network: 1 };
    let now = Instant::now();
    let mut control = ControlSession::new(realm, now);
    control.receive(Bytes::copy_from_slice(octets));
    while let Ok(Some(_)) = control.next_hello(now) {
        control.greet(1);
    }
    let mut client = ClientControl::new(ConnectionRole::Client, realm, &[], &[]);
    client.receive(Bytes::copy_from_slice(octets));
    while let Ok(Some(_)) = client.next_greeting() {}
    let mut lane = ClientLane::new(Precedence::Routine);
    lane.receive(Bytes::copy_from_slice(octets));
    while let Ok(Some(_)) = lane.next_event() {}
});

/// Requests as their debug form, which says everything but the octets; those have the messages' law.
fn requests(lane: &mut LaneRequests) -> (Vec<String>, Option<SessionError>) {
    let mut requests = Vec::new();
    loop {
        match lane.next_request() {
            Ok(Some(request)) => requests.push(format!("{request:?}")),
            Ok(None) => return (requests, None),
            Err(error) => return (requests, Some(error)),
        }
    }
}
