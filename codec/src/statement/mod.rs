//! Statements: one signature over consecutive messages of a chain (spec/04-statement.md).

mod proof;
mod request;
mod signing;
mod standing;

pub use proof::{Proof, ProofError};
pub use request::{Ids, Request};
pub use signing::{SigningPolicy, waits_for_signature};
pub use standing::{Vouching, Whereabouts};

use crate::account::AccountId;
use crate::chain::ChainId;
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::id::MessageId;
use crate::identity::Signer;
use crate::key::KeyError;
use crate::key_store::{KeyStoreError, Sign};
use crate::limits::STATEMENT_MESSAGES_MAX;
use crate::merkle;
use crate::realm::Realm;
use crate::time::TimeInterval;
use alloc::vec::Vec;
use core::fmt;
use nom::number::complete::{be_u16, be_u32, u8};

/// Octets of a statement.
pub const STATEMENT_OCTETS: usize = 159;

const SIGNED_OCTETS: usize = 95;
const VERSION: u8 = 1;
const CONTEXT: &str = "chappe-statement/1";

/// What an author signs. Parsed statements are claims until [`Statement::verify`] says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What is said.
    pub claim: Claim,
    /// The signature over it.
    pub signature: [u8; 64],
}

/// The signed content of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The author.
    pub account: AccountId,
    /// The author's device.
    pub device: u8,
    /// The chain the messages stand in.
    pub chain: ChainId,
    /// The counter of the first message.
    pub first: u32,
    /// How many messages, 1 to 1,024.
    pub count: u16,
    /// The Merkle root over their ids.
    pub root: [u8; 32],
    /// The hash of the chain's statement before this one, or zeros.
    pub previous: [u8; 32],
    /// When the author says it signed.
    pub time: TimeInterval,
}

impl Claim {
    /// The claim that `ids`, from counter `first` on, are one author's words in one chain; `None`
    /// for no ids or more than a statement may hold.
    #[must_use]
    pub fn over(
        account: AccountId,
        device: u8,
        chain: ChainId,
        first: u32,
        ids: &[MessageId],
        previous: [u8; 32],
        time: TimeInterval,
    ) -> Option<Self> {
        let count = u16::try_from(ids.len()).ok()?;
        let in_range = (1..=STATEMENT_MESSAGES_MAX).contains(&count)
            && first.checked_add(u32::from(count).saturating_sub(1)).is_some();
        let root = merkle::root(ids);
        in_range.then_some(Self { account, device, chain, first, count, root, previous, time })
    }

    /// Signs the claim with the signing key of the device it names.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn sign(
        self,
        keys: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Statement, KeyStoreError> {
        let signature = keys.signature(CONTEXT, realm, &[&self.to_bytes()])?;
        Ok(Statement { claim: self, signature })
    }

    /// Whether these are the messages, all of them, in order.
    #[must_use]
    pub fn holds(&self, ids: &[MessageId]) -> bool {
        usize::from(self.count) == ids.len() && merkle::root(ids) == self.root
    }

    /// The counter behind the last message, at most 2^32.
    fn end(&self) -> u64 {
        u64::from(self.first).saturating_add(u64::from(self.count))
    }

    fn to_bytes(&self) -> [u8; SIGNED_OCTETS] {
        let mut out = [0; SIGNED_OCTETS];
        let parts: [&[u8]; 9] = [
            &[VERSION],
            &self.account.0,
            &[self.device],
            &self.chain.0,
            &self.first.to_be_bytes(),
            &self.count.to_be_bytes(),
            &self.root,
            &self.previous,
            &self.time.to_bytes(),
        ];
        for (slot, octet) in out.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *octet;
        }
        out
    }
}

