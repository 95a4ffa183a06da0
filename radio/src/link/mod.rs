//! The link: frames that arrive once or are reported as failed (spec/05-radio.md, "Link").
//!
//! A [`Link`] is told what happens and what time it is, and asked what to do next. It has no clock,
//! no radio and no randomness but the seed it was given:
//!
//! ```text
//!   submit ─────────►┌──────┐──► poll_transmit   (octets for the radio)
//!   handle_receive ─►│ Link │──► poll_event      (for the program)
//!   handle_… ───────►└──────┘──► poll_timeout    (when to come back)
//! ```
//!
//! After every call, poll all three until they have nothing more.

mod acknowledge;
mod config;
mod event;
mod outbox;
mod request;
mod sequence;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use core::time::Duration;

use acknowledge::Owed;
use outbox::{Outbox, Outgoing, OutgoingState};
use sequence::{Novelty, Sources};

use crate::frame::{EmitError, Frame, FrameError, FrameKind};
use crate::limits::{
    LINK_DEFERRALS_MAX, LINK_EVENTS_MAX, LINK_LABELS_MAX, LINK_QUEUE_FRAMES_MAX, LINK_TRIES_MAX,
};
use crate::random::Random;
use crate::time::{Instant, earliest};

use chappe_codec::label::Label;

pub use config::{LinkConfig, Role};
pub use event::{FailReason, LinkEvent, Quality};
pub use request::{Destination, FrameRequest, SubmitError};

/// One end of a link: everything a handset or a gateway does with frames, except sending and
/// hearing them.
#[derive(Debug)]
pub struct Link {
    config: LinkConfig,
    state: State,
    events: VecDeque<LinkEvent>,
    refused: u64,
}

/// What a refused packet must leave alone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    outbox: Outbox,
    owed: VecDeque<Owed>,
    on_air: Option<OnAir>,
    sources: Sources,
    next_sequence: u16,
    /// Someone else's acknowledgement is due until then.
    quiet_until: Instant,
    random: Random,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnAir {
    Frame,
    Acknowledgement,
}

/// A packet for the radio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmission {
    /// Its octets.
    pub octets: Vec<u8>,
    /// What it is.
    pub kind: FrameKind,
    /// How long it will occupy the channel.
    pub time_on_air: Duration,
    /// Whether to make sure first that nobody else is sending. An acknowledgement does not: the
    /// pause it answers in is kept free by all.
    pub listen_first: bool,
}

impl Link {
    /// A link with nothing to send.
    #[must_use]
    pub fn new(config: LinkConfig) -> Self {
        let state = State {
            outbox: Outbox::default(),
            owed: VecDeque::new(),
            on_air: None,
            sources: Sources::default(),
            next_sequence: config.first_sequence,
            quiet_until: Instant::ZERO,
            random: Random::from_seed(config.seed),
        };
        Self { config, state, events: VecDeque::new(), refused: 0 }
    }

    /// Takes a frame for sending.
    ///
    /// # Errors
    ///
    /// Why it is not taken; no event will follow.
    pub fn submit(&mut self, now: Instant, request: FrameRequest) -> Result<(), SubmitError> {
        if self.state.outbox.len() >= LINK_QUEUE_FRAMES_MAX {
            return Err(SubmitError::QueueFull);
        }
        // Written once to see that it can be; the sequence is known only when its turn comes.
        self.write(&request, 0)?;
        self.state.outbox.push(request, now);
        Ok(())
    }

