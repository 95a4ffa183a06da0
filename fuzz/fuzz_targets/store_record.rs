#![no_main]

use chappe_store::record::{self, Found};

// Checksums keep arbitrary octets out, so the input also becomes a record that is then damaged.
libfuzzer_sys::fuzz_target!(|input: (u64, u64, u16, Vec<u8>, Vec<u8>, u16, u8)| {
    let (identity, sequence, position, payload, octets, at, flip) = input;
    if let Found::Record(header, payload) = record::find(identity, &octets) {
        let mut again = Vec::new();
        record::put(&mut again, identity, header.sequence, header.position, payload);
        assert!(octets.starts_with(&again));
    }

    let sequence = sequence.max(u64::from(position));
    let mut whole = Vec::new();
    record::put(&mut whole, identity, sequence, u32::from(position), &payload);
    match record::find(identity, &whole) {
        Found::Record(header, found) => {
            assert_eq!((header.sequence, header.position), (sequence, u32::from(position)));
            assert_eq!(found, payload);
        }
        other => panic!("{other:?}"),
    }
    let at = usize::from(at) % whole.len();
    whole[at] ^= flip;
    let is_whole = matches!(record::find(identity, &whole), Found::Record(..));
    assert_eq!(is_whole, flip == 0);
});
