//! A crash at a chosen write, for tests: the process "dies" there, after a part of what it was to
//! write, and nothing that comes after reaches the disk.

use std::cell::Cell;
use std::io;

thread_local! {
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Runs `work` and lets it die at its write number `count`, counted from 0. Returns what it returned,
/// and whether it lived to the end.
pub(crate) fn dying_at<T>(count: u32, work: impl FnOnce() -> T) -> (T, bool) {
    LEFT.set(Some(count));
    let returned = work();
    let lived = LEFT.replace(None) != Some(u32::MAX);
    (returned, lived)
}

/// One write that is done or not.
pub(crate) fn step() -> io::Result<()> {
    match LEFT.get() {
        None => Ok(()),
        Some(0 | u32::MAX) => {
            // Dead from here on.
            LEFT.set(Some(u32::MAX));
            Err(io::Error::other("the test let it die here"))
        }
        Some(left) => {
            LEFT.set(Some(left.saturating_sub(1)));
            Ok(())
        }
    }
}

/// One write of which a half may be done.
pub(crate) fn torn(write: impl FnOnce(&[u8]) -> io::Result<()>, octets: &[u8]) -> io::Result<()> {
    let dies_here = LEFT.get() == Some(0);
    let result = step();
    if dies_here {
        write(octets.get(..octets.len() / 2).unwrap_or_default())?;
    }
    result
}
