//! What a device does with its account's root while the root's seed is still on it.

use super::{Device, Secrets};
use crate::exit::{Exit, Failure, Outcome};
use chappe_codec::identity::{Carried, Draft, Revocation, Root};
use chappe_codec::key::SignKey;

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
}
