//! The proof that a statement holds one message (spec/04-statement.md, "Proof of one message").

use super::Statement;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::id::MessageId;
use crate::identity::{Directory, Signer};
use crate::key::KeyError;
use crate::merkle;
use crate::realm::Realm;
use alloc::vec::Vec;
use core::fmt;
use nom::number::complete::be_u32;

/// A statement, the counter of one of its messages, and the path from that message's leaf to the
/// statement's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The statement.
    pub statement: Statement,
    /// The message's counter.
    pub counter: u32,
    path: Vec<[u8; 32]>,
}

impl Proof {
    /// The proof for the message with this counter; `ids` are all the statement's messages, in order.
    /// `None` where the counter is not in the statement's range or the ids are not its messages.
    #[must_use]
    pub fn new(statement: Statement, counter: u32, ids: &[MessageId]) -> Option<Self> {
        if !statement.claim.holds(ids) {
            return None;
        }
        let place = counter.checked_sub(statement.claim.first)?;
        let path = merkle::audit_path(usize::try_from(place).ok()?, ids)?;
        Some(Self { statement, counter, path })
    }

    /// Reads the body of a proof item. Neither path nor signature is looked at.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfRange`] in `counter`; [`ErrorKind::Truncated`] and [`ErrorKind::Trailing`] in
    /// `path` where it has another length than count and place give; those of [`Statement::parse`].
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(body, Self::read)
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (at_counter, statement) = Statement::read(input)?;
        let (mut rest, counter) = field("counter", be_u32)(at_counter)?;
        let Some(place) = place(&statement, counter) else {
            return refuse(ErrorKind::OutOfRange, "counter", at_counter);
        };
        let length = merkle::path_length(place, usize::from(statement.claim.count));
        let mut path = Vec::with_capacity(length);
        for _ in 0..length {
            let (after, hash) = field("path", octets::<32>)(rest)?;
            path.push(hash);
            rest = after;
        }
        if !rest.is_empty() {
            return refuse(ErrorKind::Trailing, "path", rest);
        }
        Ok((rest, Self { statement, counter, path }))
    }

    /// The octets [`Proof::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::from(self.statement.to_bytes());
        out.extend_from_slice(&self.counter.to_be_bytes());
        out.extend_from_slice(self.path.as_flattened());
        out
    }

    /// Verifies that the path leads from this message to the statement's root, and that the signer
    /// stated it.
    ///
    /// # Errors
    ///
    /// [`ProofError`].
    pub fn verify(&self, id: &MessageId, signer: &Signer, realm: Realm) -> Result<(), ProofError> {
        self.check_path(id)?;
        self.statement.verify(signer, realm).map_err(ProofError::Statement)
    }

    /// The same, the signer looked up.
    ///
    /// # Errors
    ///
    /// [`ProofError`].
    pub fn verify_known(&self, id: &MessageId, known: &Directory) -> Result<Signer, ProofError> {
        self.check_path(id)?;
        known.verify_statement(&self.statement).map_err(ProofError::Statement)
    }

    /// Whether the path leads from this message to the statement's root. Who stated it is not looked at.
    #[must_use]
    pub fn leads_from(&self, id: &MessageId) -> bool {
        self.check_path(id).is_ok()
    }

    fn check_path(&self, id: &MessageId) -> Result<(), ProofError> {
        let claim = &self.statement.claim;
        let root = place(&self.statement, self.counter).and_then(|place| {
            let leaf = merkle::leaf_hash(&id.0);
            merkle::root_of_path(leaf, place, usize::from(claim.count), &self.path)
        });
        if root == Some(claim.root) { Ok(()) } else { Err(ProofError::BadInclusion) }
    }
}

