//! Asynchronous code in time that passes only when there is nothing else to do.
//!
//! One thread, one queue of tasks that are ready, in the order they became so, and one list of
//! deadlines, in nanoseconds. When no task is ready the clock jumps to the next deadline. Nothing
//! here depends on the machine, so a run can be repeated bit by bit.

mod clock;
mod executor;
mod field;

pub use clock::VirtualClock;
pub use executor::{Executor, Stalled};
pub use field::SimulatedField;
