//! An SX1262, emulated at the level of its commands.
//!
//! A [`Chip`] is what the unmodified `lora-phy` driver takes for the real one: the 31 commands it
//! issues, registers, the data buffer, interrupt flags and DIO1, BUSY, sleep, timers, and what
//! reaches the host of damaged headers and payloads. It has no clock and no antenna: it is told the
//! time, and [`Chip::poll_request`] and [`Chip::handle_report`] are its coaxial plug. [`Board`] is
//! the thin part that makes an SPI device and pins of it.
//!
//! Written from the SX1261/2 datasheet, rev. 2.1. Not emulated, because nothing here uses it:
//! implicit headers, GFSK, receive duty cycle, continuous wave, RSSI on request, over-current
//! protection. Such a command is answered with the status the real chip has for one that failed.

mod board;
mod busy;
mod command;
mod execute;
mod irq;
mod registers;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use core::time::Duration;

use command::Command;
use irq::Irq;
use registers::{DataBuffer, Registers};
use settings::Settings;

use crate::antenna::{Report, Request};
use crate::limits::SIMULATION_QUEUE_MAX;
use crate::time::Instant;

pub use board::{Board, ChipPins, ChipSpi};

/// The emulated chip.
#[derive(Debug, Clone)]
pub struct Chip {
    mode: Mode,
    settings: Settings,
    registers: Registers,
    buffer: DataBuffer,
    irq: Irq,
    command_status: CommandStatus,
    busy_until: Instant,
    busy_violations: u64,
    timer: Option<Instant>,
    operation: u16,
    receive_pointer: u8,
    last_packet: LastPacket,
    requests: VecDeque<Request>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Sleep { warm: bool },
    Standby,
    Transmit,
    Receive { continuous: bool },
    Detect,
}

/// Bits 3 to 1 of the status (13.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandStatus {
    None = 0,
    DataAvailable = 2,
    Timeout = 3,
    ProcessingError = 4,
    ExecutionFailure = 5,
    TransmitDone = 6,
}

#[derive(Debug, Clone, Copy, Default)]
struct LastPacket {
    octets: u8,
    start: u8,
    rssi: u8,
    snr: u8,
}

impl Chip {
    /// A chip that has just got power and finished starting up.
    #[must_use]
    pub fn new() -> Self {
        Self {
            mode: Mode::Standby,
            settings: Settings::after_reset(),
            registers: Registers::new(),
            buffer: DataBuffer::new(),
            irq: Irq::default(),
            command_status: CommandStatus::None,
            busy_until: Instant::ZERO,
            busy_violations: 0,
            timer: None,
            operation: 0,
            receive_pointer: 0,
            last_packet: LastPacket::default(),
            requests: VecDeque::new(),
        }
    }

    /// The reset pin was pulled: everything is as after power-up, and busy with calibration.
    pub fn reset(&mut self, now: Instant) {
        let (operation, busy_violations) = (self.operation, self.busy_violations);
        let requests = core::mem::take(&mut self.requests);
        *self = Self { operation, busy_violations, requests, ..Self::new() };
        self.busy_until = now.after(busy::COLD_START);
        self.rest();
    }

    /// One transaction: the octets on MOSI between the edges of NSS, and those on MISO meanwhile.
    pub fn transfer(&mut self, now: Instant, mosi: &[u8]) -> Vec<u8> {
        self.handle_timeout(now);
        if let Mode::Sleep { warm } = self.mode {
            // The falling edge of NSS wakes it; the command itself is lost.
            self.wake(now, warm);
            return vec![0; mosi.len()];
        }
        let mut miso = vec![self.status(); mosi.len()];
        if self.is_busy(now) {
            // The datasheet forbids it (8.3.1); what a real chip does then is not known.
            self.busy_violations = self.busy_violations.saturating_add(1);
            return miso;
        }
        let mode_before = self.mode;
        match Command::parse(mosi) {
            Ok(command) => self.execute(now, &command, &mut miso),
            Err(_) => self.command_status = CommandStatus::ProcessingError,
        }
        // BUSY goes up with NSS: whoever looks right after the transaction finds it high.
        let busy = Command::parse(mosi).map_or(busy::PROCESSING, |command| {
            busy::after(&command, mode_before == Mode::Standby)
        });
        self.busy_until = now.after(busy);
        miso
    }

    /// Whether BUSY is high.
    #[must_use]
    pub fn is_busy(&self, now: Instant) -> bool {
        now < self.busy_until || matches!(self.mode, Mode::Sleep { .. })
    }

    /// When BUSY goes low. A sleeping chip keeps it high until it is woken.
    #[must_use]
    pub fn busy_until(&self) -> Instant {
        match self.mode {
            Mode::Sleep { .. } => Instant::FAR_FUTURE,
            Mode::Standby | Mode::Transmit | Mode::Receive { .. } | Mode::Detect => self.busy_until,
        }
    }

    /// Whether DIO1 is high.
    #[must_use]
    pub const fn dio1(&self) -> bool {
        self.irq.dio1()
    }

    /// Transactions that were begun while BUSY was high: mistakes of the driver.
    #[must_use]
    pub const fn busy_violations(&self) -> u64 {
        self.busy_violations
    }

