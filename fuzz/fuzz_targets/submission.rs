#![no_main]

use chappe_anchor::submission::Submission;
use chappe_codec::realm::{Mode, Realm};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(submission) = Submission::parse(octets) {
        assert_eq!(submission.to_bytes(), octets);
        // Keys and signatures of a stranger's choosing must not stop the ledger.
        drop(submission.admit(Realm { mode: Mode::Live, network: 1 }));
    }
});
