//! The ways it ends. All of them tell the emulator, so that nobody has to wait.

use crate::uart::Uart;
use core::fmt::Write;
use core::panic::PanicInfo;
use cortex_m_rt::{ExceptionFrame, exception};
use cortex_m_semihosting::debug;

pub fn success() -> ! {
    exit(debug::EXIT_SUCCESS)
}

pub fn failure() -> ! {
    exit(debug::EXIT_FAILURE)
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    // The UART does not fail, and there would be no one else to tell.
    let _ = writeln!(Uart, "# {info}");
    failure()
}

/// Memory that is not there, or an instruction that is none: a stack that ran over ends here too.
// SAFETY: cortex-m-rt asks for `unsafe`; nothing is done with what the fault left behind.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    let _ = writeln!(Uart, "# fault at {:#010x}", frame.pc());
    failure()
}

fn exit(status: debug::ExitStatus) -> ! {
    debug::exit(status);
    loop {
        core::hint::spin_loop();
    }
}
