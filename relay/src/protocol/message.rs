//! What the messages of both sides share (spec/06-relay.md, "Messages").

use super::number::NumberOctets;
use crate::limits::MESSAGE_BODY_OCTETS_MAX;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, field};
use nom::number::complete::u8;

pub(crate) const HELLO: u8 = 0x01;
pub(crate) const LANE: u8 = 0x02;
pub(crate) const PUBLISH: u8 = 0x03;
pub(crate) const FORWARD: u8 = 0x04;
pub(crate) const FETCH: u8 = 0x05;
pub(crate) const SUBSCRIBE: u8 = 0x06;
pub(crate) const LISTEN: u8 = 0x07;
pub(crate) const CREDIT: u8 = 0x08;
pub(crate) const STOP: u8 = 0x09;
pub(crate) const LIVE: u8 = 0x0A;
pub(crate) const HELLO_ANSWER: u8 = 0x81;
pub(crate) const ACKNOWLEDGED: u8 = 0x82;
pub(crate) const REFUSED: u8 = 0x83;
pub(crate) const DELIVERY: u8 = 0x84;
pub(crate) const END: u8 = 0x85;
pub(crate) const UNKNOWN_MESSAGE: u8 = 0x86;
pub(crate) const HEARD: u8 = 0x87;

/// What fills a client's datagrams: no message has this type (spec/06-relay.md, "Sizes").
pub(crate) const FILLER: u8 = 0x7F;

/// The last type of what clients say.
pub(crate) const LAST_OF_CLIENTS: u8 = 0x7F;

/// The first type of what relays say.
pub(crate) const FIRST_OF_RELAYS: u8 = 0x80;

/// Octets of the longest encoding of a message's type and length.
const HEAD_OCTETS_MAX: usize = 5;

/// A message's type, the octets of type and length, and those of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) message_type: u8,
    pub(crate) octets: usize,
    pub(crate) body_octets: usize,
}

impl Head {
    pub(crate) const fn message_octets(self) -> usize {
        self.octets.saturating_add(self.body_octets)
    }
}

/// Reads a head; `None` when more octets are needed. The length is judged as soon as it is there,
/// before its body is awaited.
pub(crate) fn head(octets: &[u8]) -> Result<Option<Head>, DecodeError> {
    // Nearly all messages have a length of one or two octets.
    let head = match *octets {
        [message_type, a, ..] if a < 0x80 => {
            return Ok(Some(Head { message_type, octets: 2, body_octets: usize::from(a) }));
        }
        [message_type, a, b, ..] if b < 0x80 && b != 0 => {
            let body_octets = usize::from(a & 0x7F) | (usize::from(b) << 7);
            return Ok(Some(Head { message_type, octets: 3, body_octets }));
        }
        _ => long_head(octets),
    };
    match head {
        Err(error) if error.kind == ErrorKind::Truncated && octets.len() < HEAD_OCTETS_MAX => {
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(head) if head.body_octets > MESSAGE_BODY_OCTETS_MAX => {
            Err(DecodeError::at_octet(ErrorKind::TooLong, "length", 1))
        }
        Ok(head) => Ok(Some(head)),
    }
}

fn long_head(octets: &[u8]) -> Result<Head, DecodeError> {
    let (rest, (message_type, body_octets)) = framing::parse(octets, |input| {
        let (input, message_type) = field("type", u8)(input)?;
        let (input, body_octets) = field("length", framing::length)(input)?;
        Ok((input, (message_type, body_octets)))
    })?;
    Ok(Head { message_type, octets: octets.len().saturating_sub(rest.len()), body_octets })
}

/// Splits one message that fills the input, as files, datagrams and tests hold it.
pub(crate) fn whole(octets: &[u8]) -> Result<(Head, &[u8]), DecodeError> {
    let head = match head(octets)? {
        Some(head) => head,
        None => long_head(octets)?,
    };
    let body = octets.get(head.octets..).unwrap_or_default();
    if body.len() < head.body_octets {
        return Err(DecodeError::at_octet(ErrorKind::Truncated, "body", head.octets));
    }
    if body.len() > head.body_octets {
        return Err(DecodeError::at_octet(ErrorKind::Trailing, "end", head.message_octets()));
    }
    Ok((head, body))
}

/// Moves an error's offset from the body to the whole message; the type itself is at 0.
pub(crate) fn shifted(error: DecodeError, head_octets: usize) -> DecodeError {
    if error.kind == ErrorKind::Unexpected && error.field == "type" {
        return error;
    }
    DecodeError::at_octet(error.kind, error.field, error.offset.saturating_add(head_octets))
}

/// Where messages are written: a `Vec` or what is shared between readers.
pub(crate) trait Output {
    fn put(&mut self, octets: &[u8]);
}

impl Output for Vec<u8> {
    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

impl Output for bytes::BytesMut {
    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

/// Appends a message whose body is the parts, joined.
pub(crate) fn put_message(out: &mut impl Output, message_type: u8, body: &[&[u8]]) {
    let octets = body.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    put_head(out, message_type, octets);
    for part in body {
        out.put(part);
    }
}

/// Appends type and length. Bodies stay below 2^21 octets by their own limit.
pub(crate) fn put_head(out: &mut impl Output, message_type: u8, body_octets: usize) {
    out.put(&[message_type]);
    let octets = u64::try_from(body_octets).unwrap_or(u64::MAX);
    out.put(NumberOctets::new(octets).as_slice());
}
