//! What the standards give as test values, against the primitives this crate stands on
//! (`test-vectors/primitives`, where a program of its own computes them too).

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod agreement;
mod encryption;
mod file;
mod hashing;
mod signature;
