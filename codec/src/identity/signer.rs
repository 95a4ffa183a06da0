//! Who signed: the account and device that an envelope or a statement names, and their key.

use crate::account::{Account, AccountId};
use crate::chain::ROOT_DEVICE;
use crate::key::{KeyError, VerifyKey};

/// The key of one device of one account, as a certificate or a root of one key gives it.
///
/// Envelopes and statements name an account id and a device; [`Directory::signer`] finds the signer.
///
/// [`Directory::signer`]: crate::identity::Directory::signer
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer {
    /// The account.
    pub account: Account,
    /// The device, 0 for a root of one key itself.
    pub device: u8,
    /// The device's signing key.
    pub key: VerifyKey,
}

impl Signer {
    /// Device 0 of an account whose root is one key (spec/10-identity.md, "Certificate").
    ///
    /// # Errors
    ///
    /// [`KeyError::NotAKey`] and [`KeyError::WeakKey`] where the account's octets are no such key; an
    /// account of several keys has no device 0.
    pub fn root(account: Account) -> Result<Self, KeyError> {
        let key = VerifyKey::from_bytes(&account.0)?;
        Ok(Self { account, device: ROOT_DEVICE, key })
    }

    /// Whether an envelope or a statement that names these names this signer.
    #[must_use]
    pub fn is(&self, account: AccountId, device: u8) -> bool {
        self.device == device && self.account.id() == account
    }
}
