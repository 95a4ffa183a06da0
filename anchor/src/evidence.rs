//! What a receipt proves about a statement: that the logged leaf holds exactly it, and that its
//! author signed it (spec/07-anchor.md, "Verifying evidence").

use crate::leaf::{Body, Leaf};
use crate::receipt::Verified;
use chappe_codec::identity::Signer;
use chappe_codec::key::KeyError;
use chappe_codec::statement::Evidence;
use std::fmt;

impl Verified {
    /// Verifies that the leaf holds this statement, whole or behind its commitment, and that
    /// `author` signed it in the ledger's realm.
    ///
    /// # Errors
    ///
    /// [`EvidenceError`], the first step that does not hold.
    pub fn verify_evidence(
        &self,
        evidence: &Evidence,
        author: &Signer,
    ) -> Result<(), EvidenceError> {
        let leaf = self.leaf.as_ref().ok_or(EvidenceError::UnknownLeaf)?;
        check_content(leaf, evidence)?;
        evidence.statement.verify(author, self.realm()).map_err(EvidenceError::Author)
    }
}

fn check_content(leaf: &Leaf, evidence: &Evidence) -> Result<(), EvidenceError> {
    match (&leaf.body, &evidence.salt) {
        (Body::Whole(logged), None) if *logged == evidence.statement => Ok(()),
        (Body::Whole(_), None) => Err(EvidenceError::OtherStatement),
        (Body::Whole(_), Some(_)) => Err(EvidenceError::UnexpectedSalt),
        (Body::Blinded(_), None) => Err(EvidenceError::MissingSalt),
        (Body::Blinded(commitment), Some(salt)) => {
            // The commitment is public, so this comparison has nothing to leak.
            if *commitment == evidence.statement.blind(salt) {
                Ok(())
            } else {
                Err(EvidenceError::BadOpening)
            }
        }
    }
}

/// Why evidence does not fit a verified leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceError {
    /// The leaf is of a later revision.
    UnknownLeaf,
    /// The leaf holds another statement.
    OtherStatement,
    /// The leaf holds a statement whole; a salt has nothing to open.
    UnexpectedSalt,
    /// The leaf holds a commitment, which only statement and salt together open.
    MissingSalt,
    /// Statement and salt do not open the leaf's commitment.
    BadOpening,
    /// The statement is not this author's, or not of this realm.
    Author(KeyError),
}

impl EvidenceError {
    /// The registered name (spec/07-anchor.md, "Refusals").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownLeaf => "unknown_version",
            Self::OtherStatement => "other_statement",
            Self::UnexpectedSalt => "unexpected_salt",
            Self::MissingSalt => "missing_salt",
            Self::BadOpening => "bad_opening",
            Self::Author(error) => error.name(),
        }
    }
}

impl fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownLeaf => "the leaf needs a newer Chappe",
            Self::OtherStatement => "the leaf holds another statement",
            Self::UnexpectedSalt => "the leaf holds its statement whole; there is no salt to use",
            Self::MissingSalt => "the leaf is blinded; the evidence lacks its salt",
            Self::BadOpening => "statement and salt do not open the leaf's commitment",
            Self::Author(_) => "the statement is not this author's in this realm",
        })
    }
}

impl std::error::Error for EvidenceError {}
