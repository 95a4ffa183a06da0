//! What a link tells its program.

use core::fmt;

use crate::frame::{Frame, FrameError};
use crate::link::SubmitError;

/// Something a program has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkEvent {
    /// A data frame for us, or a broadcast, for the first time.
    Received {
        /// The frame; its payload is the envelope.
        frame: Frame,
        /// How well it was heard.
        quality: Quality,
    },
    /// A frame that wanted an acknowledgement has one. The next hop has it; nobody says that the
    /// recipient does.
    Delivered {
        /// The request's token.
        token: u64,
        /// The lowest octet of the pseudonym of who acknowledged it, as the frame says.
        acknowledger: u8,
        /// Times it was sent.
        tries: u8,
    },
    /// A frame that wanted no acknowledgement was sent.
    Sent {
        /// The request's token.
        token: u64,
    },
    /// A frame was given up.
    Failed {
        /// The request's token.
        token: u64,
        /// Why.
        reason: FailReason,
    },
    /// Octets from the air were dropped.
    Refused {
        /// Why.
        error: FrameError,
        /// The octets.
        packet: Vec<u8>,
        /// How well they were heard.
        quality: Quality,
    },
}

/// How well a packet was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// Received signal strength, in dBm.
    pub rssi_dbm: i16,
    /// Signal-to-noise ratio, in dB.
    pub snr_db: i16,
}

/// Why a frame was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailReason {
    /// It was sent as often as allowed, and no acknowledgement came.
    NoAcknowledgement,
    /// Whenever it could have been sent, someone else was sending.
    ChannelBusy,
    /// The radio did not send it.
    RadioFailed,
    /// It was never taken for sending.
    NotTaken(SubmitError),
}

impl fmt::Display for FailReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAcknowledgement => f.write_str("no acknowledgement"),
            Self::ChannelBusy => f.write_str("the channel stayed busy"),
            Self::RadioFailed => f.write_str("the radio failed"),
            Self::NotTaken(error) => error.fmt(f),
        }
    }
}
