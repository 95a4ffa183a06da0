//! The first UART of an STM32F405, polled. On a board its clock, its pins and its rate would have
//! to be set as well; the emulated one needs none of these.

use core::fmt;

/// Status register (RM0090, 30.6.1).
const STATUS: *mut u32 = 0x4001_1000 as *mut u32;
/// Data register (30.6.2).
const DATA: *mut u32 = 0x4001_1004 as *mut u32;
/// Control register 1 (30.6.4).
const CONTROL: *mut u32 = 0x4001_100C as *mut u32;

/// In the status register: the data register can take the next octet.
const TRANSMIT_EMPTY: u32 = 1 << 7;
/// In the control register: UART and transmitter on.
const ENABLE_TRANSMIT: u32 = 1 << 13 | 1 << 3;

/// Switches the transmitter on.
pub fn switch_on() {
    // SAFETY: a register of this chip, aligned, that nothing but this module uses.
    unsafe { CONTROL.write_volatile(ENABLE_TRANSMIT) };
}

/// Writes text to the wire, and returns when the last octet is on its way.
pub struct Uart;

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(send);
        Ok(())
    }
}

fn send(octet: u8) {
    // SAFETY: as above; reading the status changes nothing a transmitter needs.
    while unsafe { STATUS.read_volatile() } & TRANSMIT_EMPTY == 0 {}
    // SAFETY: as above.
    unsafe { DATA.write_volatile(u32::from(octet)) };
}
