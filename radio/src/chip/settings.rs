//! What the commands have set the radio to.

use core::time::Duration;

use super::command::PacketParams;
use super::registers::Registers;
use crate::airtime::{self, PacketShape};
use crate::antenna::Tuning;
use crate::modulation::{
    Bandwidth, CodingRate, SpreadingFactor, bandwidth_of, coding_rate_of, spreading_factor_of,
};

/// Settings a cold sleep loses.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) lora: bool,
    pub(super) modulation: Option<ChipModulation>,
    pub(super) packet: PacketParams,
    pub(super) frequency_hz: u32,
    pub(super) hp_max: u8,
    pub(super) low_power: bool,
    pub(super) tx_power: i8,
    pub(super) cad_symbols: u8,
    pub(super) transmit_base: u8,
    pub(super) receive_base: u8,
    pub(super) stop_timer_on_preamble: bool,
    pub(super) symbol_timeout: u32,
}

/// SetModulationParams, LoRa, with codes that exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChipModulation {
    spreading_factor: SpreadingFactor,
    bandwidth: Bandwidth,
    pub(super) coding_rate: CodingRate,
    low_data_rate: bool,
}

impl ChipModulation {
    pub(super) fn from_codes(
        spreading_factor: u8,
        bandwidth: u8,
        coding_rate: u8,
        low_data_rate: u8,
    ) -> Option<Self> {
        Some(Self {
            spreading_factor: spreading_factor_of(spreading_factor)?,
            bandwidth: bandwidth_of(bandwidth)?,
            coding_rate: coding_rate_of(coding_rate)?,
            low_data_rate: low_data_rate != 0,
        })
    }

    pub(super) fn symbol(&self) -> Duration {
        airtime::symbol(self.spreading_factor, self.bandwidth.hz())
    }
}

impl Settings {
    pub(super) const fn after_reset() -> Self {
        Self {
            lora: false,
            modulation: None,
            packet: PacketParams {
                preamble_symbols: 12,
                implicit_header: false,
                payload_octets: 0,
                crc: false,
                inverted_iq: false,
            },
            frequency_hz: 0,
            hp_max: 0,
            low_power: false,
            tx_power: 0,
            cad_symbols: 1,
            transmit_base: 0,
            receive_base: 0,
            stop_timer_on_preamble: false,
            symbol_timeout: 0,
        }
    }

    /// 13.4.1: frequency = steps · 32 MHz / 2^25, to the nearest hertz.
    pub(super) fn set_frequency_steps(&mut self, steps: u32) {
        let scaled = u64::from(steps).saturating_mul(32_000_000).saturating_add(1 << 24) >> 25;
        self.frequency_hz = u32::try_from(scaled).unwrap_or(u32::MAX);
    }

    /// Table 13-21: the power stage gives less than SetTxParams says, by its own size.
    pub(super) const fn power_dbm(&self) -> i8 {
        let less = match (self.low_power, self.hp_max) {
            (true, _) | (false, 7..) => 0,
            (false, 5..=6) => 2,
            (false, 3..=4) => 5,
            (false, 0..=2) => 8,
        };
        self.tx_power.saturating_sub(less)
    }

    /// How the chip sends and listens, when that is settled: LoRa, modulation and frequency set,
    /// and an explicit header, the only kind this emulation has.
    pub(super) fn tuning(&self, registers: &Registers) -> Option<Tuning> {
        let modulation = self.modulation?;
        if !self.lora || self.frequency_hz == 0 || self.packet.implicit_header {
            return None;
        }
        Some(Tuning {
            spreading_factor: modulation.spreading_factor,
            bandwidth: modulation.bandwidth,
            frequency_hz: self.frequency_hz,
            sync_word: registers.sync_word(),
            inverted_iq: self.packet.inverted_iq,
            low_data_rate: modulation.low_data_rate,
            preamble_symbols: self.packet.preamble_symbols,
        })
    }

    /// How long sending the packet in the buffer takes.
    pub(super) fn time_on_air(&self, modulation: &ChipModulation) -> Duration {
        let shape = PacketShape {
            spreading_factor: modulation.spreading_factor,
            bandwidth_hz: modulation.bandwidth.hz(),
            coding_rate: modulation.coding_rate,
            preamble_symbols: self.packet.preamble_symbols,
            explicit_header: true,
            crc: self.packet.crc,
            low_data_rate: modulation.low_data_rate,
        };
        airtime::time_on_air(&shape, usize::from(self.packet.payload_octets))
    }
}
