//! Items: whatever is accepted is written as it was read, alone and among others.
#![no_main]

use chappe_codec::item::{Item, emit_items, parse_items};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    for several in [false, true] {
        let Ok(items) = parse_items(several, octets) else { continue };
        assert_eq!(items.len() > 1, several);
        assert_eq!(emit_items(&items), octets);
        for item in &items {
            if let Some(canonical) = item.canonical() {
                assert_eq!(Item::from_canonical(&canonical).as_ref(), Ok(item));
            }
        }
    }
    if let Ok(item) = Item::from_canonical(octets) {
        assert_eq!(item.canonical().as_deref(), Some(octets));
    }
});
