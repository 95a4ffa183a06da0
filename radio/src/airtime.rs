//! Time on air: how long a packet occupies the channel, in whole nanoseconds.
//!
//! SX1261/2 datasheet, 6.1.4 "LoRa Time-on-Air". Spreading factors 5 and 6 follow a rule of their
//! own there, which `lora-modulation` does not know; for 7 to 12 both agree.

use core::time::Duration;

use lora_modulation::{CodingRate, SpreadingFactor};

/// What the time on air of a packet depends on, besides its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketShape {
    /// 5 to 12.
    pub spreading_factor: SpreadingFactor,
    /// The width of the channel; 0 has no time on air.
    pub bandwidth_hz: u32,
    /// The payload's error correction; the header always has 4/8.
    pub coding_rate: CodingRate,
    /// Preamble symbols before the sync word.
    pub preamble_symbols: u16,
    /// Whether the packet says its own length and coding rate.
    pub explicit_header: bool,
    /// Whether the payload has a CRC of 16 bits.
    pub crc: bool,
    /// Low data rate optimisation: two bits less in each symbol, for clocks that drift.
    pub low_data_rate: bool,
}

/// The time on air of a packet with so many octets of payload.
#[must_use]
pub fn time_on_air(shape: &PacketShape, octets: usize) -> Duration {
    let symbols = preamble_quarter_symbols(shape)
        .saturating_add(HEADER_SYMBOLS.saturating_mul(4))
        .saturating_add(payload_symbols(shape, octets).saturating_mul(4));
    quarter_symbols(shape, symbols)
}

/// From the start of a packet to the end of its sync word.
#[must_use]
pub fn preamble(shape: &PacketShape) -> Duration {
    quarter_symbols(shape, preamble_quarter_symbols(shape))
}

/// From the start of a packet to the end of the eight symbols that hold the header.
#[must_use]
pub fn preamble_and_header(shape: &PacketShape) -> Duration {
    let symbols = preamble_quarter_symbols(shape).saturating_add(HEADER_SYMBOLS.saturating_mul(4));
    quarter_symbols(shape, symbols)
}

/// The time of one symbol, 2^SF / bandwidth.
#[must_use]
pub fn symbol(spreading_factor: SpreadingFactor, bandwidth_hz: u32) -> Duration {
    let chips = 1_u64 << spreading_factor.factor().min(12);
    let nanoseconds = chips.saturating_mul(1_000_000_000).checked_div(u64::from(bandwidth_hz));
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Whether symbols are so long (16.38 ms and more) that low data rate optimisation is due.
#[must_use]
pub fn needs_low_data_rate(spreading_factor: SpreadingFactor, bandwidth_hz: u32) -> bool {
    symbol(spreading_factor, bandwidth_hz) >= Duration::from_micros(16_380)
}

/// Symbols that always follow the sync word; an explicit header lies in them.
const HEADER_SYMBOLS: u64 = 8;

/// The preamble and what the chip adds to it: 4.25 symbols, 6.25 at spreading factors 5 and 6.
fn preamble_quarter_symbols(shape: &PacketShape) -> u64 {
    let added = if is_short(shape.spreading_factor) { 25 } else { 17 };
    u64::from(shape.preamble_symbols).saturating_mul(4).saturating_add(added)
}

/// ceil(max(bits, 0) / bits in a symbol's block) · (coding rate + 4).
fn payload_symbols(shape: &PacketShape, octets: usize) -> u64 {
    let factor = i64::from(shape.spreading_factor.factor());
    let payload_bits = i64::try_from(octets).unwrap_or(i64::MAX).saturating_mul(8);
    let crc_bits = if shape.crc { 16 } else { 0 };
    let header_bits = if shape.explicit_header { 20 } else { 0 };
    // 7 and above: "+ 8" in the numerator; low data rate takes two bits from each symbol.
    let rate_bits = if is_short(shape.spreading_factor) { 0 } else { 8 };
    let lost_bits = if shape.low_data_rate { 2 } else { 0 };
    let bits = payload_bits
        .saturating_add(crc_bits)
        .saturating_add(header_bits)
        .saturating_add(rate_bits)
        .saturating_sub(factor.saturating_mul(4));
    let bits = u64::try_from(bits).unwrap_or(0);
    let block = u64::try_from(factor.saturating_sub(lost_bits).saturating_mul(4)).unwrap_or(1);
    bits.div_ceil(block.max(1)).saturating_mul(u64::from(shape.coding_rate.denom()))
}

fn quarter_symbols(shape: &PacketShape, count: u64) -> Duration {
    // Divided once, at the end: bandwidths such as 7810 Hz do not divide a second evenly.
    let chips = 1_u128 << shape.spreading_factor.factor().min(12);
    let scaled = u128::from(count).saturating_mul(chips).saturating_mul(1_000_000_000);
    let divisor = u128::from(shape.bandwidth_hz).saturating_mul(4);
    let nanoseconds = scaled.checked_div(divisor).unwrap_or(0);
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

const fn is_short(spreading_factor: SpreadingFactor) -> bool {
    matches!(spreading_factor, SpreadingFactor::_5 | SpreadingFactor::_6)
}
