//! First flights to the present prekey, to former ones, and to destroyed ones (spec/11-session.md,
//! "Life of a prekey").

use super::device::{Device, bodies, drawn};
use chappe_codec::key_store::KeyStore;
use chappe_codec::session::Window;
use proptest::prelude::*;

/// What happens to B between first flights.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// It replaces its prekey.
    Renew,
    /// It destroys one of those it has, the present one excepted.
    Destroy(usize),
    /// It restarts from its disk.
    Restart,
    /// A flight that was written some time ago comes, perhaps once more.
    Flight(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Renew),
        1 => (0_usize..3).prop_map(Step::Destroy),
        1 => Just(Step::Restart),
        6 => (0_usize..8).prop_map(Step::Flight),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A late flight opens once as long as its prekey is kept, then it is a replay; without its prekey it
    /// is like any foreign envelope, also when it had been opened before.
    #[test]
    fn a_late_flight_opens_once_while_its_prekey_is_kept(
        number in any::<u32>(), steps in proptest::collection::vec(step(), 1..40),
    ) {
        let mut b = Device::new(2 * u64::from(number), Window::STATION);
        // Each from a device of its own, written to the prekey that was the newest then.
        let mut flights = Vec::new();
        for n in 0..8 {
            let mut a = Device::new(2 * (u64::from(number) + n) + 1, Window::STATION);
            a.admit(b.me);
            b.admit(a.me);
            if n % 2 == 1 {
                let seed = drawn(&mut b.chance);
                b.keys.add_prekey(&seed, n);
                b.sessions.renew_prekeys(&b.keys).unwrap();
            }
            let to = b.recipient(true);
            flights.push((a.send(&to, &[n as u8]).envelope, to.prekey, false));
        }
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Renew => {
                    let seed = drawn(&mut b.chance);
                    b.keys.add_prekey(&seed, 100 + at as u64);
                }
                Step::Destroy(which) => {
                    let kept = b.keys.prekeys().to_vec();
                    if let Some(prekey) = kept.get(1 + which) {
                        prop_assert!(b.keys.destroy_prekey(prekey));
                    }
                }
                Step::Restart => b.reboot(),
                Step::Flight(which) => {
                    let (envelope, prekey, is_opened) = &mut flights[which];
                    let is_kept = b.keys.prekeys().contains(prekey);
                    match b.receive(envelope) {
                        Ok(received) => {
                            prop_assert!(is_kept && !*is_opened);
                            prop_assert_eq!(bodies(&received), [vec![which as u8]]);
                            *is_opened = true;
                        }
                        Err(refusal) => {
                            let expected = if is_kept { "replay" } else { "unknown_hint" };
                            prop_assert_eq!(refusal.name(), expected);
                            prop_assert!(*is_opened || !is_kept);
                        }
                    }
                }
            }
            b.sessions.renew_prekeys(&b.keys).unwrap();
            let kept = b.keys.prekeys().to_vec();
            prop_assert!((1..=3).contains(&kept.len()));
            b.remembered.retain(|remembered| kept.contains(&remembered.prekey));
            prop_assert_eq!(b.sessions.size().remembered, b.remembered.len());
        }
    }
}
