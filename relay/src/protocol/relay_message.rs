//! What relays say (spec/06-relay.md, "Messages").

use super::code::Reason;
use super::deframer::{put_message, whole};
use super::message::{ACKNOWLEDGED, END, HELLO_ANSWER, PARCEL, REFUSED, UNKNOWN_MESSAGE, shifted};
use crate::parcel::Parcel;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, field, refuse};
use nom::combinator::rest;
use nom::number::complete::{be_u64, u8};

/// What relays say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayMessage {
    /// The answer to the hello: from here on the connection counts.
    HelloAnswer {
        /// The version spoken from here on.
        version: u8,
        /// The name of the relay's log.
        log: u64,
    },
    /// Every publish up to this number that was not refused is on durable storage.
    Acknowledged {
        /// The number.
        number: u64,
    },
    /// A request is refused.
    Refused {
        /// Its number.
        number: u64,
        /// Why.
        reason: Reason,
    },
    /// A parcel for a fetch or a subscription.
    Parcel {
        /// The number of the fetch or subscribe.
        number: u64,
        /// The cursor behind the parcel.
        cursor: u64,
        /// The parcel.
        parcel: Parcel,
    },
    /// A fetch or a subscription is over.
    End {
        /// Its number.
        number: u64,
        /// The cursor to go on from.
        cursor: u64,
        /// Whether something is left.
        more: bool,
    },
    /// A message of a type the relay does not know.
    UnknownMessage {
        /// The type.
        message_type: u8,
    },
    /// A type this program does not know.
    Unknown {
        /// The type.
        message_type: u8,
        /// The octets of its body.
        body: Vec<u8>,
    },
}

impl RelayMessage {
    /// Reads one message that fills the input.
    ///
    /// # Errors
    /// What is wrong, in which field, at which octet of the message; `unexpected` in `type` for a
    /// client's message.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        let (message_type, head_octets, body) = whole(octets)?;
        Self::from_body(message_type, body).map_err(|error| shifted(error, head_octets))
    }

    /// Reads a message's body; offsets count from its start.
    pub(crate) fn from_body(message_type: u8, body: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(body, |input| match message_type {
            HELLO_ANSWER => {
                let (input, version) = field("version", u8)(input)?;
                let (input, log) = field("log", be_u64)(input)?;
                Ok((input, Self::HelloAnswer { version, log }))
            }
            ACKNOWLEDGED => {
                let (input, number) = field("number", be_u64)(input)?;
                Ok((input, Self::Acknowledged { number }))
            }
            REFUSED => {
                let (input, number) = field("number", be_u64)(input)?;
                let (input, code) = field("reason", u8)(input)?;
                Ok((input, Self::Refused { number, reason: Reason::from_code(code) }))
            }
            PARCEL => {
                let (input, number) = field("number", be_u64)(input)?;
                let (input, cursor) = field("cursor", be_u64)(input)?;
                let (input, parcel) = Parcel::read(input)?;
                Ok((input, Self::Parcel { number, cursor, parcel }))
            }
            END => {
                let (input, number) = field("number", be_u64)(input)?;
                let (more_at, cursor) = field("cursor", be_u64)(input)?;
                let (input, more) = field("more", u8)(more_at)?;
                match more {
                    0 | 1 => Ok((input, Self::End { number, cursor, more: more == 1 })),
                    _ => refuse(ErrorKind::UnknownCode, "more", more_at),
                }
            }
            UNKNOWN_MESSAGE => {
                let (input, message_type) = field("type", u8)(input)?;
                Ok((input, Self::UnknownMessage { message_type }))
            }
            0x80.. => {
                let (input, body) = rest(input)?;
                Ok((input, Self::Unknown { message_type, body: body.to_vec() }))
            }
            _ => refuse(ErrorKind::Unexpected, "type", input),
        })
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
            Self::HelloAnswer { version, log } => {
                put_message(out, HELLO_ANSWER, &[&[*version], &log.to_be_bytes()]);
            }
            Self::Acknowledged { number } => {
                put_message(out, ACKNOWLEDGED, &[&number.to_be_bytes()]);
            }
            Self::Refused { number, reason } => {
                put_message(out, REFUSED, &[&number.to_be_bytes(), &[reason.code()]]);
            }
            Self::Parcel { number, cursor, parcel } => {
                put_parcel(out, *number, *cursor, &parcel.to_bytes());
            }
            Self::End { number, cursor, more } => {
                let body: [&[u8]; 3] =
                    [&number.to_be_bytes(), &cursor.to_be_bytes(), &[u8::from(*more)]];
                put_message(out, END, &body);
            }
            Self::UnknownMessage { message_type } => {
                put_message(out, UNKNOWN_MESSAGE, &[&[*message_type]]);
            }
            Self::Unknown { message_type, body } => put_message(out, *message_type, &[body]),
        }
    }
}

/// Appends a parcel message from the parcel's octets as the log holds them.
pub(crate) fn put_parcel(out: &mut Vec<u8>, number: u64, cursor: u64, parcel: &[u8]) {
    put_message(out, PARCEL, &[&number.to_be_bytes(), &cursor.to_be_bytes(), parcel]);
}
