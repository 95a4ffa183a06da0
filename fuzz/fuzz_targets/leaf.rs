#![no_main]

use chappe_anchor::leaf::Leaf;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(leaf) = Leaf::parse(octets) {
        assert_eq!(leaf.to_bytes(), octets);
    }
});
