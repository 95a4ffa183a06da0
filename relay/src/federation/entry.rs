//! A parcel that waits, as it is known in memory: all but the parcel itself.

use super::route::{Homes, PeerId};
use chappe_codec::precedence::Precedence;

/// A parcel that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The homes it is kept for, in the order they were named.
    pub(super) homes: Homes,
    /// Bits of those that have to be reached: of all of them, or for what is not FLASH of one.
    pub(super) open: u8,
    /// Bits of those in whose sets it is.
    pub(super) offered: u8,
    pub(super) precedence: Precedence,
    /// How often it was put off; what lengthens the pause.
    pub(super) put_off: u8,
    /// Bits of those that put it off since it last waited for that.
    pub(super) put_off_by: u8,
    /// Of its record.
    pub(super) octets: u32,
    pub(super) taken_seconds: u64,
    pub(super) expiry_seconds: u64,
}

impl Entry {
    /// "Until one has acknowledged; a FLASH until all have."
    pub(super) fn needs_all(&self) -> bool {
        self.precedence == Precedence::Flash
    }

    /// The peers that have to be reached and their bits.
    pub(super) fn candidates(&self) -> impl Iterator<Item = (u8, PeerId)> {
        let open = self.open;
        self.homes.bits().filter(move |(bit, _)| open & bit != 0)
    }

    /// The peers in whose sets it is.
    pub(super) fn offered_to(&self) -> impl Iterator<Item = PeerId> {
        let offered = self.offered;
        self.homes.bits().filter(move |(bit, _)| offered & bit != 0).map(|(_, peer)| peer)
    }

    pub(super) const fn has_expired(&self, now_seconds: u64) -> bool {
        self.expiry_seconds <= now_seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_as_small_as_is_said() {
        assert!(size_of::<Entry>() <= 48, "{}", size_of::<Entry>());
    }
}
