//! What clients say (spec/06-relay.md, "Messages").

use super::deframer::{put_message, whole};
use super::message::{FETCH, HELLO, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, shifted};
use crate::address::Address;
use crate::limits::HELLO_VERSIONS_MAX;
use crate::parcel::Parcel;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use chappe_codec::realm::{Mode, Realm};
use nom::combinator::rest;
use nom::number::complete::{be_u16, be_u32, be_u64, u8};

/// The role of a client in its hello; role 1, a relay, is reserved.
const ROLE_CLIENT: u8 = 0;
const ROLE_RELAY: u8 = 1;

/// What a client says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The realm it speaks in.
    pub realm: Realm,
    /// The versions it knows, ascending.
    pub versions: Vec<u8>,
}

/// What a fetch and a subscribe share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What to read.
    pub address: Address,
    /// Where to begin; 0 is before everything.
    pub cursor: u64,
    /// The octets of a delegation, or none. They are looked at only where one is needed, so that one
    /// of an unknown version costs its request and not the connection.
    pub delegation: Vec<u8>,
}

/// What clients say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// The first message of a connection.
    Hello(Hello),
    /// Store this.
    Publish {
        /// The request's number on its lane.
        number: u64,
        /// What to store.
        parcel: Parcel,
    },
    /// A publish whose parcel has a version this program does not know.
    PublishOfUnknownVersion {
        /// The request's number on its lane.
        number: u64,
        /// The parcel's octets.
        parcel: Vec<u8>,
    },
    /// Give what is stored.
    Fetch {
        /// The request's number on its lane.
        number: u64,
        /// What to read, and from where.
        read: Read,
        /// The most parcels to give.
        limit: u16,
    },
    /// Give what is stored and what will be.
    Subscribe {
        /// The request's number on its lane.
        number: u64,
        /// What to read, and from where.
        read: Read,
    },
    /// End a subscription.
    Unsubscribe {
        /// The number of the subscribe.
        number: u64,
    },
    /// A type this program does not know.
    Unknown {
        /// The type.
        message_type: u8,
        /// The octets of its body.
        body: Vec<u8>,
    },
}

impl ClientMessage {
    /// Reads one message that fills the input.
    ///
    /// # Errors
    /// What is wrong, in which field, at which octet of the message; `unexpected` in `type` for a
    /// relay's message.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        let (message_type, head_octets, body) = whole(octets)?;
        Self::from_body(message_type, body).map_err(|error| shifted(error, head_octets))
    }

    /// Reads a message's body; offsets count from its start.
    pub(crate) fn from_body(message_type: u8, body: &[u8]) -> Result<Self, DecodeError> {
        match message_type {
            HELLO => framing::parse_all(body, hello),
            PUBLISH => publish(body),
            FETCH => framing::parse_all(body, |input| {
                let (input, number) = field("number", be_u64)(input)?;
                let (input, address) = Address::read(input)?;
                let (input, cursor) = field("cursor", be_u64)(input)?;
                let (input, limit) = field("limit", be_u16)(input)?;
                let (input, delegation) = rest(input)?;
                let read = Read { address, cursor, delegation: delegation.to_vec() };
                Ok((input, Self::Fetch { number, read, limit }))
            }),
            SUBSCRIBE => framing::parse_all(body, |input| {
                let (input, number) = field("number", be_u64)(input)?;
                let (input, address) = Address::read(input)?;
                let (input, cursor) = field("cursor", be_u64)(input)?;
                let (input, delegation) = rest(input)?;
                let read = Read { address, cursor, delegation: delegation.to_vec() };
                Ok((input, Self::Subscribe { number, read }))
            }),
            UNSUBSCRIBE => framing::parse_all(body, |input| {
                let (input, number) = field("number", be_u64)(input)?;
                Ok((input, Self::Unsubscribe { number }))
            }),
            0x80.. => Err(DecodeError::at_octet(ErrorKind::Unexpected, "type", 0)),
            _ => Ok(Self::Unknown { message_type, body: body.to_vec() }),
        }
    }

    /// The message's octets, type and length included.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Hello(hello) => {
                let count = [u8::try_from(hello.versions.len()).unwrap_or(u8::MAX)];
                let realm = hello.realm.to_bytes();
                put_message(&mut out, HELLO, &[&[ROLE_CLIENT], &realm, &count, &hello.versions]);
            }
            Self::Publish { number, parcel } => {
                put_message(&mut out, PUBLISH, &[&number.to_be_bytes(), &parcel.to_bytes()]);
            }
            Self::PublishOfUnknownVersion { number, parcel } => {
                put_message(&mut out, PUBLISH, &[&number.to_be_bytes(), parcel]);
            }
            Self::Fetch { number, read, limit } => {
                let mut body = read.head(*number);
                body.extend_from_slice(&limit.to_be_bytes());
                put_message(&mut out, FETCH, &[&body, &read.delegation]);
            }
            Self::Subscribe { number, read } => {
                put_message(&mut out, SUBSCRIBE, &[&read.head(*number), &read.delegation]);
            }
            Self::Unsubscribe { number } => {
                put_message(&mut out, UNSUBSCRIBE, &[&number.to_be_bytes()]);
            }
            Self::Unknown { message_type, body } => put_message(&mut out, *message_type, &[body]),
        }
        out
    }
}