impl Statement {
    /// Reads a statement that fills the input. The signature is not looked at.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    /// Reads a statement from the front of the input.
    pub fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, version) = field("version", u8)(input)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", input);
        }
        let (rest, account) = field("account", octets::<8>)(rest)?;
        let (rest, device) = field("device", u8)(rest)?;
        let (rest, chain) = field("chain", octets::<8>)(rest)?;
        let (at_count, first) = field("first", be_u32)(rest)?;
        let (rest, count) = field("count", be_u16)(at_count)?;
        if !(1..=STATEMENT_MESSAGES_MAX).contains(&count)
            || first.checked_add(u32::from(count).saturating_sub(1)).is_none()
        {
            return refuse(ErrorKind::OutOfRange, "count", at_count);
        }
        let (rest, root) = field("root", octets::<32>)(rest)?;
        let (rest, previous) = field("previous", octets::<32>)(rest)?;
        let (rest, time) = TimeInterval::read(rest)?;
        let (rest, signature) = field("signature", octets::<64>)(rest)?;
        let claim = Claim {
            account: AccountId(account),
            device,
            chain: ChainId(chain),
            first,
            count,
            root,
            previous,
            time,
        };
        Ok((rest, Self { claim, signature }))
    }

    /// The 159 octets.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; STATEMENT_OCTETS] {
        let mut out = [0; STATEMENT_OCTETS];
        if let Some((claim, signature)) = out.split_first_chunk_mut::<SIGNED_OCTETS>() {
            *claim = self.claim.to_bytes();
            #[expect(clippy::disallowed_methods, reason = "the rest is as long")]
            signature.copy_from_slice(&self.signature);
        }
        out
    }

    /// Verifies that the signer said this, in this realm.
    ///
    /// # Errors
    ///
    /// [`KeyError::BadSignature`], also where the account is not the one the statement names;
    /// [`KeyError::UnknownAccount`] where the device is another.
    pub fn verify(&self, signer: &Signer, realm: Realm) -> Result<(), KeyError> {
        if signer.account.id() != self.claim.account {
            return Err(KeyError::BadSignature);
        }
        if self.claim.device != signer.device {
            return Err(KeyError::UnknownAccount);
        }
        signer.key.verify(CONTEXT, realm, &[&self.claim.to_bytes()], &self.signature)
    }

    /// Whether the two are evidence against their author, both having verified: of one chain, over
    /// a common counter, and not the same octets (spec/04-statement.md).
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let (one, two) = (&self.claim, &other.claim);
        let is_same_chain = (one.account, one.chain) == (two.account, two.chain);
        let overlaps = u64::from(one.first) < two.end() && u64::from(two.first) < one.end();
        is_same_chain && overlaps && self != other
    }

    /// `H("chappe-statement-hash/1", all octets)`: what the next statement calls `previous`.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        digest::hash("chappe-statement-hash/1", &[&self.to_bytes()])
    }

    /// The commitment under which a ledger holds this statement without showing it.
    #[must_use]
    pub fn blind(&self, salt: &BlindingSalt) -> [u8; 32] {
        digest::hash("chappe-blind/1", &[&salt.0, &self.to_bytes()])
    }
}

/// 32 random octets that hide a statement behind its commitment. Whoever holds them and the
/// statement holds evidence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BlindingSalt(pub [u8; 32]);

impl fmt::Debug for BlindingSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindingSalt")
    }
}

/// A statement with the salt it is blinded with, if it is: the body of a statement item and the
/// content of an evidence file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The statement.
    pub statement: Statement,
    /// What opens the ledger's commitment, if the ledger holds it blinded.
    pub salt: Option<BlindingSalt>,
}

impl Evidence {
    /// Reads 159 or 191 octets.
    pub fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, |input| {
            let (rest, statement) = Statement::read(input)?;
            if rest.is_empty() {
                return Ok((rest, Self { statement, salt: None }));
            }
            let (rest, salt) = field("salt", octets::<32>)(rest)?;
            Ok((rest, Self { statement, salt: Some(BlindingSalt(salt)) }))
        })
    }

    /// The octets [`Evidence::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::from(self.statement.to_bytes());
        if let Some(salt) = &self.salt {
            out.extend_from_slice(&salt.0);
        }
        out
    }
}
