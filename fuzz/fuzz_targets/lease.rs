#![no_main]

use chappe_relay::Lease;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(lease) = Lease::parse(octets) {
        assert_eq!(lease.to_bytes(), octets);
    }
});
