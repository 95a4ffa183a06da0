//! What several lanes get alike is written once.

use super::slots::SlotId;
use bytes::{Bytes, BytesMut};

/// Encodings of one parcel that are looked for among those just made: readers that began alike share
/// one.
const ALIKE_MAX: usize = 4;

/// Messages for several lanes, one behind the other in one piece of memory. Each lane gets the parts of it
/// that are its own, and those that lie together as one.
#[derive(Debug, Default)]
pub(super) struct FanOut {
    octets: BytesMut,
    /// Lanes with parts in it.
    pub(super) lanes: Vec<SlotId>,
    /// Of the parcel at hand: number, step, and where it lies.
    alike: Vec<(u64, u64, Span)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Octets of the message's body.
    pub(super) body: usize,
}

impl FanOut {
    /// Begins another parcel.
    pub(super) fn begin(&mut self) {
        self.alike.clear();
    }

    /// The message for a reader with this number and step, written if it is not there yet.
    pub(super) fn encode(
        &mut self,
        number: u64,
        step: u64,
        put: impl FnOnce(&mut BytesMut) -> usize,
    ) -> Span {
        let alike = self.alike.iter().find(|other| other.0 == number && other.1 == step);
        if let Some((_, _, span)) = alike {
            return *span;
        }
        let start = self.octets.len();
        let body = put(&mut self.octets);
        let span = Span { start, end: self.octets.len(), body };
        if self.alike.len() < ALIKE_MAX {
            self.alike.push((number, step, span));
        }
        span
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Octets that wait.
    pub(super) fn octets(&self) -> usize {
        self.octets.len()
    }

    /// Everything written, to be cut into the lanes' parts.
    pub(super) fn freeze(&mut self) -> Bytes {
        self.alike.clear();
        self.octets.split().freeze()
    }
}

/// Adds a part to a lane's, and to its last one where they touch. Whether it is the first.
pub(super) fn add_span(spans: &mut Vec<(usize, usize)>, span: Span) -> bool {
    match spans.last_mut() {
        Some((_, end)) if *end == span.start => {
            *end = span.end;
            false
        }
        last => {
            let is_first = last.is_none();
            spans.push((span.start, span.end));
            is_first
        }
    }
}
