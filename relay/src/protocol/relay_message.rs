//! What relays say (spec/06-relay.md, "Messages"). Messages borrow what they are read from.

use super::code::Reason;
use super::message::{
    ACKNOWLEDGED, DELIVERY, END, HEARD, HELLO_ANSWER, LAST_OF_CLIENTS, Output, REFUSED,
    UNKNOWN_MESSAGE, put_message, shifted, whole,
};
use super::number::{NumberOctets, number};
use crate::address::AddressKind;
use crate::parcel::{envelope_flaw, split_head};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use chappe_codec::precedence::Precedence;
use chappe_codec::time;
use nom::combinator::rest;
use nom::number::complete::{be_u64, u8};

/// What a reader gets of a parcel: its address is the one it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'a> {
    /// Mailbox or topic.
    pub kind: AddressKind,
    /// How urgent it is.
    pub precedence: Precedence,
    /// Seconds after 1970 from which on nobody gets it any more.
    pub expiry_seconds: u64,
    /// The envelope.
    pub envelope: &'a [u8],
}

/// What relays say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayMessage<'a> {
    /// The answer to the hello: from here on the connection counts.
    HelloAnswer {
        /// The version spoken from here on.
        version: u8,
        /// The name of the relay's logs.
        log: u64,
    },
    /// Every publish and forward up to this number that was not refused is on durable storage.
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
    Delivery {
        /// The number of the fetch or subscribe.
        number: u64,
        /// From the cursor before the parcel to the one behind it.
        step: u64,
        /// The parcel.
        given: Given<'a>,
    },
    /// A read is over.
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
    /// A live parcel for a listen.
    Heard {
        /// The number of the listen.
        number: u64,
        /// The parcel.
        given: Given<'a>,
    },
    /// A type this program does not know.
    Unknown {
        /// The type.
        message_type: u8,
        /// The octets of its body.
        body: &'a [u8],
    },
}

impl<'a> RelayMessage<'a> {
    /// Reads one message that fills the input.
    ///
    /// # Errors
    /// What is wrong, in which field, at which octet of the message; `unexpected` in `type` for a
    /// client's message.
    pub fn parse(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let (head, body) = whole(octets)?;
        Self::from_body(head.message_type, body).map_err(|error| shifted(error, head.octets))
    }

    /// Reads a message's body; offsets count from its start.
    pub(crate) fn from_body(message_type: u8, body: &'a [u8]) -> Result<Self, DecodeError> {
        framing::parse_all(body, |input| match message_type {
            DELIVERY => delivery(input),
            HEARD => {
                let (input, number) = field("number", number)(input)?;
                let (input, given) = given(input)?;
                Ok((input, Self::Heard { number, given }))
            }
            ACKNOWLEDGED => {
                let (input, number) = field("number", number)(input)?;
                Ok((input, Self::Acknowledged { number }))
            }
            REFUSED => {
                let (input, number) = field("number", number)(input)?;
                let (input, code) = field("reason", u8)(input)?;
                Ok((input, Self::Refused { number, reason: Reason::from_code(code) }))
            }
            END => end(input),
            HELLO_ANSWER => {
                let (input, version) = field("version", u8)(input)?;
                let (input, log) = field("log", be_u64)(input)?;
                Ok((input, Self::HelloAnswer { version, log }))
            }
            UNKNOWN_MESSAGE => {
                let (input, message_type) = field("type", u8)(input)?;
                Ok((input, Self::UnknownMessage { message_type }))
            }
            0..=LAST_OF_CLIENTS => refuse(ErrorKind::Unexpected, "type", input),
            _ => {
                let (input, body) = rest(input)?;
                Ok((input, Self::Unknown { message_type, body }))
            }
        })
    }

