#![no_main]

use chappe_anchor::key::LedgerSecret;
use chappe_anchor::receipt::Receipt;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Ok(receipt) = Receipt::parse(text) {
        assert_eq!(receipt.to_text().as_bytes(), text);
        // A key of the very ledger it names, so that signature and inclusion are looked at.
        let origin = receipt.checkpoint().claimed().origin.clone();
        let realm = origin.realm();
        let key = LedgerSecret::from_seed(origin, &[1; 32]).public();
        drop(receipt.verify(&[key], realm));
    }
});
