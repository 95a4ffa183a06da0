//! Home relays: where the owner of a card reads (spec/10-identity.md, "Card"; spec/06-relay.md,
//! "Federation").

use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::key::VerifyKey;
use crate::limits::{HOME_RELAYS_MAX, NETWORK_ADDRESS_OCTETS_MAX};
use alloc::string::String;
use alloc::vec::Vec;
use nom::number::complete::u8;

/// A relay: the key it proves to have, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeRelay {
    key: VerifyKey,
    network_address: String,
}

impl HomeRelay {
    /// Puts them together. The network address is host and port as in a URI (RFC 3986 §3.2); here it is
    /// only text, and who connects makes sense of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooShort`] and [`ErrorKind::TooLong`] for a network address that is not 1 to
    /// [`NETWORK_ADDRESS_OCTETS_MAX`] octets.
    pub fn new(key: VerifyKey, network_address: String) -> Result<Self, DecodeError> {
        let refused = |kind| Err(DecodeError::at_octet(kind, "network_address", 0));
        match network_address.len() {
            0 => refused(ErrorKind::TooShort),
            1..=NETWORK_ADDRESS_OCTETS_MAX => Ok(Self { key, network_address }),
            _ => refused(ErrorKind::TooLong),
        }
    }

    /// The relay's key.
    #[must_use]
    pub const fn key(&self) -> &VerifyKey {
        &self.key
    }

    /// Where it is: host and port.
    #[must_use]
    pub fn network_address(&self) -> &str {
        &self.network_address
    }
}

/// The home relays of one device, at most [`HOME_RELAYS_MAX`], the one to try first in front.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HomeRelays(Vec<HomeRelay>);

impl HomeRelays {
    /// None: such a card says nothing about where its owner reads.
    pub const NONE: Self = Self(Vec::new());

    /// Takes them in their order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfRange`] for more than there may be, [`ErrorKind::NotCanonical`] for a key that
    /// stands there twice. The offset is the place in the list.
    pub fn new(homes: Vec<HomeRelay>) -> Result<Self, DecodeError> {
        if homes.len() > HOME_RELAYS_MAX {
            let kind = ErrorKind::OutOfRange;
            return Err(DecodeError::at_octet(kind, "homes", HOME_RELAYS_MAX));
        }
        let mut known = Self::NONE;
        for (place, home) in homes.into_iter().enumerate() {
            if known.has(&home.key) {
                return Err(DecodeError::at_octet(ErrorKind::NotCanonical, "home_key", place));
            }
            known.0.push(home);
        }
        Ok(known)
    }

    /// All of them, the one to try first in front.
    #[must_use]
    pub fn as_slice(&self) -> &[HomeRelay] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the relay of this key is one of them.
    #[must_use]
    pub fn has(&self, key: &VerifyKey) -> bool {
        self.0.iter().any(|home| home.key == *key)
    }

    /// As a card has them: the count, then of each key, length and network address.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.push(one_octet(self.0.len()));
        for home in &self.0 {
            out.extend_from_slice(&home.key.to_bytes());
            out.push(one_octet(home.network_address.len()));
            out.extend_from_slice(home.network_address.as_bytes());
        }
        out
    }

    /// Reads what [`HomeRelays::to_bytes`] gave; it fills the input.
    ///
    /// # Errors
    ///
    /// Those the spec names, of the fields `homes`, `home_key` and `network_address`;
    /// [`ErrorKind::Truncated`], [`ErrorKind::Trailing`].
    pub fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, Self::read)
    }

    /// "They are read in order, each key before its address."
    pub(crate) fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (mut rest, count) = field("homes", u8)(input)?;
        if usize::from(count) > HOME_RELAYS_MAX {
            return refuse(ErrorKind::OutOfRange, "homes", input);
        }
        let mut known = Self::NONE;
        for _ in 0..count {
            let (behind, home) = known.read_another(rest)?;
            known.0.push(home);
            rest = behind;
        }
        Ok((rest, known))
    }

    fn read_another<'a>(&self, input: &'a [u8]) -> Parsed<'a, HomeRelay> {
        let (rest, key) = field("home_key", octets::<32>)(input)?;
        let Ok(key) = VerifyKey::from_bytes(&key) else {
            return refuse(ErrorKind::OutOfRange, "home_key", input);
        };
        if self.has(&key) {
            return refuse(ErrorKind::NotCanonical, "home_key", input);
        }
        let (rest, network_address) = read_network_address(rest)?;
        Ok((rest, HomeRelay { key, network_address }))
    }
}

fn read_network_address(input: &[u8]) -> Parsed<'_, String> {
    let (rest, length) = field("network_address", u8)(input)?;
    if length == 0 {
        return refuse(ErrorKind::TooShort, "network_address", input);
    }
    let Some((text, behind)) = rest.split_at_checked(usize::from(length)) else {
        return refuse(ErrorKind::Truncated, "network_address", rest);
    };
    match core::str::from_utf8(text) {
        Ok(text) => Ok((behind, String::from(text))),
        Err(error) => {
            let at = rest.get(error.valid_up_to()..).unwrap_or_default();
            refuse(ErrorKind::BadCharacter, "network_address", at)
        }
    }
}

/// What the constructors bound to fit.
fn one_octet(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SignKey;
    use alloc::vec;

    fn home(number: u8, network_address: &str) -> HomeRelay {
        let key = SignKey::from_seed(&[number; 32]).public();
        HomeRelay::new(key, network_address.into()).unwrap()
    }

    #[test]
    fn home_relays_keep_their_order_and_read_back() {
        for count in 0..=3 {
            let homes: Vec<_> = (0..count).rev().map(|n| home(n, "relay.example:7406")).collect();
            let homes = HomeRelays::new(homes).unwrap();
            assert_eq!(HomeRelays::parse(&homes.to_bytes()), Ok(homes.clone()));
            assert_eq!((homes.is_empty(), homes.as_slice().len()), (count == 0, count.into()));
            assert_eq!(homes.has(home(0, "a").key()), count > 0);
        }
        assert_eq!(HomeRelays::NONE.to_bytes(), [0]);
    }

    #[test]
    fn what_no_card_may_name_is_not_made() {
        let key = *home(1, "a").key();
        let made = |address: usize| HomeRelay::new(key, "a".repeat(address)).map_err(|e| e.kind);
        assert_eq!(made(0), Err(ErrorKind::TooShort));
        assert!(made(NETWORK_ADDRESS_OCTETS_MAX).is_ok());
        assert_eq!(made(NETWORK_ADDRESS_OCTETS_MAX + 1), Err(ErrorKind::TooLong));
        let four = (0..4).map(|number| home(number, "a")).collect();
        let error = HomeRelays::new(four).unwrap_err();
        assert_eq!((error.kind, error.field), (ErrorKind::OutOfRange, "homes"));
        let error = HomeRelays::new(vec![home(1, "a"), home(1, "b")]).unwrap_err();
        assert_eq!(
            (error.kind, error.field, error.offset),
            (ErrorKind::NotCanonical, "home_key", 1)
        );
    }
}
