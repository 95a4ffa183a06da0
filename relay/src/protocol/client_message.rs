//! What clients say (spec/06-relay.md, "Messages"). Messages borrow what they are read from.

use super::hello::Hello;
use super::message::{
    CREDIT, FETCH, FIRST_OF_RELAYS, FORWARD, HELLO, LANE, LISTEN, LIVE, PUBLISH, STOP, SUBSCRIBE,
    put_message, shifted, whole,
};
use super::number::{NumberOctets, number};
use crate::address::Address;
use crate::limits::{FORWARD_HOMES_MAX, FORWARD_HOPS_MAX};
use crate::parcel::ParcelRef;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use chappe_codec::precedence::Precedence;
use nom::combinator::rest;
use nom::number::complete::{be_u16, be_u32, be_u64, u8};

/// What a fetch, a subscribe and a listen share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read<'a> {
    /// What to read.
    pub address: Address,
    /// The octets of a delegation, or none. They are looked at only where one is needed, so that one
    /// of an unknown version costs its request and not the connection.
    pub delegation: &'a [u8],
}

/// A parcel, or the octets of one of a version this program does not know: "a parcel of an unknown
/// version is refused with `unknown_version` and the lane goes on".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyParcel<'a> {
    /// A parcel.
    Known(ParcelRef<'a>),
    /// Its octets.
    UnknownVersion(&'a [u8]),
}

/// What clients say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage<'a> {
    /// The first message of a connection.
    Hello(Hello<'a>),
    /// The first message of a lane.
    Lane(Precedence),
    /// Store this.
    Publish(AnyParcel<'a>),
    /// Store this, or take it to the relays named.
    Forward {
        /// Relays it may still pass.
        hops: u8,
        /// The keys of its home relays; none: this relay is one.
        homes: &'a [[u8; 32]],
        /// What to store.
        parcel: AnyParcel<'a>,
    },
    /// Give what is stored.
    Fetch {
        /// What to read.
        read: Read<'a>,
        /// Where to begin; 0 is before everything.
        cursor: u64,
        /// The most parcels to give.
        limit: u16,
    },
    /// Give what is stored and what will be.
    Subscribe {
        /// What to read.
        read: Read<'a>,
        /// Where to begin; 0 is before everything.
        cursor: u64,
        /// Octets of deliveries' bodies the relay may send.
        credit: u32,
    },
    /// Give what is said live.
    Listen {
        /// What to hear.
        read: Read<'a>,
        /// Whether as datagrams, where they fit.
        datagrams: bool,
    },
    /// More may be sent for a subscription.
    Credit {
        /// The number of the subscribe.
        number: u64,
        /// Octets of deliveries' bodies.
        octets: u32,
    },
    /// End a subscription or a listen.
    Stop {
        /// Its number.
        number: u64,
    },
    /// Give this to those who listen.
    Live(AnyParcel<'a>),
    /// A type this program does not know.
    Unknown {
        /// The type.
        message_type: u8,
        /// The octets of its body.
        body: &'a [u8],
    },
}

impl<'a> ClientMessage<'a> {
    /// Reads one message that fills the input.
    ///
    /// # Errors
    /// What is wrong, in which field, at which octet of the message; `unexpected` in `type` for a
    /// relay's message.
    pub fn parse(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let (head, body) = whole(octets)?;
        Self::from_body(head.message_type, body).map_err(|error| shifted(error, head.octets))
    }

    /// Reads a message's body; offsets count from its start.
    pub(crate) fn from_body(message_type: u8, body: &'a [u8]) -> Result<Self, DecodeError> {
        match message_type {
            PUBLISH => Ok(Self::Publish(any_parcel(body)?)),
            LIVE => Ok(Self::Live(any_parcel(body)?)),
            FORWARD => forward(body),
            HELLO => framing::parse_all(body, Hello::read).map(Self::Hello),
            LANE => framing::parse_all(body, lane),
            FETCH => framing::parse_all(body, fetch),
            SUBSCRIBE => framing::parse_all(body, subscribe),
            LISTEN => framing::parse_all(body, listen),
            CREDIT => framing::parse_all(body, |input| {
                let (input, number) = field("number", number)(input)?;
                let (input, octets) = field("octets", be_u32)(input)?;
                Ok((input, Self::Credit { number, octets }))
            }),
            STOP => framing::parse_all(body, |input| {
                let (input, number) = field("number", number)(input)?;
                Ok((input, Self::Stop { number }))
            }),
            FIRST_OF_RELAYS.. => Err(DecodeError::at_octet(ErrorKind::Unexpected, "type", 0)),
            _ => Ok(Self::Unknown { message_type, body }),
        }
    }

    /// The message's octets, type and length included.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello(hello) => put_message(out, HELLO, &[&hello.to_body()]),
            Self::Lane(precedence) => put_message(out, LANE, &[&[precedence.to_bits()]]),
            Self::Publish(parcel) => put_message(out, PUBLISH, &[parcel.octets()]),
            Self::Live(parcel) => put_message(out, LIVE, &[parcel.octets()]),
            Self::Forward { hops, homes, parcel } => {
                let count = u8::try_from(homes.len()).unwrap_or(u8::MAX);
                let homes = homes.as_flattened();
                put_message(out, FORWARD, &[&[*hops, count], homes, parcel.octets()]);
            }
            Self::Fetch { read, cursor, limit } => {
                let (cursor, limit) = (cursor.to_be_bytes(), limit.to_be_bytes());
                put_message(out, FETCH, &[&read.head(), &cursor, &limit, read.delegation]);
            }
            Self::Subscribe { read, cursor, credit } => {
                let (cursor, credit) = (cursor.to_be_bytes(), credit.to_be_bytes());
                put_message(out, SUBSCRIBE, &[&read.head(), &cursor, &credit, read.delegation]);
            }
            Self::Listen { read, datagrams } => {
                put_message(out, LISTEN, &[&read.head(), &[u8::from(*datagrams)], read.delegation]);
            }
            Self::Credit { number, octets } => {
                let number = NumberOctets::new(*number);
                put_message(out, CREDIT, &[number.as_slice(), &octets.to_be_bytes()]);
            }
            Self::Stop { number } => {
                put_message(out, STOP, &[NumberOctets::new(*number).as_slice()]);
            }
            Self::Unknown { message_type, body } => put_message(out, *message_type, &[body]),
        }
    }
}

impl<'a> AnyParcel<'a> {
    const fn octets(&self) -> &'a [u8] {
        match self {
            Self::Known(parcel) => parcel.octets(),
            Self::UnknownVersion(octets) => octets,
        }
    }
}

