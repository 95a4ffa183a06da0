//! Snapshots: what is read is the one encoding of what it says, and can be gone on from.
#![no_main]

use chappe_codec::account::Account;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{Party, Sessions, Snapshot, Window};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    match Snapshot::parse(octets) {
        Ok(snapshot) => {
            assert_eq!(snapshot.octets(), octets);
            let realm = Realm { mode: Mode::Live, network: 1 };
            let me = Party { account: Account([1; 32]), device: 1, identity: [2; 32] };
            let sessions = Sessions::resume(realm, me, Window::STATION, [octets]).expect("read");
            let again = sessions.snapshot(snapshot.number()).expect("resumed");
            assert_eq!(again.octets(), octets);
        }
        Err(error) => assert!(error.offset <= octets.len()),
    }
});
