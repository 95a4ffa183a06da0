//! The codec's self-test on a microcontroller: its lines go out over the first UART, with lines
//! about the machine, `# …`, between them. `.ci/selftest` runs it and compares.

#![no_std]
#![no_main]

mod allocator;
mod ending;
mod stack;
mod uart;

use chappe_selftest::{GROUPS, Report, Scratch, VECTOR_OCTETS};
use core::fmt::{self, Write};
use cortex_m_rt::entry;
use uart::Uart;

#[entry]
fn main() -> ! {
    // `entry` hands it out once, as a mutable reference.
    static mut SCRATCH: Scratch = Scratch::new();

    uart::switch_on();
    match test(SCRATCH) {
        Ok(true) => ending::success(),
        Ok(false) | Err(fmt::Error) => ending::failure(),
    }
}

/// Runs all groups; tells whether all went well.
fn test(scratch: &mut Scratch) -> Result<bool, fmt::Error> {
    writeln!(Uart, "# vectors {VECTOR_OCTETS}")?;
    writeln!(Uart, "# buffers {}", size_of::<Scratch>())?;
    let mut out = Uart;
    let mut report = Report::new(&mut out);
    for group in &GROUPS {
        group.run(&mut report, scratch);
        writeln!(Uart, "# stack {} {}", stack::high_water_octets(), group.name)?;
    }
    let passed = report.finish();
    writeln!(Uart, "# allocations {}", allocator::allocations())?;
    writeln!(Uart, "# stack-free {}", stack::untouched_octets())?;
    Ok(passed && allocator::allocations() == 0 && stack::untouched_octets() > 0)
}
