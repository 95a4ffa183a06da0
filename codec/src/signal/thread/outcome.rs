//! What admitted messages come to: which information is current, what holds, who answered what.

use super::admission::{Admission, Admitted, Node};
use super::overview::{
    Overview, Piece, Refused, Response, ResponseKind, ResponseState, Role, State, Thread,
};
use super::validity;
use crate::id::MessageId;
use crate::signal::code::ReferenceIndicator;
use crate::time::TimeInterval;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

pub(super) fn overview<A: Copy + Ord>(
    admitted: &Admitted<'_, '_, A>,
    now: TimeInterval,
) -> Overview<A> {
    let mut overview = Overview {
        threads: Vec::new(),
        waiting: Vec::new(),
        refused: Vec::new(),
        tests: Vec::new(),
    };
    for node in &admitted.nodes {
        let message = node.received.id;
        match node.admission {
            Admission::Counts => {}
            Admission::Waits => overview.waiting.push(message),
            Admission::Refused(reason) => overview.refused.push(Refused { message, reason }),
            Admission::Test => overview.tests.push(message),
        }
    }
    overview.threads = Weaver { admitted, now, fates: BTreeMap::new() }.threads();
    overview
}

/// What follows from a message for those that refer to it.
#[derive(Clone, Copy)]
struct Fate {
    /// The thread it is in, by number.
    thread: usize,
    /// The piece it is or is about, by node.
    piece: usize,
    /// What that piece says now, by node.
    current: usize,
    /// How that piece is.
    state: State,
    /// Whether the message is to be ignored: it or what it is about was recalled.
    ignored: bool,
}

/// Goes through the messages in an order in which each comes behind the one it refers to.
struct Weaver<'w, 't, 'a, A> {
    admitted: &'w Admitted<'t, 'a, A>,
    now: TimeInterval,
    fates: BTreeMap<usize, Fate>,
}

impl<'t, 'a, A: Copy + Ord> Weaver<'_, 't, 'a, A> {
    fn threads(mut self) -> Vec<Thread<A>> {
        let mut threads = Vec::new();
        let admitted = self.admitted;
        for index in &admitted.order {
            let Some(node) = admitted.node(*index) else { continue };
            if node.admission != Admission::Counts {
                continue;
            }
            let target = node.parent.and_then(|parent| Some((parent, *self.fates.get(&parent)?)));
            let thread = target.map_or(threads.len(), |(_, fate)| fate.thread);
            if target.is_none() {
                threads.push(Thread { pieces: Vec::new(), responses: Vec::new() });
            }
            let Some(into) = threads.get_mut(thread) else { continue };
            let fate = match (is_piece(node), target) {
                (false, Some((parent, fate))) => {
                    into.responses.extend(self.response(node, parent, fate));
                    Fate { ignored: node.recalled || fate.ignored, ..fate }
                }
                (_, target) => {
                    let (piece, current) = self.piece(*index, node, target);
                    let state = piece.state;
                    into.pieces.push(piece);
                    let ignored = state == State::Recalled;
                    Fate { thread, piece: *index, current, state, ignored }
                }
            };
            self.fates.insert(*index, fate);
        }
        for thread in &mut threads {
            withdraw(&mut thread.responses, self.admitted);
        }
        threads
    }

    fn id(&self, index: usize) -> MessageId {
        self.admitted.node(index).map_or(MessageId([0; 32]), |node| node.received.id)
    }

    /// A message that says something: the node whose information it has now comes with it.
    fn piece(
        &self,
        index: usize,
        node: &Node<'t, 'a, A>,
        target: Option<(usize, Fate)>,
    ) -> (Piece, usize) {
        let updates: Vec<_> = self.admitted.holding(node, ReferenceIndicator::UPDATE).collect();
        let latest = updates.iter().max_by_key(|(_, update)| update.received.order());
        let (current, holder) = latest.copied().unwrap_or((index, node));
        let undecided = updates.iter().filter(|(update, other)| {
            *update != current && !other.received.is_before(holder.received)
        });
        let ended = self.admitted.holding(node, ReferenceIndicator::DISCONTINUE).next().is_some();
        let own = if node.recalled {
            State::Recalled
        } else if ended {
            State::Discontinued
        } else {
            validity::at(&holder.received.message, self.now)
        };
        let (role, inherited) = match target {
            None => (Role::Original, State::Standing),
            Some((to, _)) if node.indicator() == ReferenceIndicator::RELATE => {
                (Role::Related(self.id(to)), State::Standing)
            }
            Some((to, fate)) => {
                let id = self.id(to);
                let role = if node.is_part { Role::Part(id) } else { Role::Addition(id) };
                (role, self.inherited(node, to, fate))
            }
        };
        let piece = Piece {
            message: node.received.id,
            role,
            current: holder.received.id,
            undecided: undecided.map(|(_, update)| update.received.id).collect(),
            state: own.max(inherited),
        };
        (piece, current)
    }

    /// How an addition is because of what it adds to.
    fn inherited(&self, node: &Node<'t, 'a, A>, to: usize, target: Fate) -> State {
        if target.ignored {
            return State::Recalled;
        }
        // A sign has a time of its own.
        let timed = node.received.message.body.sign().is_some();
        let over = target.state >= State::Replaced;
        let state = if over || !timed { target.state } else { State::Standing };
        // What goes on from a text, or was added to an update, goes with it; a part has updates of
        // its own, and more of another kind is about the piece whatever its author updates.
        let code = self.admitted.node(to).map(|target| target.received.message.code());
        let goes_with_it = to != target.piece || code == Some(node.received.message.code());
        if goes_with_it && !node.is_part && target.current != to {
            return state.max(State::Replaced);
        }
        state
    }

    fn response(&self, node: &Node<'t, 'a, A>, to: usize, target: Fate) -> Option<Response<A>> {
        let kind = match node.indicator() {
            ReferenceIndicator::CONFIRM => ResponseKind::Confirm,
            ReferenceIndicator::ACKNOWLEDGE => ResponseKind::Acknowledge,
            ReferenceIndicator::COMPLY => ResponseKind::Comply,
            ReferenceIndicator::REJECT => ResponseKind::Reject,
            _ => return None,
        };
        let ended = self.admitted.holding(node, ReferenceIndicator::DISCONTINUE).next().is_some();
        let says = self.admitted.node(to).is_some_and(|target| {
            is_piece(target) || target.indicator() == ReferenceIndicator::UPDATE
        });
        let state = if node.recalled || target.ignored {
            ResponseState::Recalled
        } else if ended {
            ResponseState::Discontinued
        } else if says && target.current != to {
            ResponseState::Replaced
        } else {
            ResponseState::Standing
        };
        Some(Response {
            message: node.received.id,
            account: node.received.account,
            kind,
            to: self.id(to),
            piece: self.id(target.piece),
            state,
        })
    }
}

