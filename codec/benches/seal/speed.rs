//! Sealing and opening beside the bare AEAD, and the beginning of a session beside bare X25519.

use super::bare;
use super::device::{Device, SPACE};
use super::figure;
use super::rounds::{ROUNDS, median, nanoseconds};
use chappe_codec::item::{Item, Reference};
use chappe_codec::session::{Recipient, Window};
use std::hint::black_box;
use std::time::{Duration, Instant};
use x25519_dalek::{PublicKey, StaticSecret};

const BODIES: [usize; 4] = [16, 64, 200, 1024];

/// Messages of a round: about a block.
const MESSAGES: usize = 50;

/// Family and revision.
const ITEM_HEAD_OCTETS: usize = 2;

pub(crate) fn measure() {
    let mut talks = BODIES.map(Talk::new);
    let mut times: [[Vec<f64>; 6]; 4] = Default::default();
    for _ in 0..ROUNDS {
        for (talk, times) in talks.iter_mut().zip(&mut times) {
            let plaintext = talk.body.len() + ITEM_HEAD_OCTETS;
            let (seal, open, _) = talk.messages(MESSAGES);
            times[0].push(seal);
            times[1].push(bare::seal(plaintext, MESSAGES));
            times[2].push(bare::seal_after_step(plaintext, MESSAGES));
            times[3].push(open);
            times[4].push(bare::open(plaintext, MESSAGES));
            times[5].push(bare::open_after_step(plaintext, MESSAGES));
        }
    }
    for (body, times) in BODIES.iter().zip(times) {
        let [seal, aead_seal, step_seal, open, aead_open, step_open] =
            times.map(|mut all| median(&mut all));
        figure(&format!("seal, {body}"), seal);
        figure(&format!("seal, {body}, AEAD"), aead_seal);
        figure(&format!("seal, {body}, AEAD and HKDF"), step_seal);
        figure(&format!("open, {body}"), open);
        figure(&format!("open, {body}, AEAD"), aead_open);
        figure(&format!("open, {body}, AEAD and HKDF"), step_open);
    }
}

/// For callgrind, which counts inside one function: `seal_all`, `open_all`, `seal_after_step`,
/// `open_after_step`.
pub(crate) fn count(work: &str, octets: usize, messages: usize) {
    let plaintext = octets + ITEM_HEAD_OCTETS;
    match work {
        "talk" => {
            let (_, _, done) = Talk::new(octets).messages(messages);
            figure("messages", done);
        }
        "bare seal" => figure("ns", bare::seal_after_step(plaintext, messages)),
        "bare open" => figure("ns", bare::open_after_step(plaintext, messages)),
        _ => panic!("{work}"),
    }
}

/// A to B, who answers once a block of counters.
struct Talk {
    a: Device,
    b: Device,
    body: Vec<u8>,
}

impl Talk {
    fn new(octets: usize) -> Self {
        let (a, b) = Device::acquainted(octets as u64, Window::STATION);
        Self { a, b, body: vec![7; octets] }
    }

    /// Nanoseconds to seal and to open one, over at least so many, and over how many. A block at a time: reserving, storing and what
    /// steps the ratchet stand outside the measure.
    fn messages(&mut self, count: usize) -> (f64, f64, usize) {
        let (mut sealing, mut opening) = (Duration::ZERO, Duration::ZERO);
        let to = self.b.recipient(true);
        let item = [Item::text(&self.body, Reference::None)];
        // A step of the ratchet never finds room besides the item.
        let space = self.body.len() + ITEM_HEAD_OCTETS + 21;
        let mut done = 0;
        while done < count {
            self.a.tell(&mut self.b);
            self.b.tell(&mut self.a);
            self.a.prepare(&to);
            let mut sealed = Vec::with_capacity(64);
            let started = Instant::now();
            seal_all(&mut self.a, &to, &item, space, &mut sealed);
            sealing += started.elapsed();
            let started = Instant::now();
            open_all(&mut self.b, &sealed);
            opening += started.elapsed();
            done += sealed.len();
        }
        let mean = |time: Duration| time.as_nanos() as f64 / done as f64;
        (mean(sealing), mean(opening), done)
    }
}

/// All that the block has counters for.
#[inline(never)]
fn seal_all(
    a: &mut Device,
    to: &Recipient,
    item: &[Item<'_>],
    space: usize,
    sealed: &mut Vec<Vec<u8>>,
) {
    while let Ok(sent) = a.sessions.seal(to, item, space) {
        sealed.push(sent.envelope);
    }
}

#[inline(never)]
fn open_all(b: &mut Device, sealed: &[Vec<u8>]) {
    for envelope in sealed {
        black_box(b.open(black_box(envelope)).unwrap());
    }
}

/// A first flight: made by somebody without a session, and opened by somebody without one.
pub(crate) fn beginning() {
    const TIMES: usize = 3;
    let (mut a, mut b) = Device::pair(9, Window::STATION);
    let to = b.recipient(true);
    let item = [Item::text(b"thirteen oct.", Reference::None)];
    let secret = StaticSecret::from([5; 32]);
    let public = PublicKey::from(&StaticSecret::from([6; 32]));
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        let (mut sealing, mut opening) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..TIMES {
            a.anew(&b);
            let started = Instant::now();
            a.prepare(&to);
            let sent = a.sessions.seal(&to, &item, SPACE).unwrap();
            sealing += started.elapsed();
            b.anew(&a);
            let started = Instant::now();
            black_box(b.open(&sent.envelope).unwrap());
            opening += started.elapsed();
        }
        times[0].push(sealing.as_nanos() as f64 / TIMES as f64);
        times[1].push(opening.as_nanos() as f64 / TIMES as f64);
        times[2].push(nanoseconds(TIMES, || {
            for _ in 0..TIMES {
                black_box(black_box(&secret).diffie_hellman(black_box(&public)));
            }
        }));
    }
    let [seal, open, bare] = times.map(|mut all| median(&mut all));
    figure("first flight sealed", seal);
    figure("first flight opened", open);
    figure("X25519", bare);
}
