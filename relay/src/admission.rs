//! An operator's choice of who may use a relay (spec/06-relay.md, "Admission"). No clock, no disk: what
//! changes is handed in.

use crate::counts::Counts;
use crate::invitation::{Invitation, Invitations};
use crate::key::TransportKey;
use crate::limits::LISTED_KEYS_MAX;
use crate::node::{Admission, Applicant, Leave, SenderTag};
use crate::protocol::{ConnectionRole, SessionError};
use crate::rotation::epochs_admitted;
use crate::sums::Invited;
use chappe_codec::account::Account;
use chappe_codec::identity::{
    Carried, Certificate, Change, Directory, DirectoryError, Endorsement,
};
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use zeroize::Zeroizing;

/// Whom an operator lets in.
#[derive(Debug)]
pub struct AdmissionRules {
    /// Everybody; otherwise only who is on one of the lists or has an invitation.
    pub everybody: bool,
    /// The most urgent precedence of those who show no certificate of a listed account.
    pub strangers: Precedence,
    /// Transport keys as on cards, at most [`LISTED_KEYS_MAX`]: more are not looked at.
    pub keys: Vec<TransportKey>,
    /// Accounts, each with the most urgent precedence its devices may use.
    pub accounts: BTreeMap<[u8; 32], Precedence>,
    /// Relays this one knows, by their keys.
    pub peers: HashSet<TransportKey>,
    /// Its invitations, if it gives any.
    pub invitations: Option<Invitations>,
}

impl Default for AdmissionRules {
    /// Nobody; and once somebody is listed, every precedence.
    fn default() -> Self {
        Self {
            everybody: false,
            strangers: Precedence::Flash,
            keys: Vec::new(),
            accounts: BTreeMap::new(),
            peers: HashSet::new(),
            invitations: None,
        }
    }
}

/// Judges by an operator's rules.
pub struct Policy {
    realm: Realm,
    rules: AdmissionRules,
    directory: Directory,
    tag_secret: Zeroizing<[u8; 32]>,
    /// The listed keys as they are in each epoch that may be admitted now.
    rotated: BTreeMap<u32, HashSet<TransportKey>>,
    counts: Counts,
}

/// What lets a client in: the first of these that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// It is a relay that this one knows.
    Peer,
    /// Everybody is let in.
    Everybody,
    /// A certificate of a listed account.
    Account,
    /// A listed key.
    Key,
    /// An invitation.
    Invitation,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Peer, Self::Everybody, Self::Account, Self::Key, Self::Invitation];

    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Everybody => "everybody",
            Self::Account => "account",
            Self::Key => "key",
            Self::Invitation => "invitation",
        }
    }
}

impl Policy {
    /// Judges by these rules. `tag_secret` is the relay's alone: with it senders become tags that tell
    /// nobody else who they are.
    ///
    /// # Errors
    /// [`DirectoryError`] when there are more accounts than a directory holds, or two with one id.
    pub fn new(
        realm: Realm,
        rules: AdmissionRules,
        tag_secret: &[u8; 32],
        now_seconds: u64,
    ) -> Result<Self, DirectoryError> {
        let mut directory = Directory::new(realm);
        for account in rules.accounts.keys() {
            directory.know(Account(*account))?;
        }
        let tag_secret = Zeroizing::new(*tag_secret);
        let (rotated, counts) = (BTreeMap::new(), Counts::default());
        let mut policy = Self { realm, rules, directory, tag_secret, rotated, counts };
        policy.rotate(now_seconds);
        Ok(policy)
    }

    /// The same, counting there whom it lets in and by what.
    #[must_use]
    pub fn counting(self, counts: Counts) -> Self {
        Self { counts, ..self }
    }

    /// Judges by other rules from now on, and takes in what roots say of their devices. What is known of
    /// accounts that stay listed stays known, and so does whom invitations have let in.
    ///
    /// # Errors
    /// As [`Policy::new`] and [`Directory::take`]; then nothing has changed.
    pub fn change(
        &mut self,
        mut rules: AdmissionRules,
        endorsements: &[Carried],
        now_seconds: u64,
    ) -> Result<(), DirectoryError> {
        let mut directory = self.directory.clone();
        for account in self.rules.accounts.keys().filter(|key| !rules.accounts.contains_key(*key)) {
            directory.forget(&Account(*account));
        }
        for account in rules.accounts.keys() {
            directory.know(Account(*account))?;
        }
        for endorsement in endorsements {
            directory.take(endorsement)?;
        }
        if let (Some(new), Some(old)) = (&mut rules.invitations, &self.rules.invitations) {
            new.restore(old.invited().clone());
        }
        self.directory = directory;
        self.rules = rules;
        self.rotated.clear();
        self.rotate(now_seconds);
        Ok(())
    }

    /// Takes in what a root says of its devices: a revocation above all. From then on the device is not
    /// admitted by its certificate; connections it has are found by a review.
    ///
    /// # Errors
    /// As [`Directory::take`].
    pub fn learn(&mut self, endorsement: &Carried) -> Result<Vec<Change>, DirectoryError> {
        self.directory.take(endorsement)
    }

    /// The invitations, to withdraw one.
    pub const fn invitations(&mut self) -> Option<&mut Invitations> {
        self.rules.invitations.as_mut()
    }

    /// The listed keys of every epoch that counts now: the relay "rotates them itself".
    fn rotate(&mut self, now_seconds: u64) {
        let epochs = epochs_admitted(now_seconds);
        self.rotated.retain(|epoch, _| epochs.contains(epoch));
        for epoch in epochs {
            self.rotated.entry(epoch).or_insert_with(|| {
                let listed = self.rules.keys.iter().take(LISTED_KEYS_MAX);
                listed.map(|key| key.rotated(self.realm, epoch)).collect()
            });
        }
    }

