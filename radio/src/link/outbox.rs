//! Frames on their way out.

use std::collections::VecDeque;

use chappe_codec::precedence::Precedence;

use crate::link::FrameRequest;
use crate::time::{Instant, earliest};

/// A frame that was taken for sending and is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) request: FrameRequest,
    /// Given when it is sent first, so that the numbers on the air follow one another whatever
    /// overtook what in the queue.
    pub(super) sequence: Option<u16>,
    pub(super) tries: u8,
    pub(super) deferrals: u8,
    pub(super) state: OutgoingState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutgoingState {
    /// May be sent from this time on.
    Waiting { not_before: Instant },
    /// The radio has it.
    OnAir,
    /// Was sent; is sent again when nothing has come by then.
    Awaiting { deadline: Instant },
}

/// All of them, in the order they came in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Outbox(VecDeque<Outgoing>);

impl Outbox {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, request: FrameRequest, now: Instant) {
        self.0.push_back(Outgoing {
            request,
            sequence: None,
            tries: 0,
            deferrals: 0,
            state: OutgoingState::Waiting { not_before: now },
        });
    }

    /// The most urgent frame that may be sent now; among equals the first that came.
    pub(super) fn next_ready(&mut self, now: Instant) -> Option<&mut Outgoing> {
        let ready = |outgoing: &&mut Outgoing| match outgoing.state {
            OutgoingState::Waiting { not_before } => not_before <= now,
            OutgoingState::OnAir | OutgoingState::Awaiting { .. } => false,
        };
        let mut best: Option<&mut Outgoing> = None;
        for outgoing in self.0.iter_mut().filter(ready) {
            let better = |held: &Precedence| outgoing.request.precedence > *held;
            if best.as_ref().map(|held| held.request.precedence).as_ref().is_none_or(better) {
                best = Some(outgoing);
            }
        }
        best
    }

    /// When the first waiting frame may be sent.
    pub(super) fn next_ready_at(&self) -> Option<Instant> {
        self.0
            .iter()
            .filter_map(|outgoing| match outgoing.state {
                OutgoingState::Waiting { not_before } => Some(not_before),
                OutgoingState::OnAir | OutgoingState::Awaiting { .. } => None,
            })
            .fold(None, |first, at| earliest(first, Some(at)))
    }

    /// When the next acknowledgement is overdue.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.0
            .iter()
            .filter_map(|outgoing| match outgoing.state {
                OutgoingState::Awaiting { deadline } => Some(deadline),
                OutgoingState::OnAir | OutgoingState::Waiting { .. } => None,
            })
            .fold(None, |first, at| earliest(first, Some(at)))
    }

    pub(super) fn is_awaiting(&self) -> bool {
        self.next_deadline().is_some()
    }

    /// Takes out the frame an acknowledgement is for.
    pub(super) fn take_acknowledged(&mut self, net: u8, sequence: u16) -> Option<Outgoing> {
        self.take(|outgoing| {
            outgoing.request.acknowledged
                && outgoing.request.net == net
                && outgoing.sequence == Some(sequence)
        })
    }

    /// Takes out the frame the radio has.
    pub(super) fn take_on_air(&mut self) -> Option<Outgoing> {
        self.take(|outgoing| outgoing.state == OutgoingState::OnAir)
    }

    /// Takes out a frame whose acknowledgement is overdue.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Option<Outgoing> {
        self.take(|outgoing| match outgoing.state {
            OutgoingState::Awaiting { deadline } => deadline <= now,
            OutgoingState::OnAir | OutgoingState::Waiting { .. } => false,
        })
    }

    /// Puts back a frame that was taken out and is not done. It goes before those of its
    /// precedence that came later.
    pub(super) fn put_back(&mut self, outgoing: Outgoing) {
        self.0.push_front(outgoing);
    }

    fn take(&mut self, wanted: impl FnMut(&Outgoing) -> bool) -> Option<Outgoing> {
        let index = self.0.iter().position(wanted)?;
        self.0.remove(index)
    }
}
