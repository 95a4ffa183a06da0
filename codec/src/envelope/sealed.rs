//! The outside of sealed envelopes (spec/03-envelope.md, "Sealed"): what can be said of one
//! without a key.

use super::{Header, OpenError};
use crate::error::{DecodeError, ErrorKind};
use crate::limits::ENVELOPE_OCTETS_MAX;
use crate::realm::Realm;
use alloc::vec::Vec;

const TAG_OCTETS: usize = 16;

/// The longest octets before a ciphertext: a stranger's flight.
const HEAD_OCTETS_MAX: usize = 101;

const CONTEXT: &[u8] = b"chappe-sealed/1";

/// Which kind of sealed envelope, with what stands before its ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedClass {
    /// Class 1: the next of a session.
    Chain {
        /// Found among the hints a receiver holds.
        hint: [u8; 3],
    },
    /// Class 2: says which counter, so that it is found after any loss.
    RandomAccess {
        /// Asked of every live epoch.
        hint: [u8; 3],
        /// The first counter / 256, modulo 256.
        residue: u8,
    },
    /// Class 3: from somebody whose card is held.
    FirstFlight {
        /// Asked of every contact and prekey.
        hint: [u8; 3],
        /// E: the public half of the key made for the session.
        ephemeral: [u8; 32],
    },
    /// Class 4: from somebody whose card is not held.
    StrangerFlight {
        /// Asked of every prekey.
        hint: [u8; 3],
        /// E: the public half of the key made for the session.
        ephemeral: [u8; 32],
        /// Identity key, account and device under the mask.
        masked: [u8; 65],
    },
}

impl SealedClass {
    const fn code(&self) -> u8 {
        match self {
            Self::Chain { .. } => 1,
            Self::RandomAccess { .. } => 2,
            Self::FirstFlight { .. } => 3,
            Self::StrangerFlight { .. } => 4,
        }
    }

    /// Octets an envelope of this class has besides its items.
    #[must_use]
    pub const fn overhead(&self) -> usize {
        match self {
            Self::Chain { .. } => 20,
            Self::RandomAccess { .. } => 21,
            Self::FirstFlight { .. } => 52,
            Self::StrangerFlight { .. } => 117,
        }
    }
}

/// A sealed envelope as it arrives; nothing is known of its inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedEnvelope<'a> {
    /// Its class and what goes with it.
    pub class: SealedClass,
    /// The lowest bit of the session's epoch.
    pub parity: u8,
    several: bool,
    head: &'a [u8],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG_OCTETS],
}

impl<'a> SealedEnvelope<'a> {
    /// Reads the outside, in the order of spec/03-envelope.md, "Sealed": size limit, octet 0, least
    /// size, and the parity of first flights.
    ///
    /// # Errors
    ///
    /// [`OpenError::NeedsNewer`] for an unknown version, class or flag, and [`OpenError::Decode`];
    /// an open envelope is `unexpected`.
    pub fn parse(octets: &'a [u8]) -> Result<Self, OpenError> {
        let refused = |kind, field, offset| {
            Err(OpenError::Decode(DecodeError::at_octet(kind, field, offset)))
        };
        if octets.len() > ENVELOPE_OCTETS_MAX {
            return refused(ErrorKind::TooLong, "envelope", 0);
        }
        let Some(first) = octets.first() else {
            return refused(ErrorKind::Truncated, "class", 0);
        };
        let header = Header::from_octet(*first);
        if header.version != 0 || header.class > 4 || header.flags > 1 {
            return Err(OpenError::NeedsNewer);
        }
        let head_octets = match header.class {
            0 => return refused(ErrorKind::Unexpected, "class", 0),
            1 => 4,
            2 => 5,
            3 => 36,
            _ => HEAD_OCTETS_MAX,
        };
        let parts = octets.split_at_checked(head_octets).and_then(|(head, rest)| {
            let (ciphertext, tag) = rest.split_last_chunk::<TAG_OCTETS>()?;
            Some((head, ciphertext, tag, class_of(header.class, head.get(1..)?)?))
        });
        let Some((head, ciphertext, tag, class)) = parts else {
            return refused(ErrorKind::Truncated, "envelope", octets.len());
        };
        if header.class >= 3 && header.parity != 0 {
            return refused(ErrorKind::Inconsistent, "parity", 0);
        }
        let (parity, several) = (header.parity, header.several());
        Ok(Self { class, parity, several, head, ciphertext, tag })
    }

