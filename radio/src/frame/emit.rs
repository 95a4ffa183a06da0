//! Frames into octets.

use core::fmt;

use chappe_codec::realm::Realm;

use super::{Frame, FrameKind, NetworkKey};
use crate::limits::{
    BROADCAST_ENVELOPE_OCTETS_MAX, DATA_ENVELOPE_OCTETS_MAX, FRAME_OCTETS_MAX, HOPS_MAX,
};

impl Frame {
    /// The packet to send: this frame and its MIC.
    ///
    /// # Errors
    ///
    /// When the frame cannot be written: see [`EmitError`].
    pub fn emit(&self, key: &NetworkKey, realm: Realm) -> Result<Vec<u8>, EmitError> {
        self.check()?;
        let mut octets = Vec::with_capacity(FRAME_OCTETS_MAX);
        octets.push((self.kind.code() << 3) | (self.precedence.to_bits() << 1));
        octets.push(
            (self.hops_left << 4)
                | (u8::from(self.acknowledgement_wanted) << 3)
                | (u8::from(self.backbone) << 2)
                | (u8::from(self.relayed) << 1),
        );
        octets.push(self.net);
        octets.extend_from_slice(&self.source.0);
        octets.extend_from_slice(&self.sequence.to_be_bytes());
        octets.push(self.previous);
        if let FrameKind::Data { label } = self.kind {
            octets.extend_from_slice(&label.0);
        }
        octets.extend_from_slice(&self.payload);
        let mic = key.mic(realm, &octets);
        octets.extend_from_slice(&mic);
        Ok(octets)
    }

    fn check(&self) -> Result<(), EmitError> {
        if self.hops_left > HOPS_MAX {
            return Err(EmitError::Hops(self.hops_left));
        }
        let (shortest, longest) = match self.kind {
            FrameKind::Data { .. } => (1, DATA_ENVELOPE_OCTETS_MAX),
            FrameKind::Broadcast => (1, BROADCAST_ENVELOPE_OCTETS_MAX),
            FrameKind::Acknowledgement => {
                if self.hops_left != 0
                    || self.acknowledgement_wanted
                    || self.backbone
                    || self.relayed
                {
                    return Err(EmitError::Flags);
                }
                (0, 0)
            }
        };
        if self.payload.len() < shortest || self.payload.len() > longest {
            return Err(EmitError::Payload { octets: self.payload.len(), longest });
        }
        Ok(())
    }
}

/// Why a frame cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmitError {
    /// More hops than four bits hold.
    Hops(u8),
    /// An acknowledgement with hops, or that wants to be answered, or that was relayed.
    Flags,
    /// No envelope, one that does not fit, or one in an acknowledgement.
    Payload {
        /// Its octets.
        octets: usize,
        /// What fits into a frame of this type.
        longest: usize,
    },
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hops(hops) => write!(f, "{hops} hops left are more than {HOPS_MAX}"),
            Self::Flags => f.write_str("an acknowledgement has no hops and no flags"),
            Self::Payload { octets: 0, .. } => f.write_str("the frame has no envelope"),
            Self::Payload { octets, longest } => {
                write!(f, "an envelope of {octets} octets does not fit: at most {longest}")
            }
        }
    }
}

impl core::error::Error for EmitError {}
