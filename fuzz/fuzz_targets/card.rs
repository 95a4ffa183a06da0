//! Cards: whatever is accepted is written as it was read; a signed card reads whatever its keys are.
#![no_main]

use chappe_codec::base45;
use chappe_codec::card::Card;
use chappe_codec::home::{HomeRelay, HomeRelays};
use chappe_codec::identity::{Identity, Prekeys};
use chappe_codec::key::SignKey;
use chappe_codec::key_store::KeyStore;
use chappe_codec::label::LabelKey;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{Party, Recipient, Sessions, Steps, Window};
use std::sync::LazyLock;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };

static ME: LazyLock<Identity> = LazyLock::new(|| {
    let root = SignKey::from_seed(&[2; 32]);
    let prekeys = Prekeys::first(&[3; 32], 0);
    Identity::first_device(&root, &[1; 112], prekeys, REALM).expect("fresh seeds")
});

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    // The certificate is let pass, so that what is behind it is reached.
    if let Ok(card) = Card::parse_with(octets, REALM, |_| Ok(())) {
        assert_eq!(card.to_bytes(), octets);
    }
    assert_eq!(base45::decode(&base45::encode(octets)).as_deref(), Ok(octets));
    if let Ok(text) = std::str::from_utf8(octets)
        && let Ok(card) = Card::octets_of_qr_text(text)
    {
        assert_eq!(format!("CHAPPE-CARD:{}", base45::encode(&card)), text);
    }
    if let Ok(homes) = HomeRelays::parse(octets) {
        assert_eq!(homes.to_bytes(), octets);
    }
    let Some((keys, rest)) = octets.split_first_chunk::<85>() else { return };
    let key = |at: usize| <[u8; 32]>::try_from(&keys[at..at + 32]).expect("32 octets");
    let label_key = LabelKey(<[u8; 16]>::try_from(&keys[64..80]).expect("16 octets"));
    let expiry = u64::from(u32::from_be_bytes([keys[80], keys[81], keys[82], keys[83]]));
    let endorsement = ME.card().endorsement().clone();
    let card = Card::sign(ME.keys(), REALM, endorsement, key(0), expiry, label_key, homes(rest))
        .expect("keys in memory");
    assert_eq!(Card::parse(&card.to_bytes(), REALM).as_ref(), Ok(&card));
    // Weak exchange keys are refused where they are used, and nothing stops.
    let (account, device) = (card.account(), card.device());
    let me = Party { account, device, identity: ME.keys().identity_key() };
    let peer = Party { account, device: device ^ 1, identity: key(32) };
    let mut sessions = Sessions::new(REALM, me, Window::HANDSET);
    drop(sessions.admit(ME.keys(), &peer, None));
    let to = Recipient { party: peer, prekey: key(0), knows_us: keys[84] & 1 == 1 };
    let mut fresh = |out: &mut [u8]| out.fill(3);
    drop(sessions.reserve(ME.keys(), &to, 1, Steps::default(), None, &mut fresh));
});

/// Of each forty octets a home relay, as far as they may be on a card.
fn homes(octets: &[u8]) -> HomeRelays {
    let home = |chunk: &[u8]| {
        let key = SignKey::from_seed(&[*chunk.first()?; 32]).public();
        HomeRelay::new(key, String::from_utf8_lossy(chunk.get(1..)?).into_owned()).ok()
    };
    HomeRelays::new(octets.chunks(40).map_while(home).take(3).collect()).unwrap_or_default()
}
