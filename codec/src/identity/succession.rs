//! Successions: the root that follows one that was lost or stolen (spec/10-identity.md,
//! "Succession").

use super::certificate::read_account;
use super::endorsement::Content;
use crate::account::Account;
use crate::framing::{Parsed, field, octets};
use alloc::vec::Vec;

const VERSION: u8 = 1;

/// Names the root whose endorsements count for an account from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Succession {
    /// The account, which keeps its 32 octets.
    pub account: Account,
    /// The successor root, named as accounts are.
    pub successor: Account,
}

impl Content for Succession {
    const CONTEXT: &'static str = "chappe-succession/1";
    const OCTETS: usize = 65;

    fn account(&self) -> Account {
        self.account
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(&self.account.0);
        out.extend_from_slice(&self.successor.0);
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, account) = read_account(VERSION, input)?;
        let (rest, successor) = field("successor", octets::<32>)(rest)?;
        Ok((rest, Self { account, successor: Account(successor) }))
    }
}
