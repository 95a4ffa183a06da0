//! The names of the public keys, their devices, and what was revoked of them.

use super::line::AccountKeys;
use super::shown::{Shown, refused};
use crate::exit::Outcome;
use crate::hex;
use chappe_codec::account::Account;
use chappe_codec::chain::ROOT_DEVICE;
use chappe_codec::identity::{Certificate, Endorsement, Revocation, Signer};
use chappe_codec::realm::Realm;
use std::collections::{BTreeMap, BTreeSet};

/// Whom a name of the public keys stands for: an account, or some of its devices.
pub(super) struct ShownAccount {
    pub(super) account: Account,
    devices: BTreeMap<u8, ShownDevice>,
}

struct ShownDevice {
    signer: Signer,
    /// That of its certificate.
    issue: u16,
    is_revoked: bool,
}

impl ShownAccount {
    /// "The certificates are of this account, each of another device, and verify under the account's
    /// own root. An account without certificates is a root of one key, device 0."
    pub(super) fn new(name: &str, keys: &AccountKeys, realm: Realm) -> Outcome<Self> {
        if name == "open" {
            return Err(refused("no account is named open"));
        }
        let account = Account(hex::decode_array("an account", &keys.account)?);
        let mut devices = BTreeMap::new();
        if keys.certificates.is_empty() {
            let signer = Signer::root(account)?;
            devices.insert(ROOT_DEVICE, ShownDevice { signer, issue: 0, is_revoked: false });
        }
        for text in &keys.certificates {
            let octets = hex::decode("a certificate", text)?;
            let endorsement: Endorsement<Certificate> = Endorsement::parse(&octets)?;
            endorsement.verify(realm)?;
            let certificate = endorsement.content();
            if certificate.account != account {
                return Err(refused(&format!("a certificate of {name} is another account's")));
            }
            let (signer, issue) = (certificate.signer()?, certificate.issue);
            let device = ShownDevice { signer, issue, is_revoked: false };
            if devices.insert(certificate.device, device).is_some() {
                return Err(refused(&format!("two certificates of one device of {name}")));
            }
        }
        Ok(Self { account, devices })
    }

    /// Whose signature stands under what this device signs.
    pub(super) fn signer(&self, device: u8) -> Outcome<&Signer> {
        Ok(&self.device(device)?.signer)
    }

    /// The same, if the device is not revoked.
    pub(super) fn signer_in_force(&self, device: u8) -> Outcome<&Signer> {
        let found = self.device(device)?;
        if found.is_revoked {
            return Err(refused("by a device that was revoked before"));
        }
        Ok(&found.signer)
    }

    pub(super) fn is_revoked(&self, device: u8) -> bool {
        self.devices.get(&device).is_some_and(|found| found.is_revoked)
    }

    fn device(&self, device: u8) -> Outcome<&ShownDevice> {
        self.devices.get(&device).ok_or_else(|| refused("by a device without a certificate"))
    }
}

impl Shown {
    /// "A revocation of one of the accounts; it verifies."
    pub(super) fn check_revocation(&mut self, at: &str, octets: &[u8]) -> Outcome<()> {
        self.account(at)?;
        let endorsement: Endorsement<Revocation> = Endorsement::parse(octets)?;
        endorsement.verify(self.realm)?;
        let revocation = *endorsement.content();
        if !self.accounts.values().any(|shown| shown.account == revocation.account) {
            return Err(refused("a revocation of an account that is not among the public keys"));
        }
        // Other names of the account stand for other devices.
        let of_account =
            self.accounts.iter_mut().filter(|(_, shown)| shown.account == revocation.account);
        for (name, shown) in of_account {
            let Some(device) = shown.devices.get_mut(&revocation.device) else { continue };
            device.is_revoked |= device.issue <= revocation.issue;
            let named = (at.to_owned(), name.clone(), revocation.device);
            let last = self.revoked_at.entry(named).or_default();
            *last = revocation.issue.max(*last);
        }
        Ok(())
    }

    /// "No device stands under two names": what is by one name is by no other.
    pub(super) fn check_names(&self) -> Outcome<()> {
        let mut found = BTreeSet::new();
        for shown in self.accounts.values() {
            let devices = shown.devices.keys();
            if !devices.into_iter().all(|device| found.insert((shown.account.0, *device))) {
                return Err(refused("a device under two names"));
            }
        }
        Ok(())
    }

    /// Whether `revocation` lines with this `at` ended every device a name stands for.
    pub(super) fn is_ended_at(&self, at: &str, by: &str) -> bool {
        let known = self.accounts.get(by);
        known.is_some_and(|known| {
            !known.devices.is_empty()
                && known.devices.keys().all(|device| self.is_revoked_at(at, by, *device))
        })
    }

    /// Whether a `revocation` line with this `at` ended the device under its certificate.
    pub(super) fn is_revoked_at(&self, at: &str, by: &str, device: u8) -> bool {
        let issue = self.revoked_at.get(&(at.to_owned(), by.to_owned(), device));
        let known = self.accounts.get(by).and_then(|account| account.devices.get(&device));
        issue.zip(known).is_some_and(|(issue, known)| known.issue <= *issue)
    }
}
