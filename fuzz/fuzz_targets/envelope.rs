//! Envelopes: whatever is accepted says what it was read from, nothing verifies or opens by chance,
//! and items that can be read can be signed, sealed and read again.
#![no_main]

use chappe_codec::chain::Position;
use chappe_codec::envelope::{Envelope, OpenEnvelope};
use chappe_codec::identity::{Identity, Prekeys};
use chappe_codec::item::{Item, emit_items, parse_items};
use chappe_codec::key::SignKey;
use chappe_codec::key_store::KeyStore;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{Party, Recipient, Sessions, Steps, Window};
use std::sync::LazyLock;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };
const FIRST: Position = Position { device: 1, epoch: 1, counter: 7 };

/// Two who hold each other's cards.
struct Pair {
    author: Identity,
    recipient: Identity,
}

static PAIR: LazyLock<Pair> = LazyLock::new(|| Pair { author: device(1), recipient: device(2) });

fn device(number: u8) -> Identity {
    let root = SignKey::from_seed(&[number; 32]);
    let prekeys = Prekeys::first(&[number ^ 0x33; 32], 0);
    Identity::first_device(&root, &[number ^ 0x55; 112], prekeys, REALM).expect("fresh seeds")
}

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    as_envelope(octets);
    for several in [false, true] {
        if let Ok(items) = parse_items(several, octets) {
            as_items(&items);
        }
    }
});

fn as_envelope(octets: &[u8]) {
    match Envelope::parse(octets) {
        Ok(Envelope::Open(open)) => {
            assert_eq!(again(&open, octets), octets);
            assert!(open.verify(&PAIR.author.signer(), REALM).is_err());
        }
        Ok(Envelope::Sealed(_)) => {
            let mut sessions = sessions_of(&PAIR.recipient, &PAIR.author);
            assert!(sessions.open(PAIR.recipient.keys(), octets, None).is_err());
        }
        Ok(Envelope::Unknown { version, class }) => {
            assert_eq!((version << 3) | class, octets[0] >> 3);
        }
        Err(error) => assert!(error.offset <= octets.len()),
    }
}

/// What was read, written anew but for the signature.
fn again(open: &OpenEnvelope<'_>, octets: &[u8]) -> Vec<u8> {
    let [_, parity] = open.first.epoch.to_be_bytes();
    let mut out = vec![((parity & 1) << 2) | u8::from(open.items.len() > 1), open.first.device];
    out.extend(open.first.epoch.to_be_bytes());
    out.extend(open.account.0);
    out.extend(open.first.counter.to_be_bytes());
    out.extend(emit_items(&open.items));
    out.extend(octets.last_chunk::<64>().expect("a signature"));
    out
}

fn as_items(items: &[Item<'_>]) {
    // Items that fit may still be too long for one envelope.
    if let Ok(signed) =
        OpenEnvelope::sign(PAIR.author.signing_key(), PAIR.author.account(), REALM, FIRST, items)
    {
        let Ok(Envelope::Open(open)) = Envelope::parse(&signed) else { panic!("not read") };
        assert_eq!(open.items, items);
        assert!(open.verify(&PAIR.author.signer(), REALM).is_ok());
    }
    // A first flight of sessions of their own: sealed, opened, and opened once.
    let (author, recipient) = (PAIR.author.keys(), PAIR.recipient.keys());
    let mut sending = sessions_of(&PAIR.author, &PAIR.recipient);
    let prekey = recipient.prekeys()[0];
    let to = Recipient { party: party(&PAIR.recipient), prekey, knows_us: true };
    let mut fresh = |out: &mut [u8]| out.fill(3);
    let steps = Steps::default();
    let Ok(reserved) = sending.reserve(author, &to, items.len(), steps, None, &mut fresh) else {
        return;
    };
    sending.stored(sending.snapshot(reserved.session).expect("begun"));
    // For the air or for a relay, as the content decides.
    let is_padded = items.first().is_some_and(|item| item.body.len() % 2 == 1);
    let sealed =
        if is_padded { sending.seal_padded(&to, items) } else { sending.seal(&to, items, 16_384) };
    if let Ok(sent) = sealed {
        assert!(matches!(Envelope::parse(&sent.envelope), Ok(Envelope::Sealed(_))));
        let mut receiving = sessions_of(&PAIR.recipient, &PAIR.author);
        let received = receiving.open(recipient, &sent.envelope, None).expect("its own tag");
        assert_eq!(received.opened.every_message(), sent.said.every_message());
        assert!(receiving.open(recipient, &sent.envelope, None).is_err());
    }
}

fn party(identity: &Identity) -> Party {
    let (account, device) = (*identity.account(), identity.device());
    Party { account, device, identity: identity.keys().identity_key() }
}

fn sessions_of(me: &Identity, peer: &Identity) -> Sessions {
    let mut sessions = Sessions::new(REALM, party(me), Window::STATION);
    sessions.admit(me.keys(), &party(peer), None).expect("good keys");
    sessions
}