/// Which of the statement's messages has this counter.
fn place(statement: &Statement, counter: u32) -> Option<usize> {
    let place = counter.checked_sub(statement.claim.first)?;
    (place < u32::from(statement.claim.count)).then_some(usize::try_from(place).ok()?)
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofError {
    /// The path does not lead from the message to the statement's root.
    BadInclusion,
    /// The statement does not verify, or signs nothing yet.
    Statement(KeyError),
}

impl ProofError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadInclusion => "bad_inclusion",
            Self::Statement(error) => error.name(),
        }
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadInclusion => f.write_str("the statement does not hold this message"),
            Self::Statement(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ProofError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::chain::ChainId;
    use crate::key::SignKey;
    use crate::realm::Mode;
    use crate::statement::Claim;
    use crate::time::TimeInterval;
    use proptest::prelude::*;

    const REALM: Realm = Realm { mode: Mode::Live, network: 1 };

    fn stated(first: u32, ids: &[MessageId]) -> (Statement, Signer) {
        let key = SignKey::from_seed(&[1; 32]);
        let signer = Signer::root(Account::of_key(&key.public())).unwrap();
        let (account, chain) = (signer.account.id(), ChainId([7; 8]));
        let claim = Claim::over(account, 0, chain, first, ids, [0; 32], TimeInterval::UNKNOWN);
        (claim.unwrap().sign(&key, REALM).unwrap(), signer)
    }

    fn ids(count: u16) -> Vec<MessageId> {
        (0..count).map(|n| MessageId(core::array::from_fn(|at| n.to_be_bytes()[at % 2]))).collect()
    }

    proptest! {
        #[test]
        fn a_proof_holds_for_its_message_alone(first in 0_u32..1 << 31, count in 1_u16..90, at: prop::sample::Index) {
            let ids = ids(count);
            let (statement, signer) = stated(first, &ids);
            let place = at.index(ids.len());
            let counter = first.checked_add(u32::try_from(place).unwrap()).unwrap();
            let proof = Proof::new(statement, counter, &ids).unwrap();
            prop_assert_eq!(Proof::parse(&proof.to_bytes()), Ok(proof.clone()));
            for (other, id) in ids.iter().enumerate() {
                let expected = if other == place { Ok(()) } else { Err(ProofError::BadInclusion) };
                prop_assert_eq!(proof.verify(id, &signer, REALM), expected);
            }
        }

        #[test]
        fn a_changed_proof_never_holds(count in 1_u16..20, at: prop::sample::Index, bit in 0_u8..8) {
            let ids = ids(count);
            let (statement, signer) = stated(5, &ids);
            let proof = Proof::new(statement, 5, &ids).unwrap();
            let mut octets = proof.to_bytes();
            let index = at.index(octets.len());
            octets[index] ^= 1 << bit;
            if let Ok(changed) = Proof::parse(&octets) {
                prop_assert!(changed.verify(&ids[0], &signer, REALM).is_err());
            }
        }
    }

    #[test]
    fn counter_and_length_are_exact() {
        let ids = ids(5);
        let (statement, _) = stated(10, &ids);
        assert_eq!(Proof::new(statement.clone(), 15, &ids), None);
        assert_eq!(Proof::new(statement.clone(), 9, &ids), None);
        assert_eq!(Proof::new(statement.clone(), 10, &ids[..4]), None);
        let octets = Proof::new(statement, 14, &ids).unwrap().to_bytes();
        assert_eq!(octets.len(), 163 + 32, "the last of five has one sibling");
        let refusal = |octets: &[u8]| {
            let error = Proof::parse(octets).unwrap_err();
            (error.kind, error.field, error.offset)
        };
        assert_eq!(refusal(&octets[..194]), (ErrorKind::Truncated, "path", 163));
        let longer = [&octets[..], &[0]].concat();
        assert_eq!(refusal(&longer), (ErrorKind::Trailing, "path", 195));
        let mut outside = octets;
        outside[162] = 15;
        assert_eq!(refusal(&outside), (ErrorKind::OutOfRange, "counter", 159));
    }
}
