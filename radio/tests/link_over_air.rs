//! Links over the unmodified driver, emulated chips and simulated air, in virtual time: the loop
//! that serves them is the one that runs in the product.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use chappe_codec::digest;
use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_radio::air::{Air, AirConfig, AirEvent, Faults, Flip};
use chappe_radio::antenna::Position;
use chappe_radio::chip::Board;
use chappe_radio::clock::Clock;
use chappe_radio::driver::{ModemCommand, ModemEvent, attend};
use chappe_radio::frame::{FrameError, FrameKind, Pseudonym};
use chappe_radio::link::{
    Destination, FailReason, FrameRequest, Link, LinkConfig, LinkEvent, Role,
};
use chappe_radio::modulation::Modulation;
use chappe_radio::time::Instant;
use chappe_radio::transceiver::{RadioSettings, Step, Transceiver, TransceiverError};
use chappe_radio::virtual_time::{Executor, SimulatedField, VirtualClock};
use lora_phy::sx126x::{Config, Sx126x, Sx1262, TcxoCtrlVoltage};
use tokio::sync::mpsc;

const LIMIT: Instant = Instant::from_nanoseconds(3_600_000_000_000);
const REALM: Realm = Realm { mode: Mode::Exercise, network: 1 };
const MAILBOX: Label = Label([0xA, 0xB, 0xC]);

struct World {
    executor: Executor,
    field: SimulatedField,
    clock: VirtualClock,
}

struct Station {
    commands: mpsc::Sender<ModemCommand>,
    events: mpsc::Receiver<ModemEvent>,
    board: Board<VirtualClock>,
}

impl World {
    fn new(config: AirConfig) -> Self {
        let mut executor = Executor::new();
        let clock = executor.clock();
        let field = SimulatedField::new(clock.clone(), Air::new(config));
        executor.spawn(field.clone().run());
        Self { executor, field, clock }
    }

    fn station(&mut self, number: u8, east_m: i32, role: Role) -> Station {
        let board = self.field.attach(Position { east_m, north_m: 0 }).unwrap();
        let config = Config {
            chip: Sx1262,
            tcxo_ctrl: Some(TcxoCtrlVoltage::Ctrl1V7),
            use_dcdc: true,
            rx_boost: true,
        };
        let spi = board.spi_taking(Duration::from_micros(1));
        let radio = Sx126x::new(spi, board.pins(), config);
        let settings = RadioSettings { modulation: Modulation::DEFAULT, power_dbm: 14 };
        let mut transceiver = Transceiver::new(radio, self.clock.clone(), settings);
        let pseudonym = Pseudonym([1, 2, number]);
        let mut link = Link::new(LinkConfig {
            seed: u64::from(number),
            ..LinkConfig::new(pseudonym, REALM, role, Modulation::DEFAULT)
        });
        let (commands, mut to_modem) = mpsc::channel(64);
        let (from_modem, events) = mpsc::channel(1024);
        self.executor.spawn(async move {
            transceiver.start().await.unwrap();
            attend(&mut transceiver, &mut link, &mut to_modem, &from_modem).await.unwrap();
        });
        Station { commands, events, board }
    }

    fn run_for(&mut self, seconds: u64) {
        let until = self.clock.now().after(Duration::from_secs(seconds));
        let clock = self.clock.clone();
        self.executor.run(LIMIT, clock.sleep_until(until)).unwrap();
    }
}

impl Station {
    fn send(&self, request: FrameRequest) {
        self.commands.try_send(ModemCommand::Send(request)).unwrap();
    }

    fn drain(&mut self) -> Vec<ModemEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

fn request(token: u64, precedence: Precedence) -> FrameRequest {
    FrameRequest {
        token,
        net: 0,
        destination: Destination::Label(MAILBOX),
        precedence,
        acknowledged: true,
        hops: 0,
        envelope: token.to_be_bytes().repeat(5),
    }
}

fn is_arrival((_, event): &(Instant, AirEvent)) -> bool {
    matches!(event, AirEvent::Attached { .. })
}

fn received(events: &[ModemEvent]) -> Vec<Vec<u8>> {
    let payload = |event: &ModemEvent| match event {
        ModemEvent::Link(LinkEvent::Received { frame, .. }) => Some(frame.payload.clone()),
        _ => None,
    };
    events.iter().filter_map(payload).collect()
}

fn outcomes(events: &[ModemEvent]) -> BTreeMap<u64, Result<u8, FailReason>> {
    let outcome = |event: &ModemEvent| match event {
        ModemEvent::Link(LinkEvent::Delivered { token, tries, .. }) => Some((*token, Ok(*tries))),
        ModemEvent::Link(LinkEvent::Failed { token, reason }) => Some((*token, Err(*reason))),
        _ => None,
    };
    events.iter().filter_map(outcome).collect()
}

#[test]
fn a_frame_is_acknowledged_and_each_hop_is_told() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut gateway = world.station(2, 100, Role::GATEWAY);
    handset.send(request(7, Precedence::Flash));
    world.run_for(5);

