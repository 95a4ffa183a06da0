//! Which messages count: every reference judged, every message reached from an original or not.

use super::{Held, Received, Refusal};
use crate::id::MessageId;
use crate::signal::check::{self, Violation};
use crate::signal::code::{MessageCode, ReferenceIndicator};
use crate::signal::layout;
use crate::signal::message::Sign;
use crate::signal::reference::{self, Originator, Party};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// All messages by id, linked, with what was decided about each.
pub(super) struct Admitted<'t, 'a, A> {
    pub(super) nodes: Vec<Node<'t, 'a, A>>,
    /// Every node that hangs on no other one or on one that stands here before it.
    pub(super) order: Vec<usize>,
}

/// A message among those it refers to and that refer to it.
pub(super) struct Node<'t, 'a, A> {
    pub(super) received: &'t Received<'a, A>,
    /// What it refers to, if that is here and the reference is allowed.
    pub(super) parent: Option<usize>,
    /// What refers to it and may, by id.
    pub(super) children: Vec<usize>,
    pub(super) admission: Admission,
    /// Whether a recall that holds refers to it.
    pub(super) recalled: bool,
    /// Whether it adds a part to a composite area or structure.
    pub(super) is_part: bool,
}

/// What was decided about a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// In a thread; acted on.
    Counts,
    /// It leads to a message that is not here yet.
    Waits,
    /// Kept as evidence.
    Refused(Refusal),
    /// Disregarded.
    Test,
}

impl<A> Node<'_, '_, A> {
    pub(super) fn indicator(&self) -> ReferenceIndicator {
        self.received.message.reference_indicator
    }
}

impl<'t, 'a, A> Admitted<'t, 'a, A> {
    pub(super) fn node(&self, index: usize) -> Option<&Node<'t, 'a, A>> {
        self.nodes.get(index)
    }

    /// The children of a node with an indicator that are not recalled.
    pub(super) fn holding(
        &self,
        node: &Node<'t, 'a, A>,
        indicator: ReferenceIndicator,
    ) -> impl Iterator<Item = (usize, &Node<'t, 'a, A>)> {
        let children = node.children.iter().filter_map(|child| Some((*child, self.node(*child)?)));
        children.filter(move |(_, child)| {
            child.indicator() == indicator
                && !child.recalled
                && child.admission == Admission::Counts
        })
    }
}

pub(super) fn admit<'t, 'a, A: Copy + Ord>(
    held: &'t BTreeMap<MessageId, Held<'a, A>>,
) -> Admitted<'t, 'a, A> {
    let mut admitted = Admitted { nodes: linked(held), order: Vec::new() };
    admitted.order = from_the_roots(&admitted.nodes);
    // Whether a recall holds depends on those behind it only, so the last are looked at first.
    for index in admitted.order.iter().rev() {
        let holds = admitted
            .nodes
            .get(*index)
            .is_some_and(|node| node.indicator() == ReferenceIndicator::RECALL && !node.recalled);
        let parent = admitted.nodes.get(*index).and_then(|node| node.parent);
        if let (true, Some(parent)) = (holds, parent)
            && let Some(parent) = admitted.nodes.get_mut(parent)
        {
            parent.recalled = true;
        }
    }
    // Whether a message counts depends on those it leads to, so the first are looked at first.
    for position in 0..admitted.order.len() {
        let Some(index) = admitted.order.get(position).copied() else { continue };
        pass_on(&mut admitted.nodes, index);
    }
    admitted
}

/// The nodes, each judged by its own message and the one it refers to.
fn linked<'t, 'a, A: Copy + Ord>(
    held: &'t BTreeMap<MessageId, Held<'a, A>>,
) -> Vec<Node<'t, 'a, A>> {
    let numbers: BTreeMap<_, _> =
        held.keys().enumerate().map(|(number, id)| (id, number)).collect();
    let mut nodes: Vec<_> = held
        .values()
        .map(|one| {
            let id = MessageId(one.received.message.referenced_message.0);
            let referenced = held.get(&id).map(|referenced| &referenced.received);
            let (admission, hangs) = judge(one, referenced);
            Node {
                received: &one.received,
                parent: numbers.get(&id).copied().filter(|_| hangs),
                children: Vec::new(),
                admission,
                recalled: false,
                is_part: referenced.is_some_and(|referenced| is_part(&one.received, referenced)),
            }
        })
        .collect();
    for index in 0..nodes.len() {
        let parent = nodes.get(index).and_then(|node| node.parent);
        if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
            parent.children.push(index);
        }
    }
    nodes
}

