//! How much work a passphrase costs: Argon2id (RFC 9106).

use super::VaultError;
use crate::limits::{
    VAULT_LANES_MAX, VAULT_LANES_MIN, VAULT_MEMORY_KIB_MAX, VAULT_MEMORY_KIB_MIN, VAULT_PASSES_MAX,
    VAULT_PASSES_MIN,
};
use alloc::vec::Vec;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use core::fmt;
use zeroize::Zeroizing;

/// Parameters of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u16,
    /// Lanes.
    pub lanes: u8,
}

impl Work {
    /// RFC 9106 §4, the second recommended option: what new files use.
    pub const RECOMMENDED: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// Works out the key of a passphrase. Takes `memory_kib` of memory, which is wiped after.
    ///
    /// # Errors
    ///
    /// [`VaultError::OutOfMemory`]; [`VaultError::TooMuchWork`] when Argon2id knows no such
    /// parameters.
    pub fn stretch(self, passphrase: &[u8], salt: &[u8; 16]) -> Result<StretchedKey, VaultError> {
        let parameters =
            Params::new(self.memory_kib, self.passes.into(), self.lanes.into(), Some(32))
                .map_err(|_| VaultError::TooMuchWork)?;
        let mut memory: Zeroizing<Vec<Block>> = Zeroizing::default();
        let blocks = parameters.block_count();
        memory.try_reserve_exact(blocks).map_err(|_| VaultError::OutOfMemory)?;
        memory.resize(blocks, Block::default());
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into_with_memory(passphrase, salt, &mut *key, &mut memory[..])
            .map_err(|_| VaultError::TooMuchWork)?;
        Ok(StretchedKey(key))
    }
}

/// Between what and what the work a file asks for must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Less in any part is [`VaultError::Downgraded`].
    pub least: Work,
    /// More in any part is [`VaultError::TooMuchWork`].
    pub most: Work,
}

impl Bounds {
    /// Those of the specification. Others are for tests.
    pub const SPECIFIED: Self = Self {
        least: Work {
            memory_kib: VAULT_MEMORY_KIB_MIN,
            passes: VAULT_PASSES_MIN,
            lanes: VAULT_LANES_MIN,
        },
        most: Work {
            memory_kib: VAULT_MEMORY_KIB_MAX,
            passes: VAULT_PASSES_MAX,
            lanes: VAULT_LANES_MAX,
        },
    };

    pub(super) fn check(&self, work: Work) -> Result<(), VaultError> {
        let Self { least, most } = self;
        if work.memory_kib < least.memory_kib
            || work.passes < least.passes
            || work.lanes < least.lanes
        {
            return Err(VaultError::Downgraded);
        }
        if work.memory_kib > most.memory_kib || work.passes > most.passes || work.lanes > most.lanes
        {
            return Err(VaultError::TooMuchWork);
        }
        Ok(())
    }
}

/// What a passphrase comes to after the work. Wiped when dropped, never shown.
pub struct StretchedKey(Zeroizing<[u8; 32]>);

impl StretchedKey {
    /// A key that was worked out elsewhere.
    #[must_use]
    pub fn new(octets: Zeroizing<[u8; 32]>) -> Self {
        Self(octets)
    }

    /// Its octets.
    #[must_use]
    pub fn octets(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for StretchedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StretchedKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{AssociatedData, ParamsBuilder};

    /// RFC 9106 §5.3: Argon2id with secret and associated data.
    #[test]
    fn argon2id_known_answer() {
        let parameters = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(AssociatedData::new(&[4; 12]).unwrap())
            .output_len(32)
            .build()
            .unwrap();
        let argon2 =
            Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, parameters)
                .unwrap();
        let mut tag = [0; 32];
        argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        let expected = [
            0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b,
            0x53, 0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9,
            0x6b, 0x01, 0xe6, 0x59,
        ];
        assert_eq!(tag, expected);
    }

    #[test]
    fn bounds_hold_both_ways() {
        let check = |change: fn(&mut Work)| {
            let mut work = Work::RECOMMENDED;
            change(&mut work);
            Bounds::SPECIFIED.check(work)
        };
        assert_eq!(check(|_| {}), Ok(()));
        assert_eq!(check(|work| work.memory_kib = 65_535), Err(VaultError::Downgraded));
        assert_eq!(check(|work| work.passes = 2), Err(VaultError::Downgraded));
        assert_eq!(check(|work| work.lanes = 0), Err(VaultError::Downgraded));
        assert_eq!(check(|work| work.memory_kib = 1_048_577), Err(VaultError::TooMuchWork));
        assert_eq!(check(|work| work.passes = 17), Err(VaultError::TooMuchWork));
        assert_eq!(check(|work| work.lanes = 17), Err(VaultError::TooMuchWork));
    }
}
