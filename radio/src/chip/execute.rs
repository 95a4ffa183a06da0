//! What each command does.

use core::time::Duration;

use super::command::Command;
use super::registers::Registers;
use super::settings::{ChipModulation, Settings};
use super::{CONTINUOUS, Chip, CommandStatus, Mode, TICK};
use crate::antenna::Request;
use crate::time::Instant;

impl Chip {
    pub(super) fn execute(&mut self, now: Instant, command: &Command<'_>, miso: &mut [u8]) {
        match command {
            Command::SetSleep { warm } => self.sleep(*warm),
            Command::SetStandby => self.stand_by(),
            Command::SetTx { timeout_ticks } => self.transmit(now, *timeout_ticks),
            Command::SetRx { timeout_ticks } => self.receive(now, *timeout_ticks),
            Command::SetCad => self.detect(),
            Command::ConfigureIrq { mask, dio1 } => self.irq.configure(*mask, *dio1),
            Command::ClearIrq { flags } => self.irq.clear(*flags),
            Command::WriteRegister { address, octets } => self.write_register(*address, octets),
            Command::WriteBuffer { offset, octets } => self.buffer.write(*offset, octets),
            Command::ReadRegister { .. }
            | Command::ReadBuffer { .. }
            | Command::GetIrq
            | Command::GetRxBufferStatus
            | Command::GetPacketStatus => self.answer(command, miso),
            Command::GetStatus | Command::ClearErrors | Command::Calibrate | Command::Configure => {
            }
            _ => self.set(command),
        }
    }

    fn set(&mut self, command: &Command<'_>) {
        let settings = &mut self.settings;
        match *command {
            Command::StopTimerOnPreamble { enabled } => settings.stop_timer_on_preamble = enabled,
            Command::SetSymbolTimeout { symbols } => settings.symbol_timeout = u32::from(symbols),
            Command::SetPacketType { lora } => settings.lora = lora,
            Command::SetFrequency { steps } => settings.set_frequency_steps(steps),
            Command::SetPaConfig { hp_max, low_power } => {
                settings.hp_max = hp_max;
                settings.low_power = low_power;
            }
            Command::SetTxParams { power } => settings.tx_power = power,
            Command::SetModulation { spreading_factor, bandwidth, coding_rate, low_data_rate } => {
                let modulation = ChipModulation::from_codes(
                    spreading_factor,
                    bandwidth,
                    coding_rate,
                    low_data_rate,
                );
                match modulation {
                    Some(modulation) => settings.modulation = Some(modulation),
                    None => self.command_status = CommandStatus::ExecutionFailure,
                }
            }
            Command::SetPacketParams(packet) => settings.packet = packet,
            Command::SetCadParams { symbols_code, exit } => {
                // Codes 0 to 4 stand for 1 to 16 symbols. Leaving CAD for reception is not emulated.
                match 1_u8.checked_shl(u32::from(symbols_code)) {
                    Some(symbols @ 1..=16) if exit == 0 => settings.cad_symbols = symbols,
                    _ => self.command_status = CommandStatus::ExecutionFailure,
                }
            }
            Command::SetBufferBase { transmit, receive } => {
                settings.transmit_base = transmit;
                settings.receive_base = receive;
            }
            _ => {}
        }
    }

    fn sleep(&mut self, warm: bool) {
        self.timer = None;
        self.rest();
        self.mode = Mode::Sleep { warm };
    }

    fn stand_by(&mut self) {
        self.timer = None;
        if self.mode != Mode::Standby {
            self.rest();
        }
        self.mode = Mode::Standby;
    }

