//! What is known of one device number.

use super::change::{Change, Evidence};
use crate::card::Card;
use crate::identity::{Certificate, Endorsement, Signer};
use crate::key::KeyError;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The certificate that holds, and the one before it: "what the one before it signed still verifies,
/// since it may have been under way".
const CERTIFICATES_KEPT: usize = 2;

#[derive(Debug, Clone, Default)]
pub(super) struct KnownDevice {
    /// The one that holds first.
    certificates: Vec<Held>,
    /// One for each root that revoked.
    revocations: Vec<Revoked>,
    card: Option<Box<Card>>,
}

#[derive(Debug, Clone)]
struct Held {
    /// Which of the account's roots endorsed it.
    root: usize,
    endorsement: Endorsement<Certificate>,
}

/// What one root has revoked of a device.
#[derive(Debug, Clone, Copy)]
struct Revoked {
    root: usize,
    issue: u16,
    /// Whether it ends what the roots before it endorsed, too.
    ends_those_before: bool,
}

impl Held {
    /// "Issues are compared under one root: a certificate under a successor holds before all under
    /// the roots before it."
    const fn rank(&self) -> (usize, u16) {
        (self.root, self.endorsement.content().issue)
    }
}

impl KnownDevice {
    /// The certificate that holds, revoked or not.
    pub(super) fn certificate(&self) -> Option<&Certificate> {
        Some(self.certificates.first()?.endorsement.content())
    }

    /// It and the one before it, and whether they are revoked.
    pub(super) fn certificates(&self) -> impl Iterator<Item = (&Endorsement<Certificate>, bool)> {
        self.certificates.iter().map(|held| (&held.endorsement, self.ends(held)))
    }

    pub(super) fn card(&self) -> Option<&Card> {
        self.card.as_deref()
    }

    /// Whether this very certificate is held.
    pub(super) fn has(&self, endorsement: &Endorsement<Certificate>) -> bool {
        self.certificates.iter().any(|held| is_same(&held.endorsement, endorsement))
    }

    /// Whether the certificate that holds is revoked.
    pub(super) fn is_revoked(&self) -> bool {
        self.certificates.first().is_some_and(|held| self.ends(held))
    }

    /// Who may have signed for it.
    pub(super) fn signers(&self) -> Result<Vec<Signer>, KeyError> {
        let holding = self.certificates.first().ok_or(KeyError::UnknownAccount)?;
        if self.ends(holding) {
            return Err(KeyError::Revoked);
        }
        let mut signers = alloc::vec![holding.endorsement.content().signer()?];
        let before = self.certificates.iter().skip(1).filter(|held| !self.ends(held));
        signers.extend(before.filter_map(|held| held.endorsement.content().signer().ok()));
        Ok(signers)
    }

    /// Who signed for it under a certificate that is revoked while the one that holds is not.
    pub(super) fn revoked_signers(&self) -> impl Iterator<Item = Signer> {
        let revoked = self.certificates.iter().filter(|held| self.ends(held));
        revoked.filter_map(|held| held.endorsement.content().signer().ok())
    }

    /// Takes in a verified certificate; says what changes, or what contradicts.
    pub(super) fn take(
        &mut self,
        new: &Endorsement<Certificate>,
        root: usize,
    ) -> Result<Option<Change>, Evidence> {
        let new = Held { root, endorsement: new.clone() };
        if let Some(held) = self.certificates.iter().find(|held| held.rank() == new.rank()) {
            let pair = [held.endorsement.clone(), new.endorsement];
            return Err(Evidence::Certificates(Box::new(pair)));
        }
        let place = self.certificates.partition_point(|held| held.rank() > new.rank());
        let old = self.certificates.first().filter(|_| place == 0);
        let certificate = Box::new(*new.endorsement.content());
        let change = match old {
            _ if place > 0 || self.ends(&new) => None,
            None => Some(Change::NewDevice { certificate }),
            Some(old) => Some(Change::Reissued {
                old: Box::new(*old.endorsement.content()),
                new: certificate,
                was_revoked: self.ends(old),
            }),
        };
        self.certificates.push(new);
        self.certificates.sort_by_key(|held| core::cmp::Reverse(held.rank()));
        self.certificates.truncate(CERTIFICATES_KEPT);
        if place == 0 {
            self.card = None;
        }
        Ok(change)
    }

    /// Takes in a verified revocation; whether it says anything new.
    pub(super) fn revoke(&mut self, root: usize, issue: u16, ends_those_before: bool) -> bool {
        let Some(known) = self.revocations.iter_mut().find(|known| known.root == root) else {
            self.revocations.push(Revoked { root, issue, ends_those_before });
            return true;
        };
        let is_new = issue > known.issue || (ends_those_before && !known.ends_those_before);
        known.issue = known.issue.max(issue);
        known.ends_those_before |= ends_those_before;
        is_new
    }

    /// "Of two cards of one device the one whose certificate holds counts; of two with the same
    /// certificate the one whose prekey expires later; of equal ones the one known first."
    pub(super) fn take_card(&mut self, new: &Card) -> Option<Change> {
        let holds = self
            .certificates
            .first()
            .is_some_and(|held| is_same(&held.endorsement, new.endorsement()) && !self.ends(held));
        let is_later =
            self.card.as_ref().is_none_or(|known| new.prekey_expiry() > known.prekey_expiry());
        if !holds || !is_later {
            return None;
        }
        let new = Box::new(new.clone());
        Some(Change::NewCard { old: self.card.replace(new.clone()), new })
    }

    fn ends(&self, held: &Held) -> bool {
        let (root, issue) = held.rank();
        self.revocations.iter().any(|revoked| {
            (revoked.root == root && issue <= revoked.issue)
                || (revoked.ends_those_before && root < revoked.root)
        })
    }
}

/// The same content by the same root, whichever keyholders signed.
fn is_same(one: &Endorsement<Certificate>, other: &Endorsement<Certificate>) -> bool {
    (one.content(), one.root()) == (other.content(), other.root())
}
