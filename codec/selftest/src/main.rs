//! The self-test on this machine: its lines on standard output. The firmware beside it
//! (`codec/firmware`) writes the same lines on a microcontroller.

use chappe_selftest::{GROUPS, Report, Scratch};
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut lines = String::new();
    let mut report = Report::new(&mut lines);
    let mut scratch = Scratch::new();
    GROUPS.iter().for_each(|group| group.run(&mut report, &mut scratch));
    let passed = report.finish();
    let written = io::stdout().write_all(lines.as_bytes());
    if passed && written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
