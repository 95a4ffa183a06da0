//! Sizes and speed of sealing, for `make bench-seal` (.ci/bench-seal makes the table).
//!
//! `seal GROUP` measures a group of figures, prints one a line (a name, a tab, a value), and stops at
//! the first surprise. `seal count WORK OCTETS MESSAGES` does a work so often and prints nothing:
//! callgrind counts it.

// A benchmark may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]
// Octets of chance; medians of nanoseconds.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod bare;
mod device;
mod hints;
mod losses;
mod overhead;
mod rounds;
mod signed;
mod speed;

use std::fmt::Display;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["overhead"] => overhead::measure(),
        ["signed"] => signed::measure(),
        ["speed"] => speed::measure(),
        ["beginning"] => speed::beginning(),
        ["hints"] => hints::measure(),
        ["losses"] => losses::measure(),
        ["count", work, octets, messages] => {
            speed::count(work, octets.parse().unwrap(), messages.parse().unwrap());
        }
        // `cargo test --benches` and the like.
        _ => {
            println!("usage: seal overhead | signed | speed | beginning | hints | losses | count …")
        }
    }
}

/// One figure, for .ci/bench-seal.
fn figure(name: &str, value: impl Display) {
    println!("{name}\t{value}");
}
