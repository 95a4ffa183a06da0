//! Where parcels go: mailboxes and topics (spec/06-relay.md, "Addresses").

use crate::key::TransportKey;
use chappe_codec::digest;
use chappe_codec::error::ErrorKind;
use chappe_codec::framing::{self, field, refuse};
use chappe_codec::realm::Realm;
use nom::number::complete::u8;
use std::fmt;

/// The public topic of a field: its open messages go here (spec/06-relay.md, "Addresses").
pub const FIELD_TOPIC: &str = "field";

/// How many read what is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressKind {
    /// One: the holder of a transport key, and whom that one delegated.
    Mailbox,
    /// Whoever asks.
    Topic,
}

impl AddressKind {
    /// The bit, and the octet, on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Mailbox => 0,
            Self::Topic => 1,
        }
    }

    /// The kind of a code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Mailbox),
            1 => Some(Self::Topic),
            _ => None,
        }
    }
}

/// A relay address. Kind and octets together are the address: else a mailbox could be read by asking
/// for it as a topic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Mailbox or topic.
    pub kind: AddressKind,
    /// The 16 octets.
    pub octets: [u8; 16],
}

impl Address {
    /// The mailbox of a transport key: `H("chappe-mailbox/1", transport key)[..16]`.
    #[must_use]
    pub fn mailbox(owner: TransportKey) -> Self {
        let octets = digest::first(&digest::hash("chappe-mailbox/1", &[&owner.to_bytes()]));
        Self { kind: AddressKind::Mailbox, octets }
    }

    /// The topic of a name: `H("chappe-topic/1", realm, name in UTF-8)[..16]`.
    #[must_use]
    pub fn topic(realm: Realm, name: &str) -> Self {
        let parts: [&[u8]; 2] = [&realm.to_bytes(), name.as_bytes()];
        let octets = digest::first(&digest::hash("chappe-topic/1", &parts));
        Self { kind: AddressKind::Topic, octets }
    }

    /// Reads a kind octet and the address, as fetch and subscribe hold them.
    pub(crate) fn read(input: &[u8]) -> framing::Parsed<'_, Self> {
        let (rest, code) = field("kind", u8)(input)?;
        let Some(kind) = AddressKind::from_code(code) else {
            return refuse(ErrorKind::UnknownCode, "kind", input);
        };
        let (rest, octets) = field("address", framing::octets)(rest)?;
        Ok((rest, Self { kind, octets }))
    }
}

/// The kind only: logs do not say who reads what.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            AddressKind::Mailbox => "Mailbox",
            AddressKind::Topic => "Topic",
        })
    }
}
