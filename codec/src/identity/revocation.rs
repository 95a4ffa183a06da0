//! Revocations: whoever publishes one ends a device (spec/10-identity.md, "Revocation").

use super::certificate::{read_account, read_device};
use super::endorsement::Content;
use crate::account::Account;
use crate::framing::{Parsed, field};
use alloc::vec::Vec;
use nom::number::complete::be_u16;

const VERSION: u8 = 1;

/// Ends a device under all its certificates up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Whose device.
    pub account: Account,
    /// The device, 1 to 255.
    pub device: u8,
    /// The last issue it ends; those before it end too.
    pub issue: u16,
}

impl Content for Revocation {
    const CONTEXT: &'static str = "chappe-revocation/1";
    const OCTETS: usize = 36;

    fn account(&self) -> Account {
        self.account
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(&self.account.0);
        out.push(self.device);
        out.extend_from_slice(&self.issue.to_be_bytes());
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, account) = read_account(VERSION, input)?;
        let (rest, device) = read_device(rest)?;
        let (rest, issue) = field("issue", be_u16)(rest)?;
        Ok((rest, Self { account, device, issue }))
    }
}
