//! Explores every scope in full, then takes every rule out, and says what came out: `make model`.
//! Arguments: `short` for the small scopes, and beginnings of names for those scopes only.

use chappe_session_model::outcome::{Outcome, Progress};
use chappe_session_model::scope::{
    self, Size, agreement, counters, crossing, healing, hybrid, hybrid_healing, secrecy, strangers,
};
use chappe_session_model::windows::{self, handset, station};
use chappe_session_model::without::{self, Without};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const SESSIONS: [fn(Size) -> scope::Scope; 8] =
    [agreement, strangers, crossing, counters, healing, hybrid, hybrid_healing, secrecy];
const WINDOWS: [fn(Size) -> windows::Scope; 2] = [station, handset];

fn main() -> ExitCode {
    let (sizes, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument == "short");
    let size = if sizes.is_empty() { Size::Full } else { Size::Short };
    let start = Instant::now();
    let mut line = Line::new();
    let asked =
        |of: &str| names.is_empty() || names.iter().any(|name| of.starts_with(name.as_str()));
    println!("| scope | states | transitions | depth | epochs | widest | seconds | |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut holds = true;
    let mut judge = |outcome: Outcome, line: &mut Line| {
        line.clear();
        println!("{outcome}");
        holds &= outcome.holds();
    };
    for scope in WINDOWS.map(|scope| scope(size)).iter().filter(|scope| asked(scope.name)) {
        judge(scope.explore(|progress| line.show(progress)), &mut line);
    }
    for scope in SESSIONS.map(|scope| scope(size)).iter().filter(|scope| asked(scope.name)) {
        judge(scope.explore(|progress| line.show(progress)), &mut line);
    }
    if names.is_empty() {
        println!("\n| rule taken out | found | steps | states | |\n|---|---|---|---|---|");
        holds &= all_found(&without::rules());
        println!("\n| what is given up | found | steps | states | |\n|---|---|---|---|---|");
        holds &= all_found(&without::given_up());
    }
    println!("\n{:.0} s in all{}", start.elapsed().as_secs_f64(), most_memory());
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says in a table what was found, and behind it the ways there.
fn all_found(rules: &[Without]) -> bool {
    let mut all = true;
    let mut ways = String::new();
    for without in rules {
        let outcome = without.explore(|_| ());
        let found = without.is_found(&outcome);
        all &= found;
        let (mut property, mut steps) = (String::new(), 0);
        if let Some(violation) = outcome.violation {
            ways.push_str(&format!("\n{}: {violation}", without.rule));
            (property, steps) = (violation.property, violation.trace.len());
        }
        let judged = if found { "as expected" } else { "NOT as expected" };
        println!("| {} | {property} | {steps} | {} | {judged} |", without.rule, outcome.states);
    }
    print!("{ways}");
    all
}

/// The most memory this process has held, where the system says so.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(String::new, |peak| format!(", at most {} of memory", peak.trim()))
}

/// Progress on the error stream: one line that is written over on a terminal, one every half
/// minute elsewhere.
struct Line {
    is_terminal: bool,
    spoken: Instant,
}

impl Line {
    fn new() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), spoken: Instant::now() }
    }

    fn show(&mut self, progress: &Progress) {
        if self.is_terminal {
            eprint!("\r\x1b[K{progress}");
            std::io::stderr().flush().unwrap_or_default();
        } else if self.spoken.elapsed() >= Duration::from_secs(30) {
            self.spoken = Instant::now();
            eprintln!("{progress}");
        }
    }

    fn clear(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}
