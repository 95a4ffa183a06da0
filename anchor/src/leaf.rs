//! Leaves: what the ledger puts into its tree (spec/07-anchor.md, "Leaf").

use chappe_codec::account::AccountId;
use chappe_codec::digest;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, octets, refuse};
use chappe_codec::merkle;
use chappe_codec::statement::Statement;
use chappe_codec::time::{read_seconds, seconds_to_bytes};
use nom::number::complete::{be_u16, u8};

/// The version of leaves and submissions this release writes and reads.
pub(crate) const VERSION: u8 = 1;
pub(crate) const KIND_WHOLE: u8 = 0;
pub(crate) const KIND_BLINDED: u8 = 1;
const ZEROS: [u8; 32] = [0; 32];

/// One entry of the log: a statement or its commitment, and what the ledger adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The shard it stands in; 0 until there are several.
    pub shard: u16,
    /// The leaf hash of the latest leaf before it with the same record key; zeros if there is
    /// none, and for a blinded leaf.
    pub previous: [u8; 32],
    /// When the ledger took it in, by its own clock, in seconds since 1970.
    pub log_time_seconds: u64,
    /// Who brought it, and answers for it if it is blinded.
    pub submitter: AccountId,
    /// What is logged.
    pub body: Body,
}

/// What a leaf or a submission carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A statement over an open chain, for everyone to read.
    Whole(Statement),
    /// The commitment to a statement over a sealed chain: who spoke, when and how often stays with
    /// those who hold the evidence.
    Blinded([u8; 32]),
}

impl Leaf {
    /// Reads a leaf that fills the input.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`]; `unknown_version`, `reserved` and `unknown_code` mean a leaf of a later
    /// revision, which is hashed like any other (spec/00-conventions.md).
    pub fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, Self::read)
    }

    /// The octets that are hashed into the tree.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION, self.body.kind()];
        out.extend_from_slice(&self.shard.to_be_bytes());
        out.extend_from_slice(&self.record_key());
        out.extend_from_slice(&self.previous);
        out.extend_from_slice(&seconds_to_bytes(self.log_time_seconds));
        out.extend_from_slice(&self.submitter.0);
        self.body.write(&mut out);
        out
    }

    /// SHA-256(0x00 ‖ leaf) (RFC 6962 §2.1).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        merkle::leaf_hash(&self.to_bytes())
    }

    /// What the leaves of one chain have in common; zeros for a blinded leaf.
    #[must_use]
    pub fn record_key(&self) -> [u8; 32] {
        self.body.record_key().unwrap_or(ZEROS)
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (at_kind, version) = field("version", u8)(input)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", input);
        }
        let (rest, kind) = field("kind", u8)(at_kind)?;
        check_kind(kind, at_kind)?;
        let (at_record, shard) = field("shard", be_u16)(rest)?;
        let (at_previous, record_key) = field("record_key", octets::<32>)(at_record)?;
        let (rest, previous) = field("previous", octets::<32>)(at_previous)?;
        let (rest, log_time_seconds) = read_seconds("log_time", rest)?;
        let (rest, submitter) = field("submitter", octets::<8>)(rest)?;
        let (rest, body) = Body::read(kind, rest)?;
        match body.record_key() {
            Some(expected) if record_key != expected => {
                return refuse(ErrorKind::Inconsistent, "record_key", at_record);
            }
            None if record_key != ZEROS => {
                return refuse(ErrorKind::NotCanonical, "record_key", at_record);
            }
            None if previous != ZEROS => {
                return refuse(ErrorKind::NotCanonical, "previous", at_previous);
            }
            Some(_) | None => {}
        }
        let submitter = AccountId(submitter);
        Ok((rest, Self { shard, previous, log_time_seconds, submitter, body }))
    }
}

impl Body {
    /// What the leaves of one chain have in common: `H("chappe-record/1", account id, chain id)`;
    /// `None` for a commitment, whose chain nobody may see.
    #[must_use]
    pub fn record_key(&self) -> Option<[u8; 32]> {
        match self {
            Self::Whole(Statement { claim, .. }) => {
                Some(digest::hash("chappe-record/1", &[&claim.account.0, &claim.chain.0]))
            }
            Self::Blinded(_) => None,
        }
    }

    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::Whole(_) => KIND_WHOLE,
            Self::Blinded(_) => KIND_BLINDED,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Whole(statement) => out.extend_from_slice(&statement.to_bytes()),
            Self::Blinded(commitment) => out.extend_from_slice(commitment),
        }
    }

    /// Reads a body of a kind [`check_kind`] has let pass.
    pub(crate) fn read(kind: u8, input: &[u8]) -> Parsed<'_, Self> {
        if kind == KIND_WHOLE {
            let (rest, statement) = Statement::read(input)?;
            return Ok((rest, Self::Whole(statement)));
        }
        let (rest, commitment) = field("commitment", octets::<32>)(input)?;
        Ok((rest, Self::Blinded(commitment)))
    }
}

/// Lets the kinds pass that this release knows (spec/07-anchor.md: kind 2 is reserved).
pub(crate) fn check_kind(kind: u8, at: &[u8]) -> Parsed<'_, ()> {
    match kind {
        KIND_WHOLE | KIND_BLINDED => Ok((at, ())),
        2 => refuse(ErrorKind::Reserved, "kind", at),
        _ => refuse(ErrorKind::UnknownCode, "kind", at),
    }
}