    /// The next packet for the radio, if there is one and the time has come. Whoever takes it says
    /// what became of it: [`Link::handle_transmitted`], [`Link::handle_transmit_failed`] or
    /// [`Link::handle_channel_busy`]. Until then there is no other.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmission> {
        if self.state.on_air.is_some() {
            return None;
        }
        if let Some(octets) = self.next_acknowledgement(now) {
            self.state.on_air = Some(OnAir::Acknowledgement);
            return Some(self.transmission(octets, FrameKind::Acknowledgement, false));
        }
        // "While an acknowledgement is due, from it or to it, a sender is silent."
        if !self.state.owed.is_empty()
            || self.state.outbox.is_awaiting()
            || now < self.state.quiet_until
        {
            return None;
        }
        self.next_frame(now)
    }

    /// The packet was sent; `now` is its end.
    pub fn handle_transmitted(&mut self, now: Instant) {
        if self.state.on_air.take() != Some(OnAir::Frame) {
            return;
        }
        // Gone when a late acknowledgement of an earlier try arrived in between.
        let Some(mut outgoing) = self.state.outbox.take_on_air() else { return };
        outgoing.tries = outgoing.tries.saturating_add(1);
        if outgoing.request.acknowledged {
            let deadline = now.after(self.config.acknowledgement_window());
            outgoing.state = OutgoingState::Awaiting { deadline };
            self.state.outbox.put_back(outgoing);
        } else {
            self.events.push_back(LinkEvent::Sent { token: outgoing.request.token });
        }
    }

    /// The radio did not send the packet. It counts as a try.
    pub fn handle_transmit_failed(&mut self, now: Instant) {
        if self.state.on_air.take() != Some(OnAir::Frame) {
            return;
        }
        let Some(mut outgoing) = self.state.outbox.take_on_air() else { return };
        outgoing.tries = outgoing.tries.saturating_add(1);
        self.try_again(now, outgoing, FailReason::RadioFailed);
    }

    /// The packet was not sent because someone else is sending. It does not count as a try.
    pub fn handle_channel_busy(&mut self, now: Instant) {
        if self.state.on_air.take() != Some(OnAir::Frame) {
            return;
        }
        let Some(mut outgoing) = self.state.outbox.take_on_air() else { return };
        outgoing.deferrals = outgoing.deferrals.saturating_add(1);
        if outgoing.deferrals > LINK_DEFERRALS_MAX {
            self.fail(outgoing.request.token, FailReason::ChannelBusy);
            return;
        }
        // Somewhere within the time the other, about as long as ours, may take.
        let pause = self.time_on_air(&outgoing);
        let not_before = now.after(self.state.random.duration_below(pause));
        outgoing.state = OutgoingState::Waiting { not_before };
        self.state.outbox.put_back(outgoing);
    }

    /// A packet was heard, whole or damaged; `now` is its end.
    pub fn handle_receive(&mut self, now: Instant, octets: &[u8], quality: Quality) {
        // "A frame whose MIC is wrong is dropped before any state changes" (spec/05-radio.md).
        match Frame::parse(octets, &self.config.keys, self.config.realm) {
            Ok(frame) => self.handle_frame(now, frame, quality),
            Err(error) => self.refuse(error, octets, quality),
        }
    }

    /// The time [`Link::poll_timeout`] named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.drop_stale_acknowledgements(now);
        while let Some(outgoing) = self.state.outbox.take_overdue(now) {
            self.try_again(now, outgoing, FailReason::NoAcknowledgement);
        }
    }

    /// When to call [`Link::handle_timeout`] and to poll again, if nothing happens before. A time
    /// that has passed means that [`Link::poll_transmit`] has something.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.state.on_air.is_some() {
            return None;
        }
        if let Some(owed) = self.next_acknowledgement_at() {
            return earliest(Some(owed), self.state.outbox.next_deadline());
        }
        if let Some(deadline) = self.state.outbox.next_deadline() {
            return Some(deadline);
        }
        Some(self.state.outbox.next_ready_at()?.max(self.state.quiet_until))
    }

    /// The next thing the program has to know.
    pub fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// Whether nothing is waiting to be sent, acknowledged or told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.state.outbox.len() == 0
            && self.state.owed.is_empty()
            && self.state.on_air.is_none()
            && self.events.is_empty()
    }

    /// Listens to other labels from now on, at most `LINK_LABELS_MAX`; those beyond are ignored. A
    /// gateway listens to all of them anyway.
    pub fn set_labels(&mut self, mut new: Vec<Label>) {
        new.truncate(LINK_LABELS_MAX);
        if let Role::Station { labels } = &mut self.config.role {
            *labels = new;
        }
    }

    /// The settings in force.
    #[must_use]
    pub const fn config(&self) -> &LinkConfig {
        &self.config
    }

    /// Packets dropped so far.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn handle_frame(&mut self, now: Instant, frame: Frame, quality: Quality) {
        match frame.kind {
            FrameKind::Acknowledgement => self.handle_acknowledgement(&frame),
            // Our own frame, passed on by another.
            _ if frame.source == self.config.pseudonym => {}
            FrameKind::Data { label } if self.config.role.takes_in(label) => {
                self.take_in(now, frame, quality);
            }
            FrameKind::Broadcast => self.take_in(now, frame, quality),
            FrameKind::Data { .. } => self.stay_quiet_for(now, &frame),
        }
    }

    fn take_in(&mut self, now: Instant, frame: Frame, quality: Quality) {
        if self.events.len() >= LINK_EVENTS_MAX {
            // The program is behind. Not acknowledged, so the sender will try again.
            return;
        }
        self.answer(now, &frame);
        let novelty = self.state.sources.note(now, frame.net, frame.source, frame.sequence);
        if novelty == Novelty::New {
            self.events.push_back(LinkEvent::Received { frame, quality });
        }
    }

    fn stay_quiet_for(&mut self, now: Instant, frame: &Frame) {
        if frame.acknowledgement_wanted {
            let until = now.after(self.config.acknowledgement_window());
            self.state.quiet_until = self.state.quiet_until.max(until);
        }
    }

    fn handle_acknowledgement(&mut self, frame: &Frame) {
        if frame.source != self.config.pseudonym {
            self.cancel_acknowledgement(frame);
            return;
        }
        // The net must be that of the frame: everyone has the key of net 0 and could otherwise
        // acknowledge what was sent on another.
        if let Some(done) = self.state.outbox.take_acknowledged(frame.net, frame.sequence) {
            self.events.push_back(LinkEvent::Delivered {
                token: done.request.token,
                acknowledger: frame.previous,
                tries: done.tries,
            });
        }
    }

    fn next_frame(&mut self, now: Instant) -> Option<Transmission> {
        let next_sequence = self.state.next_sequence;
        let outgoing = self.state.outbox.next_ready(now)?;
        let sequence = outgoing.sequence.unwrap_or(next_sequence);
        if outgoing.sequence.is_none() {
            self.state.next_sequence = next_sequence.wrapping_add(1);
        }
        outgoing.sequence = Some(sequence);
        outgoing.state = OutgoingState::OnAir;
        let request = outgoing.request.clone();
        match self.write(&request, sequence) {
            Ok(octets) => {
                self.state.on_air = Some(OnAir::Frame);
                Some(self.transmission(octets, request.destination.kind(), true))
            }
            // Written once already when it was submitted, so this does not happen.
            Err(error) => {
                self.state.outbox.take_on_air();
                self.fail(request.token, FailReason::NotTaken(error));
                None
            }
        }
    }

    fn write(&self, request: &FrameRequest, sequence: u16) -> Result<Vec<u8>, SubmitError> {
        let key = self.config.keys.get(request.net).ok_or(SubmitError::UnknownNet(request.net))?;
        let frame = Frame {
            precedence: request.precedence,
            hops_left: request.hops,
            acknowledgement_wanted: request.acknowledged,
            backbone: false,
            relayed: false,
            net: request.net,
            source: self.config.pseudonym,
            sequence,
            previous: self.config.pseudonym.lowest_octet(),
            kind: request.destination.kind(),
            payload: request.envelope.clone(),
        };
        frame
            .emit(key, self.config.realm)
            .map_err(|error: EmitError| SubmitError::Unwritable(error))
    }

    fn transmission(&self, octets: Vec<u8>, kind: FrameKind, listen_first: bool) -> Transmission {
        let time_on_air = self.config.modulation.time_on_air(octets.len());
        Transmission { octets, kind, time_on_air, listen_first }
    }

    fn try_again(&mut self, now: Instant, mut outgoing: Outgoing, reason: FailReason) {
        let tries_max = self.config.tries.clamp(1, LINK_TRIES_MAX);
        if outgoing.tries >= tries_max {
            self.fail(outgoing.request.token, reason);
            return;
        }
        let not_before = now.after(self.back_off(&outgoing));
        outgoing.state = OutgoingState::Waiting { not_before };
        self.state.outbox.put_back(outgoing);
    }

    /// A random part of a window that begins with one exchange and doubles with every try.
    fn back_off(&mut self, outgoing: &Outgoing) -> Duration {
        let exchange =
            self.time_on_air(outgoing).saturating_add(self.config.acknowledgement_window());
        let doublings = u32::from(outgoing.tries.saturating_sub(1).min(LINK_TRIES_MAX));
        let window = exchange.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(1));
        self.state.random.duration_below(window)
    }

    fn time_on_air(&self, outgoing: &Outgoing) -> Duration {
        let header =
            crate::limits::FRAME_OCTETS_MAX.saturating_sub(crate::limits::DATA_ENVELOPE_OCTETS_MAX);
        let octets = outgoing.request.envelope.len().saturating_add(header);
        self.config.modulation.time_on_air(octets)
    }

    fn fail(&mut self, token: u64, reason: FailReason) {
        self.events.push_back(LinkEvent::Failed { token, reason });
    }

    fn refuse(&mut self, error: FrameError, packet: &[u8], quality: Quality) {
        self.refused = self.refused.saturating_add(1);
        if self.events.len() < LINK_EVENTS_MAX {
            self.events.push_back(LinkEvent::Refused { error, packet: packet.to_vec(), quality });
        }
    }
}
