#![no_main]

use chappe_codec::realm::{Mode, Realm};
use chappe_relay::protocol::{
    ClientMessage, ClientSession, RelayMessage, RelaySession, SessionError,
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(message) = ClientMessage::parse(octets) {
        assert_eq!(message.to_bytes(), octets);
    }
    if let Ok(message) = RelayMessage::parse(octets) {
        assert_eq!(message.to_bytes(), octets);
    }

    // The same octets as a lane: whole or octet by octet, both ends answer alike.
    let realm = Realm { mode: Mode::Live, network: 1 };
    let fresh = || [RelaySession::first_lane(realm, 1), RelaySession::lane()];
    for (mut whole, mut piecewise) in fresh().into_iter().zip(fresh()) {
        whole.receive(octets);
        let at_once = requests(&mut whole);
        let mut in_pieces = (Vec::new(), None);
        for octet in octets {
            piecewise.receive(&[*octet]);
            let (requests, error) = requests(&mut piecewise);
            in_pieces.0.extend(requests);
            if error.is_some() {
                in_pieces.1 = error;
                break;
            }
        }
        assert_eq!(at_once, in_pieces);
        assert_eq!(whole.take_output(), piecewise.take_output());
    }
    for mut client in [ClientSession::first_lane(realm), ClientSession::lane()] {
        client.receive(octets);
        while let Ok(Some(_)) = client.next_event() {}
    }
});

fn requests(
    session: &mut RelaySession,
) -> (Vec<chappe_relay::protocol::Request>, Option<SessionError>) {
    let mut requests = Vec::new();
    loop {
        match session.next_request() {
            Ok(Some(request)) => requests.push(request),
            Ok(None) => return (requests, None),
            Err(error) => return (requests, Some(error)),
        }
    }
}
