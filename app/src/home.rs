//! Home relays as a person types and reads them: `KEY@ADDRESS` (spec/10-identity.md, "Card").

use crate::hex;
use chappe_codec::error::DecodeError;
use chappe_codec::home::{HomeRelay, HomeRelays};
use chappe_codec::key::{KeyError, VerifyKey};
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// A home relay on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HomeArgument(pub(crate) HomeRelay);

/// Why a text names no home relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HomeArgumentError {
    NotKeyAtAddress,
    Key(KeyError),
    Address(DecodeError),
}

impl FromStr for HomeArgument {
    type Err = HomeArgumentError;

    fn from_str(text: &str) -> Result<Self, HomeArgumentError> {
        let (key, address) = text.split_once('@').ok_or(HomeArgumentError::NotKeyAtAddress)?;
        let key: [u8; 32] = hex::decode_array("key", &key.to_ascii_lowercase())
            .map_err(|_| HomeArgumentError::NotKeyAtAddress)?;
        let key = VerifyKey::from_bytes(&key).map_err(HomeArgumentError::Key)?;
        // A card with an address nobody can connect to would be found out only when it matters.
        if !is_host_and_port(address) {
            return Err(HomeArgumentError::NotKeyAtAddress);
        }
        HomeRelay::new(key, address.to_owned()).map(Self).map_err(HomeArgumentError::Address)
    }
}

/// Host and port as in a URI (RFC 3986 §3.2.2 and §3.2.3), as far as it shows before it is looked up: a
/// host is a name, or an address of IPv4, or one of IPv6 in brackets.
fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_port = port.bytes().all(|digit| digit.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let is_in_a_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
            !host.is_empty() && host.chars().all(is_in_a_name)
        }
    };
    is_port && is_host
}

impl fmt::Display for HomeArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotKeyAtAddress => f.write_str(
                "a home relay is KEY@HOST:PORT, the key as `chappe relay` shows it: \
                 5f…@relay.example:7406",
            ),
            Self::Key(error) => write!(f, "the relay's key: {error}"),
            Self::Address(error) => write!(f, "the relay's address: {error}"),
        }
    }
}

impl std::error::Error for HomeArgumentError {}

/// `KEY@ADDRESS`.
pub(crate) fn shown(home: &HomeRelay) -> String {
    format!("{}@{}", hex::encode(&home.key().to_bytes()), home.network_address())
}

/// All of them for people: one a line, under one another.
pub(crate) fn lines(homes: &[HomeRelay]) -> String {
    if homes.is_empty() {
        return "home relays    none".to_owned();
    }
    let heads = std::iter::once("home relays").chain(std::iter::repeat(""));
    let line = |(home, head): (&HomeRelay, &str)| format!("{head:14} {}", shown(home));
    homes.iter().zip(heads).map(line).collect::<Vec<_>>().join("\n")
}

/// All of them for programs.
pub(crate) fn json(homes: &[HomeRelay]) -> Value {
    let one = |home: &HomeRelay| {
        json!({
            "key": hex::encode(&home.key().to_bytes()),
            "address": home.network_address(),
        })
    };
    homes.iter().map(one).collect()
}

/// What a new card changes about where its owner reads, in words; nothing if nothing.
pub(crate) fn change(old: &[HomeRelay], new: &[HomeRelay]) -> Option<String> {
    if old == new {
        return None;
    }
    let without = |these: &[HomeRelay], those: &[HomeRelay]| {
        let gone = these.iter().filter(|home| !those.contains(home));
        gone.map(shown).collect::<Vec<_>>().join(", ")
    };
    let (came, went) = (without(new, old), without(old, new));
    Some(match (came.as_str(), went.as_str()) {
        ("", "") => "tries its home relays in another order".to_owned(),
        ("", went) if new.is_empty() => format!("names no home relays any more (was: {went})"),
        ("", went) => format!("reads no longer at the relay {went}"),
        (came, "") => format!("reads at the relay {came} now"),
        (came, went) => format!("reads at the relay {came} now, and no longer at {went}"),
    })
}

/// Those of a command line, in its order.
///
/// # Errors
///
/// More than a card names, or one twice.
pub(crate) fn gathered(arguments: Vec<HomeArgument>) -> Result<HomeRelays, DecodeError> {
    HomeRelays::new(arguments.into_iter().map(|argument| argument.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::key::SignKey;

    fn key(number: u8) -> String {
        hex::encode(&SignKey::from_seed(&[number; 32]).public().to_bytes())
    }

    fn home(number: u8, address: &str) -> HomeRelay {
        format!("{}@{address}", key(number)).parse::<HomeArgument>().unwrap().0
    }

    #[test]
    fn a_home_relay_is_key_and_address() {
        for address in ["192.0.2.7:7406", "[2001:db8::1]:7406", "relay.example:1", "кит.example:9"]
        {
            let text = format!("{}@{address}", key(1));
            assert_eq!(shown(&text.parse::<HomeArgument>().unwrap().0), text);
        }
        let upper = format!("{}@relay.example:1", key(1).to_uppercase());
        assert_eq!(upper.parse(), Ok(HomeArgument(home(1, "relay.example:1"))));
        for address in ["", "relay.example", "relay.example:", ":7406", "a b:1", "[::1:7406", "a:0"]
        {
            let text = format!("{}@{address}", key(1));
            let refused = Err(HomeArgumentError::NotKeyAtAddress);
            assert_eq!(text.parse::<HomeArgument>(), refused, "{address}");
        }
        let weak = format!("{}@a:1", "00".repeat(32)).parse::<HomeArgument>();
        assert_eq!(weak, Err(HomeArgumentError::Key(KeyError::WeakKey)));
        assert!(format!("{}@{}:1", key(1), "a".repeat(255)).parse::<HomeArgument>().is_err());
        assert!("192.0.2.7:7406".parse::<HomeArgument>().is_err());
    }

    #[test]
    fn a_change_is_told_in_words() {
        let (one, two, three) = (home(1, "a:1"), home(2, "b:2"), home(3, "c:3"));
        let said = |old: &[HomeRelay], new: &[HomeRelay]| change(old, new).unwrap_or_default();
        let both = [one.clone(), two.clone()];
        assert_eq!(said(&both, &both), "");
        assert!(said(&both, &[two.clone(), one.clone()]).contains("another order"));
        assert!(said(&both, &[]).contains("no home relays any more"));
        assert!(
            said(&both, std::slice::from_ref(&one))
                .contains(&format!("no longer at the relay {}", shown(&two)))
        );
        assert!(
            said(&[], std::slice::from_ref(&one))
                .contains(&format!("at the relay {} now", shown(&one)))
        );
        let moved = said(&both, &[one, three.clone()]);
        assert!(moved.contains(&shown(&three)) && moved.contains(&shown(&two)), "{moved}");
        // The same relay elsewhere is a change, too.
        assert!(said(&[three], &[home(3, "d:4")]).contains("d:4"));
    }
}
