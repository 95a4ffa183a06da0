//! How deep the stack has been: it grows down into memory the start-up code has painted.

use core::ptr::addr_of;
use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    // Of the linker script. Only their addresses mean something.
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Octets from the stack's beginning to the deepest word that lost its paint.
pub fn high_water_octets() -> usize {
    all_octets().saturating_sub(untouched_octets())
}

/// Octets no one has touched, below the stack and above all static data; with none left the stack
/// may have run into the data.
pub fn untouched_octets() -> usize {
    let lowest = addr_of!(_stack_end);
    let words = all_octets() / size_of::<u32>();
    // SAFETY: the words from `_stack_end` to `_stack_start` are RAM, and no object lives in those
    // that are still painted; the first that is not ends the walk.
    let painted =
        |index: &usize| unsafe { lowest.add(*index).read_volatile() } == STACK_PAINT_VALUE;
    (0..words).take_while(painted).count() * size_of::<u32>()
}

fn all_octets() -> usize {
    (addr_of!(_stack_start) as usize).saturating_sub(addr_of!(_stack_end) as usize)
}
