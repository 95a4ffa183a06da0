//! Frames: one LoRa packet each (spec/05-radio.md, "Frame").
//!
//! Octets from the air are first [`Unverified`]: their form is checked, nothing else, and the only
//! thing to be learnt from them is which network's key to ask. [`Unverified::verify`] checks the
//! MIC and gives the [`Frame`]. There is no other way to get a frame out of octets, so nothing can
//! act on one that is damaged or forged.
//!
//! ```
//! use chappe_codec::precedence::Precedence;
//! use chappe_codec::realm::{Mode, Realm};
//! use chappe_radio::frame::{Frame, FrameKind, NetworkKey, Pseudonym, Unverified, PUBLIC_NET};
//!
//! let realm = Realm { mode: Mode::Exercise, network: 1 };
//! let frame = Frame {
//!     precedence: Precedence::Flash,
//!     hops_left: 1,
//!     acknowledgement_wanted: false,
//!     backbone: false,
//!     relayed: false,
//!     net: PUBLIC_NET,
//!     source: Pseudonym([1, 2, 3]),
//!     sequence: 7,
//!     previous: 3,
//!     kind: FrameKind::Broadcast,
//!     payload: b"an envelope".to_vec(),
//! };
//! let mut octets = frame.emit(&NetworkKey::public(), realm).unwrap();
//! let read = Unverified::parse(&octets).unwrap().verify(&NetworkKey::public(), realm);
//! assert_eq!(read, Ok(frame));
//!
//! octets[10] ^= 1;
//! assert!(Unverified::parse(&octets).unwrap().verify(&NetworkKey::public(), realm).is_err());
//! ```

mod emit;
mod error;
mod key;
mod unverified;

use core::fmt;

use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;

pub use emit::EmitError;
pub use error::FrameError;
pub use key::{NetworkKey, NetworkKeys, PUBLIC_NET};
pub use unverified::Unverified;

/// One frame, whole and with a right MIC, or about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// How urgent it is.
    pub precedence: Precedence,
    /// How often it may still be passed on, 0 to 15.
    pub hops_left: u8,
    /// Whether who is meant should answer.
    pub acknowledgement_wanted: bool,
    /// Whether a member of the backbone sent it.
    pub backbone: bool,
    /// Whether it was passed on, and not sent by its source.
    pub relayed: bool,
    /// The network whose key made the MIC; 0 is public.
    pub net: u8,
    /// Who sent it first. In an acknowledgement: the source of the frame acknowledged.
    pub source: Pseudonym,
    /// The source's number for it. In an acknowledgement: that of the frame acknowledged.
    pub sequence: u16,
    /// The lowest octet of the pseudonym of whoever transmitted it. Not covered by the MIC.
    pub previous: u8,
    /// What it is.
    pub kind: FrameKind,
    /// The envelope; empty in an acknowledgement.
    pub payload: Vec<u8>,
}

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// An envelope for the mailbox a label stands for.
    Data {
        /// The label.
        label: Label,
    },
    /// An envelope for everyone who hears it.
    Broadcast,
    /// The frame that `source` and `sequence` name has arrived.
    Acknowledgement,
}

impl FrameKind {
    /// The number in octet 0 (spec/05-radio.md, table of types).
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Data { .. } => 0,
            Self::Broadcast => 1,
            Self::Acknowledgement => 4,
        }
    }

    /// The type's name in spec/05-radio.md.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data { .. } => "data",
            Self::Broadcast => "broadcast",
            Self::Acknowledgement => "acknowledgement",
        }
    }
}

/// The 24 bits a sender goes by on the air, until it takes others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 3]);

impl Pseudonym {
    /// What stands in a frame's octet 8 when this sender transmits.
    #[must_use]
    pub const fn lowest_octet(self) -> u8 {
        let [_, _, lowest] = self.0;
        lowest
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
