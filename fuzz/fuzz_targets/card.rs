//! Cards: whatever is accepted is written as it was read; a signed card reads whatever its keys are.
#![no_main]

use chappe_codec::card::{CARD_OCTETS, Card};
use chappe_codec::envelope::{Inbound, Outbound};
use chappe_codec::identity::Identity;
use chappe_codec::label::LabelKey;
use chappe_codec::realm::{Mode, Realm};
use std::sync::LazyLock;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };

static ME: LazyLock<Identity> = LazyLock::new(|| Identity::from_seed(&[1; 144], REALM));

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(card) = Card::parse(octets, REALM) {
        assert_eq!(card.to_bytes(), octets);
    }
    let Some(octets) = octets.first_chunk::<CARD_OCTETS>() else { return };
    let key = |at: usize| <[u8; 32]>::try_from(&octets[at..at + 32]).expect("32 octets");
    let label_key = LabelKey(<[u8; 16]>::try_from(&octets[129..145]).expect("16 octets"));
    let card = Card::sign(ME.signing_key(), REALM, key(33), key(65), key(97), label_key);
    assert_eq!(Card::parse(&card.to_bytes(), REALM), Ok(card));
    // Weak exchange keys are refused where they are used, and nothing stops.
    drop(Outbound::new(&ME, &card, REALM));
    drop(Inbound::new(&ME, &card, REALM));
});
