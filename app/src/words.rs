//! The words two people compare by voice (spec/10-identity.md, "Verification words").

use crate::exit::Outcome;
use chappe_codec::account::Account;
use chappe_codec::identity::words::{WORDS, WordList, numbers};
use chappe_codec::realm::Realm;

const ENGLISH: &str = include_str!("../../spec/names/words.en.txt");

/// An account's seven numbers, and the words for them.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub(crate) numbers: [u16; WORDS],
    pub(crate) words: String,
}

impl Words {
    /// Takes a moment: some 65,000 hashes.
    pub(crate) fn of(realm: Realm, account: &Account) -> Outcome<Self> {
        let numbers = numbers(realm, account);
        let words = WordList::parse(ENGLISH)?.words(&numbers).join(" ");
        Ok(Self { numbers, words })
    }

    /// The numbers, for two people without a list in common.
    pub(crate) fn digits(&self) -> String {
        self.numbers.map(|number| number.to_string()).join(" ")
    }
}
