//! What an observer of the air sees.

use core::time::Duration;

use crate::air::NodeId;
use crate::time::Instant;

/// Something that happened on the air.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AirEvent {
    /// A node came.
    Attached {
        /// Which.
        node: NodeId,
    },
    /// A node went.
    Detached {
        /// Which.
        node: NodeId,
    },
    /// A node began to send.
    Transmitted {
        /// When.
        at: Instant,
        /// The transmission's number on this air, from 0.
        number: u64,
        /// Who.
        node: NodeId,
        /// The packet.
        payload: Vec<u8>,
        /// Whether it arrives damaged on purpose; see [`super::Faults`].
        is_damaged: bool,
        /// How long it takes.
        time_on_air: Duration,
    },
    /// A node heard a packet to its end.
    Heard {
        /// When it ended.
        at: Instant,
        /// Which.
        number: u64,
        /// Who.
        node: NodeId,
        /// Whether its CRC was right.
        intact: bool,
        /// Signal strength in tenths of a dBm.
        rssi_decidbm: i16,
        /// Signal-to-noise ratio in tenths of a dB.
        snr_decidb: i16,
    },
    /// A node began to hear a packet and lost it.
    Lost {
        /// When.
        at: Instant,
        /// Which.
        number: u64,
        /// Who.
        node: NodeId,
        /// Why.
        reason: LossReason,
    },
}

/// Why a packet was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossReason {
    /// It was made so; see [`super::Faults`].
    Fault,
    /// Another transmission drowned the preamble.
    PreambleDrowned,
    /// Another transmission drowned the header, or its sender stopped.
    HeaderDrowned,
    /// It carries another sync word.
    ForeignSyncWord,
}
