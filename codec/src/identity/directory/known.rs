//! What is known of one account: which root counts, and which devices it has.

use super::change::{Change, DirectoryError, Evidence};
use super::device::KnownDevice;
use crate::account::Account;
use crate::card::Card;
use crate::chain::ROOT_DEVICE;
use crate::identity::{
    Carried, Certificate, Content, Endorsement, EndorsementError, Revocation, Signer, Succession,
};
use crate::key::KeyError;
use crate::limits::{EVIDENCE_MAX, SUCCESSIONS_MAX, WAITING_ENDORSEMENTS_MAX};
use crate::realm::Realm;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The changes, or why there are none.
type Taken = Result<Vec<Change>, DirectoryError>;

#[derive(Debug, Clone)]
pub(super) struct KnownAccount {
    account: Account,
    /// Whether its own root is one key, once an endorsement has shown it.
    has_one_key: Option<bool>,
    devices: BTreeMap<u8, KnownDevice>,
    /// The roots followed after the account's own, in order.
    successors: Vec<Account>,
    /// The first succession known by each root, followed or not.
    successions: Vec<Endorsement<Succession>>,
    /// "Neither is followed, and who followed one stops."
    is_frozen: bool,
    evidence: Vec<Evidence>,
    /// Endorsements under roots that may still become the account's.
    waiting: Vec<Carried>,
}

impl KnownAccount {
    pub(super) const fn new(account: Account) -> Self {
        Self {
            account,
            has_one_key: None,
            devices: BTreeMap::new(),
            successors: Vec::new(),
            successions: Vec::new(),
            is_frozen: false,
            evidence: Vec::new(),
            waiting: Vec::new(),
        }
    }

    pub(super) const fn account(&self) -> Account {
        self.account
    }

    /// The root that certifies, if one still does.
    pub(super) fn root(&self) -> Option<Account> {
        let last = self.successors.last().copied().unwrap_or(self.account);
        (!self.is_frozen).then_some(last)
    }

    pub(super) fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    pub(super) fn device(&self, device: u8) -> Option<&KnownDevice> {
        self.devices.get(&device)
    }

    pub(super) fn is_revoked(&self, device: u8) -> bool {
        self.devices.get(&device).is_some_and(KnownDevice::is_revoked)
    }

    pub(super) fn devices(&self) -> impl Iterator<Item = &Certificate> {
        let held = self.devices.values().filter(|device| !device.is_revoked());
        held.filter_map(KnownDevice::certificate)
    }

    /// Who may have signed for a device: `Ok` of those that may, the one whose certificate holds
    /// first.
    pub(super) fn signers(&self, device: u8) -> Result<Vec<Signer>, KeyError> {
        if self.is_revoked(device) {
            return Err(KeyError::Revoked);
        }
        if device == ROOT_DEVICE {
            // "What device 0 signs counts only as long as no succession is known."
            if self.has_one_key == Some(false) || !self.successions.is_empty() {
                return Err(KeyError::UnknownAccount);
            }
            return Ok(alloc::vec![Signer::root(self.account)?]);
        }
        self.devices.get(&device).ok_or(KeyError::UnknownAccount)?.signers()
    }

    /// On an error nothing has changed.
    pub(super) fn take(&mut self, carried: &Carried, realm: Realm) -> Taken {
        match carried {
            Carried::Certificate(endorsement) => self.take_certificate(endorsement, realm),
            Carried::Revocation(endorsement) => self.take_revocation(endorsement, realm),
            Carried::Succession(endorsement) => self.take_succession(endorsement, realm),
        }
    }

    /// Keeps a card whose certificate holds, if it counts before the one kept.
    pub(super) fn take_card(&mut self, card: &Card) -> Vec<Change> {
        let known = self.devices.get_mut(&card.device());
        known.and_then(|known| known.take_card(card)).into_iter().collect()
    }

    /// Keeps an endorsement whose root may become the account's.
    pub(super) fn remember(&mut self, carried: &Carried, realm: Realm) {
        let (root, verified) = match carried {
            Carried::Certificate(one) => under_its_own_root(one, realm),
            Carried::Revocation(one) => under_its_own_root(one, realm),
            Carried::Succession(one) => under_its_own_root(one, realm),
        };
        if verified
            && self.index_of(&root).is_none()
            && self.waiting.len() < WAITING_ENDORSEMENTS_MAX
            && !self.waiting.contains(carried)
        {
            self.waiting.push(carried.clone());
        }
    }

