//! The unmodified `lora-phy` driver, made safe to wait for.
//!
//! `lora-phy` 3.0.1 has a wrapper, `LoRa`, whose `rx()` does not return before a packet has come:
//! dropped while it speaks to the chip it leaves it in the middle of a command, and it never returns
//! when a preamble stops the chip's timer and no packet follows. So a [`Transceiver`] uses the
//! driver beneath it, `RadioKind`, whose one long wait, `await_irq`, may be dropped at any time, and
//! splits reception there: [`Transceiver::listen`], [`Transceiver::interrupted`], then
//! [`Transceiver::take`]. Every conversation with the chip has a time limit; when it passes, the
//! chip's state is unknown and [`Transceiver::start`] resets it.
//!
//! The driver hands up packets with a wrong CRC as if they were right. A [`Heard::Packet`] is
//! therefore octets and nothing more; the frame's MIC decides.

use core::fmt;
use core::future::Future;
use core::time::Duration;

use lora_phy::RxMode;
use lora_phy::mod_params::{ModulationParams, PacketParams, RadioError, RadioMode};
use lora_phy::mod_traits::{IrqState, RadioKind};

use crate::clock::{Clock, ClockDelay, within};
use crate::limits::FRAME_OCTETS_MAX;
use crate::link::Quality;
use crate::modulation::Modulation;

/// How a radio sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RadioSettings {
    /// The channel.
    pub modulation: Modulation,
    /// At the antenna, in dBm; the SX1262 has −9 to 22.
    pub power_dbm: i8,
}

/// A radio that either listens or sends.
#[derive(Debug)]
pub struct Transceiver<K, C> {
    radio: K,
    clock: C,
    settings: RadioSettings,
    state: State,
}

/// What the chip was last told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Standby,
    Listening,
}

/// What an interrupt was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A preamble, or a header: a packet is coming in.
    Beginning,
    /// A packet, right or not.
    Packet {
        /// Its octets.
        octets: Vec<u8>,
        /// How well it was heard.
        quality: Quality,
    },
    /// Nothing, or a packet whose header was wrong.
    Nothing,
}

impl<K: RadioKind, C: Clock> Transceiver<K, C> {
    /// A radio in an unknown state. [`Transceiver::start`] comes first.
    #[must_use]
    pub const fn new(radio: K, clock: C, settings: RadioSettings) -> Self {
        Self { radio, clock, settings, state: State::Unknown }
    }

    /// Resets the chip and sets it up: at the beginning, and whenever something has failed.
    ///
    /// # Errors
    ///
    /// The chip does not answer, or not in time.
    pub async fn start(&mut self) -> Result<(), TransceiverError> {
        self.state = State::Unknown;
        let mut delay = ClockDelay(self.clock.clone());
        let radio = &mut self.radio;
        let frequency_hz = self.settings.modulation.frequency_hz;
        let starting = async {
            radio.reset(&mut delay).await?;
            radio.ensure_ready(RadioMode::Sleep).await?;
            radio.set_standby().await?;
            radio.init_lora(false).await?;
            radio.set_tx_power_and_ramp_time(0, None, false).await?;
            radio.set_irq_params(Some(RadioMode::Standby)).await?;
            radio.calibrate_image(frequency_hz).await
        };
        limited(&self.clock, CONVERSATION_LIMIT, Step::Start, starting).await?;
        self.state = State::Standby;
        Ok(())
    }

    /// Listens until told otherwise.
    ///
    /// # Errors
    ///
    /// The chip does not answer, or not in time.
    pub async fn listen(&mut self) -> Result<(), TransceiverError> {
        let (modulation, packet) = self.parameters(MAX_OCTETS)?;
        let frequency_hz = self.settings.modulation.frequency_hz;
        let radio = &mut self.radio;
        let beginning = async {
            radio.ensure_ready(RadioMode::Standby).await?;
            radio.set_standby().await?;
            radio.set_modulation_params(&modulation).await?;
            radio.set_packet_params(&packet).await?;
            radio.set_channel(frequency_hz).await?;
            radio.set_irq_params(Some(LISTENING)).await?;
            radio.do_rx(RxMode::Continuous).await
        };
        self.state = State::Unknown;
        limited(&self.clock, CONVERSATION_LIMIT, Step::Listen, beginning).await?;
        self.state = State::Listening;
        Ok(())
    }

    /// Waits for an interrupt. This, and nothing else of a transceiver, may be dropped unfinished.
    ///
    /// # Errors
    ///
    /// The pin cannot be read.
    pub async fn interrupted(&mut self) -> Result<(), TransceiverError> {
        self.radio.await_irq().await.map_err(TransceiverError::Radio)
    }

    /// Finds out what an interrupt was about, and takes the packet if it was one. The radio goes on
    /// listening.
    ///
    /// # Errors
    ///
    /// The chip does not answer, or not in time.
    pub async fn take(&mut self) -> Result<Heard, TransceiverError> {
        let (_, packet) = self.parameters(MAX_OCTETS)?;
        let radio = &mut self.radio;
        let taking = async {
            match radio.process_irq_event(LISTENING, None, true).await? {
                Some(IrqState::Done) => {}
                Some(IrqState::PreambleReceived) => return Ok(Heard::Beginning),
                None => return Ok(Heard::Nothing),
            }
            let mut octets = vec![0; FRAME_OCTETS_MAX];
            let length = radio.get_rx_payload(&packet, &mut octets).await?;
            let status = radio.get_rx_packet_status().await?;
            octets.truncate(usize::from(length));
            let quality = Quality { rssi_dbm: status.rssi, snr_db: status.snr };
            Ok(Heard::Packet { octets, quality })
        };
        limited(&self.clock, CONVERSATION_LIMIT, Step::Take, taking).await
    }