    pub(crate) const fn several(&self) -> bool {
        self.several
    }

    pub(crate) const fn head_octets(&self) -> &'a [u8] {
        self.head
    }

    pub(crate) const fn ciphertext(&self) -> &'a [u8] {
        self.ciphertext
    }

    pub(crate) const fn tag(&self) -> &'a [u8; TAG_OCTETS] {
        self.tag
    }
}

/// What stands before a ciphertext, written.
pub(crate) struct SealedHead;

impl SealedHead {
    /// Octet 0 and what the class adds.
    pub(crate) fn put(out: &mut Vec<u8>, class: &SealedClass, epoch: u32, several: bool) {
        let [.., low] = epoch.to_be_bytes();
        out.push(Header::new(class.code(), u16::from(low), several).to_octet());
        match class {
            SealedClass::Chain { hint } => out.extend_from_slice(hint),
            SealedClass::RandomAccess { hint, residue } => {
                out.extend_from_slice(hint);
                out.push(*residue);
            }
            SealedClass::FirstFlight { hint, ephemeral } => {
                out.extend_from_slice(hint);
                out.extend_from_slice(ephemeral);
            }
            SealedClass::StrangerFlight { hint, ephemeral, masked } => {
                out.extend_from_slice(hint);
                out.extend_from_slice(ephemeral);
                out.extend_from_slice(masked);
            }
        }
    }

    /// `AAD = "chappe-sealed/1" ‖ realm ‖ octets before the ciphertext`, without an allocation.
    pub(crate) fn with_associated<T>(
        realm: Realm,
        head: &[u8],
        use_it: impl FnOnce(&[u8]) -> T,
    ) -> T {
        let mut buffer = [0; CONTEXT.len() + 5 + HEAD_OCTETS_MAX];
        let mut end = 0_usize;
        for part in [CONTEXT, &realm.to_bytes(), head] {
            let start = end;
            end = end.saturating_add(part.len());
            // A head is no longer than the longest, so every part fits.
            if let Some(place) = buffer.get_mut(start..end) {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "cut to the same length one line up"
                )]
                place.copy_from_slice(part);
            }
        }
        use_it(buffer.get(..end).unwrap_or_default())
    }
}

/// The class of a code, from the octets between octet 0 and the ciphertext.
fn class_of(code: u8, rest: &[u8]) -> Option<SealedClass> {
    Some(match code {
        1 => SealedClass::Chain { hint: *rest.first_chunk()? },
        2 => SealedClass::RandomAccess { hint: *rest.first_chunk()?, residue: *rest.last()? },
        _ => {
            let (hint, rest) = rest.split_first_chunk()?;
            let (ephemeral, rest) = rest.split_first_chunk()?;
            let (hint, ephemeral) = (*hint, *ephemeral);
            if code == 3 {
                SealedClass::FirstFlight { hint, ephemeral }
            } else {
                SealedClass::StrangerFlight { hint, ephemeral, masked: *rest.first_chunk()? }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_what_was_written() {
        let classes = [
            SealedClass::Chain { hint: [1, 2, 3] },
            SealedClass::RandomAccess { hint: [1, 2, 3], residue: 0x12 },
            SealedClass::FirstFlight { hint: [1, 2, 3], ephemeral: [7; 32] },
            SealedClass::StrangerFlight { hint: [1, 2, 3], ephemeral: [7; 32], masked: [9; 65] },
        ];
        for class in classes {
            let mut out = Vec::new();
            SealedHead::put(&mut out, &class, 0, true);
            let head = out.len();
            out.extend_from_slice(&[0; TAG_OCTETS]);
            assert_eq!(out.len(), class.overhead());
            let read = SealedEnvelope::parse(&out).unwrap();
            assert_eq!((read.class, read.head.len(), read.several), (class, head, true));
            for short in 0..out.len() {
                let error = SealedEnvelope::parse(&out[..short]).unwrap_err();
                assert_eq!(error.name(), "truncated", "{short}");
            }
        }
    }
}
