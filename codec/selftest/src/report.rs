//! The lines of a self-test, and how many of its checks failed.

use core::fmt::{self, Write};

/// Writes lines and counts what failed.
pub struct Report<'o> {
    out: &'o mut dyn Write,
    checks: usize,
    failures: usize,
}

impl<'o> Report<'o> {
    /// A report that has nothing yet.
    pub fn new(out: &'o mut dyn Write) -> Self {
        Self { out, checks: 0, failures: 0 }
    }

    /// Writes the last line; tells whether all went well.
    pub fn finish(mut self) -> bool {
        let (checks, failures) = (self.checks, self.failures);
        self.line(format_args!("checks {checks} failures {failures}"));
        self.failures == 0
    }

    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        if writeln!(self.out, "{line}").is_err() {
            self.failures = self.failures.saturating_add(1);
        }
    }

    /// Counts a check, and says so if what it claims of a vector does not hold.
    pub(crate) fn check(&mut self, id: &str, claim: &str, holds: bool) {
        self.checks = self.checks.saturating_add(1);
        if !holds {
            self.failures = self.failures.saturating_add(1);
            self.line(format_args!("FAILED {id} {claim}"));
        }
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Report({} checks, {} failures)", self.checks, self.failures)
    }
}

/// Octets as lower-case hexadecimal digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}
