//! Acknowledgements this link owes.

use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;

use super::{Link, Role};
use crate::frame::{Frame, FrameKind, Pseudonym};
use crate::limits::{ACKNOWLEDGEMENT_SLOTS, LINK_ACKNOWLEDGEMENTS_MAX};
use crate::time::{Instant, earliest};

/// An answer that is due, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owed {
    net: u8,
    source: Pseudonym,
    sequence: u16,
    precedence: Precedence,
    at: Instant,
    /// Nobody listens for it any more.
    stale_at: Instant,
}

impl Owed {
    fn answers(&self, frame: &Frame) -> bool {
        (self.net, self.source, self.sequence) == (frame.net, frame.source, frame.sequence)
    }
}

impl Link {
    /// Owes an answer to a frame, when it wants one and we are the one to give it. A duplicate is
    /// answered like the first: its sender has not heard the answer.
    pub(super) fn answer(&mut self, now: Instant, frame: &Frame) {
        let Some(slot) = self.slot_for(frame) else { return };
        if self.state.owed.len() >= LINK_ACKNOWLEDGEMENTS_MAX {
            return;
        }
        self.state.owed.retain(|owed| !owed.answers(frame));
        self.state.owed.push_back(Owed {
            net: frame.net,
            source: frame.source,
            sequence: frame.sequence,
            precedence: frame.precedence,
            at: now.after(self.config.slot_offset(slot)),
            stale_at: now.after(self.config.acknowledgement_window()),
        });
    }

    /// Someone else has answered: we need not (spec/05-radio.md, "Link").
    pub(super) fn cancel_acknowledgement(&mut self, acknowledgement: &Frame) {
        self.state.owed.retain(|owed| !owed.answers(acknowledgement));
    }

    /// The octets of the answer that is due by now.
    pub(super) fn next_acknowledgement(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.drop_stale_acknowledgements(now);
        let index = self.state.owed.iter().position(|owed| owed.at <= now)?;
        let owed = self.state.owed.remove(index)?;
        let key = self.config.keys.get(owed.net)?;
        let frame = Frame {
            precedence: owed.precedence,
            hops_left: 0,
            acknowledgement_wanted: false,
            backbone: false,
            relayed: false,
            net: owed.net,
            source: owed.source,
            sequence: owed.sequence,
            previous: self.config.pseudonym.lowest_octet(),
            kind: FrameKind::Acknowledgement,
            payload: Vec::new(),
        };
        frame.emit(key, self.config.realm).ok()
    }

    pub(super) fn next_acknowledgement_at(&self) -> Option<Instant> {
        self.state.owed.iter().fold(None, |first, owed| earliest(first, Some(owed.at)))
    }

    pub(super) fn drop_stale_acknowledgements(&mut self, now: Instant) {
        self.state.owed.retain(|owed| now < owed.stale_at);
    }

    /// "The owner of the label answers in slot 0, a gateway in the slot it was given."
    fn slot_for(&self, frame: &Frame) -> Option<u8> {
        if !frame.acknowledgement_wanted {
            return None;
        }
        match (&self.config.role, frame.kind) {
            (Role::Gateway { slot }, FrameKind::Data { .. } | FrameKind::Broadcast) => {
                Some((*slot).min(ACKNOWLEDGEMENT_SLOTS.saturating_sub(1)))
            }
            // The field has no owner: all who hear would answer at once.
            (Role::Station { labels }, FrameKind::Data { label }) => {
                (label != Label::FIELD && labels.contains(&label)).then_some(0)
            }
            (Role::Station { .. }, FrameKind::Broadcast) | (_, FrameKind::Acknowledgement) => None,
        }
    }
}
