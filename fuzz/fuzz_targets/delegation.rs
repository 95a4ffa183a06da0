#![no_main]

use chappe_relay::Delegation;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(delegation) = Delegation::parse(octets) {
        assert_eq!(delegation.to_bytes(), octets);
    }
});
