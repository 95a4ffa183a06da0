#![no_main]

use chappe_relay::federation::QueueRecord;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Some(record) = QueueRecord::parse(octets) else { return };
    let mut again = Vec::new();
    match record {
        QueueRecord::Kept(kept) => kept.put(&mut again),
        QueueRecord::Open(range) => range.put(&mut again),
        QueueRecord::Replicated(replicated) => replicated.put(&mut again),
    }
    assert_eq!(again, octets);
});
