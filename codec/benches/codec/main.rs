//! Sizes and speed of signals, for `make bench-codec` (.ci/bench-codec makes the table).
//!
//! `codec sizes FOLDER` prints the octets of every message and text of a corpus.
//! `codec cases` names the cases of speed; `codec run CASE ROUNDS FOLDER` runs one over all its
//! messages that often, which is what is timed and, under callgrind, counted.

// A benchmark may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod corpus;

use bitvec::field::BitField;
use bitvec::order::Msb0;
use bitvec::slice::BitSlice;
use chappe_codec::signal::packed::{Packed, TextBuffer};
use chappe_codec::signal::{Message, MessageCode};
use corpus::Corpus;
use std::hint::black_box;
use std::time::Instant;

/// What is done to each message.
const WORK: [&str; 6] = [
    "standard decode",
    "standard encode",
    "packed decode",
    "packed encode",
    "memcpy standard",
    "memcpy packed",
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["sizes", folder] => corpus::sizes(folder),
        ["cases"] => {
            for code in MessageCode::ALL {
                WORK.iter().for_each(|work| println!("{code} {work}"));
            }
        }
        ["run", case, rounds, folder] => run(case, rounds.parse().unwrap(), folder),
        // `cargo test --benches` and the like.
        _ => println!("usage: codec sizes FOLDER | cases | run CASE ROUNDS FOLDER"),
    }
}

/// Prints rounds · messages, nanoseconds, allocations.
fn run(case: &str, rounds: u64, folder: &str) {
    let (letter, work) = case.split_once(' ').unwrap();
    let corpus = Corpus::read(folder, MessageCode::from_letter(letter.chars().next().unwrap()));
    let mut out = [0; 2048];
    let mut buffer = TextBuffer::new();
    let mut work_off = || {
        for message in &corpus.messages {
            match work {
                "standard decode" => {
                    black_box(Message::parse_standard(black_box(&message.standard)).unwrap());
                }
                "standard encode" => {
                    let message = black_box(&message.message);
                    black_box(message.to_standard(&mut out).unwrap());
                }
                "packed decode" => {
                    black_box(Packed::parse(black_box(&message.packed), &mut buffer).unwrap());
                }
                "packed encode" => {
                    let packed = Packed::Whole(*black_box(&message.message));
                    black_box(packed.emit(&mut out).unwrap());
                }
                // The fields of a sign by bitvec alone, nothing checked and nothing built of them: what
                // the windows of `bits` stand beside.
                "bitvec fields" => {
                    let bits = BitSlice::<u8, Msb0>::from_slice(black_box(&message.standard));
                    let mut at = 0;
                    for width in SIGN_FIELD_BITS {
                        black_box(bits[at..at + width].load_be::<u64>());
                        at += width;
                    }
                }
                "memcpy standard" => copy(&message.standard, &mut out),
                "memcpy packed" => copy(&message.packed, &mut out),
                _ => panic!("{work}"),
            }
        }
    };
    let allocations = allocation_counter::measure(&mut work_off).count_total;
    let started = Instant::now();
    (0..rounds).for_each(|_| work_off());
    let nanoseconds = started.elapsed().as_nanos();
    println!("{} {nanoseconds} {allocations}", rounds * corpus.messages.len() as u64);
}

/// The widths of a sign's fields; the identifier in four parts.
const SIGN_FIELD_BITS: [usize; 19] =
    [16, 8, 8, 1, 8, 4, 64, 64, 64, 64, 8, 56, 24, 8, 29, 33, 16, 16, 12];

fn copy(octets: &[u8], out: &mut [u8]) {
    out[..octets.len()].copy_from_slice(black_box(octets));
    black_box(&out);
}