/// What a message and the one it refers to decide, and whether the first hangs on the second. One
/// that hangs on another is refused as part of a circle until it is reached from outside.
fn judge<A: Copy + Ord>(
    one: &Held<'_, A>,
    referenced: Option<&Received<'_, A>>,
) -> (Admission, bool) {
    let message = &one.received.message;
    if message.test {
        return (Admission::Test, false);
    }
    if let Some(broken) = one.broken {
        return (Admission::Refused(Refusal::Breaks(broken)), false);
    }
    if message.reference_indicator == ReferenceIndicator::ORIGINAL {
        return (Admission::Counts, false);
    }
    let Some(referenced) = referenced else { return (Admission::Waits, false) };
    match broken_towards(&one.received, referenced) {
        Some(broken) => (Admission::Refused(Refusal::Breaks(broken)), false),
        None => (Admission::Refused(Refusal::Breaks(CIRCLE)), true),
    }
}

/// The first rule a message breaks by referring to another.
fn broken_towards<A: Copy + Ord>(
    one: &Received<'_, A>,
    referenced: &Received<'_, A>,
) -> Option<Violation> {
    let party = Party {
        code: referenced.message.code(),
        indicator: referenced.message.reference_indicator,
    };
    let same = one.account == referenced.account;
    let originator = if same { Originator::Same } else { Originator::Other };
    let violations = check::reference_violations(&one.message, party, originator);
    let must_repeat = matches!(
        one.message.reference_indicator,
        ReferenceIndicator::RECALL
            | ReferenceIndicator::DISCONTINUE
            | ReferenceIndicator::CONFIRM
            | ReferenceIndicator::ACKNOWLEDGE
            | ReferenceIndicator::COMPLY
            | ReferenceIndicator::REJECT
    );
    let repeats = !must_repeat || one.message.body == referenced.message.body;
    violations.into_iter().next().or((!repeats).then_some(NO_REPETITION))
}

const NO_REPETITION: Violation = Violation {
    field: layout::REFERENCE_INDICATOR.name,
    rule: layout::REFERENCE_INDICATOR.section,
    message: "a message with this indicator repeats the one it refers to",
};

const CIRCLE: Violation = Violation {
    field: layout::REFERENCED_MESSAGE.name,
    rule: layout::REFERENCE_INDICATOR.section,
    message: "a message refers to an earlier one",
};

/// 5.4.2.5: of the same type and subject as the original it refers to, both areas or both
/// structures.
fn is_part<A>(one: &Received<'_, A>, referenced: &Received<'_, A>) -> bool {
    let (part, whole) = (&one.message, &referenced.message);
    let shape = |sign: &Sign| match sign.object_type.0 {
        0x20..=0x29 => Some(2),
        0x30..=0x39 => Some(3),
        _ => None,
    };
    part.reference_indicator == ReferenceIndicator::ADD
        && whole.reference_indicator == ReferenceIndicator::ORIGINAL
        && part.code() == whole.code()
        && reference::has_parts(part.code())
        && part.body.sign().zip(whole.body.sign()).is_some_and(|(part, whole)| {
            part.subject == whole.subject && shape(part).is_some() && shape(part) == shape(whole)
        })
}

/// Breadth first, from everything that hangs on nothing. A circle is never reached.
fn from_the_roots<A>(nodes: &[Node<'_, '_, A>]) -> Vec<usize> {
    let roots = nodes.iter().enumerate().filter(|(_, node)| node.parent.is_none());
    let mut order: Vec<usize> = roots.map(|(index, _)| index).collect();
    let mut next = 0;
    while let Some(node) = order.get(next).and_then(|index| nodes.get(*index)) {
        order.extend_from_slice(&node.children);
        next = next.saturating_add(1);
    }
    order
}

/// Gives those that hang on a node what follows from it.
fn pass_on<A: Copy + Ord>(nodes: &mut [Node<'_, '_, A>], index: usize) {
    let Some(node) = nodes.get(index) else { return };
    let inherited = match node.admission {
        Admission::Counts => Admission::Counts,
        Admission::Waits => Admission::Waits,
        // Nothing hangs on a test: the tables forbid it.
        Admission::Refused(_) | Admission::Test => {
            Admission::Refused(Refusal::Referenced(node.received.id))
        }
    };
    let children = node.children.clone();
    let (code, counts) = (node.received.message.code(), inherited == Admission::Counts);
    let additions = children.iter().filter_map(|child| Some((*child, nodes.get(*child)?)));
    let additions = additions.filter(|(_, child)| counts && adds_once(child, code));
    let first = additions.min_by_key(|(_, child)| child.received.order()).map(|(child, _)| child);
    for child in children {
        let Some(node) = nodes.get_mut(child) else { continue };
        let again = counts && adds_once(node, code) && first != Some(child);
        node.admission = if again { ADDED_TWICE } else { inherited };
    }
}

/// 5.4.1.2: whether a message takes up the one addition of its type to a message of that type.
fn adds_once<A>(node: &Node<'_, '_, A>, to: MessageCode) -> bool {
    node.indicator() == ReferenceIndicator::ADD
        && node.received.message.code() == to
        && !node.is_part
        && !node.recalled
}

const ADDED_TWICE: Admission = Admission::Refused(Refusal::Breaks(Violation {
    field: layout::REFERENCE_INDICATOR.name,
    rule: reference::Refusal::AddedTwice.rule(),
    message: reference::Refusal::AddedTwice.message(),
}));