/// Whether a message says something of its own, and is no correction or answer.
fn is_piece<A>(node: &Node<'_, '_, A>) -> bool {
    matches!(
        node.indicator(),
        ReferenceIndicator::ORIGINAL | ReferenceIndicator::ADD | ReferenceIndicator::RELATE
    )
}

/// A reject takes back what its account has confirmed or said to comply with, and the other way
/// round: the later one holds; if that is not known, the reject.
fn withdraw<A: Copy + Ord>(responses: &mut [Response<A>], admitted: &Admitted<'_, '_, A>) {
    let received = |id: &MessageId| {
        let found = admitted.nodes.binary_search_by(|node| node.received.id.cmp(id)).ok();
        found.and_then(|index| admitted.node(index)).map(|node| node.received)
    };
    let holding: Vec<_> = responses
        .iter()
        .filter(|response| response.state < ResponseState::Withdrawn)
        .filter(|response| is_opinion(response, &received))
        .cloned()
        .collect();
    for response in responses.iter_mut() {
        if response.state >= ResponseState::Withdrawn || !is_opinion(response, &received) {
            continue;
        }
        let rejects = response.kind == ResponseKind::Reject;
        let withdrawn = holding.iter().any(|other| {
            let opposite = (other.kind == ResponseKind::Reject) != rejects;
            let same = (other.account, other.piece) == (response.account, response.piece);
            opposite
                && same
                && received(&response.message).zip(received(&other.message)).is_some_and(
                    |(one, other)| one.is_before(other) || (!rejects && !other.is_before(one)),
                )
        });
        if withdrawn {
            response.state = ResponseState::Withdrawn;
        }
    }
}

/// Whether an answer says yes or no to a piece, and not to its end.
fn is_opinion<'r, A: 'r>(
    response: &Response<A>,
    received: &impl Fn(&MessageId) -> Option<&'r super::Received<'r, A>>,
) -> bool {
    let to_the_end = received(&response.to)
        .is_some_and(|to| to.message.reference_indicator == ReferenceIndicator::DISCONTINUE);
    response.kind != ResponseKind::Acknowledge && !to_the_end
}
