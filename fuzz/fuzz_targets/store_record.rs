#![no_main]

use chappe_store::record::{self, Checksum};

// Checksums keep arbitrary octets out, so the input also becomes a record that is then damaged.
libfuzzer_sys::fuzz_target!(|input: (u64, u32, u16, bool, Vec<u8>, Vec<u8>, u16, u8)| {
    let (identity, sequence, position, ends_group, payload, octets, at, flip) = input;
    let checksum = Checksum::of(identity);
    if let Some((header, payload)) = record::find(checksum, &octets) {
        let mut again = Vec::new();
        let place = (header.sequence, header.position, header.ends_group);
        record::put(&mut again, checksum, place, payload);
        assert!(octets.starts_with(&again));
    }

    let place = (u64::from(sequence).max(u64::from(position)), position, ends_group);
    let mut whole = Vec::new();
    record::put(&mut whole, checksum, place, &payload);
    let (header, found) = record::find(checksum, &whole).unwrap();
    assert_eq!((header.sequence, header.position, header.ends_group), place);
    assert_eq!(found, payload);
    let at = usize::from(at) % whole.len();
    whole[at] ^= flip;
    assert_eq!(record::find(checksum, &whole).is_some(), flip == 0);
});
