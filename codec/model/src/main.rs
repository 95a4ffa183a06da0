//! Explores every scope in full and says what came out: `make model`. Arguments: `short` for the small
//! scopes, and beginnings of names for those scopes only.

use chappe_session_model::explore::explore;
use chappe_session_model::scope::{
    Size, agreement, counters, crossing, healing, secrecy, strangers,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (sizes, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument == "short");
    let size = if sizes.is_empty() { Size::Full } else { Size::Short };
    let mut all_hold = true;
    for scope in
        [agreement, strangers, crossing, counters, healing, secrecy].map(|scope| scope(size))
    {
        if !names.is_empty() && !names.iter().any(|name| scope.name.starts_with(name.as_str())) {
            continue;
        }
        let outcome = explore(&scope, |line| eprintln!("{line}"));
        println!("{outcome}");
        all_hold &= outcome.exhausted && outcome.violation.is_none();
    }
    if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