    /// Looks whether someone else is sending, for eight and a half symbols. The radio no longer
    /// listens afterwards.
    ///
    /// # Errors
    ///
    /// The chip does not answer, or not in time.
    pub async fn is_channel_busy(&mut self) -> Result<bool, TransceiverError> {
        let (modulation, _) = self.parameters(MAX_OCTETS)?;
        let radio = &mut self.radio;
        let frequency_hz = self.settings.modulation.frequency_hz;
        let looking = async {
            radio.ensure_ready(RadioMode::Standby).await?;
            radio.set_standby().await?;
            radio.set_modulation_params(&modulation).await?;
            radio.set_channel(frequency_hz).await?;
            radio.set_irq_params(Some(RadioMode::ChannelActivityDetection)).await?;
            radio.do_cad(&modulation).await?;
            radio.await_irq().await?;
            let mut detected = false;
            let mode = RadioMode::ChannelActivityDetection;
            radio.process_irq_event(mode, Some(&mut detected), true).await?;
            Ok(detected)
        };
        self.state = State::Unknown;
        let symbols = self.settings.modulation.symbol().saturating_mul(17);
        let limit = CONVERSATION_LIMIT.saturating_add(symbols);
        let detected = limited(&self.clock, limit, Step::LookForActivity, looking).await?;
        self.state = State::Standby;
        Ok(detected)
    }

    /// Sends a packet and waits for its end. The radio no longer listens afterwards.
    ///
    /// # Errors
    ///
    /// The chip does not answer, or does not finish within twice the packet's time on air: the
    /// driver sends without a limit of its own.
    pub async fn transmit(&mut self, octets: &[u8]) -> Result<(), TransceiverError> {
        let length = u8::try_from(octets.len()).map_err(|_| {
            TransceiverError::Radio(RadioError::PayloadSizeUnexpected(octets.len()))
        })?;
        let (modulation, packet) = self.parameters(length)?;
        let power_dbm = i32::from(self.settings.power_dbm);
        let frequency_hz = self.settings.modulation.frequency_hz;
        let radio = &mut self.radio;
        let sending = async {
            radio.ensure_ready(RadioMode::Standby).await?;
            radio.set_standby().await?;
            radio.set_modulation_params(&modulation).await?;
            radio.set_tx_power_and_ramp_time(power_dbm, Some(&modulation), true).await?;
            radio.set_packet_params(&packet).await?;
            radio.set_channel(frequency_hz).await?;
            radio.set_payload(octets).await?;
            radio.set_irq_params(Some(RadioMode::Transmit)).await?;
            radio.do_tx().await?;
            loop {
                radio.await_irq().await?;
                if radio.process_irq_event(RadioMode::Transmit, None, true).await?.is_some() {
                    return Ok(());
                }
            }
        };
        self.state = State::Unknown;
        let time_on_air = self.settings.modulation.time_on_air(octets.len());
        let limit = CONVERSATION_LIMIT.saturating_add(time_on_air.saturating_mul(2));
        limited(&self.clock, limit, Step::Transmit, sending).await?;
        self.state = State::Standby;
        Ok(())
    }

    /// Whether the radio listens.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.state == State::Listening
    }

    /// How the radio sends.
    #[must_use]
    pub const fn settings(&self) -> &RadioSettings {
        &self.settings
    }

    /// The clock the limits are counted on.
    #[must_use]
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    fn parameters(&self, octets: u8) -> Result<(ModulationParams, PacketParams), TransceiverError> {
        let wanted = &self.settings.modulation;
        let modulation = self
            .radio
            .create_modulation_params(
                wanted.spreading_factor,
                wanted.bandwidth,
                wanted.coding_rate,
                wanted.frequency_hz,
            )
            .map_err(TransceiverError::Radio)?;
        let (implicit_header, crc, inverted_iq) = (false, true, false);
        let packet = self
            .radio
            .create_packet_params(
                wanted.preamble_symbols,
                implicit_header,
                octets,
                crc,
                inverted_iq,
                &modulation,
            )
            .map_err(TransceiverError::Radio)?;
        Ok((modulation, packet))
    }
}

/// Why a radio did not do what it should.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum TransceiverError {
    /// The driver says so.
    Radio(RadioError),
    /// The chip did not come back in time.
    Hung(Step),
}

/// What a radio was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Reset and set up.
    Start,
    /// Begin to listen.
    Listen,
    /// Fetch what was heard.
    Take,
    /// Look whether someone else is sending.
    LookForActivity,
    /// Send.
    Transmit,
}

impl fmt::Display for TransceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Radio(error) => write!(f, "the radio driver failed: {error:?}"),
            Self::Hung(step) => write!(f, "the radio did not come back: {step:?}"),
        }
    }
}

impl core::error::Error for TransceiverError {}

/// Longer than every conversation with the chip that does not wait for a packet: a reset with
/// calibration is the longest, some 20 ms. The rest is for schedulers under load.
const CONVERSATION_LIMIT: Duration = Duration::from_secs(1);

const LISTENING: RadioMode = RadioMode::Receive(RxMode::Continuous);

const MAX_OCTETS: u8 = u8::MAX;

async fn limited<C: Clock, T>(
    clock: &C,
    limit: Duration,
    step: Step,
    conversation: impl Future<Output = Result<T, RadioError>>,
) -> Result<T, TransceiverError> {
    match within(clock, limit, conversation).await {
        Some(result) => result.map_err(TransceiverError::Radio),
        None => Err(TransceiverError::Hung(step)),
    }
}
