//! Sealed envelopes, arbitrary and genuine ones changed, against a device with sessions: what does not
//! open changes nothing, and what opens is a genuine one, once.
#![no_main]

use chappe_codec::account::Account;
use chappe_codec::identity::SoftwareKeys;
use chappe_codec::item::{Item, Reference};
use chappe_codec::key_store::KeyStore;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{Party, Recipient, Sessions, Steps, Window};
use std::sync::LazyLock;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };

/// A device's keys, all different, and its prekey.
fn keys(number: u8) -> SoftwareKeys {
    let mut keys = SoftwareKeys::from_seeds(&[number; 32], &[number + 1; 32]);
    keys.add_prekey(&[number + 2; 32], 0);
    keys
}

fn party(keys: &SoftwareKeys) -> Party {
    let account = Account::of_key(&keys.signing_key());
    Party { account, device: 1, identity: keys.identity_key() }
}

fn recipient(keys: &SoftwareKeys, knows_us: bool) -> Recipient {
    Recipient { party: party(keys), prekey: keys.prekeys()[0], knows_us }
}

/// A station that has talked with one handset, and what is still under way to it.
struct Scene {
    station: SoftwareKeys,
    handset: Party,
    snapshots: Vec<Vec<u8>>,
    genuine: Vec<Vec<u8>>,
}

fn send(sessions: &mut Sessions, keys: &SoftwareKeys, to: &Recipient, draw: &mut u8) -> Vec<u8> {
    let mut fresh = |out: &mut [u8]| {
        *draw += 1;
        out.fill(*draw);
    };
    let steps = Steps { now: false, hybrid: true };
    let reserved = sessions.reserve(keys, to, 1, steps, None, &mut fresh).expect("good keys");
    let snapshot = sessions.snapshot(reserved.session).expect("there");
    sessions.stored(snapshot);
    let item = Item::text(b"said", Reference::None);
    sessions.seal(to, &[item], 16_384).expect("reserved").envelope
}

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let (a, station, stranger) = (keys(10), keys(20), keys(30));
    let mut draw = 100;
    let mut at_a = Sessions::new(REALM, party(&a), Window::HANDSET);
    let mut here = Sessions::new(REALM, party(&station), Window::STATION);
    here.admit(&station, &party(&a), None).expect("good keys");
    for _ in 0..3 {
        let envelope = send(&mut at_a, &a, &recipient(&station, true), &mut draw);
        here.open(&station, &envelope, None).expect("genuine");
        let envelope = send(&mut here, &station, &recipient(&a, true), &mut draw);
        at_a.open(&a, &envelope, None).expect("genuine");
    }
    let mut genuine = Vec::new();
    // Chain envelopes and one that says its counter, with gaps between those that came.
    for number in 0..300 {
        let envelope = send(&mut at_a, &a, &recipient(&station, true), &mut draw);
        if number % 7 == 0 {
            genuine.push(envelope);
        } else if envelope[0] >> 3 == 2 {
            genuine.push(envelope);
        } else if number < 200 {
            drop(here.open(&station, &envelope, None));
        }
        // Who hears nothing for 64 counters begins another session.
        if number % 30 == 0 {
            let envelope = send(&mut here, &station, &recipient(&a, true), &mut draw);
            drop(at_a.open(&a, &envelope, None));
        }
        draw = 120;
    }
    let mut again = Sessions::new(REALM, party(&a), Window::HANDSET);
    genuine.push(send(&mut again, &a, &recipient(&station, true), &mut draw));
    let mut other = Sessions::new(REALM, party(&stranger), Window::HANDSET);
    genuine.push(send(&mut other, &stranger, &recipient(&station, false), &mut draw));
    let number = |n| here.snapshot(n).expect("there").octets().to_vec();
    let snapshots = here.all().into_iter().map(number).collect();
    Scene { station, handset: party(&a), snapshots, genuine }
});

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let scene = &*SCENE;
    let snapshots = scene.snapshots.iter().map(Vec::as_slice);
    let mut here = Sessions::resume(REALM, party(&scene.station), Window::STATION, snapshots)
        .expect("its own");
    here.admit(&scene.station, &scene.handset, None).expect("good keys");
    let Some((choice, rest)) = octets.split_first() else { return };
    let mut envelope = rest.to_vec();
    // A genuine one with some octets changed: pairs of a place and what is flipped there.
    if let Some(genuine) = scene.genuine.get(usize::from(*choice)) {
        envelope.clone_from(genuine);
        for pair in rest.chunks_exact(2) {
            let place = usize::from(pair[0]) % envelope.len();
            envelope[place] ^= pair[1];
        }
    }
    let state = |sessions: &Sessions| {
        let octets = |n| sessions.snapshot(n).expect("there").octets().to_vec();
        (sessions.size(), sessions.all().into_iter().map(octets).collect::<Vec<_>>())
    };
    let before = state(&here);
    match here.open(&scene.station, &envelope, Some(1)) {
        Ok(received) => {
            assert!(scene.genuine.contains(&envelope), "a forged envelope opened");
            assert_eq!(received.opened.messages().len(), 1);
            assert!(here.open(&scene.station, &envelope, Some(1)).is_err(), "opened twice");
        }
        Err(_) => {
            assert_eq!(state(&here), before);
        }
    }
});
