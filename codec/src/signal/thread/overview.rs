//! What a set of messages comes to.

use crate::id::MessageId;
use crate::signal::check::Violation;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// The state of everything a reader knows. Each message is named once, in a thread or in one of the
/// lists; a correction that counts (recall, update, discontinuation) by what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview<A> {
    /// One for each original, by its id.
    pub threads: Vec<Thread<A>>,
    /// Messages that lead to one not received yet, by id.
    pub waiting: Vec<MessageId>,
    /// Messages that are not acted on, by id: evidence about their authors and nothing else.
    pub refused: Vec<Refused>,
    /// Tests, by id: disregarded (5.5).
    pub tests: Vec<MessageId>,
}

/// An original and what refers to it, directly or through others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread<A> {
    /// Everything the thread says: the original, then what was added or related to it, those fewer
    /// references away first. Never empty.
    pub pieces: Vec<Piece>,
    /// What was answered, in the same order.
    pub responses: Vec<Response<A>>,
}

/// A message that says something, and what its author made of it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The message.
    pub message: MessageId,
    /// Its place in the thread.
    pub role: Role,
    /// The message that holds what it says now: an update, or itself.
    pub current: MessageId,
    /// Updates that are not known to be earlier than the current one. Where there are any, the
    /// choice between them is the same for every reader, but not known to be the author's.
    pub undecided: Vec<MessageId>,
    /// Whether it holds.
    pub state: State,
}

/// What a piece is to its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What began it.
    Original,
    /// A part of the composite area or structure this message began (5.4.2.5).
    Part(MessageId),
    /// More about this message, by the same author (reference indicator 3).
    Addition(MessageId),
    /// Something of its own that relates to this message (reference indicator 5).
    Related(MessageId),
}

/// Whether a piece holds; where several are true, the last named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It holds.
    Standing,
    /// It will hold from a later time on.
    NotYetValid,
    /// Its time is over.
    Expired,
    /// It was added to information that an update has replaced.
    Replaced,
    /// Its author ended it.
    Discontinued,
    /// Its author took it back: it is to be ignored.
    Recalled,
}

/// One account's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response<A> {
    /// The message.
    pub message: MessageId,
    /// Whose answer it is.
    pub account: A,
    /// What it says.
    pub kind: ResponseKind,
    /// The message it refers to.
    pub to: MessageId,
    /// The piece that message is, changes or answers.
    pub piece: MessageId,
    /// Whether it holds.
    pub state: ResponseState,
}

/// What an answer says (4.2.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResponseKind {
    /// 6: it is so.
    Confirm,
    /// 7: it was received.
    Acknowledge,
    /// 8: will act on it.
    Comply,
    /// 9: does not agree, or not any more.
    Reject,
}

/// Whether an answer holds; where several are true, the last named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResponseState {
    /// It holds.
    Standing,
    /// What it answers has been replaced by an update.
    Replaced,
    /// Its author answered otherwise: a reject withdraws confirmation and compliance, and they it.
    Withdrawn,
    /// Its author ended it.
    Discontinued,
    /// It, or what it answers, was recalled.
    Recalled,
}

/// A message that is not acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The message.
    pub message: MessageId,
    /// Why.
    pub reason: Refusal,
}

/// Why a message is not acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It breaks this rule.
    Breaks(Violation),
    /// It breaks none, but the message it refers to is refused itself.
    Referenced(MessageId),
}

impl<A: Copy + Ord> Thread<A> {
    /// The piece that began the thread.
    #[must_use]
    pub fn original(&self) -> Option<&Piece> {
        self.pieces.first()
    }

    /// Whether what began the thread holds.
    #[must_use]
    pub fn state(&self) -> State {
        self.original().map_or(State::Recalled, |piece| piece.state)
    }

    /// The accounts whose answers of a kind to a piece hold.
    #[must_use]
    pub fn accounts(&self, kind: ResponseKind, piece: &MessageId) -> BTreeSet<A> {
        let holds = |response: &&Response<A>| {
            (response.kind, response.state) == (kind, ResponseState::Standing)
                && response.piece == *piece
                && self.is_about_current(response)
        };
        self.responses.iter().filter(holds).map(|response| response.account).collect()
    }

    /// Whether an answer is to what a piece says now, and not to its end or to another answer.
    fn is_about_current(&self, response: &Response<A>) -> bool {
        let piece = self.pieces.iter().find(|piece| piece.message == response.piece);
        piece.is_some_and(|piece| response.to == piece.current)
    }
}