impl Read {
    fn head(&self, number: u64) -> Vec<u8> {
        let mut out = number.to_be_bytes().to_vec();
        self.address.put(&mut out);
        out.extend_from_slice(&self.cursor.to_be_bytes());
        out
    }
}

fn hello(input: &[u8]) -> Parsed<'_, ClientMessage> {
    let (after, role) = field("role", u8)(input)?;
    match role {
        ROLE_CLIENT => {}
        ROLE_RELAY => return refuse(ErrorKind::Reserved, "role", input),
        _ => return refuse(ErrorKind::UnknownCode, "role", input),
    }
    let (after, realm) = realm(after)?;
    let (versions_at, count) = field("count", u8)(after)?;
    if count == 0 || usize::from(count) > HELLO_VERSIONS_MAX {
        return refuse(ErrorKind::OutOfRange, "count", after);
    }
    let mut versions = Vec::with_capacity(usize::from(count));
    let mut input = versions_at;
    for _ in 0..count {
        let (after, version) = field("versions", u8)(input)?;
        if versions.last().is_some_and(|last| *last >= version) {
            return refuse(ErrorKind::NotCanonical, "versions", input);
        }
        versions.push(version);
        input = after;
    }
    Ok((input, ClientMessage::Hello(Hello { realm, versions })))
}

fn realm(input: &[u8]) -> Parsed<'_, Realm> {
    let (after, mode) = field("realm", u8)(input)?;
    let mode = match mode {
        0 => Mode::Live,
        1 => Mode::Exercise,
        _ => return refuse(ErrorKind::UnknownCode, "realm", input),
    };
    let (after, network) = field("realm", be_u32)(after)?;
    Ok((after, Realm { mode, network }))
}

/// spec/06-relay.md: "a parcel of an unknown version is refused with `unknown_version` and the lane
/// goes on". So that case is a message of its own and not an error.
fn publish(body: &[u8]) -> Result<ClientMessage, DecodeError> {
    let parsed = framing::parse_all(body, |input| {
        let (input, number) = field("number", be_u64)(input)?;
        let (input, parcel) = Parcel::read(input)?;
        Ok((input, ClientMessage::Publish { number, parcel }))
    });
    match (parsed, body.split_first_chunk::<8>()) {
        (Err(error), Some((number, parcel))) if error.kind == ErrorKind::UnknownVersion => {
            let number = u64::from_be_bytes(*number);
            Ok(ClientMessage::PublishOfUnknownVersion { number, parcel: parcel.to_vec() })
        }
        (parsed, _) => parsed,
    }
}
