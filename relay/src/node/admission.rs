//! Who may use a relay (spec/06-relay.md, "Admission").

use crate::address::Address;
use crate::key::TransportKey;
use crate::protocol::{ConnectionRole, Hello, SessionError};
use crate::rotation::address_epoch;
use crate::sums::Invited;
use chappe_codec::digest;
use chappe_codec::precedence::Precedence;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Judges who says hello. Called on the node's thread: it must be quick.
pub trait Admission: fmt::Debug + Send {
    /// What this client may do.
    ///
    /// # Errors
    /// [`SessionError::NotAdmitted`], [`SessionError::NotAPeer`]; [`SessionError::Malformed`] for an
    /// invitation or certificate that does not parse.
    fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError>;

    /// Judges somebody who is connected once more, by what he said at the beginning: something has changed.
    /// It takes up nobody's place.
    ///
    /// # Errors
    /// As [`Admission::admit`].
    fn review(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        self.admit(applicant)
    }

    /// Whom invitations have let in, to be saved.
    fn invited(&self) -> Invited {
        Invited::default()
    }

    /// Goes on from what was saved.
    fn restore(&mut self, invited: Invited) {
        drop(invited);
    }
}

/// One that is changed from elsewhere while a relay judges by it.
impl<A: Admission> Admission for Arc<Mutex<A>> {
    fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        self.lock().unwrap_or_else(PoisonError::into_inner).admit(applicant)
    }

    fn review(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        self.lock().unwrap_or_else(PoisonError::into_inner).review(applicant)
    }

    fn invited(&self) -> Invited {
        self.lock().unwrap_or_else(PoisonError::into_inner).invited()
    }

    fn restore(&mut self, invited: Invited) {
        self.lock().unwrap_or_else(PoisonError::into_inner).restore(invited);
    }
}

/// Who says hello.
#[derive(Debug)]
pub struct Applicant<'a> {
    /// The key of the TLS connection.
    pub key: TransportKey,
    /// What it said: certificate and invitation are octets that nobody looked at.
    pub hello: &'a Hello<'a>,
    /// The relay's clock, in seconds after 1970.
    pub now_seconds: u64,
}

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// For whom what it stores is counted.
    pub sender: SenderTag,
    /// The most urgent precedence it may use.
    pub highest: Precedence,
    /// Whether it is a relay that this one knows.
    pub is_peer: bool,
}

impl Leave {
    /// What a relay that this one knows may do.
    #[must_use]
    pub(crate) fn of_peer(key: TransportKey) -> Self {
        let sender = SenderTag(Address::mailbox(key).octets);
        Self { sender, highest: Precedence::Flash, is_peer: true }
    }
}

/// For whom stored octets are counted: octets that say nothing to anybody else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SenderTag(pub [u8; 16]);

impl SenderTag {
    /// That of a key in the address epoch of a time, "under a tag that a secret of the relay's makes and that
    /// changes with the epoch" (spec/06-relay.md, "What a relay sees", "Saved sums").
    #[must_use]
    pub fn of(secret: &[u8; 32], key: TransportKey, now_seconds: u64) -> Self {
        let epoch = address_epoch(now_seconds).to_be_bytes();
        let parts: [&[u8]; 2] = [&epoch, &key.to_bytes()];
        Self(digest::first(&digest::mac(secret, "chappe-relay-sender/1", &parts)))
    }
}

impl fmt::Debug for SenderTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SenderTag")
    }
}

/// Admits every key, or those listed; no peers.
#[derive(Debug, Clone, Default)]
pub struct ListedKeys {
    /// The keys admitted; `None`: all.
    pub keys: Option<HashSet<TransportKey>>,
}

impl Admission for ListedKeys {
    fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        if applicant.hello.role == ConnectionRole::Relay {
            return Err(SessionError::NotAPeer);
        }
        if self.keys.as_ref().is_some_and(|listed| !listed.contains(&applicant.key)) {
            return Err(SessionError::NotAdmitted);
        }
        let sender = SenderTag(Address::mailbox(applicant.key).octets);
        Ok(Leave { sender, highest: Precedence::Flash, is_peer: false })
    }
}
