//! What the store keeps for each leaf: the leaf, and the submission that brought it.
//!
//! The submission is not published. It is kept because the submitter answers for a blinded leaf
//! (spec/07-anchor.md), and only the signature in it can show that.

use crate::limits::{LEAF_OCTETS_MAX, SUBMISSION_OCTETS_MAX};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use nom::number::complete::be_u16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    leaf: Vec<u8>,
    submission: Vec<u8>,
}

impl Record {
    /// Both within their limits, as their types see to.
    pub(super) const fn new(leaf: Vec<u8>, submission: Vec<u8>) -> Self {
        Self { leaf, submission }
    }

    pub(super) fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    pub(super) fn into_leaf(self) -> Vec<u8> {
        self.leaf
    }

    pub(super) fn submission(&self) -> &[u8] {
        &self.submission
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let length = u16::try_from(self.leaf.len()).unwrap_or(u16::MAX);
        let mut out = Vec::from(length.to_be_bytes());
        out.extend_from_slice(&self.leaf);
        out.extend_from_slice(&self.submission);
        out
    }

    pub(super) fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, Self::read)
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, length) = field("leaf_length", be_u16)(input)?;
        let length = usize::from(length);
        if length > LEAF_OCTETS_MAX {
            return refuse(ErrorKind::TooLong, "leaf_length", input);
        }
        let Some((leaf, submission)) = rest.split_at_checked(length) else {
            return refuse(ErrorKind::Truncated, "leaf", rest);
        };
        if submission.len() > SUBMISSION_OCTETS_MAX {
            return refuse(ErrorKind::TooLong, "submission", submission);
        }
        Ok((&[], Self { leaf: leaf.to_vec(), submission: submission.to_vec() }))
    }
}