    let (sent, heard) = (handset.drain(), gateway.drain());
    assert_eq!(outcomes(&sent), BTreeMap::from([(7, Ok(1))]));
    assert_eq!(received(&heard), [7_u64.to_be_bytes().repeat(5)]);

    let frame = 9 + 3 + 40 + 4;
    let hop = |event: &ModemEvent| match event {
        ModemEvent::Transmitted(hop) | ModemEvent::Heard(hop) => {
            assert_eq!(hop.time_on_air, Modulation::DEFAULT.time_on_air(hop.octets));
            Some((hop.kind.map(FrameKind::name), hop.octets, hop.quality.is_some()))
        }
        _ => None,
    };
    let hops: Vec<_> = sent.iter().filter_map(hop).collect();
    let expected = [(Some("data"), frame, false), (Some("acknowledgement"), 13, true)];
    assert_eq!(hops, expected);
    let hops: Vec<_> = heard.iter().filter_map(hop).collect();
    let expected = [(Some("data"), frame, true), (Some("acknowledgement"), 13, false)];
    assert_eq!(hops, expected);
    assert_eq!(handset.board.busy_violations() + gateway.board.busy_violations(), 0);
}

#[test]
fn the_owner_of_the_label_answers_and_the_gateway_then_does_not() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut gateway = world.station(2, 100, Role::GATEWAY);
    let mut owner = world.station(3, -100, Role::Station { labels: vec![MAILBOX] });
    let mut other = world.station(4, 50, Role::Station { labels: vec![Label([1; 3])] });
    handset.send(request(1, Precedence::Routine));
    world.run_for(5);

    let sent = handset.drain();
    let answered_by = sent.iter().find_map(|event| match event {
        ModemEvent::Link(LinkEvent::Delivered { acknowledger, .. }) => Some(*acknowledger),
        _ => None,
    });
    assert_eq!(answered_by, Some(3));
    let transmitted = |events: Vec<ModemEvent>| {
        events.iter().filter(|event| matches!(event, ModemEvent::Transmitted(_))).count()
    };
    assert_eq!(received(&other.drain()), Vec::<Vec<u8>>::new());
    assert_eq!(transmitted(owner.drain()), 1);
    let heard = gateway.drain();
    assert_eq!(received(&heard).len(), 1);
    assert_eq!(transmitted(heard), 0);
}

/// Every submitted frame is delivered exactly once or reported as failed, whatever gets lost.
#[test]
fn under_loss_every_frame_arrives_once_or_is_reported() {
    let mut retried = 0;
    for (seed, lost_of_a_million) in [(1, 200_000), (2, 400_000), (3, 700_000)] {
        let faults = Faults { lost_of_a_million, ..Faults::default() };
        let mut world = World::new(AirConfig { seed, faults, ..AirConfig::default() });
        let mut handsets = [
            world.station(1, 0, Role::Station { labels: Vec::new() }),
            world.station(2, 60, Role::Station { labels: Vec::new() }),
        ];
        let mut gateway = world.station(3, 100, Role::GATEWAY);
        for token in 0..10 {
            handsets[0].send(request(token, Precedence::Routine));
            handsets[1].send(request(100 + token, Precedence::Priority));
        }
        world.run_for(600);

        let arrived = received(&gateway.drain());
        for (first, handset) in [0_u64, 100].into_iter().zip(&mut handsets) {
            let outcomes = outcomes(&handset.drain());
            assert_eq!(outcomes.len(), 10, "seed {seed}: {outcomes:?}");
            for (token, outcome) in outcomes {
                assert!((first..first + 10).contains(&token));
                let payload = token.to_be_bytes().repeat(5);
                let times = arrived.iter().filter(|arrived| **arrived == payload).count();
                assert!(times <= 1, "seed {seed}: {token} arrived {times} times");
                if let Ok(tries) = outcome {
                    assert_eq!(times, 1, "seed {seed}: {token} was acknowledged");
                    retried += usize::from(tries > 1);
                }
            }
        }
    }
    assert!(retried > 10, "the test has to lose something");
}