    /// The message's octets, type and length included.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    pub(crate) fn put(&self, out: &mut impl Output) {
        match self {
            Self::HelloAnswer { version, log } => {
                put_message(out, HELLO_ANSWER, &[&[*version], &log.to_be_bytes()]);
            }
            Self::Acknowledged { number } => {
                put_message(out, ACKNOWLEDGED, &[NumberOctets::new(*number).as_slice()]);
            }
            Self::Refused { number, reason } => {
                let number = NumberOctets::new(*number);
                put_message(out, REFUSED, &[number.as_slice(), &[reason.code()]]);
            }
            Self::Delivery { number, step, given } => {
                put_delivery(out, *number, *step, given.head(), &given.expiry_and_envelope());
            }
            Self::End { number, cursor, more } => {
                let number = NumberOctets::new(*number);
                let more = u8::from(*more);
                put_message(out, END, &[number.as_slice(), &cursor.to_be_bytes(), &[more]]);
            }
            Self::UnknownMessage { message_type } => {
                put_message(out, UNKNOWN_MESSAGE, &[&[*message_type]]);
            }
            Self::Heard { number, given } => {
                put_heard(out, *number, given.head(), &given.expiry_and_envelope());
            }
            Self::Unknown { message_type, body } => put_message(out, *message_type, &[body]),
        }
    }
}

/// Writes a delivery and returns the octets of its body: what it takes of the credit.
pub(crate) fn put_delivery(
    out: &mut impl Output,
    number: u64,
    step: u64,
    head: u8,
    expiry_and_envelope: &[u8],
) -> usize {
    let (number, step) = (NumberOctets::new(number), NumberOctets::new(step));
    let body = [number.as_slice(), step.as_slice(), &[head], expiry_and_envelope];
    put_message(out, DELIVERY, &body);
    body.iter().fold(0, |sum, part| sum.saturating_add(part.len()))
}

/// Writes what a listener hears.
pub(crate) fn put_heard(out: &mut impl Output, number: u64, head: u8, expiry_and_envelope: &[u8]) {
    put_message(out, HEARD, &[NumberOctets::new(number).as_slice(), &[head], expiry_and_envelope]);
}

impl Given<'_> {
    const fn head(&self) -> u8 {
        (self.kind.code() << 3) | (self.precedence.to_bits() << 1)
    }

    fn expiry_and_envelope(&self) -> Vec<u8> {
        let mut out = time::seconds_to_bytes(self.expiry_seconds).to_vec();
        out.extend_from_slice(self.envelope);
        out
    }
}

fn delivery(input: &[u8]) -> Parsed<'_, RelayMessage<'_>> {
    let (step_at, number_read) = field("number", number)(input)?;
    let (after, step) = field("step", number)(step_at)?;
    // spec/06-relay.md: "A step is never 0".
    if step == 0 {
        return refuse(ErrorKind::OutOfRange, "step", step_at);
    }
    let (input, given) = given(after)?;
    Ok((input, RelayMessage::Delivery { number: number_read, step, given }))
}

fn given(input: &[u8]) -> Parsed<'_, Given<'_>> {
    let (after, head) = field("head", u8)(input)?;
    let (kind, precedence) = match split_head(head) {
        Ok(split) => split,
        Err((kind, name)) => return refuse(kind, name, input),
    };
    let (after, expiry_seconds) = time::read_seconds("expiry", after)?;
    if let Some(kind) = envelope_flaw(after) {
        return refuse(kind, "envelope", after);
    }
    let (after, envelope) = rest(after)?;
    Ok((after, Given { kind, precedence, expiry_seconds, envelope }))
}

fn end(input: &[u8]) -> Parsed<'_, RelayMessage<'_>> {
    let (input, number) = field("number", number)(input)?;
    let (more_at, cursor) = field("cursor", be_u64)(input)?;
    let (after, more) = field("more", u8)(more_at)?;
    if more > 1 {
        return refuse(ErrorKind::UnknownCode, "more", more_at);
    }
    Ok((after, RelayMessage::End { number, cursor, more: more == 1 }))
}
