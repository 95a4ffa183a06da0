//! What a chip and the air say to each other: as values here, as octets in [`message`].
//!
//! Both sides number their conversation by *operation*: a chip takes a new number whenever it
//! starts to listen, send or look for activity, and ignores reports on an earlier one. A report
//! that was under way while the chip turned to something else can so do no harm.

pub mod message;

pub use crate::modulation::{Bandwidth, CodingRate, SpreadingFactor};

/// Where an antenna stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Metres east of the field's origin.
    pub east_m: i32,
    /// Metres north of it.
    pub north_m: i32,
}

/// What two chips must have in common to hear each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Chips in a symbol, as a power of two.
    pub spreading_factor: SpreadingFactor,
    /// The width of the channel.
    pub bandwidth: Bandwidth,
    /// The middle of the channel.
    pub frequency_hz: u32,
    /// Which packets to take an interest in, once their preamble is found.
    pub sync_word: u16,
    /// Whether the chirps run the other way.
    pub inverted_iq: bool,
    /// Whether each symbol carries two bits less.
    pub low_data_rate: bool,
    /// Symbols of the preamble.
    pub preamble_symbols: u16,
}

/// What a chip does with its antenna.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Listens from now on.
    Listen {
        /// The operation this begins.
        operation: u16,
        /// What to.
        tuning: Tuning,
    },
    /// Neither sends nor listens.
    Rest {
        /// The operation this begins.
        operation: u16,
    },
    /// Sends a packet.
    Transmit {
        /// The operation this begins.
        operation: u16,
        /// How.
        tuning: Tuning,
        /// The payload's error correction.
        coding_rate: CodingRate,
        /// Whether the payload has a CRC.
        crc: bool,
        /// At the antenna, in dBm.
        power_dbm: i8,
        /// At most 255 octets.
        payload: Vec<u8>,
    },
    /// Looks for chirps for so many symbols.
    Detect {
        /// The operation this begins.
        operation: u16,
        /// What for.
        tuning: Tuning,
        /// For how long.
        symbols: u8,
    },
}

/// What reaches a chip through its antenna.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A preamble was found, and the receiver follows it.
    Preamble {
        /// The operation that heard it.
        operation: u16,
    },
    /// The header of that packet is complete.
    Header {
        /// The operation that heard it.
        operation: u16,
        /// Whether its checksum is right. If not, the receiver looks for another preamble.
        valid: bool,
    },
    /// The packet is complete.
    Packet {
        /// The operation that heard it.
        operation: u16,
        /// Whether its CRC is right.
        intact: bool,
        /// Signal strength in tenths of a dBm.
        rssi_decidbm: i16,
        /// Signal-to-noise ratio in tenths of a dB.
        snr_decidb: i16,
        /// What was heard, right or not.
        payload: Vec<u8>,
    },
    /// The look for chirps is over.
    Activity {
        /// The operation that looked.
        operation: u16,
        /// Whether there were any.
        detected: bool,
    },
}

impl Report {
    /// The operation this is about.
    #[must_use]
    pub const fn operation(&self) -> u16 {
        match self {
            Self::Preamble { operation }
            | Self::Header { operation, .. }
            | Self::Packet { operation, .. }
            | Self::Activity { operation, .. } => *operation,
        }
    }
}
