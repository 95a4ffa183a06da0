//! Verification words: what two people read to each other over a voice call to compare an account
//! (spec/10-identity.md, "Verification words").

use crate::account::Account;
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use crate::realm::Realm;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

/// Words of one account.
pub const WORDS: usize = 7;

/// Words in a list: what ten bits can number.
pub const LIST_WORDS: usize = 1024;

/// Hashes on top of the first, so that finding an account with chosen words takes that much longer.
const ROUNDS: u32 = 65_536;

/// The seven numbers of an account's words, each below 1,024. Some 65,000 hashes: a tenth of a second
/// on a microcontroller, so whoever shows a list keeps them.
#[must_use]
pub fn numbers(realm: Realm, account: &Account) -> [u16; WORDS] {
    let mut hash = digest::hash("chappe-words/1", &[&realm.to_bytes(), &account.0]);
    for _ in 0..ROUNDS {
        hash = Sha256::new().chain_update(hash).chain_update(account.0).finalize().into();
    }
    let mut bits =
        hash.iter().flat_map(|octet| (0_u32..8).rev().map(move |bit| (octet >> bit) & 1));
    core::array::from_fn(|_| {
        bits.by_ref().take(10).fold(0, |number, bit| (number << 1) | u16::from(bit))
    })
}

/// A list of 1,024 words (`spec/names/words.*.txt`): one a line. Both people use the same one, or the
/// numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordList<'a> {
    words: Vec<&'a str>,
}

impl<'a> WordList<'a> {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] or [`ErrorKind::TooLong`] in `words` where they are not 1,024; the
    /// offset is the number of words.
    pub fn parse(text: &'a str) -> Result<Self, DecodeError> {
        let words: Vec<&str> = text.lines().take(LIST_WORDS.saturating_add(1)).collect();
        let kind = match words.len() {
            LIST_WORDS => return Ok(Self { words }),
            fewer if fewer < LIST_WORDS => ErrorKind::Truncated,
            _ => ErrorKind::TooLong,
        };
        Err(DecodeError::at_character(kind, "words", words.len()))
    }

    /// The words of these numbers.
    #[must_use]
    pub fn words(&self, numbers: &[u16; WORDS]) -> [&'a str; WORDS] {
        // Numbers are below 1,024, so there is always a word.
        numbers.map(|number| self.words.get(usize::from(number)).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::Mode;

    const REALM: Realm = Realm { mode: Mode::Exercise, network: 7 };

    #[test]
    fn numbers_depend_on_account_and_realm() {
        let account = Account([7; 32]);
        let own = numbers(REALM, &account);
        assert!(own.iter().all(|number| usize::from(*number) < LIST_WORDS));
        assert_eq!(numbers(REALM, &account), own);
        assert_ne!(numbers(REALM, &Account([8; 32])), own);
        assert_ne!(numbers(Realm { mode: Mode::Live, ..REALM }, &account), own);
    }

    #[test]
    fn the_lists_of_the_spec_are_lists() {
        for text in [
            include_str!("../../../spec/names/words.en.txt"),
            include_str!("../../../spec/names/words.fr.txt"),
        ] {
            let list = WordList::parse(text).unwrap();
            let words = list.words(&[0, 1, 2, 3, 1021, 1022, 1023]);
            assert!(words.iter().all(|word| (4..=7).contains(&word.chars().count())));
        }
        assert!(WordList::parse("one\ntwo\n").is_err());
        assert!(WordList::parse(&"word\n".repeat(1025)).is_err());
    }
}
