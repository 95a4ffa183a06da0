//! How bits become chirps: what two radios must share to hear each other, and what it costs.

use core::time::Duration;

pub use lora_modulation::{Bandwidth, CodingRate, SpreadingFactor};

use crate::airtime::{self, PacketShape};

/// The settings of one LoRa channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modulation {
    /// Chips in a symbol, as a power of two: range against time on air.
    pub spreading_factor: SpreadingFactor,
    /// The width of the channel.
    pub bandwidth: Bandwidth,
    /// The packet's own error correction.
    pub coding_rate: CodingRate,
    /// The middle of the channel.
    pub frequency_hz: u32,
    /// Symbols of the preamble before the sync word. At spreading factors 5 and 6 the chip needs
    /// at least 12, and the driver raises a smaller number to that.
    pub preamble_symbols: u16,
}

impl Modulation {
    /// The channel Chappe starts with: spreading factor 9 at 125 kHz in the European band that
    /// allows 500 mW for a tenth of the time (869.40 to 869.65 MHz).
    pub const DEFAULT: Self = Self {
        spreading_factor: SpreadingFactor::_9,
        bandwidth: Bandwidth::_125KHz,
        coding_rate: CodingRate::_4_5,
        frequency_hz: 869_525_000,
        preamble_symbols: 8,
    };

    /// The shortest time on air a spreading factor of 7 and more has: for exercises indoors.
    pub const FAST: Self = Self {
        spreading_factor: SpreadingFactor::_7,
        bandwidth: Bandwidth::_500KHz,
        ..Self::DEFAULT
    };

    /// The time of one symbol.
    #[must_use]
    pub fn symbol(&self) -> Duration {
        airtime::symbol(self.spreading_factor, self.bandwidth.hz())
    }

    /// The time on air of a packet of so many octets, with header and CRC.
    #[must_use]
    pub fn time_on_air(&self, octets: usize) -> Duration {
        airtime::time_on_air(&self.packet_shape(), octets)
    }

    /// The shape of the packets Chappe sends on this channel.
    #[must_use]
    pub fn packet_shape(&self) -> PacketShape {
        PacketShape {
            spreading_factor: self.spreading_factor,
            bandwidth_hz: self.bandwidth.hz(),
            coding_rate: self.coding_rate,
            preamble_symbols: self.effective_preamble_symbols(),
            explicit_header: true,
            crc: true,
            low_data_rate: airtime::needs_low_data_rate(self.spreading_factor, self.bandwidth.hz()),
        }
    }

    /// What the chip really sends: never fewer symbols than the spreading factor needs.
    #[must_use]
    pub fn effective_preamble_symbols(&self) -> u16 {
        match self.spreading_factor {
            SpreadingFactor::_5 | SpreadingFactor::_6 => self.preamble_symbols.max(12),
            SpreadingFactor::_7
            | SpreadingFactor::_8
            | SpreadingFactor::_9
            | SpreadingFactor::_10
            | SpreadingFactor::_11
            | SpreadingFactor::_12 => self.preamble_symbols,
        }
    }
}

/// The number of a spreading factor, 5 to 12.
#[must_use]
pub const fn spreading_factor_number(spreading_factor: SpreadingFactor) -> u8 {
    match spreading_factor {
        SpreadingFactor::_5 => 5,
        SpreadingFactor::_6 => 6,
        SpreadingFactor::_7 => 7,
        SpreadingFactor::_8 => 8,
        SpreadingFactor::_9 => 9,
        SpreadingFactor::_10 => 10,
        SpreadingFactor::_11 => 11,
        SpreadingFactor::_12 => 12,
    }
}

/// The spreading factor of a number, if there is one.
#[must_use]
pub const fn spreading_factor_of(number: u8) -> Option<SpreadingFactor> {
    Some(match number {
        5 => SpreadingFactor::_5,
        6 => SpreadingFactor::_6,
        7 => SpreadingFactor::_7,
        8 => SpreadingFactor::_8,
        9 => SpreadingFactor::_9,
        10 => SpreadingFactor::_10,
        11 => SpreadingFactor::_11,
        12 => SpreadingFactor::_12,
        _ => return None,
    })
}

/// The number the chip knows a bandwidth by (SX1262 datasheet 13.4.5, SetModulationParams).
#[must_use]
pub const fn bandwidth_code(bandwidth: Bandwidth) -> u8 {
    match bandwidth {
        Bandwidth::_7KHz => 0x00,
        Bandwidth::_15KHz => 0x01,
        Bandwidth::_31KHz => 0x02,
        Bandwidth::_62KHz => 0x03,
        Bandwidth::_125KHz => 0x04,
        Bandwidth::_250KHz => 0x05,
        Bandwidth::_500KHz => 0x06,
        Bandwidth::_10KHz => 0x08,
        Bandwidth::_20KHz => 0x09,
        Bandwidth::_41KHz => 0x0A,
    }
}

/// The bandwidth the chip knows by a number, if there is one.
#[must_use]
pub const fn bandwidth_of(code: u8) -> Option<Bandwidth> {
    Some(match code {
        0x00 => Bandwidth::_7KHz,
        0x01 => Bandwidth::_15KHz,
        0x02 => Bandwidth::_31KHz,
        0x03 => Bandwidth::_62KHz,
        0x04 => Bandwidth::_125KHz,
        0x05 => Bandwidth::_250KHz,
        0x06 => Bandwidth::_500KHz,
        0x08 => Bandwidth::_10KHz,
        0x09 => Bandwidth::_20KHz,
        0x0A => Bandwidth::_41KHz,
        _ => return None,
    })
}

/// The number the chip knows a coding rate by: 1 for 4/5 to 4 for 4/8.
#[must_use]
pub const fn coding_rate_code(coding_rate: CodingRate) -> u8 {
    match coding_rate {
        CodingRate::_4_5 => 1,
        CodingRate::_4_6 => 2,
        CodingRate::_4_7 => 3,
        CodingRate::_4_8 => 4,
    }
}

/// The coding rate the chip knows by a number, if there is one.
#[must_use]
pub const fn coding_rate_of(code: u8) -> Option<CodingRate> {
    Some(match code {
        1 => CodingRate::_4_5,
        2 => CodingRate::_4_6,
        3 => CodingRate::_4_7,
        4 => CodingRate::_4_8,
        _ => return None,
    })
}
