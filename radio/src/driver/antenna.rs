//! The cable between an emulated chip and the field's process: a UDP socket on this machine.

use core::convert::Infallible;
use core::time::Duration;
use std::io;

use tokio::net::UdpSocket;

use super::clock::MachineClock;
use crate::air::NodeId;
use crate::antenna::Position;
use crate::antenna::message::{ToChip, ToField};
use crate::chip::Board;
use crate::clock::{Clock, First, first};
use crate::driver::ModemError;
use crate::limits::ANTENNA_MESSAGE_OCTETS_MAX;
use crate::time::earliest;

/// How often a chip says that it is still there; the field forgets it after three times that.
pub(super) const RENEWAL: Duration = Duration::from_secs(5);

/// Asks the field for a place.
pub(super) async fn attach(
    socket: &UdpSocket,
    clock: &MachineClock,
    position: Position,
) -> Result<NodeId, ModemError> {
    for _ in 0..ATTEMPTS {
        send(socket, &ToField::Attach(position)).await?;
        let deadline = clock.now().after(ATTEMPT);
        match first(answer(socket), clock.sleep_until(deadline)).await {
            First::One(Ok(ToChip::Attached { node })) => return Ok(NodeId(node)),
            First::One(Ok(ToChip::Full)) => return Err(ModemError::FieldFull),
            First::One(Err(error)) => return Err(error),
            First::One(Ok(ToChip::Report(_))) | First::Other(()) => {}
        }
    }
    Err(ModemError::FieldGone)
}

/// Carries everything both ways until the field is gone.
pub(super) async fn carry(
    board: &Board<MachineClock>,
    socket: &UdpSocket,
    clock: &MachineClock,
    (node, position): (NodeId, Position),
) -> Result<Infallible, ModemError> {
    let mut renew_at = clock.now().after(RENEWAL);
    loop {
        let seen = board.changes();
        if board.poll_timeout().is_some_and(|at| at <= clock.now()) {
            board.handle_timeout();
        }
        while let Some(request) = board.poll_request() {
            send(socket, &ToField::Request(request)).await?;
        }
        if renew_at <= clock.now() {
            send(socket, &ToField::Attach(position)).await?;
            renew_at = clock.now().after(RENEWAL);
        }
        let deadline = earliest(board.poll_timeout(), Some(renew_at)).unwrap_or(renew_at);
        let chip_or_time = first(board.changed(seen), clock.sleep_until(deadline));
        match first(answer(socket), chip_or_time).await {
            First::One(Ok(ToChip::Report(report))) => board.handle_report(&report),
            First::One(Ok(ToChip::Attached { node: now })) if NodeId(now) == node => {}
            // The field has forgotten us, or is another one: what it knows of the chip is wrong.
            First::One(Ok(ToChip::Attached { .. } | ToChip::Full)) => {
                return Err(ModemError::FieldGone);
            }
            First::One(Err(error)) => return Err(error),
            First::Other(_) => {}
        }
    }
}

/// Sends one message. A datagram that gets lost is a report that gets lost, as on the air; a field
/// that is gone is an error.
pub(super) async fn send(socket: &UdpSocket, message: &ToField) -> Result<(), ModemError> {
    socket.send(&message.to_bytes()).await.map(drop).map_err(lost)
}

/// The next message that can be read. Safe to drop.
async fn answer(socket: &UdpSocket) -> Result<ToChip, ModemError> {
    let mut datagram = [0; ANTENNA_MESSAGE_OCTETS_MAX + 1];
    loop {
        let length = socket.recv(&mut datagram).await.map_err(lost)?;
        if let Ok(message) = ToChip::parse(datagram.get(..length).unwrap_or_default()) {
            return Ok(message);
        }
    }
}

fn lost(error: io::Error) -> ModemError {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        ModemError::FieldGone
    } else {
        ModemError::Socket(error)
    }
}

const ATTEMPTS: u32 = 10;
const ATTEMPT: Duration = Duration::from_millis(300);