    /// When [`Chip::handle_timeout`] is due.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.timer
    }

    /// A timer may have run out.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.timer.is_none_or(|at| now < at) {
            return;
        }
        self.timer = None;
        match self.mode {
            Mode::Transmit => {
                self.command_status = CommandStatus::TransmitDone;
                self.irq.raise(irq::TX_DONE);
                self.mode = Mode::Standby;
            }
            Mode::Receive { .. } => {
                self.command_status = CommandStatus::Timeout;
                self.irq.raise(irq::TIMEOUT);
                self.mode = Mode::Standby;
                self.rest();
            }
            Mode::Standby | Mode::Sleep { .. } | Mode::Detect => {}
        }
    }

    /// What the chip does with its antenna next.
    pub fn poll_request(&mut self) -> Option<Request> {
        self.requests.pop_front()
    }

    /// Something reached the antenna. Reports about an operation that is over are ignored.
    pub fn handle_report(&mut self, report: &Report) {
        if report.operation() != self.operation {
            return;
        }
        match (self.mode, report) {
            (Mode::Receive { .. }, Report::Preamble { .. }) => {
                if self.settings.stop_timer_on_preamble {
                    self.timer = None;
                }
                self.irq.raise(irq::PREAMBLE_DETECTED);
            }
            (Mode::Receive { .. }, Report::Header { valid, .. }) => {
                self.timer = None;
                self.irq.raise(if *valid { irq::HEADER_VALID } else { irq::HEADER_ERROR });
            }
            (
                Mode::Receive { continuous },
                Report::Packet { intact, rssi_decidbm, snr_decidb, payload, .. },
            ) => {
                self.take_packet(payload, *rssi_decidbm, *snr_decidb);
                self.irq.raise(if *intact { irq::RX_DONE } else { irq::RX_DONE | irq::CRC_ERROR });
                if !continuous {
                    self.timer = None;
                    self.mode = Mode::Standby;
                    self.rest();
                }
            }
            (Mode::Detect, Report::Activity { detected, .. }) => {
                self.irq.raise(irq::CAD_DONE | if *detected { irq::CAD_DETECTED } else { 0 });
                self.mode = Mode::Standby;
            }
            _ => {}
        }
    }

    fn take_packet(&mut self, payload: &[u8], rssi_decidbm: i16, snr_decidb: i16) {
        let octets = u8::try_from(payload.len()).unwrap_or(u8::MAX);
        self.buffer.write(self.receive_pointer, payload);
        self.last_packet = LastPacket {
            octets,
            start: self.receive_pointer,
            rssi: packet_rssi(rssi_decidbm),
            snr: packet_snr(snr_decidb),
        };
        self.receive_pointer = self.receive_pointer.wrapping_add(octets);
        self.command_status = CommandStatus::DataAvailable;
    }

    fn wake(&mut self, now: Instant, warm: bool) {
        self.mode = Mode::Standby;
        if warm {
            self.registers.wake_warm();
            self.busy_until = now.after(busy::WARM_START);
        } else {
            self.settings = Settings::after_reset();
            self.registers = Registers::new();
            self.irq = Irq::default();
            self.busy_until = now.after(busy::COLD_START);
        }
        self.command_status = CommandStatus::None;
    }

    fn status(&self) -> u8 {
        let mode: u8 = match self.mode {
            Mode::Sleep { .. } => 0,
            Mode::Standby => 2,
            Mode::Receive { .. } | Mode::Detect => 5,
            Mode::Transmit => 6,
        };
        (mode << 4) | ((self.command_status as u8) << 1)
    }

    /// Begins another use of the antenna: reports about the one before mean nothing from now on.
    fn begin(&mut self, request: impl FnOnce(u16) -> Request) {
        self.operation = self.operation.wrapping_add(1);
        if self.requests.len() < SIMULATION_QUEUE_MAX {
            self.requests.push_back(request(self.operation));
        }
    }

    fn rest(&mut self) {
        self.begin(|operation| Request::Rest { operation });
    }
}

impl Default for Chip {
    fn default() -> Self {
        Self::new()
    }
}

/// A tick of the timers of SetTx and SetRx: 15.625 µs.
const TICK: Duration = Duration::from_nanos(15_625);

/// SetRx with this timeout listens until told otherwise.
const CONTINUOUS: u32 = 0x00FF_FFFF;

/// RssiPkt (13.5.3): −RSSI in half dBm, in one octet.
fn packet_rssi(rssi_decidbm: i16) -> u8 {
    u8::try_from(rssi_decidbm.saturating_neg().max(0) / 5).unwrap_or(u8::MAX)
}

/// SnrPkt: SNR in quarter dB, in two's complement. The demodulator cannot tell above 15 dB.
fn packet_snr(snr_decidb: i16) -> u8 {
    let half_a_quarter = snr_decidb.signum().saturating_mul(2);
    let quarters = snr_decidb.saturating_mul(2).saturating_add(half_a_quarter) / 5;
    let quarters = quarters.clamp(-128, 60);
    i8::try_from(quarters).unwrap_or(0).to_be_bytes()[0]
}