/// The demo's sabotage: one bit of the first transmission flipped in flight.
#[test]
fn a_flipped_bit_is_refused_by_the_mic_and_the_frame_is_sent_again() {
    let flips = vec![Flip { transmission: 0, bit: 8 * 20 + 3 }];
    let faults = Faults { flips, ..Faults::default() };
    let mut world = World::new(AirConfig { faults, ..AirConfig::default() });
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut gateway = world.station(2, 100, Role::GATEWAY);
    handset.send(request(7, Precedence::Flash));
    world.run_for(10);

    let heard = gateway.drain();
    let refused: Vec<_> = heard
        .iter()
        .filter_map(|event| match event {
            ModemEvent::Link(LinkEvent::Refused { error, .. }) => Some(*error),
            _ => None,
        })
        .collect();
    assert_eq!(refused, [FrameError::BadMic]);
    assert_eq!(received(&heard), [7_u64.to_be_bytes().repeat(5)]);
    assert_eq!(outcomes(&handset.drain()), BTreeMap::from([(7, Ok(2))]));
}

#[test]
fn the_most_urgent_goes_first() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut gateway = world.station(2, 100, Role::GATEWAY);
    for (token, precedence) in [
        (0, Precedence::Routine),
        (1, Precedence::Routine),
        (2, Precedence::Immediate),
        (3, Precedence::Flash),
        (4, Precedence::Priority),
        (5, Precedence::Flash),
    ] {
        handset.send(request(token, precedence));
    }
    world.run_for(60);
    let order: Vec<u64> = received(&gateway.drain())
        .iter()
        .map(|payload| u64::from_be_bytes(payload[..8].try_into().unwrap()))
        .collect();
    assert_eq!(order.len(), 6);
    // The loop may have begun with the first it was told.
    let waiting: Vec<_> = order.into_iter().filter(|token| *token != 0).collect();
    assert_eq!(waiting, [3, 5, 2, 4, 1]);
    assert!(outcomes(&handset.drain()).values().all(Result::is_ok));
}

#[test]
fn a_chip_whose_interrupt_is_lost_is_reset_and_goes_on() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut gateway = world.station(2, 100, Role::GATEWAY);
    world.run_for(1);
    handset.board.break_dio1(true);
    handset.send(request(1, Precedence::Flash));
    world.run_for(2);
    handset.board.break_dio1(false);
    world.run_for(30);
    let events = handset.drain();
    let hung = events
        .iter()
        .any(|event| matches!(event, ModemEvent::Recovered(TransceiverError::Hung(_))));
    assert!(hung, "{events:?}");
    assert!(matches!(outcomes(&events)[&1], Ok(2..)), "{events:?}");
    assert_eq!(received(&gateway.drain()).len(), 1);
}

#[test]
fn what_is_for_the_field_reaches_all_and_only_the_gateway_answers() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut gateway = world.station(2, 100, Role::GATEWAY);
    let mut one = world.station(3, -100, Role::Station { labels: vec![Label::FIELD] });
    let mut other = world.station(4, 60, Role::Station { labels: Vec::new() });
    let destination = Destination::Label(Label::FIELD);
    handset.send(FrameRequest { destination, ..request(1, Precedence::Flash) });
    world.run_for(5);
    let answered_by = |event: &ModemEvent| match event {
        ModemEvent::Link(LinkEvent::Delivered { acknowledger, .. }) => Some(*acknowledger),
        _ => None,
    };
    assert_eq!(handset.drain().iter().find_map(answered_by), Some(2));
    for station in [&mut gateway, &mut one, &mut other] {
        assert_eq!(received(&station.drain()).len(), 1);
    }
    let events = world.field.take_events();
    let sent = events.iter().filter(|(_, event)| matches!(event, AirEvent::Transmitted { .. }));
    assert_eq!(sent.count(), 2);
}

#[test]
fn labels_may_change_while_it_runs() {
    let mut world = World::new(AirConfig::default());
    let mut sender = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut owner = world.station(2, 100, Role::Station { labels: vec![Label([9; 3])] });
    owner.commands.try_send(ModemCommand::Labels(vec![MAILBOX])).unwrap();
    sender.send(request(1, Precedence::Flash));
    world.run_for(5);
    assert_eq!(received(&owner.drain()).len(), 1);
    assert_eq!(outcomes(&sender.drain()), BTreeMap::from([(1, Ok(1))]));
}

#[test]
fn a_transmission_whose_end_is_not_told_is_not_waited_for_for_ever() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut gateway = world.station(2, 100, Role::GATEWAY);
    world.run_for(1);
    assert!(world.field.take_events().iter().all(is_arrival));
    handset.send(request(1, Precedence::Flash));
    let step = Duration::from_millis(10);
    while world.field.take_events().is_empty() {
        let until = world.clock.now().after(step);
        let clock = world.clock.clone();
        world.executor.run(LIMIT, clock.sleep_until(until)).unwrap();
    }
    handset.board.break_dio1(true);
    world.run_for(2);
    handset.board.break_dio1(false);
    world.run_for(30);
    let events = handset.drain();
    let hung = ModemEvent::Recovered(TransceiverError::Hung(Step::Transmit));
    assert!(events.contains(&hung), "{events:?}");
    assert!(outcomes(&events)[&1].is_ok(), "{events:?}");
    assert_eq!(received(&gateway.drain()).len(), 1);
}

