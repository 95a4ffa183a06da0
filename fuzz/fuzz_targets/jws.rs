//! A page of an A1: what is read signs exactly what was received, and is judged under a key of each curve.
#![no_main]

use chappe_codec::signal::cryptography::Address;
use chappe_codec::signal::cryptography::authentication::{Expected, Jws, VerificationKey, verify};
use libfuzzer_sys::fuzz_target;

// The generators of the three curves.
const P256: [u8; 33] = [
    3, 107, 23, 209, 242, 225, 44, 66, 71, 248, 188, 230, 229, 99, 164, 64, 242, 119, 3, 125, 129,
    45, 235, 51, 160, 244, 161, 57, 69, 216, 152, 194, 150,
];
const SECP256K1: [u8; 33] = [
    2, 121, 190, 102, 126, 249, 220, 187, 172, 85, 160, 98, 149, 206, 135, 11, 7, 2, 155, 252, 219,
    45, 206, 40, 217, 89, 242, 129, 91, 22, 248, 23, 152,
];
const ED25519: [u8; 32] = [
    88, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102,
    102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102,
];

fuzz_target!(|resource: &[u8]| {
    let address = Address::other("NAnAddressOfAnotherLedger", &[7; 21]).expect("an address");
    if let Ok(jws) = Jws::parse(resource) {
        let text = std::str::from_utf8(resource).expect("JSON is UTF-8");
        let (protected, payload) = jws.signing_input().split_once('.').expect("two parts");
        // An escape may stand for a letter; without one the parts are there as they were written.
        assert!(text.contains('\\') || text.contains(protected) && text.contains(payload));
        drop(jws.unverified());
        assert_eq!(jws.to_compact().split('.').count(), 3);
    }
    let keys = [
        VerificationKey::from_p256(&P256),
        VerificationKey::from_secp256k1(&SECP256K1),
        VerificationKey::from_ed25519(&ED25519),
    ];
    for key in keys {
        let expected = Expected {
            address: &address,
            key: &key.expect("a key"),
            url: "https://organisation.int/whiteflag",
            fetched_from: Some("https://organisation.int/"),
        };
        drop(verify(resource, &expected));
    }
});
