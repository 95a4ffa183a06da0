//! The loop that serves a link and its radio.

use core::time::Duration;
use std::collections::VecDeque;

use chappe_codec::label::Label;
use lora_phy::mod_traits::RadioKind;
use tokio::sync::mpsc;

use crate::clock::{Clock, First, first};
use crate::frame::{FrameKind, Unverified};
use crate::limits::{FRAME_OCTETS_MAX, LINK_EVENTS_MAX};
use crate::link::{FailReason, FrameRequest, Link, LinkEvent, Quality, Transmission};
use crate::time::{Instant, earliest};
use crate::transceiver::{Heard, Transceiver, TransceiverError};

/// What a program tells a modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModemCommand {
    /// Send this.
    Send(FrameRequest),
    /// Listen to these labels from now on.
    Labels(Vec<Label>),
}

/// What a modem tells its program.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum ModemEvent {
    /// What the link has to say.
    Link(LinkEvent),
    /// A packet went out.
    Transmitted(Hop),
    /// A packet came in, for whomever, right or not.
    Heard(Hop),
    /// The radio failed, was reset, and goes on.
    Recovered(TransceiverError),
}

/// A packet's way over the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// When it ended, on the modem's clock.
    pub at: Instant,
    /// What the packet says it is; `None` when it has not even the form of a frame.
    pub kind: Option<FrameKind>,
    /// Its octets.
    pub octets: usize,
    /// How long it occupied the channel.
    pub time_on_air: Duration,
    /// How well it was heard; `None` for one that was sent.
    pub quality: Option<Quality>,
}

/// Serves a link with a radio until `commands` is closed and nothing is left to be done, or
/// `events` is closed. The radio must have been started.
///
/// Half duplex, and never cancelled half-way: of what this loop waits for, only waiting itself is
/// ever dropped. While a packet is coming in nothing is sent.
///
/// # Errors
///
/// The radio failed, and a reset did not help.
pub async fn attend<K: RadioKind, C: Clock>(
    transceiver: &mut Transceiver<K, C>,
    link: &mut Link,
    commands: &mut mpsc::Receiver<ModemCommand>,
    events: &mpsc::Sender<ModemEvent>,
) -> Result<(), TransceiverError> {
    let listening_until = transceiver.clock().now();
    let mut attendant = Attendant {
        transceiver,
        link,
        pending: VecDeque::new(),
        coming_in: None,
        renew_at: listening_until,
        is_closing: false,
    };
    attendant.run(commands, events).await
}

struct Attendant<'a, K, C> {
    transceiver: &'a mut Transceiver<K, C>,
    link: &'a mut Link,
    pending: VecDeque<ModemEvent>,
    coming_in: Option<ComingIn>,
    renew_at: Instant,
    is_closing: bool,
}

/// A packet that is being received.
#[derive(Debug, Clone, Copy)]
struct ComingIn {
    /// Whether its header has been seen, and not just a preamble that may be nobody's.
    has_header: bool,
    /// When it must have ended.
    until: Instant,
}

enum Wake {
    Interrupt(Result<(), TransceiverError>),
    Command(Option<ModemCommand>),
    Deadline,
    Room,
    Abandoned,
}

