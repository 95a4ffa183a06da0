//! The chip's registers and its data buffer.

/// The 256 octets packets are put in and taken from. Addresses wrap.
#[derive(Debug, Clone)]
pub(super) struct DataBuffer(Vec<u8>);

impl DataBuffer {
    pub(super) fn new() -> Self {
        Self(vec![0; 256])
    }

    pub(super) fn write(&mut self, offset: u8, octets: &[u8]) {
        for (octet, address) in octets.iter().zip(wrapping_from(offset)) {
            if let Some(cell) = self.0.get_mut(address) {
                *cell = *octet;
            }
        }
    }

    pub(super) fn read(&self, offset: u8, length: usize) -> Vec<u8> {
        let cells = wrapping_from(offset).take(length);
        cells.map(|address| self.0.get(address).copied().unwrap_or(0)).collect()
    }
}

fn wrapping_from(offset: u8) -> impl Iterator<Item = usize> {
    core::iter::successors(Some(offset), |address| Some(address.wrapping_add(1))).map(usize::from)
}

/// The registers, by address.
#[derive(Debug, Clone)]
pub(super) struct Registers(Vec<u8>);

impl Registers {
    /// LoRa sync word, two octets.
    pub(super) const SYNC_WORD: u16 = 0x0740;
    /// Symbols to wait for a preamble, as mantissa (5 bits) and exponent (3 bits).
    pub(super) const SYMBOL_TIMEOUT: u16 = 0x0706;
    /// How many registers a warm start restores, then their addresses.
    const RETENTION_LIST: u16 = 0x029F;
    /// Registers that survive sleep only when they are on the retention list.
    const VOLATILE: [u16; 2] = [0x08AC, 0x0889];

    /// The values after a reset, of those registers the driver reads before it writes them
    /// (datasheet table 12-1; the private sync word is the chip's own).
    const AFTER_RESET: [(u16, u8); 6] = [
        (0x0740, 0x14),
        (0x0741, 0x24),
        (0x0736, 0x0D),
        (0x0889, 0x01),
        (0x08AC, 0x94),
        (0x08D8, 0xC8),
    ];

    pub(super) fn new() -> Self {
        let mut registers = Self(vec![0; 0x1000]);
        for (address, value) in Self::AFTER_RESET {
            registers.write(address, &[value]);
        }
        registers
    }

    /// Writes octets to consecutive addresses; what has no register goes nowhere.
    pub(super) fn write(&mut self, address: u16, octets: &[u8]) {
        for (octet, index) in octets.iter().zip(usize::from(address)..) {
            if let Some(register) = self.0.get_mut(index) {
                *register = *octet;
            }
        }
    }

    pub(super) fn read(&self, address: u16) -> u8 {
        self.0.get(usize::from(address)).copied().unwrap_or(0)
    }

    /// Consecutive registers; behind the highest address come the lowest again.
    pub(super) fn read_many(&self, address: u16, length: usize) -> Vec<u8> {
        let next = |address: &u16| Some(address.wrapping_add(1));
        let addresses = core::iter::successors(Some(address), next).take(length);
        addresses.map(|address| self.read(address)).collect()
    }

    pub(super) fn sync_word(&self) -> u16 {
        u16::from_be_bytes([self.read(Self::SYNC_WORD), self.read(Self::SYNC_WORD.wrapping_add(1))])
    }

    /// A sleep with retention: the volatile registers not on the list lose their values.
    pub(super) fn wake_warm(&mut self) {
        let listed = self.retention_list();
        for (address, value) in Self::AFTER_RESET {
            if Self::VOLATILE.contains(&address) && !listed.contains(&address) {
                self.write(address, &[value]);
            }
        }
    }

    fn retention_list(&self) -> Vec<u16> {
        let entry = |number: u16| {
            let high = Self::RETENTION_LIST.wrapping_add(1).wrapping_add(number.wrapping_mul(2));
            u16::from_be_bytes([self.read(high), self.read(high.wrapping_add(1))])
        };
        (0..u16::from(self.read(Self::RETENTION_LIST).min(4))).map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_wraps() {
        let mut buffer = DataBuffer::new();
        buffer.write(254, &[1, 2, 3]);
        assert_eq!(buffer.read(254, 3), [1, 2, 3]);
        assert_eq!(buffer.read(0, 1), [3]);
    }

    #[test]
    fn a_warm_start_keeps_what_is_listed() {
        let mut registers = Registers::new();
        registers.write(0x08AC, &[0x96]);
        registers.write(0x0889, &[0x05]);
        registers.write(0x029F, &[1, 0x08, 0xAC]);
        registers.wake_warm();
        assert_eq!(registers.read(0x08AC), 0x96);
        assert_eq!(registers.read(0x0889), 0x01);
        assert_eq!(registers.read_many(0xFFFE, 5), [0; 5]);
    }
}