impl Read<'_> {
    fn head(&self) -> [u8; 17] {
        let mut out = [self.address.kind.code(); 17];
        for (octet, of_address) in out.iter_mut().skip(1).zip(self.address.octets) {
            *octet = of_address;
        }
        out
    }
}

fn any_parcel(octets: &[u8]) -> Result<AnyParcel<'_>, DecodeError> {
    match ParcelRef::parse(octets) {
        Ok(parcel) => Ok(AnyParcel::Known(parcel)),
        Err(error) if error.kind == ErrorKind::UnknownVersion => {
            Ok(AnyParcel::UnknownVersion(octets))
        }
        Err(error) => Err(error),
    }
}

fn forward(body: &[u8]) -> Result<ClientMessage<'_>, DecodeError> {
    let (parcel, (hops, homes)) = framing::parse(body, |input| {
        let (after, hops) = field("hops", u8)(input)?;
        if hops == 0 || hops > FORWARD_HOPS_MAX {
            return refuse(ErrorKind::OutOfRange, "hops", input);
        }
        let (homes_at, count) = field("count", u8)(after)?;
        let count = usize::from(count);
        if count > FORWARD_HOMES_MAX {
            return refuse(ErrorKind::OutOfRange, "count", after);
        }
        let (homes, _) = homes_at.as_chunks::<32>();
        match (homes.get(..count), homes_at.get(count.saturating_mul(32)..)) {
            (Some(homes), Some(after)) => Ok((after, (hops, homes))),
            _ => refuse(ErrorKind::Truncated, "homes", homes_at),
        }
    })?;
    let parcel_at = body.len().saturating_sub(parcel.len());
    let parcel = any_parcel(parcel).map_err(|error| shifted(error, parcel_at))?;
    Ok(ClientMessage::Forward { hops, homes, parcel })
}

fn lane(input: &[u8]) -> Parsed<'_, ClientMessage<'_>> {
    let (after, bits) = field("precedence", u8)(input)?;
    if bits > 3 {
        return refuse(ErrorKind::UnknownCode, "precedence", input);
    }
    Ok((after, ClientMessage::Lane(Precedence::from_bits(bits))))
}

fn fetch(input: &[u8]) -> Parsed<'_, ClientMessage<'_>> {
    let (input, address) = Address::read(input)?;
    let (input, cursor) = field("cursor", be_u64)(input)?;
    let (input, limit) = field("limit", be_u16)(input)?;
    let (input, delegation) = rest(input)?;
    Ok((input, ClientMessage::Fetch { read: Read { address, delegation }, cursor, limit }))
}

fn subscribe(input: &[u8]) -> Parsed<'_, ClientMessage<'_>> {
    let (input, address) = Address::read(input)?;
    let (input, cursor) = field("cursor", be_u64)(input)?;
    let (input, credit) = field("credit", be_u32)(input)?;
    let (input, delegation) = rest(input)?;
    Ok((input, ClientMessage::Subscribe { read: Read { address, delegation }, cursor, credit }))
}

fn listen(input: &[u8]) -> Parsed<'_, ClientMessage<'_>> {
    let (datagrams_at, address) = Address::read(input)?;
    let (input, datagrams) = field("datagrams", u8)(datagrams_at)?;
    if datagrams > 1 {
        return refuse(ErrorKind::UnknownCode, "datagrams", datagrams_at);
    }
    let (input, delegation) = rest(input)?;
    let read = Read { address, delegation };
    Ok((input, ClientMessage::Listen { read, datagrams: datagrams == 1 }))
}
