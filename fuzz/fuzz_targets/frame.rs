//! Frames: whatever is accepted is written as it was read, and nothing else gets past the link.
#![no_main]

use chappe_codec::realm::{Mode, Realm};
use chappe_radio::frame::{NetworkKey, Pseudonym, Unverified};
use chappe_radio::link::{Link, LinkConfig, LinkEvent, Quality, Role};
use chappe_radio::modulation::Modulation;
use chappe_radio::time::Instant;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };
const QUALITY: Quality = Quality { rssi_dbm: -100, snr_db: 0 };

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let key = NetworkKey::public();
    // As it came: four octets of MIC are not to be found by chance.
    if let Ok(unverified) = Unverified::parse(octets) {
        assert!(unverified.claimed_payload().len() < octets.len());
    }
    // With the MIC that belongs to it, so that what lies behind the check is reached.
    let mut packet = octets.to_vec();
    packet.extend(key.mic(REALM, octets));
    let Ok(unverified) = Unverified::parse(&packet) else { return };
    let frame = unverified.verify(&key, REALM).expect("its own MIC");
    assert_eq!(frame.emit(&key, REALM).as_deref(), Ok(&packet[..]));

    let config = LinkConfig::new(Pseudonym([1, 2, 3]), REALM, Role::GATEWAY, Modulation::DEFAULT);
    let mut link = Link::new(config);
    link.handle_receive(Instant::ZERO, &packet, QUALITY);
    let now = link.poll_timeout().unwrap_or(Instant::ZERO);
    link.handle_timeout(now);
    if link.poll_transmit(now).is_some() {
        link.handle_transmitted(now);
    }
    while let Some(event) = link.poll_event() {
        if let LinkEvent::Received { frame: received, .. } = event {
            assert_eq!(received, frame);
        }
    }
    assert!(link.is_idle());
});
