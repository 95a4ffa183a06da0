//! Endorsements and drafts of every kind: whatever is accepted is written as it was read, nobody's
//! signature is found by chance, and a directory takes no harm.
#![no_main]

use chappe_codec::identity::{
    Carried, Certificate, Content, Directory, Draft, Endorsement, Revocation, Root, Succession,
};
use chappe_codec::key::SignKey;
use chappe_codec::realm::{Mode, Realm};
use std::sync::LazyLock;

// Not that of the vectors, whose signatures are good.
const REALM: Realm = Realm { mode: Mode::Live, network: 0xF022 };

static KEY: LazyLock<SignKey> = LazyLock::new(|| SignKey::from_seed(&[1; 32]));

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(root) = Root::parse(octets) {
        assert_eq!(root.to_bytes(), octets);
    }
    one::<Certificate>(octets);
    one::<Revocation>(octets);
    one::<Succession>(octets);
    if let Ok(carried) = Carried::parse(octets) {
        assert_eq!(carried.to_bytes(), octets);
        let mut directory = Directory::new(REALM);
        directory.know(carried.account()).expect("room");
        assert!(directory.take(&carried).is_err());
        assert!(directory.evidence(&carried.account()).is_empty());
    }
});

fn one<C: Content>(octets: &[u8]) {
    if let Ok(endorsement) = Endorsement::<C>::parse(octets) {
        assert_eq!(endorsement.to_bytes(), octets);
        assert!(endorsement.verify(REALM).is_err());
        // The same content, rightly endorsed by a root that follows the account's own.
        let root = Root::of_key(&KEY.public());
        let mut draft = Draft::by_successor(endorsement.content().clone(), root.clone())
            .expect("content that reads");
        draft.sign(&*KEY, REALM).expect("a keyholder");
        let signed = draft.finish().expect("one signature is enough");
        assert_eq!(Endorsement::parse(&signed.to_bytes()).as_ref(), Ok(&signed));
        assert_eq!(signed.verify_under(&root.account(), REALM), Ok(()));
    }
    if let Ok(draft) = Draft::<C>::parse(octets) {
        assert_eq!(draft.to_bytes(), octets);
    }
}