#[test]
fn nobody_there_is_reported() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    handset.send(request(1, Precedence::Flash));
    world.run_for(300);
    let outcomes = outcomes(&handset.drain());
    assert_eq!(outcomes, BTreeMap::from([(1, Err(FailReason::NoAcknowledgement))]));
    let sent = world.field.take_events();
    let sent = sent.iter().filter(|(_, event)| matches!(event, AirEvent::Transmitted { .. }));
    assert_eq!(sent.count(), usize::from(LinkConfig::TRIES));
}

#[test]
fn a_broadcast_reaches_all_and_is_not_answered() {
    let mut world = World::new(AirConfig::default());
    let handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut one = world.station(2, 100, Role::GATEWAY);
    let mut other = world.station(3, -100, Role::Station { labels: Vec::new() });
    handset.send(FrameRequest {
        destination: Destination::Everyone,
        acknowledged: false,
        ..request(1, Precedence::Flash)
    });
    world.run_for(5);
    assert_eq!(received(&one.drain()).len(), 1);
    assert_eq!(received(&other.drain()).len(), 1);
    let events = world.field.take_events();
    let sent = events.iter().filter(|(_, event)| matches!(event, AirEvent::Transmitted { .. }));
    assert_eq!(sent.count(), 1);
}

#[test]
fn while_a_packet_comes_in_nothing_is_sent() {
    let mut world = World::new(AirConfig::default());
    let mut a = world.station(1, 0, Role::Station { labels: Vec::new() });
    let mut b = world.station(2, 100, Role::GATEWAY);
    world.run_for(1);
    let long = FrameRequest { envelope: vec![0x11; 239], ..request(1, Precedence::Routine) };
    a.send(long);
    // 255 octets take 1.3 s; half-way through, the other has something urgent to say.
    let until = world.clock.now().after(Duration::from_millis(600));
    let clock = world.clock.clone();
    world.executor.run(LIMIT, clock.sleep_until(until)).unwrap();
    b.send(request(2, Precedence::Flash));
    world.run_for(10);

    assert_eq!(received(&b.drain()).len(), 1);
    assert_eq!(outcomes(&a.drain()), BTreeMap::from([(1, Ok(1))]));
    // The frame, its answer, and only then the other's frame.
    let sent: Vec<_> = world
        .field
        .take_events()
        .into_iter()
        .filter_map(|(at, event)| match event {
            AirEvent::Transmitted { payload, time_on_air, .. } => {
                Some((at, payload.len(), time_on_air))
            }
            _ => None,
        })
        .take(3)
        .collect();
    let octets: Vec<_> = sent.iter().map(|(_, octets, _)| *octets).collect();
    assert_eq!(octets, [255, 13, 56]);
    for pair in sent.windows(2) {
        assert!(pair[0].0.after(pair[0].2) < pair[1].0, "they overlap");
    }
}

#[test]
fn two_runs_are_the_same_to_the_last_bit() {
    let run = |seed| {
        let faults = Faults { lost_of_a_million: 300_000, ..Faults::default() };
        let mut world = World::new(AirConfig { seed, faults, ..AirConfig::default() });
        let mut stations: Vec<_> = (1..6_u8)
            .map(|number| {
                world.station(number, i32::from(number) * 35, Role::Station { labels: Vec::new() })
            })
            .collect();
        stations.push(world.station(9, 0, Role::GATEWAY));
        for (station, token) in stations.iter().take(5).zip(0..) {
            station.send(request(token, Precedence::Flash));
            station.send(request(token + 100, Precedence::Routine));
        }
        world.run_for(120);
        let mut trace = String::new();
        writeln!(trace, "{:?}", world.field.take_events()).unwrap();
        for station in &mut stations {
            writeln!(trace, "{:?}", station.drain()).unwrap();
        }
        assert!(trace.contains("Delivered"));
        digest::sha256(trace.as_bytes())
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}

#[test]
fn closing_finishes_what_was_submitted() {
    let mut world = World::new(AirConfig::default());
    let mut handset = world.station(1, 0, Role::Station { labels: Vec::new() });
    let _gateway = world.station(2, 100, Role::GATEWAY);
    handset.send(request(1, Precedence::Flash));
    drop(handset.commands);
    let events = world.executor.run(LIMIT, async {
        let mut events = Vec::new();
        while let Some(event) = handset.events.recv().await {
            events.push(event);
        }
        events
    });
    assert_eq!(outcomes(&events.unwrap()), BTreeMap::from([(1, Ok(1))]));
}
