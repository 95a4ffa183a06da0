//! Sessions between devices that lose, repeat and reorder what they send, stop without warning, are
//! put back from old copies, and are lied to.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, missing_docs)]

mod beginning;
mod device;
mod ended;
mod field;
mod figures;
mod forged;
mod hybrid;
mod prekeys;
mod resynchronisation;
