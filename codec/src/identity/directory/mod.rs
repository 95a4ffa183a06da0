//! What a device knows of accounts: their roots, devices, revocations and successions
//! (spec/10-identity.md).
//!
//! Endorsements come in whatever order the net brings them and prove themselves. What each changes is
//! told, with what was before, so that no key changes in silence. The same endorsements in the same
//! order give the same directory; no clock and no randomness enters.

mod change;
mod device;
mod known;
#[cfg(test)]
mod tests;

pub use change::{Change, DirectoryError, Evidence};

use super::{Carried, Certificate, Endorsement, Signer};
use crate::account::{Account, AccountId};
use crate::card::Card;
use crate::envelope::{OpenEnvelope, OpenError, Opened};
use crate::key::KeyError;
use crate::limits::{DIRECTORY_ACCOUNTS_MAX, DIRECTORY_STRANGERS_MAX};
use crate::realm::Realm;
use crate::statement::Statement;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use device::KnownDevice;
use known::KnownAccount;

/// The accounts a device knows.
#[derive(Debug, Clone)]
pub struct Directory {
    realm: Realm,
    accounts: BTreeMap<AccountId, Entry>,
    /// Counts the strangers that came, so that the one known longest makes room.
    arrivals: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    known: KnownAccount,
    /// When it came, unless somebody vouches for it: strangers never take the room of others.
    stranger_since: Option<u64>,
}

impl Directory {
    /// Knows nobody.
    #[must_use]
    pub const fn new(realm: Realm) -> Self {
        Self { realm, accounts: BTreeMap::new(), arrivals: 0 }
    }

