//! Octets of a stream into whole messages.

use crate::limits::MESSAGE_BODY_OCTETS_MAX;
use bytes::{Buf, Bytes, BytesMut};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, field};
use nom::number::complete::u8;

/// Octets of the longest encoding of a message's type and length.
const HEAD_OCTETS_MAX: usize = 5;

/// A message's type and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawMessage {
    pub(crate) message_type: u8,
    pub(crate) body: Bytes,
}

/// Collects octets until they are a message. It holds what it was given and no more: the length is
/// checked as soon as it is there, before its body is awaited.
#[derive(Debug, Default)]
pub(crate) struct Deframer {
    buffer: BytesMut,
}

impl Deframer {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Takes the next whole message off the front; `None` when more octets are needed.
    pub(crate) fn next(&mut self) -> Result<Option<RawMessage>, DecodeError> {
        let (message_type, head_octets, body_octets) = match head(&self.buffer) {
            Ok(head) => head,
            Err(error)
                if error.kind == ErrorKind::Truncated && self.buffer.len() < HEAD_OCTETS_MAX =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if self.buffer.len().saturating_sub(head_octets) < body_octets {
            return Ok(None);
        }
        self.buffer.advance(head_octets);
        Ok(Some(RawMessage { message_type, body: self.buffer.split_to(body_octets).freeze() }))
    }

    /// Whether octets of an unfinished message are left.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

/// Type, octets of type and length, octets of the body.
fn head(octets: &[u8]) -> Result<(u8, usize, usize), DecodeError> {
    let (rest, (message_type, body_octets)) = framing::parse(octets, |input| {
        let (input, message_type) = field("type", u8)(input)?;
        let (input, body_octets) = field("length", framing::length)(input)?;
        Ok((input, (message_type, body_octets)))
    })?;
    if body_octets > MESSAGE_BODY_OCTETS_MAX {
        return Err(DecodeError::at_octet(ErrorKind::TooLong, "length", 1));
    }
    Ok((message_type, octets.len().saturating_sub(rest.len()), body_octets))
}

/// Splits one message that fills the input, as files and tests hold it.
pub(crate) fn whole(octets: &[u8]) -> Result<(u8, usize, &[u8]), DecodeError> {
    let (message_type, head_octets, body_octets) = head(octets)?;
    let body = octets.get(head_octets..).unwrap_or_default();
    if body.len() < body_octets {
        return Err(DecodeError::at_octet(ErrorKind::Truncated, "body", head_octets));
    }
    if body.len() > body_octets {
        let end = head_octets.saturating_add(body_octets);
        return Err(DecodeError::at_octet(ErrorKind::Trailing, "end", end));
    }
    Ok((message_type, head_octets, body))
}

/// Appends a message whose body is the parts, joined.
pub(crate) fn put_message(out: &mut Vec<u8>, message_type: u8, body: &[&[u8]]) {
    out.push(message_type);
    let octets = body.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    framing::put_length(out, octets);
    for part in body {
        out.extend_from_slice(part);
    }
}
