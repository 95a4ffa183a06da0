//! Threads: an original and everything that refers to it, and what all of it comes to (5.4.2;
//! spec/01-signal.md, "Threads").
//!
//! [`Threads`] is a set of messages. [`Threads::overview`] is a function of that set and of the time
//! alone, so messages may arrive in any order and more than once. Nothing here acts or forgets: a
//! message that breaks a rule is kept, named with the rule, and changes nothing (4.2.1.7).
//!
//! ```
//! use chappe_codec::id::MessageId;
//! use chappe_codec::signal::thread::{Received, State, Threads};
//! use chappe_codec::signal::{Message, ReferenceIndicator, ReferencedMessage};
//! use chappe_codec::time::TimeInterval;
//!
//! let text = "WF100P0000000000000000000000000000000000000000000000000000000000000000010\
//!             2026-11-20T12:00:00ZP01D12H30M32+52.09070+005.1214201500080090";
//! let sign = Message::parse_serialized(text)?;
//! let (first, second) = (MessageId([1; 32]), MessageId([2; 32]));
//! let end = Message {
//!     reference_indicator: ReferenceIndicator::DISCONTINUE,
//!     referenced_message: ReferencedMessage(first.0),
//!     ..sign
//! };
//!
//! let mut threads = Threads::new();
//! for (id, message) in [(second, end), (first, sign)] {
//!     threads.insert(Received { id, account: "H", place: None, message }).unwrap();
//! }
//! let overview = threads.overview(TimeInterval::UNKNOWN);
//! assert_eq!(overview.threads[0].state(), State::Discontinued);
//! # Ok::<(), chappe_codec::error::DecodeError>(())
//! ```

mod admission;
mod outcome;
mod overview;
mod validity;

pub use overview::{
    Overview, Piece, Refusal, Refused, Response, ResponseKind, ResponseState, Role, State, Thread,
};

use super::check::{self, Violation};
use super::message::Message;
use crate::chain::Position;
use crate::id::MessageId;
use crate::limits::THREAD_MESSAGES_MAX;
use crate::time::TimeInterval;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use core::fmt;

/// A message, who sent it, and what it is referred to by.
///
/// `A` tells accounts apart; two messages have one originator exactly if it is equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received<'a, A> {
    /// Its id; other messages name it in their `ReferencedMessage`.
    pub id: MessageId,
    /// Whose it is.
    pub account: A,
    /// Where it stands among its author's messages, if that is known.
    pub place: Option<Place<A>>,
    /// The message itself.
    pub message: Message<'a>,
}

/// Where a message stands among its author's (spec/03-envelope.md, "chain").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<A> {
    /// To whom it was sealed; none if it was sent in the open.
    pub peer: Option<A>,
    /// Its device, epoch and counter.
    pub position: Position,
}

impl<A: Copy + Ord> Place<A> {
    /// Whether `self` is known to come before `other` of the same author: their counters are of one
    /// device and one peer.
    fn is_before(self, other: Self) -> bool {
        (self.peer, self.position.device) == (other.peer, other.position.device)
            && self.position < other.position
    }
}

impl<A: Copy + Ord> Received<'_, A> {
    /// What decides between messages of one author: its own order, where it is known; every
    /// message with a place comes behind those without; the id, where nothing else is left.
    fn order(&self) -> (Option<Place<A>>, MessageId) {
        (self.place, self.id)
    }

    /// Whether this message is known to come before another of the same author.
    fn is_before(&self, other: &Self) -> bool {
        self.place.zip(other.place).is_some_and(|(one, other)| one.is_before(other))
    }
}

/// The messages a reader knows.
#[derive(Debug, Clone)]
pub struct Threads<'a, A> {
    held: BTreeMap<MessageId, Held<'a, A>>,
}

/// A message and the first rule of chapter 4 it breaks by itself.
#[derive(Debug, Clone)]
struct Held<'a, A> {
    received: Received<'a, A>,
    broken: Option<Violation>,
}

/// What became of a message that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is new.
    New,
    /// It was there already.
    Known,
}

/// Why a message is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertError {
    /// [`THREAD_MESSAGES_MAX`] are held: drop threads that are over, or start another set.
    Full,
    /// Another message or account has this id. Ids are hashes: the caller mixed something up.
    Conflict,
}

impl<A> Default for Threads<'_, A> {
    fn default() -> Self {
        Self { held: BTreeMap::new() }
    }
}

impl<'a, A: Copy + Ord> Threads<'a, A> {
    /// No messages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message in. A repetition changes nothing, but that its place may become known.
    ///
    /// # Errors
    ///
    /// The set is full, or the id is another message's; the set is then as it was.
    pub fn insert(&mut self, received: Received<'a, A>) -> Result<Inserted, InsertError> {
        let full = self.held.len() >= THREAD_MESSAGES_MAX;
        match self.held.entry(received.id) {
            Entry::Occupied(mut entry) => {
                let known = &mut entry.get_mut().received;
                if (known.account, known.message) != (received.account, received.message) {
                    return Err(InsertError::Conflict);
                }
                // The greater of two places, so that it does not matter which came first.
                known.place = known.place.max(received.place);
                Ok(Inserted::Known)
            }
            Entry::Vacant(_) if full => Err(InsertError::Full),
            Entry::Vacant(entry) => {
                let mut broken = None;
                check::visit(&received.message, &mut |violation| {
                    broken = broken.or(Some(violation));
                });
                entry.insert(Held { received, broken });
                Ok(Inserted::New)
            }
        }
    }

    /// The message of an id.
    #[must_use]
    pub fn get(&self, id: &MessageId) -> Option<&Received<'a, A>> {
        self.held.get(id).map(|held| &held.received)
    }

    /// Drops a message, say of a thread that is over. Those that refer to it will be waiting.
    pub fn remove(&mut self, id: &MessageId) -> Option<Received<'a, A>> {
        self.held.remove(id).map(|held| held.received)
    }

    /// How many messages are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What all of it comes to at a time. With [`TimeInterval::UNKNOWN`] nothing is too early or
    /// over.
    #[must_use]
    pub fn overview(&self, now: TimeInterval) -> Overview<A> {
        outcome::overview(&admission::admit(&self.held), now)
    }
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => write!(f, "{THREAD_MESSAGES_MAX} messages are held already"),
            Self::Conflict => f.write_str("another message has this id"),
        }
    }
}

impl core::error::Error for InsertError {}
