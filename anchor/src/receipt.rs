//! Receipts: the proof that a leaf is logged, which verifies offline with nothing but the ledger's
//! public key (C2SP tlog-proof; spec/07-anchor.md, "Receipt").

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::key::LedgerKey;
use crate::leaf::Leaf;
use crate::limits::{LEAF_OCTETS_MAX, PROOF_HASHES_MAX, RECEIPT_OCTETS_MAX, TREE_SIZE_MAX};
use crate::proof;
use crate::text::{base64_line, decimal_line, encode_base64, hash_line, literal, parse_text};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{Parsed, field, refuse};
use chappe_codec::merkle;
use chappe_codec::realm::Realm;
use std::fmt;
use std::str::FromStr;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1\n";

/// A leaf, its place, the hashes that lead from it to the root, and the checkpoint of that root. A
/// parsed receipt is a claim until [`Receipt::verify`] says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    leaf: Vec<u8>,
    index: u64,
    path: Vec<[u8; 32]>,
    checkpoint: SignedCheckpoint,
}

impl Receipt {
    pub(crate) const fn new(
        leaf: Vec<u8>,
        index: u64,
        path: Vec<[u8; 32]>,
        checkpoint: SignedCheckpoint,
    ) -> Self {
        Self { leaf, index, path, checkpoint }
    }

    /// Reads a receipt that fills the text.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`]; offsets count characters. A line the format does not have is refused.
    pub fn parse(text: &[u8]) -> Result<Self, DecodeError> {
        parse_text(text, RECEIPT_OCTETS_MAX, Self::read)
    }

    /// The text [`Receipt::parse`] reads; a file of it is named `.tlog-proof`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}extra {}\n", encode_base64(&self.leaf));
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&encode_base64(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint.to_text());
        text
    }

    /// Verifies everything a receipt states, under one of the `trusted` keys and for `realm`
    /// (spec/07-anchor.md, "Verifying a receipt").
    ///
    /// # Errors
    ///
    /// [`ReceiptError`], the first step that does not hold.
    pub fn verify(&self, trusted: &[LedgerKey], realm: Realm) -> Result<Verified, ReceiptError> {
        let checkpoint = self.checkpoint.claimed();
        let found = checkpoint.origin.realm();
        if found != realm {
            return Err(ReceiptError::WrongRealm { found });
        }
        let ledger = self.checkpoint.verify(trusted).map_err(ReceiptError::from)?;
        let leaf_hash = merkle::leaf_hash(&self.leaf);
        if !proof::includes(&checkpoint.root, checkpoint.size, self.index, &leaf_hash, &self.path) {
            return Err(ReceiptError::BadInclusion);
        }
        let leaf = match Leaf::parse(&self.leaf) {
            Ok(leaf) => Some(leaf),
            Err(error) if is_later_revision(error.kind) => None,
            Err(error) => return Err(ReceiptError::BadLeaf(error)),
        };
        Ok(Verified {
            leaf,
            leaf_hash,
            index: self.index,
            ledger: ledger.clone(),
            checkpoint: self.checkpoint.clone(),
        })
    }

    /// The leaf's octets, unverified.
    #[must_use]
    pub fn claimed_leaf(&self) -> &[u8] {
        &self.leaf
    }

    /// The checkpoint, unverified.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, ()) = field("version", literal(FIRST_LINE))(input)?;
        let (rest, ()) = field("extra", literal("extra "))(rest)?;
        let (rest, leaf) = field("extra", base64_line(LEAF_OCTETS_MAX))(rest)?;
        let (rest, ()) = field("index", literal("index "))(rest)?;
        let (mut rest, index) = field("index", decimal_line(TREE_SIZE_MAX))(rest)?;
        let mut path = Vec::new();
        while !rest.starts_with(b"\n") {
            if path.len() == PROOF_HASHES_MAX {
                return refuse(ErrorKind::TooLong, "path", rest);
            }
            let (after, hash) = field("path", hash_line)(rest)?;
            path.push(hash);
            rest = after;
        }
        let (rest, ()) = field("path", literal("\n"))(rest)?;
        let (rest, checkpoint) = SignedCheckpoint::read(rest)?;
        Ok((rest, Self { leaf, index, path, checkpoint }))
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl FromStr for Receipt {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        Self::parse(text.as_bytes())
    }
}

/// What a verified receipt says. Only [`Receipt::verify`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What is logged; `None` for a leaf of a later revision, whose receipt verifies all the same.
    pub leaf: Option<Leaf>,
    /// SHA-256(0x00 ‖ leaf).
    pub leaf_hash: [u8; 32],
    /// Its place in the log, from 0.
    pub index: u64,
    /// The key that answers for it.
    pub ledger: LedgerKey,
    /// The state of the log it was proven in.
    pub checkpoint: SignedCheckpoint,
}

impl Verified {
    /// The realm both the ledger and the statement belong to.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        self.ledger.origin().realm()
    }

    /// The size of the tree it was proven in.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoint.claimed().size
    }

    /// The root of the tree it was proven in.
    #[must_use]
    pub const fn root(&self) -> &[u8; 32] {
        &self.checkpoint.claimed().root
    }
}

/// Why a receipt was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptError {
    /// The text is no receipt.
    Parse(DecodeError),
    /// Its ledger serves another realm.
    WrongRealm {
        /// The realm the checkpoint names.
        found: Realm,
    },
    /// No trusted key has signed its checkpoint.
    UnknownLog,
    /// The checkpoint's signature is not the ledger's.
    BadSignature,
    /// The leaf is not in the tree the checkpoint states.
    BadInclusion,
    /// The leaf is logged but breaks the rules of its own version.
    BadLeaf(DecodeError),
}

impl ReceiptError {
    /// The registered name (spec/07-anchor.md, "Refusals").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse(error) | Self::BadLeaf(error) => error.kind.name(),
            Self::WrongRealm { .. } => "wrong_realm",
            Self::UnknownLog => "unknown_log",
            Self::BadSignature => "bad_signature",
            Self::BadInclusion => "bad_inclusion",
        }
    }
}

impl From<DecodeError> for ReceiptError {
    fn from(error: DecodeError) -> Self {
        Self::Parse(error)
    }
}

impl From<CheckpointError> for ReceiptError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::UnknownLog => Self::UnknownLog,
            CheckpointError::BadSignature => Self::BadSignature,
        }
    }
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => write!(f, "not a receipt: {error}"),
            Self::WrongRealm { found } => write!(f, "the ledger serves another realm, {found}"),
            Self::UnknownLog => CheckpointError::UnknownLog.fmt(f),
            Self::BadSignature => CheckpointError::BadSignature.fmt(f),
            Self::BadInclusion => f.write_str("the leaf is not in the tree of the checkpoint"),
            Self::BadLeaf(error) => write!(f, "the logged leaf is malformed: {error}"),
        }
    }
}

impl std::error::Error for ReceiptError {}

/// "a leaf of an unknown version or kind: hashes it like any other; its receipt verifies"
/// (spec/00-conventions.md).
const fn is_later_revision(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnknownVersion | ErrorKind::UnknownCode | ErrorKind::Reserved)
}
