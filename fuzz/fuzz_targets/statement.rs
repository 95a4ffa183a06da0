//! Statements and evidence: whatever is accepted is written as it was read, and nobody's signature
//! is found by chance.
#![no_main]

use chappe_codec::account::Account;
use chappe_codec::id::MessageId;
use chappe_codec::identity::Signer;
use chappe_codec::key::SignKey;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::statement::{Evidence, Ids, Proof, Request, Statement};
use std::sync::LazyLock;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };

static SECRET: LazyLock<SignKey> = LazyLock::new(|| SignKey::from_seed(&[1; 32]));

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(statement) = Statement::parse(octets) {
        assert_eq!(statement.to_bytes(), octets);
        assert!(!statement.contradicts(&statement));
        let key = SECRET.public();
        let author = Signer { account: Account::of_key(&key), device: 0, key };
        assert!(statement.verify(&author, REALM).is_err());
        // The same claim in the author's own name and hand.
        let mut claim = statement.claim;
        claim.account = author.account.id();
        claim.device = 0;
        let signed = claim.sign(&*SECRET, REALM).expect("a key in memory");
        assert_eq!(Statement::parse(&signed.to_bytes()).as_ref(), Ok(&signed));
        assert_eq!(signed.verify(&author, REALM), Ok(()));
    }
    if let Ok(evidence) = Evidence::parse(octets) {
        assert_eq!(evidence.to_bytes(), octets);
    }
    if let Ok(proof) = Proof::parse(octets) {
        assert_eq!(proof.to_bytes(), octets);
        let key = SECRET.public();
        let signer = Signer { account: Account::of_key(&key), device: 0, key };
        assert!(proof.verify(&MessageId([7; 32]), &signer, REALM).is_err());
    }
    if let Ok(request) = Request::parse(octets) {
        assert_eq!(request.to_bytes(), octets);
    }
    if let Ok(ids) = Ids::parse(octets) {
        assert_eq!(ids.to_bytes(), octets);
        assert!((1..=64).contains(&ids.iter().count()));
    }
});
