//! Envelopes: whatever is accepted says what it was read from, nothing verifies or opens by chance,
//! and items that can be read can be signed, sealed and read again.
#![no_main]

use chappe_codec::chain::Position;
use chappe_codec::envelope::{Envelope, Inbound, OpenEnvelope, Outbound};
use chappe_codec::identity::Identity;
use chappe_codec::item::{Item, emit_items, parse_items};
use chappe_codec::key::SignKey;
use chappe_codec::realm::{Mode, Realm};
use std::sync::LazyLock;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };
const FIRST: Position = Position { device: 1, epoch: 1, counter: 7 };

/// Two who hold each other's cards.
struct Pair {
    author: Identity,
    recipient: Identity,
    outbound: Outbound,
    inbound: Inbound,
}

static PAIR: LazyLock<Pair> = LazyLock::new(|| {
    let author = device(1);
    let recipient = device(2);
    let outbound = Outbound::new(&author, recipient.card(), REALM).expect("good keys");
    let inbound = Inbound::new(&recipient, author.card(), REALM).expect("good keys");
    Pair { author, recipient, outbound, inbound }
});

fn device(number: u8) -> Identity {
    let root = SignKey::from_seed(&[number; 32]);
    Identity::first_device(&root, &[number ^ 0x55; 144], 0, REALM).expect("fresh seeds")
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
        Ok(Envelope::FirstFlight(sealed)) => {
            assert_eq!(Some(&sealed.ephemeral()[..]), octets.get(4..36));
            assert!(PAIR.inbound.open(&PAIR.recipient, &sealed).is_err());
            assert!(sealed.open(&PAIR.recipient, [&PAIR.inbound], |_| false).is_err());
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
    if let Ok((sealed, kept)) = PAIR.outbound.seal(&[3; 32], FIRST, items) {
        let Ok(Envelope::FirstFlight(sealed)) = Envelope::parse(&sealed) else {
            panic!("not read")
        };
        let opened = PAIR.inbound.open(&PAIR.recipient, &sealed).expect("its own tag");
        assert_eq!(opened.messages(), kept.messages());
    }
}
