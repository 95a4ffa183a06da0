//! The lines of a transcript and the public keys beside it.

use crate::hex;
use chappe_codec::card::Card;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One line. A line is read strictly by writing it again: only the text this makes is accepted, so
/// unknown fields, another order or other white space are refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) n: u64,
    pub(super) at_ms: u64,
    #[serde(flatten)]
    pub(super) content: Content,
}

/// What a line says, by its kind. Octets are hex.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(crate) enum Content {
    Head { format: String, realm: String },
    Envelope { by: String, to: String, octets: String },
    Frame { net: u8, octets: String, time_on_air_ns: u64, state: FrameState },
    Parcel { by: String, octets: String, id: String },
    Message(MessageLine),
    Statement { at: String, author: String, evidence: String, ids: Vec<String> },
    Receipt { at: String, author: String, evidence: String, receipt: String },
    Refusal { at: String, what: Refused, kind: String, octets: String },
    Revocation { at: String, octets: String },
    Restart { role: String, acknowledged: Vec<String>, fetched: Vec<String> },
    Decision { by: String, decision: Verdict, because: Vec<String> },
    Seal { lines: u64, sha256: String, signature: String },
}

/// A message as its receiver read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MessageLine {
    pub(crate) at: String,
    pub(crate) author: String,
    pub(crate) sealed: bool,
    pub(crate) device: u8,
    pub(crate) epoch: u16,
    pub(crate) counter: u32,
    pub(crate) chain: String,
    pub(crate) salt: String,
    pub(crate) item: String,
    pub(crate) id: String,
    pub(crate) envelope: String,
    pub(crate) signal: Value,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FrameState {
    Sent,
}

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refused {
    Frame,
    Envelope,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Verdict {
    Go,
    Withdrawn,
}

/// Whose keys a transcript is checked with, by the names they have in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicKeys {
    pub(crate) format: String,
    pub(crate) realm: String,
    pub(crate) recorder: String,
    pub(crate) ledger: String,
    pub(crate) accounts: BTreeMap<String, AccountKeys>,
}

/// An account with the certificates of those of its devices that are meant by the name; without any it
/// is a root of one key, device 0.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountKeys {
    pub(crate) account: String,
    pub(crate) certificates: Vec<String>,
}

impl AccountKeys {
    /// The account of a card, and the one device it certifies.
    pub(crate) fn of(card: &Card) -> Self {
        Self {
            account: hex::encode(&card.account().0),
            certificates: vec![hex::encode(&card.endorsement().to_bytes())],
        }
    }
}

impl PublicKeys {
    pub(crate) const FORMAT: &'static str = "chappe-public-keys/3";
}