    fn transmit(&mut self, now: Instant, timeout_ticks: u32) {
        let tuning = self.settings.tuning(&self.registers);
        let (Some(tuning), Some(modulation)) = (tuning, self.settings.modulation) else {
            self.command_status = CommandStatus::ExecutionFailure;
            return;
        };
        let packet = self.settings.packet;
        let payload =
            self.buffer.read(self.settings.transmit_base, usize::from(packet.payload_octets));
        let power_dbm = self.settings.power_dbm();
        self.begin(|operation| Request::Transmit {
            operation,
            tuning,
            coding_rate: modulation.coding_rate,
            crc: packet.crc,
            power_dbm,
            payload,
        });
        // The driver sends without a timeout, and a timeout shorter than the packet is a mistake
        // the emulation does not follow further than refusing it.
        let time_on_air = self.settings.time_on_air(&modulation);
        if timeout_ticks != 0 && ticks(timeout_ticks) < time_on_air {
            self.command_status = CommandStatus::ExecutionFailure;
            self.stand_by();
            return;
        }
        self.command_status = CommandStatus::None;
        self.mode = Mode::Transmit;
        self.timer = Some(now.after(time_on_air));
    }

    fn receive(&mut self, now: Instant, timeout_ticks: u32) {
        let tuning = self.settings.tuning(&self.registers);
        let (Some(tuning), Some(modulation)) = (tuning, self.settings.modulation) else {
            self.command_status = CommandStatus::ExecutionFailure;
            return;
        };
        self.begin(|operation| Request::Listen { operation, tuning });
        self.command_status = CommandStatus::None;
        self.mode = Mode::Receive { continuous: timeout_ticks == CONTINUOUS };
        self.receive_pointer = self.settings.receive_base;
        let symbols = self.settings.symbol_timeout;
        self.timer = match (timeout_ticks, symbols) {
            (CONTINUOUS, _) | (0, 0) => None,
            (0, symbols) => Some(now.after(modulation.symbol().saturating_mul(symbols))),
            (timeout_ticks, _) => Some(now.after(ticks(timeout_ticks))),
        };
    }

    fn detect(&mut self) {
        let Some(tuning) = self.settings.tuning(&self.registers) else {
            self.command_status = CommandStatus::ExecutionFailure;
            return;
        };
        let symbols = self.settings.cad_symbols;
        self.begin(|operation| Request::Detect { operation, tuning, symbols });
        self.command_status = CommandStatus::None;
        self.timer = None;
        self.mode = Mode::Detect;
    }

    fn write_register(&mut self, address: u16, octets: &[u8]) {
        self.registers.write(address, octets);
        if address == Registers::SYMBOL_TIMEOUT {
            self.settings.symbol_timeout = symbols_of(self.registers.read(address));
        }
    }

    /// Where the answer begins: the status of Get… is octet 1, a read register's first value octet
    /// 4 and the buffer's first octet 3, since those two are addressed before.
    fn answer(&self, command: &Command<'_>, miso: &mut [u8]) {
        let wanted = miso.len();
        let (start, octets) = match command {
            Command::ReadRegister { address } => (4, self.registers.read_many(*address, wanted)),
            Command::ReadBuffer { offset } => (3, self.buffer.read(*offset, wanted)),
            Command::GetIrq => (2, self.irq.flags().to_be_bytes().to_vec()),
            Command::GetRxBufferStatus => {
                (2, vec![self.last_packet.octets, self.last_packet.start])
            }
            Command::GetPacketStatus => {
                (2, vec![self.last_packet.rssi, self.last_packet.snr, self.last_packet.rssi])
            }
            _ => return,
        };
        for (octet, cell) in octets.iter().zip(miso.iter_mut().skip(start)) {
            *cell = *octet;
        }
    }
}

fn ticks(count: u32) -> Duration {
    TICK.saturating_mul(count)
}

/// Mantissa · 2^(2 · exponent + 1), the mantissa in the upper five bits.
fn symbols_of(register: u8) -> u32 {
    let exponent = u32::from(register & 0b111);
    u32::from(register >> 3) << exponent.saturating_mul(2).saturating_add(1).min(15)
}

impl Settings {
    /// Whether the chip has been set up at all; only for tests of sleep.
    #[cfg(test)]
    pub(super) const fn is_set_up(&self) -> bool {
        self.lora && self.modulation.is_some()
    }
}
