//! The field's process: it holds the air, and chips of other processes connect to it.

use core::fmt;
use core::future::Future;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::antenna::RENEWAL;
use super::clock::MachineClock;
use crate::air::{Air, AirEvent, NodeId};
use crate::antenna::Position;
use crate::antenna::message::{ToChip, ToField};
use crate::clock::{Clock, First, first};
use crate::limits::ANTENNA_MESSAGE_OCTETS_MAX;
use crate::time::{Instant, earliest};

/// Serves an air to the chips of this machine until `shutdown` is done. `observe` is called for
/// everything that happens on it.
///
/// # Errors
///
/// The socket is reachable from elsewhere, or fails.
pub async fn serve(
    socket: UdpSocket,
    air: Air,
    commands: mpsc::Receiver<FieldCommand>,
    shutdown: impl Future<Output = ()>,
    observe: impl FnMut(AirEvent),
) -> Result<(), FieldError> {
    let address = socket.local_addr().map_err(FieldError::Socket)?;
    if !address.ip().is_loopback() {
        return Err(FieldError::NotLocal(address));
    }
    let clock = MachineClock::new();
    let chips = BTreeMap::new();
    let forget_at = clock.now();
    let mut field = Field { socket, air, clock, chips, forget_at, commands, observe };
    match first(shutdown, field.run()).await {
        First::One(()) => Ok(()),
        First::Other(result) => result,
    }
}

/// What a program tells a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldCommand {
    /// Damage the next packet that is at least this long: see [`Air::flip_next`].
    FlipNext {
        /// Shorter ones are left alone.
        octets_min: usize,
    },
}

struct Field<F> {
    socket: UdpSocket,
    air: Air,
    clock: MachineClock,
    chips: BTreeMap<SocketAddr, Chip>,
    forget_at: Instant,
    commands: mpsc::Receiver<FieldCommand>,
    observe: F,
}

struct Chip {
    node: NodeId,
    last_heard: Instant,
}

impl<F: FnMut(AirEvent)> Field<F> {
    async fn run(&mut self) -> Result<(), FieldError> {
        let mut datagram = [0; ANTENNA_MESSAGE_OCTETS_MAX + 1];
        loop {
            self.settle().await;
            let deadline =
                earliest(self.air.poll_timeout(), Some(self.forget_at)).unwrap_or(self.forget_at);
            let next =
                first(self.socket.recv_from(&mut datagram), self.clock.sleep_until(deadline));
            match next.await {
                First::One(Ok((length, from))) => {
                    let message = datagram.get(..length).unwrap_or_default();
                    // What cannot be read is not for us.
                    if let Ok(message) = ToField::parse(message) {
                        self.handle(from, message).await;
                    }
                }
                First::One(Err(error)) => return Err(FieldError::Socket(error)),
                First::Other(()) => {}
            }
        }
    }

    async fn settle(&mut self) {
        let now = self.clock.now();
        self.air.handle_timeout(now);
        self.forget_silent(now);
        while let Some((node, report)) = self.air.poll_report() {
            let chip = self.chips.iter().find(|(_, chip)| chip.node == node);
            if let Some(address) = chip.map(|(address, _)| *address) {
                self.tell(address, &ToChip::Report(report)).await;
            }
        }
        while let Some(event) = self.air.poll_event() {
            (self.observe)(event);
        }
    }

    async fn handle(&mut self, from: SocketAddr, message: ToField) {
        let now = self.clock.now();
        // Here and nowhere else: what was commanded before a packet holds for that packet.
        while let Ok(FieldCommand::FlipNext { octets_min }) = self.commands.try_recv() {
            self.air.flip_next(octets_min);
        }
        if let Some(chip) = self.chips.get_mut(&from) {
            chip.last_heard = now;
        }
        match message {
            ToField::Attach(position) => self.attach(now, from, position).await,
            ToField::Request(request) => {
                if let Some(chip) = self.chips.get(&from) {
                    self.air.handle_request(now, chip.node, request);
                }
            }
            ToField::Detach => self.forget(now, from),
        }
    }

    async fn attach(&mut self, now: Instant, from: SocketAddr, position: Position) {
        if let Some(chip) = self.chips.get(&from) {
            let node = chip.node;
            self.air.place(node, position);
            self.tell(from, &ToChip::Attached { node: node.0 }).await;
            return;
        }
        match self.air.attach(position) {
            Some(node) => {
                self.chips.insert(from, Chip { node, last_heard: now });
                self.tell(from, &ToChip::Attached { node: node.0 }).await;
            }
            None => self.tell(from, &ToChip::Full).await,
        }
    }

    async fn tell(&mut self, to: SocketAddr, message: &ToChip) {
        if self.socket.send_to(&message.to_bytes(), to).await.is_err() {
            self.forget(self.clock.now(), to);
        }
    }

    fn forget_silent(&mut self, now: Instant) {
        if now < self.forget_at {
            return;
        }
        self.forget_at = now.after(RENEWAL);
        let patience = RENEWAL.saturating_mul(3);
        let silent: Vec<_> = self
            .chips
            .iter()
            .filter(|(_, chip)| patience < now.since(chip.last_heard))
            .map(|(address, _)| *address)
            .collect();
        for address in silent {
            self.forget(now, address);
        }
    }

    fn forget(&mut self, now: Instant, address: SocketAddr) {
        if let Some(chip) = self.chips.remove(&address) {
            self.air.detach(now, chip.node);
        }
    }
}

/// Why a field does not work.
#[derive(Debug)]
#[non_exhaustive]
pub enum FieldError {
    /// The socket is reachable from elsewhere; simulated radio does not leave the machine.
    NotLocal(SocketAddr),
    /// The socket failed.
    Socket(io::Error),
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLocal(address) => write!(f, "{address} is reachable from other machines"),
            Self::Socket(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for FieldError {}
