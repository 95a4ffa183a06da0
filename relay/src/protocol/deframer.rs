//! Octets of a stream into whole messages, where they lie.

use super::error::SessionError;
use super::message::{Head, head};
use bytes::Bytes;
use chappe_codec::error::{DecodeError, ErrorKind};
use std::collections::VecDeque;

/// Holds what reads brought until it is taken as messages. A message inside one chunk is looked at
/// where it lies; only one that two chunks share is put together elsewhere. It holds what it was given
/// and no more: a length is checked before its body is awaited.
#[derive(Debug, Default)]
pub(crate) struct Deframer {
    chunks: VecDeque<Bytes>,
    /// Octets of the first chunk that are taken.
    at: usize,
    /// A message, or its beginning, that chunks share.
    split: Vec<u8>,
    split_is_taken: bool,
}

/// Where a whole message lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) message_type: u8,
    is_split: bool,
    start: usize,
    end: usize,
}

impl Deframer {
    pub(crate) fn push(&mut self, octets: Bytes) {
        if !octets.is_empty() {
            self.chunks.push_back(octets);
        }
    }

    /// The next whole message; `None` when more octets are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, DecodeError> {
        if self.split_is_taken {
            self.split.clear();
            self.split_is_taken = false;
        }
        loop {
            let Some(front) = self.chunks.front() else { return Ok(None) };
            let rest = front.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.chunks.pop_front();
                self.at = 0;
                continue;
            }
            if self.split.is_empty() {
                match head(rest)? {
                    Some(found) if rest.len() >= found.message_octets() => {
                        let start = self.at;
                        self.at = start.saturating_add(found.message_octets());
                        return Ok(Some(frame(found, false, start)));
                    }
                    _ => {
                        self.split.extend_from_slice(rest);
                        self.at = front.len();
                        continue;
                    }
                }
            }
            // Octet by octet up to the length, then what is missing at once.
            let missing = match head(&self.split)? {
                Some(found) => found.message_octets().saturating_sub(self.split.len()),
                None => 1,
            };
            let taken = rest.get(..missing).unwrap_or(rest);
            self.split.extend_from_slice(taken);
            self.at = self.at.saturating_add(taken.len());
            if let Some(found) = head(&self.split)?
                && found.message_octets() == self.split.len()
            {
                self.split_is_taken = true;
                return Ok(Some(frame(found, true, 0)));
            }
        }
    }

    /// The body of the message [`Deframer::next`] gave last.
    pub(crate) fn body(&self, frame: Frame) -> &[u8] {
        let octets = if frame.is_split {
            self.split.as_slice()
        } else {
            self.chunks.front().map_or(&[][..], |front| front)
        };
        octets.get(frame.start..frame.end).unwrap_or_default()
    }

    /// Whether a message is begun and not whole.
    pub(crate) fn has_beginning(&self) -> bool {
        !self.split.is_empty() && !self.split_is_taken
    }

    /// No more octets come. "A stream that ends inside a message is `malformed`" (spec/06-relay.md,
    /// "Lanes").
    pub(crate) fn end(&self) -> Result<(), SessionError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(SessionError::Malformed(DecodeError::at_octet(ErrorKind::Truncated, "message", 0)))
    }

    /// The same on the control stream, which "stays open as long as the connection: who ends it breaks
    /// the protocol".
    pub(crate) fn end_of_control(&self) -> SessionError {
        self.end().err().unwrap_or(SessionError::OutOfPlace("the end of the control stream"))
    }

    /// Whether anything is left, whole or begun.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_beginning()
            && match self.chunks.front() {
                Some(front) => self.chunks.len() == 1 && self.at >= front.len(),
                None => true,
            }
    }
}

fn frame(head: Head, is_split: bool, start: usize) -> Frame {
    let end = start.saturating_add(head.message_octets());
    let start = start.saturating_add(head.octets);
    Frame { message_type: head.message_type, is_split, start, end }
}