    fn is_listed(&mut self, key: TransportKey, now_seconds: u64) -> bool {
        self.rotate(now_seconds);
        self.rotated.values().any(|keys| keys.contains(&key))
    }

    /// What the certificate of a hello lets this key do; `None` for none shown.
    fn shown(&mut self, applicant: &Applicant<'_>) -> Result<Option<Shown>, SessionError> {
        if applicant.hello.certificate.is_empty() {
            return Ok(None);
        }
        // spec/06-relay.md, "Hello": "Where its form does not hold the relay closes with `malformed`,
        // where anything else about it does not with `not_admitted`."
        let endorsement = Endorsement::<Certificate>::parse(applicant.hello.certificate)
            .map_err(SessionError::Malformed)?;
        let certificate = *endorsement.content();
        let is_its_key = TransportKey::from_bytes(&certificate.transport_key).is_ok_and(|key| {
            // The present epoch first: it is nearly always that.
            epochs_admitted(applicant.now_seconds)
                .rev()
                .skip(1)
                .chain(epochs_admitted(applicant.now_seconds).last())
                .any(|epoch| key.rotated(self.realm, epoch) == applicant.key)
        });
        if !is_its_key || !self.holds(endorsement) {
            return Err(SessionError::NotAdmitted);
        }
        let listed = self.rules.accounts.get(&certificate.account.0).copied();
        let most = listed.unwrap_or(self.rules.strangers);
        let highest = certificate.permissions.precedence.min(most);
        Ok(Some(Shown { is_listed: listed.is_some(), highest }))
    }

    /// Whether a certificate holds, and its device was not revoked as far as this relay knows.
    fn holds(&mut self, endorsement: Endorsement<Certificate>) -> bool {
        let certificate = *endorsement.content();
        let (account, device) = (certificate.account, certificate.device);
        if self.directory.is_revoked(&account, device) {
            return false;
        }
        // Of accounts that nobody told it of a relay remembers nothing: anybody can make them.
        if self.directory.root(&account).is_none() && !self.is_known(&account) {
            return endorsement.verify(self.realm).is_ok();
        }
        let is_taken = self.directory.take(&Carried::Certificate(endorsement)).is_ok();
        is_taken
            && self.directory.certificate(&account, device) == Some(&certificate)
            && !self.directory.is_revoked(&account, device)
    }

    fn is_known(&self, account: &Account) -> bool {
        self.directory.accounts().any(|(known, _)| known == *account)
    }
}

/// What a certificate that holds says of a client.
#[derive(Debug, Clone, Copy)]
struct Shown {
    is_listed: bool,
    highest: Precedence,
}

/// Whether somebody comes or is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    Hello,
    Review,
}

impl Policy {
    fn judge(
        &mut self,
        applicant: &Applicant<'_>,
        occasion: Occasion,
    ) -> Result<(Leave, Ground), SessionError> {
        let (key, now) = (applicant.key, applicant.now_seconds);
        let sender = SenderTag::of(&self.tag_secret, key, now);
        if applicant.hello.role == ConnectionRole::Relay {
            let is_peer = self.rules.peers.contains(&key);
            let leave = Leave { sender, highest: Precedence::Flash, is_peer };
            return if is_peer { Ok((leave, Ground::Peer)) } else { Err(SessionError::NotAPeer) };
        }
        let invitation = match applicant.hello.invitation {
            [] => None,
            octets => Some(Invitation::parse(octets).map_err(SessionError::Malformed)?),
        };
        let shown = self.shown(applicant)?;
        let ground = if self.rules.everybody {
            Ground::Everybody
        } else if shown.is_some_and(|shown| shown.is_listed) {
            Ground::Account
        } else if self.is_listed(key, now) {
            Ground::Key
        } else {
            // Looked at last, so that it does not spend one of its keys on who needs none.
            let (Some(invitations), Some(invitation)) =
                (self.rules.invitations.as_mut(), &invitation)
            else {
                return Err(SessionError::NotAdmitted);
            };
            match occasion {
                Occasion::Hello => invitations.admit(invitation, sender, now),
                Occasion::Review => invitations.holds(invitation, now),
            }
            .map_err(|_| SessionError::NotAdmitted)?;
            Ground::Invitation
        };
        let highest = shown.map_or(self.rules.strangers, |shown| shown.highest);
        Ok((Leave { sender, highest, is_peer: false }, ground))
    }
}

impl Admission for Policy {
    fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        let (leave, ground) = self.judge(applicant, Occasion::Hello)?;
        self.counts.admit(ground);
        Ok(leave)
    }

    fn review(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        self.judge(applicant, Occasion::Review).map(|(leave, _)| leave)
    }

    fn invited(&self) -> Invited {
        let invitations = self.rules.invitations.as_ref();
        invitations.map_or_else(Invited::default, |invitations| invitations.invited().clone())
    }

    fn restore(&mut self, invited: Invited) {
        if let Some(invitations) = &mut self.rules.invitations {
            invitations.restore(invited);
        }
    }
}

/// Numbers only: neither keys nor accounts.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("everybody", &self.rules.everybody)
            .field("keys", &self.rules.keys.len())
            .field("accounts", &self.rules.accounts.len())
            .field("peers", &self.rules.peers.len())
            .finish_non_exhaustive()
    }
}
