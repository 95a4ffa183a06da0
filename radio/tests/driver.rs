//! The unmodified `lora-phy` driver against emulated chips in simulated air, in virtual time.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use std::time::Duration;

use chappe_radio::air::{Air, AirConfig, AirEvent, Faults, LossReason};
use chappe_radio::antenna::Position;
use chappe_radio::chip::{Board, ChipPins, ChipSpi};
use chappe_radio::clock::{Clock, ClockDelay, within};
use chappe_radio::modulation::{Bandwidth, CodingRate, Modulation, SpreadingFactor};
use chappe_radio::time::Instant;
use chappe_radio::virtual_time::{Executor, SimulatedField, VirtualClock};
use lora_phy::mod_params::{ModulationParams, PacketParams, PacketStatus, RadioError};
use lora_phy::sx126x::{Config, Sx126x, Sx1262, TcxoCtrlVoltage};
use lora_phy::{LoRa, RxMode};

type Driver =
    LoRa<Sx126x<ChipSpi<VirtualClock>, ChipPins<VirtualClock>, Sx1262>, ClockDelay<VirtualClock>>;

const LIMIT: Instant = Instant::from_nanoseconds(60_000_000_000);
const FREQUENCY_HZ: u32 = 869_525_000;

/// A radio as a program for a real board would have it: `lora-phy` and nothing of ours above it.
struct Radio {
    driver: Driver,
    board: Board<VirtualClock>,
    clock: VirtualClock,
    modulation: ModulationParams,
}

impl Radio {
    async fn new(field: &SimulatedField, clock: &VirtualClock, east_m: i32) -> Self {
        Self::on_network(field, clock, east_m, false).await
    }

    async fn on_network(
        field: &SimulatedField,
        clock: &VirtualClock,
        east_m: i32,
        public: bool,
    ) -> Self {
        let board = field.attach(Position { east_m, north_m: 0 }).unwrap();
        let config = Config {
            chip: Sx1262,
            tcxo_ctrl: Some(TcxoCtrlVoltage::Ctrl1V7),
            use_dcdc: true,
            rx_boost: true,
        };
        let octet = Duration::from_micros(1);
        let kind = Sx126x::new(board.spi_taking(octet), board.pins(), config);
        let mut driver = LoRa::new(kind, public, ClockDelay(clock.clone())).await.unwrap();
        let modulation = driver
            .create_modulation_params(
                SpreadingFactor::_9,
                Bandwidth::_125KHz,
                CodingRate::_4_5,
                FREQUENCY_HZ,
            )
            .unwrap();
        Self { driver, board, clock: clock.clone(), modulation }
    }

    async fn send(&mut self, octets: &[u8]) -> Duration {
        let mut packet =
            self.driver.create_tx_packet_params(8, false, true, false, &self.modulation).unwrap();
        self.driver.prepare_for_tx(&self.modulation, &mut packet, 14, octets).await.unwrap();
        let start = self.clock.now();
        self.driver.tx().await.unwrap();
        self.clock.now().since(start)
    }

    fn receive_params(&mut self) -> PacketParams {
        self.driver.create_rx_packet_params(8, false, 255, true, false, &self.modulation).unwrap()
    }

    async fn receive(&mut self, mode: RxMode) -> Result<(Vec<u8>, PacketStatus), RadioError> {
        let packet = self.receive_params();
        self.driver.prepare_for_rx(mode, &self.modulation, &packet).await.unwrap();
        let mut octets = [0; 255];
        let (length, status) = self.driver.rx(&packet, &mut octets).await?;
        Ok((octets[..usize::from(length)].to_vec(), status))
    }

    async fn is_busy(&mut self) -> bool {
        self.driver.prepare_for_cad(&self.modulation).await.unwrap();
        self.driver.cad(&self.modulation).await.unwrap()
    }

    async fn wait(&self, milliseconds: u64) {
        let until = self.clock.now().after(Duration::from_millis(milliseconds));
        self.clock.sleep_until(until).await;
    }
}

fn world(config: AirConfig) -> (Executor, SimulatedField, VirtualClock) {
    let mut executor = Executor::new();
    let clock = executor.clock();
    let field = SimulatedField::new(clock.clone(), Air::new(config));
    executor.spawn(field.clone().run());
    (executor, field, clock)
}

