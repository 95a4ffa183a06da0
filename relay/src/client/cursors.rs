//! Where a reader stands.

use chappe_codec::precedence::Precedence;

/// A cursor for each precedence of an address, by its two bits: 0 ROUTINE to 3 FLASH. Each 0 is before
/// everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Cursors(pub [u64; 4]);

impl Cursors {
    /// The cursor of a precedence.
    #[must_use]
    pub fn get(&self, precedence: Precedence) -> u64 {
        self.0.get(usize::from(precedence.to_bits())).copied().unwrap_or(0)
    }

    /// Moves the cursor of a precedence.
    pub fn set(&mut self, precedence: Precedence, cursor: u64) {
        if let Some(place) = self.0.get_mut(usize::from(precedence.to_bits())) {
            *place = cursor;
        }
    }

    /// The four, big-endian, ROUTINE first: a form to keep.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut out = [0; 32];
        for (octets, cursor) in out.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *octets = cursor.to_be_bytes();
        }
        out
    }

    /// Reads that form.
    #[must_use]
    pub fn from_bytes(octets: &[u8; 32]) -> Self {
        let (cursors, _) = octets.as_chunks::<8>();
        let mut out = Self::default();
        for (place, cursor) in out.0.iter_mut().zip(cursors) {
            *place = u64::from_be_bytes(*cursor);
        }
        out
    }
}
