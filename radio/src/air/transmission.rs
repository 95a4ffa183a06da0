//! A packet on the air.

use core::time::Duration;

use crate::air::NodeId;
use crate::airtime::{self, PacketShape};
use crate::antenna::{CodingRate, Position, Tuning};
use crate::time::{Instant, nanoseconds};

/// Symbols of preamble a receiver needs to lock on to it.
const LOCK_SYMBOLS: u32 = 5;

/// A packet, when each of its parts is sent, and from where.
#[derive(Debug, Clone)]
pub(super) struct Transmission {
    pub(super) number: u64,
    pub(super) node: NodeId,
    pub(super) position: Position,
    pub(super) tuning: Tuning,
    pub(super) crc: bool,
    pub(super) power_dbm: i8,
    pub(super) payload: Vec<u8>,
    pub(super) start: Instant,
    /// A preamble found later than this is not found.
    pub(super) last_preamble: Instant,
    pub(super) sync_end: Instant,
    pub(super) header_end: Instant,
    pub(super) end: Instant,
    /// When its sender turned to something else before it was through.
    pub(super) cut_at: Option<Instant>,
}

/// What a chip asked to send.
#[derive(Debug, Clone)]
pub(super) struct Packet {
    pub(super) tuning: Tuning,
    pub(super) coding_rate: CodingRate,
    pub(super) crc: bool,
    pub(super) power_dbm: i8,
    pub(super) payload: Vec<u8>,
}

impl Transmission {
    pub(super) fn new(
        number: u64,
        node: NodeId,
        position: Position,
        start: Instant,
        packet: Packet,
    ) -> Self {
        let shape = PacketShape {
            spreading_factor: packet.tuning.spreading_factor,
            bandwidth_hz: packet.tuning.bandwidth.hz(),
            coding_rate: packet.coding_rate,
            preamble_symbols: packet.tuning.preamble_symbols,
            explicit_header: true,
            crc: packet.crc,
            low_data_rate: packet.tuning.low_data_rate,
        };
        let preamble =
            symbol(&packet.tuning).saturating_mul(u32::from(packet.tuning.preamble_symbols));
        Self {
            number,
            node,
            position,
            start,
            last_preamble: start.after(preamble),
            sync_end: start.after(airtime::preamble(&shape)),
            header_end: start.after(airtime::preamble_and_header(&shape)),
            end: start.after(airtime::time_on_air(&shape, packet.payload.len())),
            cut_at: None,
            tuning: packet.tuning,
            crc: packet.crc,
            power_dbm: packet.power_dbm,
            payload: packet.payload,
        }
    }

    pub(super) fn time_on_air(&self) -> Duration {
        self.end.since(self.start)
    }

    /// When a receiver that listens since then has locked on to it, if it still can.
    pub(super) fn lock_time(&self, listening_since: Instant) -> Option<Instant> {
        let found = symbol(&self.tuning).saturating_mul(LOCK_SYMBOLS);
        let lock = self.start.max(listening_since).after(found);
        (lock <= self.last_preamble).then_some(lock)
    }

    /// Whether a receiver with this tuning follows such chirps. The sync word comes later.
    pub(super) fn is_followed_with(&self, tuning: &Tuning) -> bool {
        self.tuning.spreading_factor == tuning.spreading_factor
            && self.tuning.bandwidth == tuning.bandwidth
            && self.tuning.frequency_hz == tuning.frequency_hz
            && self.tuning.inverted_iq == tuning.inverted_iq
    }

    /// Whether its channel and this one share frequencies.
    pub(super) fn overlaps_channel(&self, tuning: &Tuning) -> bool {
        let apart = self.tuning.frequency_hz.abs_diff(tuning.frequency_hz);
        let widths = self.tuning.bandwidth.hz().saturating_add(tuning.bandwidth.hz());
        apart < widths / 2
    }

    /// Whether it is sent at some time in [from, until).
    pub(super) fn is_on_air_between(&self, from: Instant, until: Instant) -> bool {
        self.start < until && from < self.last_instant()
    }

    pub(super) fn last_instant(&self) -> Instant {
        self.cut_at.map_or(self.end, |cut_at| cut_at.min(self.end))
    }

    /// When the octet with this index is sent; evenly spread over what follows the header.
    pub(super) fn octet_time(&self, index: usize) -> (Instant, Instant) {
        let span = nanoseconds(self.end.since(self.header_end));
        let count = u64::try_from(self.payload.len().max(1)).unwrap_or(1);
        let at = |index: usize| {
            let index = u64::try_from(index).unwrap_or(count);
            let offset = span.saturating_mul(index).checked_div(count).unwrap_or(0);
            self.header_end.after(Duration::from_nanos(offset))
        };
        (at(index), at(index.saturating_add(1)))
    }
}

fn symbol(tuning: &Tuning) -> Duration {
    airtime::symbol(tuning.spreading_factor, tuning.bandwidth.hz())
}