/// Runs two futures on the simulation's one thread.
async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let mut one = Box::pin(one);
    let mut other = Box::pin(other);
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|context| {
        if first.is_none()
            && let std::task::Poll::Ready(value) = one.as_mut().poll(context)
        {
            first = Some(value);
        }
        if second.is_none()
            && let std::task::Poll::Ready(value) = other.as_mut().poll(context)
        {
            second = Some(value);
        }
        if first.is_some() && second.is_some() {
            return std::task::Poll::Ready((first.take().unwrap(), second.take().unwrap()));
        }
        std::task::Poll::Pending
    })
    .await
}

#[test]
fn twenty_octets_arrive_and_take_the_time_the_formula_says() {
    for mode in [RxMode::Continuous, RxMode::Single(100)] {
        let (mut executor, field, clock) = world(AirConfig::default());
        let message: Vec<u8> = (0..20).collect();
        let (took, heard) = executor
            .run(LIMIT, async {
                let mut a = Radio::new(&field, &clock, 0).await;
                let mut b = Radio::new(&field, &clock, 100).await;
                let result = both(
                    async {
                        a.wait(50).await;
                        a.send(&message).await
                    },
                    b.receive(mode),
                )
                .await;
                assert_eq!(a.board.busy_violations() + b.board.busy_violations(), 0);
                result
            })
            .unwrap();
        let (octets, status) = heard.unwrap();
        assert_eq!(octets, message);
        // 14 dBm − (127.41 + 20.8 · log10(100 m / 40 m)) dB; noise −117.03 dBm.
        assert_eq!((status.rssi, status.snr), (-122, -5));
        let formula = Modulation::DEFAULT.time_on_air(20);
        assert_eq!(formula, Duration::from_nanos(185_344_000));
        // The driver adds a few commands of 1 µs an octet.
        let excess = took.checked_sub(formula).unwrap();
        assert!(excess < Duration::from_micros(300), "{excess:?}");
    }
}

#[test]
fn silence_ends_after_the_symbols_the_driver_asked_for() {
    let (mut executor, field, clock) = world(AirConfig::default());
    let (result, took) = executor
        .run(LIMIT, async {
            let mut radio = Radio::new(&field, &clock, 0).await;
            let start = clock.now();
            let result = radio.receive(RxMode::Single(100)).await.map(drop);
            (result, clock.now().since(start))
        })
        .unwrap();
    assert_eq!(result, Err(RadioError::ReceiveTimeout));
    // 100 symbols become 104 in the driver's rounding: 104 · 4.096 ms.
    let symbols = Duration::from_micros(104 * 4_096);
    assert!(took > symbols && took < symbols + Duration::from_millis(5), "{took:?}");
}

#[test]
fn activity_is_detected_when_there_is_some() {
    let (mut executor, field, clock) = world(AirConfig::default());
    let (quiet, loud, took) = executor
        .run(LIMIT, async {
            let mut a = Radio::new(&field, &clock, 0).await;
            let mut b = Radio::new(&field, &clock, 100).await;
            let start = clock.now();
            let quiet = b.is_busy().await;
            let took = clock.now().since(start);
            let (_, loud) = both(a.send(&[0; 40]), async {
                b.wait(100).await;
                b.is_busy().await
            })
            .await;
            (quiet, loud, took)
        })
        .unwrap();
    assert!(!quiet && loud);
    // Eight and a half symbols, after the first use of the channel has calibrated it for 3.5 ms.
    assert!(took > Duration::from_micros(34_816) && took < Duration::from_millis(39), "{took:?}");
}

/// Three senders' worth of a collision: what the receiver in the middle gets.
fn collide(other_at_m: i32, delay: Duration) -> (Result<Vec<u8>, RadioError>, Vec<AirEvent>) {
    let (mut executor, field, clock) = world(AirConfig::default());
    let received = executor
        .run(LIMIT, async {
            let mut near = Radio::new(&field, &clock, 40).await;
            let mut other = Radio::new(&field, &clock, other_at_m).await;
            let mut receiver = Radio::new(&field, &clock, 0).await;
            let senders = both(
                async {
                    near.wait(20).await;
                    near.send(&[0xAA; 40]).await
                },
                async {
                    other.wait(20).await;
                    other.clock.sleep_until(other.clock.now().after(delay)).await;
                    other.send(&[0x55; 40]).await
                },
            );
            let (received, _) = both(
                within(&clock, Duration::from_secs(3), receiver.receive(RxMode::Continuous)),
                senders,
            )
            .await;
            received.unwrap_or(Err(RadioError::ReceiveTimeout)).map(|(octets, _)| octets)
        })
        .unwrap();
    (received, field.take_events().into_iter().map(|(_, event)| event).collect())
}

