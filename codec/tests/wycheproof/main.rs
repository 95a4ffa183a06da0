//! Wycheproof's vectors against the primitives this crate stands on, each through our own code where
//! that code has a place for it.
//!
//! Every vector is judged: a valid one must give its value, an invalid one must be refused, and for an
//! acceptable one the suite says beforehand which of the two it wants and why. The counts are part of
//! the tests, so a set that shrinks, or a suite that runs nothing, fails.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod curve_agreement;
mod curve_signature;
mod encapsulation;
mod encryption;
mod key_agreement;
mod key_derivation;
mod signature;
mod tally;
