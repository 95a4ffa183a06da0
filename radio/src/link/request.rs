//! What a program asks a link to send.

use core::fmt;

use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;

use crate::frame::{EmitError, FrameKind};

/// A frame to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRequest {
    /// The program's own name for it; events about it carry the same.
    pub token: u64,
    /// The net it goes out on.
    pub net: u8,
    /// Whom it is for.
    pub destination: Destination,
    /// How urgent it is: the most urgent waiting frame goes first.
    pub precedence: Precedence,
    /// Whether to repeat it until someone acknowledges it.
    pub acknowledged: bool,
    /// How often it may be passed on, 0 to 15.
    pub hops: u8,
    /// The envelope.
    pub envelope: Vec<u8>,
}

/// Whom a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The mailbox a label stands for.
    Label(Label),
    /// Everyone who hears it.
    Everyone,
}

impl Destination {
    pub(super) const fn kind(self) -> FrameKind {
        match self {
            Self::Label(label) => FrameKind::Data { label },
            Self::Everyone => FrameKind::Broadcast,
        }
    }
}

/// Why a frame is not taken for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitError {
    /// As many frames wait as a link holds.
    QueueFull,
    /// The net's key is not known here.
    UnknownNet(u8),
    /// The frame cannot be written: the envelope is empty or too long, or too many hops.
    Unwritable(EmitError),
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => f.write_str("too many frames are waiting to be sent"),
            Self::UnknownNet(net) => write!(f, "no key for net {net}"),
            Self::Unwritable(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SubmitError {}