#[test]
fn the_stronger_by_six_decibels_is_captured() {
    let (received, _) = collide(-120, Duration::ZERO);
    assert_eq!(received, Ok(vec![0xAA; 40]));
}

#[test]
fn equals_drown_each_other() {
    let (received, events) = collide(-40, Duration::ZERO);
    assert_eq!(received, Err(RadioError::ReceiveTimeout));
    let drowned = |event: &&AirEvent| {
        matches!(event, AirEvent::Lost { reason: LossReason::PreambleDrowned, .. })
    };
    assert!(events.iter().filter(drowned).count() >= 2, "{events:?}");
}

/// The defect the frame's MIC is there for.
#[test]
fn a_packet_with_a_wrong_crc_comes_up_as_if_it_were_right() {
    let (received, events) = collide(-40, Duration::from_millis(150));
    let octets = received.expect("lora-phy 3.0.1 says Ok");
    assert_eq!(octets.len(), 40);
    assert_ne!(octets, vec![0xAA; 40]);
    // What was sent before the collision is intact.
    assert_eq!(octets[..4], [0xAA; 4]);
    let damaged = |event: &AirEvent| matches!(event, AirEvent::Heard { intact: false, .. });
    assert!(events.iter().any(damaged), "{events:?}");
}

#[test]
fn who_sends_does_not_hear() {
    let (mut executor, field, clock) = world(AirConfig::default());
    let heard = executor
        .run(LIMIT, async {
            let mut a = Radio::new(&field, &clock, 0).await;
            let mut b = Radio::new(&field, &clock, 100).await;
            both(a.send(&[1; 20]), async {
                b.wait(10).await;
                b.send(&[2; 20]).await
            })
            .await;
            within(&clock, Duration::from_secs(2), b.receive(RxMode::Continuous)).await.is_some()
        })
        .unwrap();
    assert!(!heard);
    let heard = field.take_events().into_iter().any(|(_, e)| matches!(e, AirEvent::Heard { .. }));
    assert!(!heard);
}

/// A preamble of another network stops the chip's timer, and nothing follows: `rx()` of lora-phy
/// 3.0.1 never returns. This is why our transceiver does not use it.
#[test]
fn a_foreign_preamble_hangs_the_wrapper_of_the_driver() {
    let (mut executor, field, clock) = world(AirConfig::default());
    let (hung, after) = executor
        .run(LIMIT, async {
            let mut foreign = Radio::on_network(&field, &clock, 0, true).await;
            let mut b = Radio::new(&field, &clock, 100).await;
            let (hung, _) = both(
                within(&clock, Duration::from_secs(20), b.receive(RxMode::Single(100))),
                async {
                    foreign.wait(30).await;
                    foreign.send(&[1; 20]).await
                },
            )
            .await;
            // A reset brings it back.
            b.driver.init().await.unwrap();
            let after = b.receive(RxMode::Single(100)).await.map(drop);
            (hung.is_none(), after)
        })
        .unwrap();
    assert!(hung);
    assert_eq!(after, Err(RadioError::ReceiveTimeout));
}

#[test]
fn sleep_and_wake() {
    for warm in [false, true] {
        let (mut executor, field, clock) = world(AirConfig::default());
        let octets = executor
            .run(LIMIT, async {
                let mut a = Radio::new(&field, &clock, 0).await;
                let mut b = Radio::new(&field, &clock, 100).await;
                a.send(&[0; 5]).await;
                a.driver.sleep(warm).await.unwrap();
                a.wait(500).await;
                let (_, heard) = both(
                    async {
                        a.wait(20).await;
                        a.send(&[9; 20]).await
                    },
                    b.receive(RxMode::Continuous),
                )
                .await;
                assert_eq!(a.board.busy_violations(), 0);
                heard.unwrap().0
            })
            .unwrap();
        assert_eq!(octets, [9; 20], "warm: {warm}");
    }
}

#[test]
fn what_is_lost_on_purpose_is_not_noticed() {
    let faults = Faults { lost_of_a_million: 1_000_000, ..Faults::default() };
    let (mut executor, field, clock) = world(AirConfig { faults, ..AirConfig::default() });
    let result = executor
        .run(LIMIT, async {
            let mut a = Radio::new(&field, &clock, 0).await;
            let mut b = Radio::new(&field, &clock, 100).await;
            both(b.receive(RxMode::Single(100)), async {
                a.wait(20).await;
                a.send(&[1; 20]).await
            })
            .await
            .0
            .map(drop)
        })
        .unwrap();
    assert_eq!(result, Err(RadioError::ReceiveTimeout));
}
