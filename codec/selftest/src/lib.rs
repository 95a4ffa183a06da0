//! The codec against its vectors, on whatever machine this is compiled for: groups of tests that
//! write one line for each message and direction, with every octet the codec made. Two machines
//! agree if their lines are the same.
//!
//! Nothing here or below it allocates; buffers come from the caller.

#![no_std]
// As in the codec: nothing here may panic on a machine that has no way to say so.
#![deny(clippy::arithmetic_side_effects)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_macros))]
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod further;
mod messages;
mod refusals;
mod report;
mod rules;
mod scratch;
mod vectors;

pub use report::Report;
pub use scratch::Scratch;
pub use vectors::OCTETS as VECTOR_OCTETS;

/// The whole self-test, in order.
pub const GROUPS: [Group; 4] = [
    Group { name: "messages", run: messages::run },
    Group { name: "rules", run: rules::run },
    Group { name: "refusals", run: refusals::run },
    Group { name: "further forms", run: further::run },
];

/// Tests that belong together; between two groups a machine may look at its stack.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What it is about.
    pub name: &'static str,
    run: fn(&mut Report<'_>, &mut Scratch),
}

impl Group {
    /// Writes the group's lines.
    pub fn run(&self, report: &mut Report<'_>, scratch: &mut Scratch) {
        report.line(format_args!("group {}", self.name));
        (self.run)(report, scratch);
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use super::*;
    use alloc::string::String;

    /// No vector is lost on its way into the program, and none fails.
    #[test]
    fn every_vector_holds() {
        let mut lines = String::new();
        let mut report = Report::new(&mut lines);
        let mut scratch = Scratch::new();
        GROUPS.iter().for_each(|group| group.run(&mut report, &mut scratch));
        assert!(report.finish(), "{lines}");
        let count = |word: &str| lines.lines().filter(|line| line.starts_with(word)).count();
        // Of wire.json, rules.json and open.jsonl, which names 30 messages in both directions.
        assert_eq!((count("encode "), count("decode ")), (38 + 60, 38 + 60));
        assert_eq!(count("rules "), 552 + 12);
        assert_eq!(count("refuse "), 58 + 54 + 9 + 15);
    }
}
