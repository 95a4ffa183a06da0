//! Which messages of a stream count (spec/15-store.md, "Which messages count"). Every reader of the same
//! stream decides alike, from the stream alone.
//!
//! A writer has one message under way and sends it again until it finds it in the stream, so the same
//! message may be there twice; or it gave it up for a later one, and the cluster stored it all the same. Numbers
//! that only rise tell both.

use super::batch::Header;
use std::collections::HashMap;

/// The last number that counted of each writer: 16 octets for each start of a relay within what the
/// stream keeps.
#[derive(Debug, Default)]
pub(super) struct Order {
    last: HashMap<u64, u64>,
}

impl Order {
    /// Whether the next message counts.
    pub(super) fn counts(&mut self, header: &Header) -> bool {
        let Header { writer, number } = *header;
        let is_new = self.last.get(&writer).is_none_or(|last| number > *last);
        if is_new {
            self.last.insert(writer, number);
        }
        is_new
    }
}
