//! Explores every scope in full and says what came out: `make model`.

use chappe_session_model::explore::explore;
use chappe_session_model::scope::{Size, agreement, counters, healing, secrecy, strangers};
use std::process::ExitCode;

fn main() -> ExitCode {
    let size =
        if std::env::args().any(|argument| argument == "short") { Size::Short } else { Size::Full };
    let mut all_hold = true;
    for scope in [secrecy, healing, agreement, strangers, counters] {
        let outcome = explore(&scope(size), |line| eprintln!("{line}"));
        println!("{outcome}");
        all_hold &= outcome.exhausted && outcome.violation.is_none();
    }
    if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
