//! Asking for what a statement covers and was not received, and the ids that answer
//! (spec/04-statement.md, "Asking for what is missing"). The other answer is a [`Proof`](super::Proof).

use crate::account::AccountId;
use crate::chain::ChainId;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::id::MessageId;
use crate::limits::MISSING_IDS_MAX;
use alloc::vec::Vec;
use nom::number::complete::{be_u16, be_u32, u8};

const IDS: u8 = 0;
const PROOF: u8 = 1;
const PROOF_OF_ID: u8 = 2;

/// What somebody asks for: the body of an item of family 17.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Kind 0: the ids of messages of a chain.
    Ids {
        /// Whose chain.
        account: AccountId,
        /// The chain.
        chain: ChainId,
        /// The counter of the first.
        first: u32,
        /// How many, 1 to [`MISSING_IDS_MAX`].
        count: u16,
    },
    /// Kind 1: a proof of the message with this counter.
    Proof {
        /// Whose chain.
        account: AccountId,
        /// The chain.
        chain: ChainId,
        /// The message's counter.
        counter: u32,
    },
    /// Kind 2: a proof of the message with this id.
    ProofOf(MessageId),
}

impl Request {
    /// The request for the ids of `count` messages; `None` for none, for too many, or past the last
    /// counter there is.
    #[must_use]
    pub const fn ids(account: AccountId, chain: ChainId, first: u32, count: u16) -> Option<Self> {
        if are_counters(first, count) {
            Some(Self::Ids { account, chain, first, count })
        } else {
            None
        }
    }

    /// Reads the body of an item.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownCode`] in `kind`; [`ErrorKind::Truncated`], [`ErrorKind::Trailing`];
    /// [`ErrorKind::OutOfRange`] in `count`.
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(body, Self::read)
    }

    /// The octets [`Request::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ids { account, chain, first, count } => {
                [&[IDS][..], &account.0, &chain.0, &first.to_be_bytes(), &count.to_be_bytes()]
                    .concat()
            }
            Self::Proof { account, chain, counter } => {
                [&[PROOF][..], &account.0, &chain.0, &counter.to_be_bytes()].concat()
            }
            Self::ProofOf(id) => [&[PROOF_OF_ID][..], &id.0].concat(),
        }
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, kind) = field("kind", u8)(input)?;
        match kind {
            IDS => {
                let (rest, (account, chain, first)) = read_place(rest)?;
                let at_count = rest;
                let (rest, count) = field("count", be_u16)(rest)?;
                if rest.is_empty() && !are_counters(first, count) {
                    return refuse(ErrorKind::OutOfRange, "count", at_count);
                }
                Ok((rest, Self::Ids { account, chain, first, count }))
            }
            PROOF => {
                let (rest, (account, chain, counter)) = read_place(rest)?;
                Ok((rest, Self::Proof { account, chain, counter }))
            }
            PROOF_OF_ID => {
                let (rest, id) = field("id", octets::<32>)(rest)?;
                Ok((rest, Self::ProofOf(MessageId(id))))
            }
            _ => refuse(ErrorKind::UnknownCode, "kind", input),
        }
    }
}

/// The ids of consecutive messages of a chain: the body of an item of family 18. They say nothing by
/// themselves; a statement that holds them does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// Whose chain.
    pub account: AccountId,
    /// The chain.
    pub chain: ChainId,
    /// The counter of the first.
    pub first: u32,
    ids: Vec<MessageId>,
}

impl Ids {
    /// Octets before the ids.
    pub const HEAD_OCTETS: usize = 20;

    /// The ids of messages from counter `first` on; `None` for none, for too many, or past the last
    /// counter there is.
    #[must_use]
    pub fn new(
        account: AccountId,
        chain: ChainId,
        first: u32,
        ids: Vec<MessageId>,
    ) -> Option<Self> {
        let count = u16::try_from(ids.len()).ok()?;
        are_counters(first, count).then_some(Self { account, chain, first, ids })
    }

    /// Each counter and its id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, MessageId)> + '_ {
        (self.first..=u32::MAX).zip(self.ids.iter().copied())
    }

    /// Reads the body of an item.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] in `ids` where they are no whole number of ids or none;
    /// [`ErrorKind::OutOfRange`] in `ids` where they are too many.
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(body, Self::read)
    }

    /// The octets [`Ids::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = [&self.account.0[..], &self.chain.0, &self.first.to_be_bytes()].concat();
        self.ids.iter().for_each(|id| out.extend_from_slice(&id.0));
        out
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (at_ids, (account, chain, first)) = read_place(input)?;
        let (chunks, left) = at_ids.as_chunks::<32>();
        if chunks.is_empty() || !left.is_empty() {
            return refuse(ErrorKind::Truncated, "ids", at_ids);
        }
        let ids: Vec<MessageId> = chunks.iter().copied().map(MessageId).collect();
        match Self::new(account, chain, first, ids) {
            Some(ids) => Ok((&[], ids)),
            None => refuse(ErrorKind::OutOfRange, "ids", at_ids),
        }
    }
}

/// 1 to 64, and none past the last counter there is.
const fn are_counters(first: u32, count: u16) -> bool {
    let last = (count as u32).saturating_sub(1);
    1 <= count && count <= MISSING_IDS_MAX && first.checked_add(last).is_some()
}

fn read_place(input: &[u8]) -> Parsed<'_, (AccountId, ChainId, u32)> {
    let (rest, account) = field("account", octets::<8>)(input)?;
    let (rest, chain) = field("chain", octets::<8>)(rest)?;
    let (rest, counter) = field("counter", be_u32)(rest)?;
    Ok((rest, (AccountId(account), ChainId(chain), counter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: (AccountId, ChainId) = (AccountId([1; 8]), ChainId([2; 8]));

    #[test]
    fn nobody_asks_for_more_than_there_may_be() {
        let asked = |first, count| Request::ids(AT.0, AT.1, first, count).is_some();
        assert!(asked(0, 1) && asked(0, MISSING_IDS_MAX) && asked(u32::MAX, 1));
        assert!(!asked(0, 0) && !asked(0, MISSING_IDS_MAX + 1) && !asked(u32::MAX, 2));
        assert!(Ids::new(AT.0, AT.1, 0, Vec::new()).is_none());
        let last = Ids::new(AT.0, AT.1, u32::MAX, alloc::vec![MessageId([3; 32])]).unwrap();
        assert_eq!(last.iter().collect::<Vec<_>>(), [(u32::MAX, MessageId([3; 32]))]);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_as_it_was(body in proptest::collection::vec(any::<u8>(), 0..120)) {
            if let Ok(request) = Request::parse(&body) {
                prop_assert_eq!(request.to_bytes(), &body[..]);
            }
            if let Ok(ids) = Ids::parse(&body) {
                prop_assert_eq!(ids.to_bytes(), body);
            }
        }
    }
}
