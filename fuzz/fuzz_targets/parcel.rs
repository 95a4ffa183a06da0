#![no_main]

use chappe_relay::Parcel;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(parcel) = Parcel::parse(octets) {
        assert_eq!(parcel.to_bytes(), octets);
    }
});
