//! Roots: the one key, or the n keys of which m must sign, that an account is named after
//! (spec/10-identity.md, "Root and account").

use crate::account::Account;
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::key::VerifyKey;
use crate::limits::ROOT_KEYS_MAX;
use alloc::vec::Vec;
use nom::number::complete::u8;

/// Octets of one key in a root.
pub(super) const KEY_OCTETS: usize = 32;

/// Octets of a root before its keys.
pub(super) const HEAD_OCTETS: usize = 2;

/// A root whose form is right. Its keys are looked at where a signature is, not before: "the root's
/// form, the places, the account, the keys, the signatures".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    threshold: u8,
    keys: Vec<[u8; KEY_OCTETS]>,
}

impl Root {
    /// The root of one key.
    #[must_use]
    pub fn of_key(key: &VerifyKey) -> Self {
        Self { threshold: 1, keys: alloc::vec![key.to_bytes()] }
    }

    /// A root of these keys, in any order, of which `threshold` must sign.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfRange`] in `threshold` or `keys`; [`ErrorKind::NotCanonical`] in `keys` for a
    /// key that is there twice.
    pub fn new(threshold: u8, keys: &[VerifyKey]) -> Result<Self, DecodeError> {
        let mut keys: Vec<[u8; KEY_OCTETS]> = keys.iter().map(VerifyKey::to_bytes).collect();
        keys.sort_unstable();
        let count = u8::try_from(keys.len()).unwrap_or(u8::MAX);
        check_numbers(threshold, count)
            .map_err(|(name, offset)| DecodeError::at_octet(ErrorKind::OutOfRange, name, offset))?;
        if !ascends(&keys) {
            return Err(DecodeError::at_octet(ErrorKind::NotCanonical, "keys", HEAD_OCTETS));
        }
        Ok(Self { threshold, keys })
    }

    /// Reads a root that fills the input.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`] naming the field.
    pub fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, Self::read)
    }

    /// Reads a root from the front of the input.
    pub fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, threshold) = field("threshold", u8)(input)?;
        let (mut rest, count) = field("keys", u8)(rest)?;
        if let Err((name, offset)) = check_numbers(threshold, count) {
            return refuse(ErrorKind::OutOfRange, name, input.get(offset..).unwrap_or_default());
        }
        let mut keys: Vec<[u8; KEY_OCTETS]> = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (after, key) = field("keys", octets::<KEY_OCTETS>)(rest)?;
            if keys.last().is_some_and(|last| *last >= key) {
                return refuse(ErrorKind::NotCanonical, "keys", rest);
            }
            keys.push(key);
            rest = after;
        }
        Ok((rest, Self { threshold, keys }))
    }

    /// The octets [`Root::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = alloc::vec![self.threshold, self.count()];
        out.extend(self.keys.iter().flatten());
        out
    }

    /// The account named after this root: the key itself, or a hash of the whole.
    #[must_use]
    pub fn account(&self) -> Account {
        match self.keys.as_slice() {
            [only] => Account(*only),
            keys => Account(digest::hash(
                "chappe-root/1",
                &[&[self.threshold], &[self.count()], keys.as_flattened()],
            )),
        }
    }

    /// How many must sign.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The keys, ascending; a key's index is its *place*.
    #[must_use]
    pub fn keys(&self) -> &[[u8; KEY_OCTETS]] {
        &self.keys
    }

    /// The place of a key, if it is one of the root's.
    #[must_use]
    pub fn place(&self, key: &VerifyKey) -> Option<u8> {
        let place = self.keys.binary_search(&key.to_bytes()).ok()?;
        u8::try_from(place).ok()
    }

    pub(super) fn count(&self) -> u8 {
        // A root is never made with more keys than 16.
        u8::try_from(self.keys.len()).unwrap_or(u8::MAX)
    }
}

/// "1 ≤ m ≤ n ≤ 16"; otherwise the field that is wrong and where it stands.
fn check_numbers(threshold: u8, count: u8) -> Result<(), (&'static str, usize)> {
    if !(1..=ROOT_KEYS_MAX).contains(&usize::from(count)) {
        return Err(("keys", 1));
    }
    if !(1..=count).contains(&threshold) {
        return Err(("threshold", 0));
    }
    Ok(())
}

fn ascends(keys: &[[u8; KEY_OCTETS]]) -> bool {
    keys.iter().zip(keys.iter().skip(1)).all(|(one, next)| one < next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SignKey;

    fn keys(count: u8) -> Vec<VerifyKey> {
        (0..count).map(|seed| SignKey::from_seed(&[seed; 32]).public()).collect()
    }

    #[test]
    fn a_root_of_one_key_is_the_key_and_every_other_a_hash_of_all() {
        let [one] = keys(1)[..] else { panic!() };
        assert_eq!(Root::of_key(&one).account(), Account::of_key(&one));
        assert_eq!(Root::new(1, &[one]), Ok(Root::of_key(&one)));
        let (two, other) = (Root::new(1, &keys(2)).unwrap(), Root::new(2, &keys(2)).unwrap());
        assert_ne!(two.account(), other.account());
        let expected = digest::hash("chappe-root/1", &[&two.to_bytes()]);
        assert_eq!(two.account().0, expected);
    }

    #[test]
    fn a_root_reads_back_up_to_sixteen_keys_and_has_one_order() {
        for (threshold, count) in [(1, 1), (2, 3), (16, 16), (1, 16)] {
            let mut keys = keys(count);
            let root = Root::new(threshold, &keys).unwrap();
            keys.reverse();
            assert_eq!(Root::new(threshold, &keys), Ok(root.clone()));
            assert_eq!(Root::parse(&root.to_bytes()), Ok(root.clone()));
            for (place, key) in (0..).zip(root.keys()) {
                assert_eq!(root.place(&VerifyKey::from_bytes(key).unwrap()), Some(place));
            }
        }
    }

    #[test]
    fn numbers_and_order_are_held_against_the_chapter() {
        let refusal = |octets: &[u8]| {
            let error = Root::parse(octets).unwrap_err();
            (error.kind, error.field, error.offset)
        };
        assert_eq!(refusal(&[0, 1]), (ErrorKind::OutOfRange, "threshold", 0));
        assert_eq!(refusal(&[1, 0]), (ErrorKind::OutOfRange, "keys", 1));
        assert_eq!(refusal(&[1, 17]), (ErrorKind::OutOfRange, "keys", 1));
        assert_eq!(refusal(&[3, 2]), (ErrorKind::OutOfRange, "threshold", 0));
        let twice = [&[1, 2][..], &[7; 64]].concat();
        assert_eq!(refusal(&twice), (ErrorKind::NotCanonical, "keys", 34));
        assert_eq!(refusal(&[1, 1, 9]), (ErrorKind::Truncated, "keys", 2));
        assert!(Root::new(1, &[keys(1), keys(1)].concat()).is_err());
        assert!(Root::new(2, &keys(1)).is_err());
        assert!(Root::new(1, &keys(17)).is_err());
    }
}