    /// Takes in an account that a person vouches for: a contact, one's own. It stays until
    /// [`Directory::forget`].
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Full`], [`DirectoryError::IdTaken`].
    pub fn know(&mut self, account: Account) -> Result<Vec<Change>, DirectoryError> {
        let contacts = self.accounts.values().filter(|entry| entry.stranger_since.is_none());
        let is_full = contacts.count() >= DIRECTORY_ACCOUNTS_MAX;
        match self.accounts.get_mut(&account.id()) {
            Some(entry) if entry.known.account() != account => Err(DirectoryError::IdTaken),
            Some(entry) if entry.stranger_since.is_none() => Ok(Vec::new()),
            _ if is_full => Err(DirectoryError::Full),
            Some(entry) => {
                entry.stranger_since = None;
                Ok(Vec::new())
            }
            None => {
                let entry = Entry { known: KnownAccount::new(account), stranger_since: None };
                self.accounts.insert(account.id(), entry);
                Ok(alloc::vec![Change::NewAccount { account }])
            }
        }
    }

    /// Takes in an endorsement, whoever brought it, and says what it changes: nothing, if all of it
    /// was known or it is older than what is known.
    ///
    /// Of accounts nobody vouches for only the latest are kept. An endorsement under a root that is
    /// not the account's yet is refused as by an `unknown_account`, and of a vouched-for account also
    /// remembered until a succession names that root.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`]; then nothing has changed.
    pub fn take(&mut self, carried: &Carried) -> Result<Vec<Change>, DirectoryError> {
        let account = carried.account();
        match self.accounts.get_mut(&account.id()) {
            Some(entry) if entry.known.account() != account => Err(DirectoryError::IdTaken),
            Some(entry) => {
                let taken = entry.known.take(carried, self.realm);
                if taken.is_err() && entry.stranger_since.is_none() {
                    entry.known.remember(carried, self.realm);
                }
                taken
            }
            None => {
                let mut known = KnownAccount::new(account);
                let changes = known.take(carried, self.realm)?;
                self.make_room_for_a_stranger();
                let entry = Entry { known, stranger_since: Some(self.arrivals) };
                self.arrivals = self.arrivals.saturating_add(1);
                self.accounts.insert(account.id(), entry);
                Ok([alloc::vec![Change::NewAccount { account }], changes].concat())
            }
        }
    }

    /// Reads a card, verifies it under the root that counts for its account, and takes it in with its
    /// certificate.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Card`], before anything is taken in; [`DirectoryError::Revoked`] for a card
    /// of a revoked device; and those of [`Directory::take`].
    pub fn take_card(&mut self, octets: &[u8]) -> Result<(Card, Vec<Change>), DirectoryError> {
        let card = Card::parse_with(octets, self.realm, |certificate| {
            let account = certificate.content().account;
            // A certificate endorsed before a succession stays.
            match self.known(&account) {
                Some(known)
                    if known
                        .device(certificate.content().device)
                        .is_some_and(|device| device.has(certificate)) =>
                {
                    Ok(())
                }
                Some(known) => match known.root() {
                    Some(root) => certificate.verify_under(&root, self.realm),
                    None => Err(known::UNKNOWN_ROOT),
                },
                None => certificate.verify(self.realm),
            }
        })
        .map_err(DirectoryError::Card)?;
        let account = card.account();
        let mut changes = self.take(&Carried::Certificate(card.endorsement().clone()))?;
        if self.is_revoked(&account, card.device()) {
            return Err(DirectoryError::Revoked);
        }
        if let Some(entry) = self.accounts.get_mut(&account.id()) {
            changes.extend(entry.known.take_card(&card));
        }
        Ok((card, changes))
    }

    /// Who an envelope or a statement that names this account and device is by, under the
    /// certificate that holds.
    ///
    /// # Errors
    ///
    /// [`KeyError::UnknownAccount`] where the account or the device's certificate is not known;
    /// [`KeyError::Revoked`]; [`KeyError::NotAKey`] and [`KeyError::WeakKey`] for keys that are no
    /// good.
    pub fn signer(&self, account: AccountId, device: u8) -> Result<Signer, KeyError> {
        let signers = self.signers(account, device)?;
        signers.first().copied().ok_or(KeyError::UnknownAccount)
    }

    /// Who may have signed what names this account and device: under the certificate that holds, and
    /// under the one before it, since its words may have been under way.
    ///
    /// # Errors
    ///
    /// As [`Directory::signer`].
    pub fn signers(&self, account: AccountId, device: u8) -> Result<Vec<Signer>, KeyError> {
        self.accounts.get(&account).ok_or(KeyError::UnknownAccount)?.known.signers(device)
    }

    /// Verifies an open envelope under the certificate that holds for its device, or the one before.
    ///
    /// # Errors
    ///
    /// [`OpenError::UnknownAccount`]: to be shown as an unverified claim; [`OpenError::Revoked`];
    /// [`OpenError::BadSignature`]; [`OpenError::WeakKey`].
    pub fn verify_open(&self, envelope: &OpenEnvelope<'_>) -> Result<Opened, OpenError> {
        self.verify(envelope.account, envelope.first.device, |signer| {
            envelope.verify(signer, self.realm)
        })
    }

    /// Verifies a statement under the certificate that holds for its device, or the one before.
    ///
    /// # Errors
    ///
    /// [`KeyError::UnknownAccount`]: it signs nothing yet; [`KeyError::Revoked`];
    /// [`KeyError::BadSignature`]; [`KeyError::WeakKey`].
    pub fn verify_statement(&self, statement: &Statement) -> Result<Signer, KeyError> {
        self.verify(statement.claim.account, statement.claim.device, |signer| {
            statement.verify(signer, self.realm).map(|()| *signer)
        })
    }

    /// The certificate that holds for a device, revoked or not.
    #[must_use]
    pub fn certificate(&self, account: &Account, device: u8) -> Option<&Certificate> {
        self.known(account)?.device(device)?.certificate()
    }

    /// The certificate that holds for a device and the one before it, to be handed on; `true` with
    /// those that are revoked.
    pub fn certificates(
        &self,
        account: &Account,
        device: u8,
    ) -> impl Iterator<Item = (&Endorsement<Certificate>, bool)> {
        let known = self.known(account).and_then(|known| known.device(device));
        known.into_iter().flat_map(KnownDevice::certificates)
    }

    /// The card that counts for a device.
    #[must_use]
    pub fn card(&self, account: &Account, device: u8) -> Option<&Card> {
        self.known(account)?.device(device)?.card()
    }

    /// Whether the certificate that holds for a device is revoked.
    #[must_use]
    pub fn is_revoked(&self, account: &Account, device: u8) -> bool {
        self.known(account).is_some_and(|known| known.is_revoked(device))
    }

    /// The certificates of an account's devices that are not revoked, by device.
    pub fn devices(&self, account: &Account) -> impl Iterator<Item = &Certificate> {
        self.known(account).into_iter().flat_map(KnownAccount::devices)
    }

    /// The root whose certificates count for an account, named as accounts are; `None` where the
    /// account is not known, or two successors make it that none counts.
    #[must_use]
    pub fn root(&self, account: &Account) -> Option<Account> {
        self.known(account)?.root()
    }

    /// What is held against an account's root.
    #[must_use]
    pub fn evidence(&self, account: &Account) -> &[Evidence] {
        self.known(account).map_or(&[], KnownAccount::evidence)
    }

    /// Every account, by id; `true` for those somebody vouches for.
    pub fn accounts(&self) -> impl Iterator<Item = (Account, bool)> {
        self.accounts.values().map(|entry| (entry.known.account(), entry.stranger_since.is_none()))
    }

    /// Forgets an account and all that is known of it, revocations included.
    pub fn forget(&mut self, account: &Account) {
        if self.known(account).is_some() {
            self.accounts.remove(&account.id());
        }
    }

    fn verify<T, E: From<KeyError>>(
        &self,
        account: AccountId,
        device: u8,
        verify: impl Fn(&Signer) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut refusal = None;
        for signer in self.signers(account, device)? {
            match verify(&signer) {
                Ok(verified) => return Ok(verified),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        let known = self.accounts.get(&account).and_then(|entry| entry.known.device(device));
        let mut revoked = known.into_iter().flat_map(KnownDevice::revoked_signers);
        if revoked.any(|signer| verify(&signer).is_ok()) {
            return Err(KeyError::Revoked.into());
        }
        Err(refusal.unwrap_or_else(|| KeyError::UnknownAccount.into()))
    }

    fn known(&self, account: &Account) -> Option<&KnownAccount> {
        let entry = self.accounts.get(&account.id())?;
        (entry.known.account() == *account).then_some(&entry.known)
    }

    fn make_room_for_a_stranger(&mut self) {
        let strangers = self.accounts.iter().filter_map(|(id, entry)| {
            let since = entry.stranger_since?;
            Some((since, *id))
        });
        let (count, oldest) = strangers.fold((0_usize, None), |(count, oldest), one| {
            (count.saturating_add(1), oldest.map_or(Some(one), |known| Some(one.min(known))))
        });
        if count >= DIRECTORY_STRANGERS_MAX
            && let Some((_, id)) = oldest
        {
            self.accounts.remove(&id);
        }
    }
}