impl<K: RadioKind, C: Clock> Attendant<'_, K, C> {
    async fn run(
        &mut self,
        commands: &mut mpsc::Receiver<ModemCommand>,
        events: &mpsc::Sender<ModemEvent>,
    ) -> Result<(), TransceiverError> {
        loop {
            self.renew_listening().await?;
            self.link.handle_timeout(self.now());
            if self.coming_in.is_none()
                && let Some(transmission) = self.link.poll_transmit(self.now())
            {
                self.send(transmission).await?;
                continue;
            }
            self.tell(events);
            if self.is_closing && self.link.is_idle() && self.pending.is_empty() {
                return Ok(());
            }
            match self.wait(commands, events).await {
                Wake::Interrupt(Ok(())) => self.take().await?,
                Wake::Interrupt(Err(error)) => self.recover(error).await?,
                Wake::Command(Some(command)) => self.obey(command),
                Wake::Command(None) => self.is_closing = true,
                Wake::Deadline => self.give_up_waiting_for_packet(),
                Wake::Room => {}
                Wake::Abandoned => return Ok(()),
            }
        }
    }

    /// Everything here may be dropped unfinished.
    async fn wait(
        &mut self,
        commands: &mut mpsc::Receiver<ModemCommand>,
        events: &mpsc::Sender<ModemEvent>,
    ) -> Wake {
        let deadline = self.deadline();
        let clock = self.transceiver.clock().clone();
        let (is_closing, is_full) = (self.is_closing, !self.pending.is_empty());
        let command = async {
            if is_closing { core::future::pending().await } else { commands.recv().await }
        };
        let room = async {
            if is_full {
                drop(events.reserve().await);
            } else {
                events.closed().await;
            }
        };
        let radio_or_program = first(self.transceiver.interrupted(), command);
        let time_or_room = first(clock.sleep_until(deadline), room);
        match first(radio_or_program, time_or_room).await {
            First::One(First::One(result)) => Wake::Interrupt(result),
            First::One(First::Other(command)) => Wake::Command(command),
            First::Other(First::One(())) => Wake::Deadline,
            First::Other(First::Other(())) if events.is_closed() => Wake::Abandoned,
            First::Other(First::Other(())) => Wake::Room,
        }
    }

    fn deadline(&self) -> Instant {
        // While a packet comes in nothing is sent, so the link's deadlines can wait for its end.
        let next = match self.coming_in {
            Some(coming_in) => Some(coming_in.until),
            None => self.link.poll_timeout(),
        };
        earliest(next, Some(self.renew_at)).unwrap_or(self.renew_at)
    }

    async fn send(&mut self, transmission: Transmission) -> Result<(), TransceiverError> {
        if transmission.listen_first {
            match self.transceiver.is_channel_busy().await {
                Ok(false) => {}
                Ok(true) => {
                    self.link.handle_channel_busy(self.now());
                    return Ok(());
                }
                Err(error) => {
                    self.link.handle_transmit_failed(self.now());
                    return self.recover(error).await;
                }
            }
        }
        if let Err(error) = self.transceiver.transmit(&transmission.octets).await {
            self.link.handle_transmit_failed(self.now());
            return self.recover(error).await;
        }
        let now = self.now();
        self.link.handle_transmitted(now);
        // Before anything else: the answer begins one turnaround after the end.
        self.renew_listening().await?;
        self.note(ModemEvent::Transmitted(Hop {
            at: now,
            kind: Some(transmission.kind),
            octets: transmission.octets.len(),
            time_on_air: transmission.time_on_air,
            quality: None,
        }));
        Ok(())
    }

    async fn take(&mut self) -> Result<(), TransceiverError> {
        match self.transceiver.take().await {
            Ok(Heard::Beginning) => self.expect_packet(),
            // A header that was wrong: the radio is free again.
            Ok(Heard::Nothing) => self.coming_in = None,
            Ok(Heard::Packet { octets, quality }) => {
                self.coming_in = None;
                let now = self.now();
                self.note(ModemEvent::Heard(Hop {
                    at: now,
                    kind: Unverified::parse(&octets).ok().map(|frame| frame.kind()),
                    octets: octets.len(),
                    time_on_air: self.transceiver.settings().modulation.time_on_air(octets.len()),
                    quality: Some(quality),
                }));
                self.link.handle_receive(now, &octets, quality);
            }
            Err(error) => self.recover(error).await?,
        }
        Ok(())
    }

    /// The first sign is a preamble, the second a header. A preamble nothing follows must not
    /// silence us for longer than it takes to see that.
    fn expect_packet(&mut self) {
        let modulation = self.transceiver.settings().modulation;
        let has_header = self.coming_in.is_some();
        let left = if has_header {
            modulation.time_on_air(FRAME_OCTETS_MAX)
        } else {
            modulation.time_on_air(0)
        };
        let until = self.now().after(left).after(LATENESS);
        self.coming_in = Some(ComingIn { has_header, until });
    }

    fn give_up_waiting_for_packet(&mut self) {
        let now = self.now();
        if self.coming_in.is_some_and(|coming_in| coming_in.until <= now) {
            // With a header but without an end something is wrong with the chip: listen anew.
            if self.coming_in.is_some_and(|coming_in| coming_in.has_header) {
                self.renew_at = now;
            }
            self.coming_in = None;
        }
    }

    /// Begins to listen after anything else, and anew from time to time: a chip that has silently
    /// stopped would otherwise stay deaf.
    async fn renew_listening(&mut self) -> Result<(), TransceiverError> {
        let is_due = self.renew_at <= self.now() && self.coming_in.is_none();
        if self.transceiver.is_listening() && !is_due {
            return Ok(());
        }
        self.coming_in = None;
        if let Err(error) = self.transceiver.listen().await {
            self.recover(error).await?;
        }
        self.renew_at = self.now().after(RENEWAL);
        Ok(())
    }

    async fn recover(&mut self, error: TransceiverError) -> Result<(), TransceiverError> {
        self.coming_in = None;
        self.transceiver.start().await?;
        self.transceiver.listen().await?;
        self.note(ModemEvent::Recovered(error));
        Ok(())
    }

    fn obey(&mut self, command: ModemCommand) {
        match command {
            ModemCommand::Labels(labels) => self.link.set_labels(labels),
            ModemCommand::Send(request) => {
                let token = request.token;
                if let Err(error) = self.link.submit(self.now(), request) {
                    let reason = FailReason::NotTaken(error);
                    self.note(ModemEvent::Link(LinkEvent::Failed { token, reason }));
                }
            }
        }
    }

    /// Passes on what there is room for. The rest stays in the link, which takes in no more when it
    /// has too much.
    fn tell(&mut self, events: &mpsc::Sender<ModemEvent>) {
        while let Ok(room) = events.try_reserve() {
            let next = self.pending.pop_front();
            match next.or_else(|| self.link.poll_event().map(ModemEvent::Link)) {
                Some(event) => room.send(event),
                None => return,
            }
        }
        // Full: one event in `pending` makes the loop wait for room.
        if self.pending.is_empty()
            && let Some(event) = self.link.poll_event()
        {
            self.pending.push_back(ModemEvent::Link(event));
        }
    }

    fn note(&mut self, event: ModemEvent) {
        // Link events that happened before are told before.
        while let Some(earlier) = self.poll_link_event() {
            self.pending.push_back(ModemEvent::Link(earlier));
        }
        let is_result = matches!(event, ModemEvent::Link(_));
        if is_result || self.pending.len() < LINK_EVENTS_MAX {
            self.pending.push_back(event);
        }
    }

    fn poll_link_event(&mut self) -> Option<LinkEvent> {
        if self.pending.len() < LINK_EVENTS_MAX { self.link.poll_event() } else { None }
    }

    fn now(&self) -> Instant {
        self.transceiver.clock().now()
    }
}

/// How late an interrupt may be looked at.
const LATENESS: Duration = Duration::from_millis(20);

/// How long a radio listens before it is told to again.
const RENEWAL: Duration = Duration::from_secs(30);
