//! A station with fifty sessions: what a foreign frame costs it, and how often one meets a hint.

use super::bare;
use super::device::{Chance, Device};
use super::figure;
use super::rounds::{ROUNDS, median, nanoseconds};
use chappe_codec::envelope::OpenError;
use chappe_codec::session::Window;
use std::hint::black_box;

const SESSIONS: u64 = 50;
const FRAMES: u32 = 1 << 22;
const BATCH: usize = 2048;

/// A chain envelope of one item with a body of two octets.
const ENVELOPE_OCTETS: usize = 24;

pub(crate) fn measure() {
    let (mut station, genuine) = station();
    figure("sessions", station.sessions.size().sessions);
    figure("hints", station.sessions.size().hints);
    times(&mut station, &genuine);
    met(&mut station);
}

/// The station, and from each of its handsets an envelope that is still to come.
fn station() -> (Device, Vec<Vec<u8>>) {
    let mut station = Device::new(50_000, Window::STATION);
    let genuine = (1..=SESSIONS).map(|number| {
        let mut handset = Device::new(50_000 + number, Window::HANDSET);
        handset.admit(&station);
        station.admit(&handset);
        handset.tell(&mut station);
        station.tell(&mut handset);
        handset.tell(&mut station);
        handset.say(&station.recipient(true)).envelope
    });
    let genuine = genuine.collect();
    (station, genuine)
}

fn times(station: &mut Device, genuine: &[Vec<u8>]) {
    let mut chance = Chance(1);
    let foreign: Vec<_> = (0..BATCH).map(|_| frame(&mut chance)).collect();
    // A hit whose tag is wrong changes nothing, so it can be had again.
    let mut damaged = genuine.to_vec();
    damaged.iter_mut().for_each(|envelope| *envelope.last_mut().unwrap() ^= 1);
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(nanoseconds(BATCH, || {
            for envelope in &foreign {
                black_box(station.open(black_box(envelope)).is_err());
            }
        }));
        times[1].push(nanoseconds(2 * damaged.len(), || {
            for envelope in damaged.iter().cycle().take(2 * damaged.len()) {
                black_box(station.open(black_box(envelope)).is_err());
            }
        }));
        times[2].push(bare::open_after_step(genuine[0].len() - 20, 100));
    }
    for envelope in &damaged {
        assert_eq!(station.open(envelope).err(), Some(OpenError::BadTag));
    }
    let [foreign, hit, bare] = times.map(|mut all| median(&mut all));
    figure("foreign frame", foreign);
    figure("hit", hit);
    figure("bare", bare);
}

fn frame(chance: &mut Chance) -> [u8; ENVELOPE_OCTETS] {
    let mut envelope = chance.octets::<ENVELOPE_OCTETS>();
    // Class 1; the parity is chance's.
    envelope[0] = (1 << 3) | (envelope[0] & 4);
    envelope
}

/// Theory: each hint is met by a frame in 2^24, and its parity by one in two.
fn met(station: &mut Device) {
    let mut chance = Chance(2_022);
    let mut tried = 0_u32;
    for _ in 0..FRAMES {
        let refusal = station.open(&frame(&mut chance)).unwrap_err();
        tried += u32::from(refusal == OpenError::BadTag);
    }
    let hints = station.sessions.size().hints as f64;
    figure("frames", FRAMES);
    figure("met", tried);
    figure("expected", f64::from(FRAMES) * hints / f64::from(1 << 25));
}
