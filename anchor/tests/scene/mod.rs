//! The people and the ledger of these tests.
#![allow(dead_code)] // each test binary uses its own part

use chappe_anchor::key::{LedgerKey, LedgerSecret};
use chappe_anchor::origin::Origin;
use chappe_anchor::submission::Submission;
use chappe_codec::account::Account;
use chappe_codec::chain::ChainId;
use chappe_codec::id::MessageId;
use chappe_codec::identity::Signer;
use chappe_codec::key::SignKey;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::statement::{BlindingSalt, Claim, Evidence, Statement};
use chappe_codec::time::TimeInterval;

pub(crate) const LIVE: Realm = Realm { mode: Mode::Live, network: 1 };
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn ledger_secret() -> LedgerSecret {
    LedgerSecret::from_seed(Origin::new(LIVE, "ledger").unwrap(), &[0x1E; 32])
}

pub(crate) fn ledger_key() -> LedgerKey {
    ledger_secret().public()
}

pub(crate) fn author() -> SignKey {
    SignKey::from_seed(&[0xA0; 32])
}

pub(crate) fn author_account() -> Account {
    Account::of_key(&author().public())
}

pub(crate) fn author_signer() -> Signer {
    Signer::root(author_account()).unwrap()
}

pub(crate) fn submitter() -> SignKey {
    SignKey::from_seed(&[0x50; 32])
}

/// The author's words number `first` in a chain.
pub(crate) fn statement(chain: u8, first: u32) -> Statement {
    let ids =
        [MessageId([chain; 32]), MessageId(first.to_be_bytes().repeat(8).try_into().unwrap())];
    let time = TimeInterval::new(NOW, 60);
    let chain = ChainId([chain; 8]);
    Claim::over(author_account().id(), 0, chain, first, &ids, [0; 32], time)
        .unwrap()
        .sign(&author(), LIVE)
        .unwrap()
}

pub(crate) fn whole(chain: u8, first: u32) -> Evidence {
    Evidence { statement: statement(chain, first), salt: None }
}

pub(crate) fn blinded(chain: u8, first: u32) -> Evidence {
    let salt = Some(BlindingSalt([chain ^ 0x5A; 32]));
    Evidence { statement: statement(chain, first), salt }
}

pub(crate) fn submission(evidence: &Evidence) -> Submission {
    Submission::of_evidence(evidence, &author_account(), None, &submitter(), LIVE).unwrap()
}