    fn take_certificate(&mut self, new: &Endorsement<Certificate>, realm: Realm) -> Taken {
        let device = new.content().device;
        if self.devices.get(&device).is_some_and(|known| known.has(new)) {
            return Ok(Vec::new());
        }
        let root = self.root().ok_or(UNKNOWN_ROOT)?;
        self.verify(new, &root, realm)?;
        let taken = self.devices.entry(device).or_default().take(new, self.successors.len());
        match taken {
            Err(evidence) => Ok(self.conflict(evidence)),
            Ok(change) => Ok(change.into_iter().collect()),
        }
    }

    fn take_revocation(&mut self, new: &Endorsement<Revocation>, realm: Realm) -> Taken {
        let Revocation { account, device, issue } = *new.content();
        let root = new.root().account();
        let index = self.index_of(&root).ok_or(UNKNOWN_ROOT)?;
        self.verify(new, &root, realm)?;
        // Of the roots before it a root that certifies ends every certificate; one that was
        // succeeded "can end those devices and none of the others".
        let ends_those_before = self.root() == Some(root);
        let known = self.devices.entry(device).or_default();
        let was_revoked = known.is_revoked();
        if !known.revoke(index, issue, ends_those_before) {
            return Ok(Vec::new());
        }
        let ended = known
            .certificate()
            .filter(|_| !was_revoked && known.is_revoked())
            .map(|certificate| Box::new(*certificate));
        Ok(alloc::vec![Change::Revoked { account, device, issue, ended }])
    }

    fn take_succession(&mut self, new: &Endorsement<Succession>, realm: Realm) -> Taken {
        let (root, successor) = (new.root().account(), new.content().successor);
        if self.index_of(&root).is_none() {
            return Err(UNKNOWN_ROOT.into());
        }
        let first = self.successions.iter().find(|known| known.root().account() == root).cloned();
        if first.as_ref().is_some_and(|first| first.content() == new.content()) {
            return Ok(Vec::new());
        }
        self.verify(new, &root, realm)?;
        if let Some(first) = first {
            self.is_frozen = true;
            return Ok(self.conflict(Evidence::Successions(Box::new([first, new.clone()]))));
        }
        if self.successions.len() >= SUCCESSIONS_MAX {
            return Err(DirectoryError::Full);
        }
        self.successions.push(new.clone());
        // "A root that was succeeded is followed no more, whoever names it."
        if self.is_frozen || self.index_of(&successor).is_some() {
            return Ok(Vec::new());
        }
        self.successors.push(successor);
        let account = self.account;
        let mut changes = alloc::vec![Change::Succeeded { account, old: root, new: successor }];
        for carried in core::mem::take(&mut self.waiting) {
            match self.take(&carried, realm) {
                Ok(more) => changes.extend(more),
                Err(_) => self.remember(&carried, realm),
            }
        }
        Ok(changes)
    }

    /// Which of the account's roots this one is, in the order they were followed.
    fn index_of(&self, root: &Account) -> Option<usize> {
        core::iter::once(&self.account).chain(&self.successors).position(|known| known == root)
    }

    fn verify<C: Content>(
        &mut self,
        new: &Endorsement<C>,
        root: &Account,
        realm: Realm,
    ) -> Result<(), EndorsementError> {
        new.verify_under(root, realm)?;
        if *root == self.account {
            self.has_one_key = Some(new.root().keys().len() == 1);
        }
        Ok(())
    }

    fn conflict(&mut self, evidence: Evidence) -> Vec<Change> {
        if self.evidence.contains(&evidence) {
            return Vec::new();
        }
        if self.evidence.len() < EVIDENCE_MAX {
            self.evidence.push(evidence.clone());
        }
        alloc::vec![Change::Conflict(evidence)]
    }
}

/// "Others are `unknown_account`."
pub(super) const UNKNOWN_ROOT: EndorsementError =
    EndorsementError::Key { reason: KeyError::UnknownAccount, field: "account", offset: 1 };

fn under_its_own_root<C: Content>(one: &Endorsement<C>, realm: Realm) -> (Account, bool) {
    let root = one.root().account();
    (root, one.verify_under(&root, realm).is_ok())
}
