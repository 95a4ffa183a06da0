//! Interrupt flags (SX1262 datasheet, table 13-29).

pub(super) const TX_DONE: u16 = 0x0001;
pub(super) const RX_DONE: u16 = 0x0002;
pub(super) const PREAMBLE_DETECTED: u16 = 0x0004;
pub(super) const HEADER_VALID: u16 = 0x0010;
pub(super) const HEADER_ERROR: u16 = 0x0020;
pub(super) const CRC_ERROR: u16 = 0x0040;
pub(super) const CAD_DONE: u16 = 0x0080;
pub(super) const CAD_DETECTED: u16 = 0x0100;
pub(super) const TIMEOUT: u16 = 0x0200;

/// Which flags are up, which may go up, and which of them raise DIO1.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Irq {
    flags: u16,
    mask: u16,
    dio1_mask: u16,
}

impl Irq {
    pub(super) const fn configure(&mut self, mask: u16, dio1_mask: u16) {
        self.mask = mask;
        self.dio1_mask = dio1_mask;
    }

    pub(super) const fn raise(&mut self, flags: u16) {
        self.flags |= flags & self.mask;
    }

    pub(super) const fn clear(&mut self, flags: u16) {
        self.flags &= !flags;
    }

    pub(super) const fn flags(&self) -> u16 {
        self.flags
    }

    pub(super) const fn dio1(&self) -> bool {
        self.flags & self.dio1_mask != 0
    }
}
