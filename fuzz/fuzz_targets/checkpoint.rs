#![no_main]

use chappe_anchor::checkpoint::SignedCheckpoint;
use chappe_anchor::key::LedgerKey;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Ok(checkpoint) = SignedCheckpoint::parse(text) {
        assert_eq!(checkpoint.to_text().as_bytes(), text);
        assert!(checkpoint.verify(&[]).is_err());
    }
    if let Ok(text) = std::str::from_utf8(text)
        && let Ok(key) = text.parse::<LedgerKey>()
    {
        assert_eq!(key.to_string(), text);
    }
});
