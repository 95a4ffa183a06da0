//! A modem: an emulated radio in a field of another process, and the link on top.

use core::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use lora_phy::sx126x::{Config, Sx126x, Sx1262, TcxoCtrlVoltage};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::antenna::{attach, carry, send};
use super::attend::{ModemCommand, ModemEvent, attend};
use super::clock::MachineClock;
use crate::air::NodeId;
use crate::antenna::Position;
use crate::antenna::message::ToField;
use crate::chip::{Board, ChipPins, ChipSpi};
use crate::clock::{First, first};
use crate::limits::MODEM_CHANNEL_MAX;
use crate::link::{FrameRequest, Link};
use crate::transceiver::{RadioSettings, Transceiver, TransceiverError};

use chappe_codec::label::Label;

/// A radio in a simulated field.
#[derive(Debug)]
pub struct Modem {
    socket: UdpSocket,
    clock: MachineClock,
    node: NodeId,
    position: Position,
    settings: RadioSettings,
}

impl Modem {
    /// Puts up an antenna in the field at this address, which has to be on this machine.
    ///
    /// # Errors
    ///
    /// The field is elsewhere, full, or not there.
    pub async fn connect(
        field: SocketAddr,
        position: Position,
        settings: RadioSettings,
    ) -> Result<Self, ModemError> {
        let local = match field.ip() {
            IpAddr::V4(address) if address.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(address) if address.is_loopback() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            IpAddr::V4(_) | IpAddr::V6(_) => return Err(ModemError::NotLocal(field)),
        };
        let socket = UdpSocket::bind((local, 0)).await.map_err(ModemError::Socket)?;
        socket.connect(field).await.map_err(ModemError::Socket)?;
        let clock = MachineClock::new();
        let node = attach(&socket, &clock, position).await?;
        Ok(Self { socket, clock, node, position, settings })
    }

    /// The number the field gave it.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// Serves a link in a task of its own.
    #[must_use]
    pub fn start(self, link: Link) -> ModemHandle {
        let (commands, to_modem) = mpsc::channel(MODEM_CHANNEL_MAX);
        let (from_modem, events) = mpsc::channel(MODEM_CHANNEL_MAX);
        let task = tokio::spawn(self.run(link, to_modem, from_modem));
        ModemHandle { commands: Some(commands), events, task }
    }

    /// Serves a link until `commands` is closed and everything submitted is done, or `events` is
    /// closed.
    ///
    /// # Errors
    ///
    /// The field is gone, or the radio failed and a reset did not help.
    pub async fn run(
        self,
        mut link: Link,
        mut commands: mpsc::Receiver<ModemCommand>,
        events: mpsc::Sender<ModemEvent>,
    ) -> Result<(), ModemError> {
        let board = Board::new(self.clock.clone());
        let mut transceiver = Transceiver::new(driver(&board), self.clock.clone(), self.settings);
        let serve = async {
            transceiver.start().await?;
            attend(&mut transceiver, &mut link, &mut commands, &events).await
        };
        let cable = carry(&board, &self.socket, &self.clock, (self.node, self.position));
        let result = match first(serve, cable).await {
            First::One(result) => result.map_err(ModemError::Radio),
            First::Other(Ok(never)) => match never {},
            First::Other(Err(error)) => Err(error),
        };
        // Courtesy: a field that does not hear it forgets us by itself.
        let farewell = send(&self.socket, &ToField::Detach).await;
        result.and(farewell)
    }
}

/// The program's side of a modem.
#[derive(Debug)]
pub struct ModemHandle {
    commands: Option<mpsc::Sender<ModemCommand>>,
    events: mpsc::Receiver<ModemEvent>,
    task: JoinHandle<Result<(), ModemError>>,
}

impl ModemHandle {
    /// Hands a frame to the link. What becomes of it arrives as an event with its token.
    ///
    /// # Errors
    ///
    /// The modem has stopped: [`ModemHandle::close`] says why.
    pub async fn send(&self, request: FrameRequest) -> Result<(), ModemError> {
        self.command(ModemCommand::Send(request)).await
    }

    /// Listens to these labels from now on.
    ///
    /// # Errors
    ///
    /// The modem has stopped: [`ModemHandle::close`] says why.
    pub async fn set_labels(&self, labels: Vec<Label>) -> Result<(), ModemError> {
        self.command(ModemCommand::Labels(labels)).await
    }

    /// The next event; `None` when the modem has stopped. Safe to drop.
    pub async fn next(&mut self) -> Option<ModemEvent> {
        self.events.recv().await
    }

    /// Lets the link finish what was submitted, and stops. Events until then are dropped.
    ///
    /// # Errors
    ///
    /// Why the modem stopped, if not because it was told to.
    pub async fn close(mut self) -> Result<(), ModemError> {
        self.commands = None;
        while self.events.recv().await.is_some() {}
        self.task.await.map_err(|_| ModemError::Stopped)?
    }

    async fn command(&self, command: ModemCommand) -> Result<(), ModemError> {
        let commands = self.commands.as_ref().ok_or(ModemError::Stopped)?;
        commands.send(command).await.map_err(|_| ModemError::Stopped)
    }
}

/// Why a modem does not work.
#[derive(Debug)]
#[non_exhaustive]
pub enum ModemError {
    /// The field's address is not on this machine; simulated radio does not leave it.
    NotLocal(SocketAddr),
    /// The field has no room.
    FieldFull,
    /// There is no field at that address, or it has stopped.
    FieldGone,
    /// The socket failed.
    Socket(io::Error),
    /// The radio failed, and a reset did not help.
    Radio(TransceiverError),
    /// The modem has stopped.
    Stopped,
}

impl fmt::Display for ModemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLocal(address) => write!(f, "{address} is not on this machine"),
            Self::FieldFull => f.write_str("the radio field has no room for another antenna"),
            Self::FieldGone => f.write_str("there is no radio field at that address"),
            Self::Socket(error) => error.fmt(f),
            Self::Radio(error) => error.fmt(f),
            Self::Stopped => f.write_str("the modem has stopped"),
        }
    }
}

impl core::error::Error for ModemError {}

/// The unmodified driver, on an emulated board with a TCXO and DC-DC converter, as most have.
fn driver(
    board: &Board<MachineClock>,
) -> Sx126x<ChipSpi<MachineClock>, ChipPins<MachineClock>, Sx1262> {
    let config = Config {
        chip: Sx1262,
        tcxo_ctrl: Some(TcxoCtrlVoltage::Ctrl1V7),
        use_dcdc: true,
        rx_boost: true,
    };
    Sx126x::new(board.spi(), board.pins(), config)
}
