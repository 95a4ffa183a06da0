//! Areas and the key that opens one.

use crate::digest;
use crate::limits::VAULT_AREAS;
use core::fmt;
use zeroize::Zeroizing;

/// One of the areas of a device's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Area(u8);

impl Area {
    /// The area of a number below [`VAULT_AREAS`].
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < VAULT_AREAS { Some(Self(number)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its bit among kept areas.
    #[must_use]
    pub const fn bit(self) -> u8 {
        // An area is below 4, so nothing is shifted out.
        1_u8.wrapping_shl(self.0 as u32)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..VAULT_AREAS).map(Self)
    }

    /// The two slots that may open it: "Area n has the slots 2n and 2n + 1".
    #[must_use]
    pub const fn slots(self) -> [usize; 2] {
        let first = (self.0 as usize).saturating_mul(2);
        [first, first.saturating_add(1)]
    }
}

/// The key everything in an area hangs on. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct WrappingKey(Zeroizing<[u8; 32]>);

impl WrappingKey {
    /// Takes 32 octets from a healthy random source ([`crate::health`]).
    #[must_use]
    pub fn new(octets: Zeroizing<[u8; 32]>) -> Self {
        Self(octets)
    }

    /// A key below this one: `KDF(wrapping key, label, area, name, 32)`.
    pub(super) fn derive(&self, label: &str, area: Area, name: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        digest::derive(&*self.0, label, &[&[area.number()], name.as_bytes()], &mut *key);
        key
    }

    pub(super) fn octets(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKey")
    }
}
