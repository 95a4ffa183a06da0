//! What the messages of a sequence refer to, and whether they may (5.4.1).

use super::{Element, Notated, Sequence};
use crate::signal::code::{MessageCode, ReferenceIndicator};
use crate::signal::reference::{self, Originator, Party, Refusal};
use alloc::vec::Vec;

/// One message of a sequence refers to another; both by their number in [`Sequence::elements`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The one that refers.
    pub referencing: usize,
    /// The one it refers to.
    pub referenced: Referenced,
}

/// What a pointer leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referenced {
    /// A message of the sequence.
    Message(usize),
    /// One that came before the first shown.
    Unseen,
}

/// A reference and what the rules say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The reference.
    pub reference: Reference,
    /// What the rules say, as far as the notation tells.
    pub verdict: Verdict,
}

/// What the rules of 5.4.1 say of a notated reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed.
    Allowed,
    /// Allowed to the referenced message's originator alone; not both names are written.
    SameOnly,
    /// Allowed to any other originator; not both names are written.
    OtherOnly,
    /// Forbidden, whoever sent it.
    Forbidden(Refusal),
    /// An indicator or the referenced message is not written.
    Unknown,
}

impl Verdict {
    const fn may_hold(self) -> bool {
        matches!(self, Self::Allowed | Self::SameOnly | Self::OtherOnly)
    }
}

impl Sequence<'_> {
    /// Every pointer resolved, in the order of the referencing messages.
    pub fn references(&self) -> impl Iterator<Item = Reference> + '_ {
        self.elements.iter().enumerate().filter_map(|(referencing, element)| {
            let referenced = match referencing.checked_sub(element.back?) {
                Some(index) => Referenced::Message(index),
                None => Referenced::Unseen,
            };
            Some(Reference { referencing, referenced })
        })
    }

    /// Every reference judged by the tables of 5.4.1 and by "3 once only" (5.4.1.2), in the order of
    /// the referencing messages.
    #[must_use]
    pub fn judge(&self) -> Vec<Judgement> {
        let mut all: Vec<Judgement> = Vec::new();
        for reference in self.references() {
            let mut verdict = self.judge_one(reference);
            let again = |before: &Judgement| {
                before.reference.referenced == reference.referenced
                    && before.verdict.may_hold()
                    && self.adds_once(before.reference)
            };
            if verdict.may_hold() && self.adds_once(reference) && all.iter().any(again) {
                verdict = Verdict::Forbidden(Refusal::AddedTwice);
            }
            all.push(Judgement { reference, verdict });
        }
        all
    }

    /// The two messages of a reference, if both are shown.
    fn ends(&self, reference: Reference) -> Option<(&Notated<'_>, &Notated<'_>)> {
        let Referenced::Message(referenced) = reference.referenced else { return None };
        let message =
            |index: usize| self.elements.get(index).map(|Element { message, .. }| message);
        Some((message(reference.referencing)?, message(referenced)?))
    }

    fn judge_one(&self, reference: Reference) -> Verdict {
        let Some((referencing, referenced)) = self.ends(reference) else {
            return Verdict::Unknown;
        };
        let (Some(from), Some(to)) = (party(referencing), party(referenced)) else {
            return Verdict::Unknown;
        };
        let of = |originator| reference::allowed(from, to, originator);
        let known = referencing.originator.zip(referenced.originator);
        let verdicts = match known {
            Some((one, other)) if one == other => (of(Originator::Same), of(Originator::Same)),
            Some(_) => (of(Originator::Other), of(Originator::Other)),
            None => (of(Originator::Same), of(Originator::Other)),
        };
        match verdicts {
            (Ok(()), Ok(())) => Verdict::Allowed,
            (Ok(()), Err(_)) => Verdict::SameOnly,
            (Err(_), Ok(())) => Verdict::OtherOnly,
            (Err(refusal), Err(_)) => Verdict::Forbidden(refusal),
        }
    }

    /// Whether this reference adds to a message of its own kind and cannot be a part of a composite
    /// area or structure: what may be done once only (5.4.1.2). The notation shows no object types,
    /// so wherever a composite is possible it is assumed.
    fn adds_once(&self, reference: Reference) -> bool {
        self.ends(reference).is_some_and(|(referencing, referenced)| {
            let may_be_part = reference::has_parts(referencing.code)
                && referenced.indicator == Some(ReferenceIndicator::ORIGINAL)
                && referencing
                    .subject
                    .zip(referenced.subject)
                    .is_none_or(|(one, other)| one == other);
            referencing.indicator == Some(ReferenceIndicator::ADD)
                && referencing.code == referenced.code
                && referencing.code != MessageCode::Test
                && !may_be_part
        })
    }
}

fn party(message: &Notated<'_>) -> Option<Party> {
    Some(Party { code: message.code, indicator: message.indicator? })
}
