//! What is between a device and its account's root, on it and off it.

use super::{Device, Secrets, sealing};
use crate::exit::{Exit, Failure, Outcome};
use crate::request::Request;
use crate::storage::{IDENTITY, SESSIONS, create_root_file};
use chappe_codec::identity::{
    Carried, Certificate, Draft, Endorsement, Permissions, Revocation, Root,
};
use chappe_codec::key::SignKey;
use std::path::Path;

/// The issue of a device number's first certificate.
const FIRST_ISSUE: u16 = 1;

impl Device {
    /// The key of the account's root, if it has not been taken off the device.
    pub(crate) fn root_key(&self) -> Outcome<SignKey> {
        let root = Secrets::read(&self.area)?.root;
        let key = root.map(|seed| SignKey::from_seed(&seed));
        key.ok_or_else(|| {
            Failure::new(Exit::NotFound, "no root", "the account's root is not on this device")
                .advise("use the file it lies in: chappe root --help")
        })
    }

    /// Ends this device under its certificate, once somebody publishes it.
    pub(crate) fn presigned_revocation(&self) -> Outcome<Carried> {
        let certificate = self.identity.card().certificate();
        let content = Revocation {
            account: certificate.account,
            device: certificate.device,
            issue: certificate.issue,
        };
        let root = self.root_key()?;
        let mut draft = Draft::new(content, Root::of_key(&root.public()))?;
        draft.sign(&root, self.realm)?;
        Ok(Carried::Revocation(draft.finish()?))
    }

    /// Writes the root's seed into a file of its own, and only then takes it off the device.
    pub(crate) fn take_root_off(&self, out: &Path, passphrase: &str) -> Outcome<()> {
        let _alone = self.area.lock()?;
        let mut secrets = Secrets::read(&self.area)?;
        if let Some(seed) = &secrets.root {
            create_root_file(out, seed, self.realm, passphrase)?;
        }
        secrets.root = None;
        self.area.write(IDENTITY, &secrets.to_octets())
    }

    /// Asks a root, or the one that certified it last, to certify this device's keys.
    pub(crate) fn request(
        &self,
        root: Option<Root>,
        number: Option<u8>,
        issue: Option<u16>,
        permissions: Permissions,
    ) -> Outcome<Request> {
        let endorsement = self.identity.card().endorsement();
        let known = *endorsement.content();
        let root = root.unwrap_or_else(|| endorsement.root().clone());
        let (account, device) = (root.account(), number.unwrap_or(known.device));
        let next = if (account, device) == (known.account, known.device) {
            known.issue.saturating_add(1)
        } else {
            FIRST_ISSUE
        };
        let issue = issue.unwrap_or(next);
        let certificate = Certificate { account, device, issue, permissions, ..known };
        Ok(Request::Certificate(Draft::new(certificate, root)?))
    }

    /// Takes a certificate for this device's keys. Another account's ends the sessions of before: they
    /// belong to the account, too.
    pub(crate) fn install(&self, endorsement: Endorsement<Certificate>) -> Outcome<()> {
        endorsement.verify(self.realm)?;
        let _alone = self.area.lock()?;
        let mut secrets = Secrets::read(&self.area)?;
        let (old, new) = (secrets.identity.signer(), *endorsement.content());
        secrets.identity = secrets.identity.certified_by(endorsement, self.realm)?;
        if (old.account, old.device) != (new.account, new.device) {
            self.area.write(SESSIONS, &sealing::none())?;
        }
        if old.account != new.account {
            secrets.root = None;
        }
        self.area.write(IDENTITY, &secrets.to_octets())
    }
}
