//! What the lines so far have shown: the state later lines are held against.

use super::account::ShownAccount;
use super::line::PublicKeys;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_anchor::key::LedgerKey;
use chappe_codec::id::MessageId;
use chappe_codec::key::VerifyKey;
use chappe_codec::realm::Realm;
use chappe_codec::signal::{MessageCode, ReferenceIndicator};
use std::collections::{BTreeMap, BTreeSet};

/// Everything shown, and the keys it is held against.
pub(super) struct Shown {
    pub(super) realm: Realm,
    pub(super) ledger: LedgerKey,
    pub(super) accounts: BTreeMap<String, ShownAccount>,
    /// The last issue revoked, by whom it was told, the account's name and the device.
    pub(super) revoked_at: BTreeMap<(String, String, u8), u16>,
    /// Open envelopes by revoked devices, which a `refusal` line must follow.
    pub(super) to_be_refused: BTreeSet<[u8; 32]>,
    /// By SHA-256 of the octets.
    pub(super) envelopes: BTreeMap<[u8; 32], ShownEnvelope>,
    pub(super) parcels: BTreeSet<[u8; 32]>,
    /// By id.
    pub(super) messages: BTreeMap<MessageId, ShownMessage>,
    /// Hashes of the statements shown, and the ids they hold.
    pub(super) statements: BTreeMap<[u8; 32], Vec<MessageId>>,
    pub(super) signed: BTreeSet<MessageId>,
    pub(super) anchored: BTreeSet<MessageId>,
}

/// An envelope that was shown.
pub(super) struct ShownEnvelope {
    pub(super) by: String,
    pub(super) to: String,
    pub(super) sealed: bool,
    pub(super) octets: Vec<u8>,
}

/// A message that was shown, as far as later lines refer to it.
pub(super) struct ShownMessage {
    pub(super) at: String,
    pub(super) author: String,
    pub(super) chain: String,
    pub(super) counter: u32,
    pub(super) envelope: [u8; 32],
    pub(super) signal: Option<ShownSignal>,
}

/// What a signal says that decisions rest on.
pub(super) struct ShownSignal {
    pub(super) code: MessageCode,
    pub(super) subject: u8,
    pub(super) reference: ReferenceIndicator,
    pub(super) referenced: MessageId,
}

impl Shown {
    /// Nothing yet, to be held against these keys.
    pub(super) fn new(keys: &PublicKeys, realm: Realm) -> Outcome<Self> {
        let accounts = keys
            .accounts
            .iter()
            .map(|(name, keys)| Ok((name.clone(), ShownAccount::new(name, keys, realm)?)))
            .collect::<Outcome<_>>()?;
        let shown = Self {
            realm,
            ledger: keys.ledger.parse::<LedgerKey>()?,
            accounts,
            revoked_at: BTreeMap::new(),
            to_be_refused: BTreeSet::new(),
            envelopes: BTreeMap::new(),
            parcels: BTreeSet::new(),
            messages: BTreeMap::new(),
            statements: BTreeMap::new(),
            signed: BTreeSet::new(),
            anchored: BTreeSet::new(),
        };
        shown.check_names()?;
        Ok(shown)
    }

    pub(super) fn account(&self, name: &str) -> Outcome<&ShownAccount> {
        self.accounts
            .get(name)
            .ok_or_else(|| refused(&format!("{name} is not among the public keys")))
    }
}

/// A line that does not hold.
pub(super) fn refused(reason: &str) -> Failure {
    Failure::new(Exit::Authentication, "transcript", reason)
}

pub(super) fn message_id(text: &str) -> Outcome<MessageId> {
    Ok(MessageId(hex::decode_array("a message id", text)?))
}

pub(super) fn account_key(what: &str, text: &str) -> Outcome<VerifyKey> {
    VerifyKey::from_bytes(&hex::decode_array(what, text)?)
        .map_err(|error| Failure::new(Exit::Authentication, error.name(), error.to_string()))
}
