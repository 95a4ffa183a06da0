//! Whether times tell secrets: a test of leaks after dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my
//! code constant time?", 2017). Two classes of inputs take turns by chance; Welch's t-test tells whether
//! their times differ. `make timing` runs it; a table and JSON go to `target/timing/`, dated.
//!
//! It can fail, and shows that it can: a comparison that stops at the first difference must be found
//! out in the same run, and a pair of equal classes must not be.

// A measurement may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]
// Places in a list of times, from shares of it.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod chance;
mod measure;
mod report;
mod subjects;
mod welch;

use chance::Chance;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> ExitCode {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let given = std::env::args().skip_while(|argument| argument != "--seed").nth(1);
    let seed = given.map_or_else(
        || now.as_secs() << 20 | u64::from(now.subsec_micros()),
        |text| text.parse().expect("--seed takes a number"),
    );
    let mut chance = Chance::new(seed);
    println!("seed {seed}");
    let results: Vec<_> =
        subjects::all(&mut chance).iter_mut().map(|subject| subject.run(&mut chance)).collect();
    report::write(now.as_secs(), seed, &results);
    let as_wanted = results.iter().all(|result| result.is_as_wanted());
    if as_wanted { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
