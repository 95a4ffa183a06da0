//! A field and modems over loopback sockets, in real time, as the program runs them.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_radio::air::{Air, AirConfig, AirEvent};
use chappe_radio::antenna::Position;
use chappe_radio::driver::field::FieldCommand;
use chappe_radio::driver::{FieldError, Hop, Modem, ModemError, ModemEvent, field};
use chappe_radio::frame::{FrameError, FrameKind, Pseudonym};
use chappe_radio::link::{Destination, FrameRequest, Link, LinkConfig, LinkEvent, Role};
use chappe_radio::modulation::Modulation;
use chappe_radio::transceiver::RadioSettings;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const REALM: Realm = Realm { mode: Mode::Exercise, network: 1 };
const RADIO: RadioSettings = RadioSettings { modulation: Modulation::FAST, power_dbm: 14 };
const PATIENCE: Duration = Duration::from_secs(20);

struct Field {
    address: SocketAddr,
    command: mpsc::Sender<FieldCommand>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), FieldError>>,
    seen: Arc<Mutex<Vec<AirEvent>>>,
}

async fn start_field() -> Field {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::clone(&seen);
    let shutdown = async move { stopped.await.unwrap() };
    let observe = move |event| observer.lock().unwrap().push(event);
    let air = Air::new(AirConfig::default());
    let (command, commands) = mpsc::channel(1);
    let task = tokio::spawn(field::serve(socket, air, commands, shutdown, observe));
    Field { address, command, stop, task, seen }
}

async fn modem(field: &Field, east_m: i32) -> Modem {
    Modem::connect(field.address, Position { east_m, north_m: 0 }, RADIO).await.unwrap()
}

fn link(number: u8, role: Role) -> Link {
    Link::new(LinkConfig {
        seed: u64::from(number),
        ..LinkConfig::new(Pseudonym([0, 0, number]), REALM, role, Modulation::FAST)
    })
}

#[tokio::test]
async fn a_frame_crosses_and_is_acknowledged() {
    let field = start_field().await;
    let mut gateway = modem(&field, 40).await.start(link(2, Role::GATEWAY));
    let mut handset = modem(&field, 0).await.start(link(1, Role::Station { labels: Vec::new() }));
    let envelope = b"an envelope of some length, as open ones are".to_vec();
    handset
        .send(FrameRequest {
            token: 7,
            net: 0,
            destination: Destination::Label(Label([1, 2, 3])),
            precedence: Precedence::Flash,
            acknowledged: true,
            hops: 0,
            envelope: envelope.clone(),
        })
        .await
        .unwrap();

    let mut sent: Vec<Hop> = Vec::new();
    let delivered = timeout(PATIENCE, async {
        loop {
            match handset.next().await.unwrap() {
                ModemEvent::Transmitted(hop) => sent.push(hop),
                ModemEvent::Link(LinkEvent::Delivered { token, .. }) => return token,
                ModemEvent::Link(LinkEvent::Failed { reason, .. }) => panic!("{reason}"),
                _ => {}
            }
        }
    });
    assert_eq!(delivered.await.unwrap(), 7);
    assert!(matches!(sent[0].kind, Some(FrameKind::Data { .. })));
    assert_eq!(sent[0].octets, 9 + 3 + envelope.len() + 4);
    assert_eq!(sent[0].time_on_air, Modulation::FAST.time_on_air(sent[0].octets));

    let received = timeout(PATIENCE, async {
        loop {
            if let ModemEvent::Link(LinkEvent::Received { frame, .. }) =
                gateway.next().await.unwrap()
            {
                return frame.payload;
            }
        }
    });
    assert_eq!(received.await.unwrap(), envelope);

    timeout(PATIENCE, handset.close()).await.unwrap().unwrap();
    timeout(PATIENCE, gateway.close()).await.unwrap().unwrap();
    // Their farewells are behind them in the socket; give the field a moment to read them.
    timeout(PATIENCE, async {
        let gone = |event: &&AirEvent| matches!(event, AirEvent::Detached { .. });
        while field.seen.lock().unwrap().iter().filter(gone).count() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    field.stop.send(()).unwrap();
    field.task.await.unwrap().unwrap();
    let seen = field.seen.lock().unwrap();
    let heard = seen.iter().filter(|event| matches!(event, AirEvent::Heard { intact: true, .. }));
    assert!(heard.count() >= 2, "{seen:?}");
}

#[tokio::test]
async fn the_packet_after_the_command_is_the_one_that_is_damaged() {
    let field = start_field().await;
    let mut gateway = modem(&field, 40).await.start(link(2, Role::GATEWAY));
    let handset = modem(&field, 0).await.start(link(1, Role::Station { labels: Vec::new() }));
    field.command.send(FieldCommand::FlipNext { octets_min: 20 }).await.unwrap();
    handset
        .send(FrameRequest {
            token: 1,
            net: 0,
            destination: Destination::Label(Label::FIELD),
            precedence: Precedence::Flash,
            acknowledged: true,
            hops: 0,
            envelope: vec![0x5A; 40],
        })
        .await
        .unwrap();
    let told = timeout(PATIENCE, async {
        let mut told = Vec::new();
        loop {
            match gateway.next().await.unwrap() {
                ModemEvent::Link(LinkEvent::Refused { error, .. }) => told.push(Err(error)),
                ModemEvent::Link(LinkEvent::Received { frame, .. }) => {
                    told.push(Ok(frame.payload));
                    return told;
                }
                _ => {}
            }
        }
    });
    assert_eq!(told.await.unwrap(), [Err(FrameError::BadMic), Ok(vec![0x5A; 40])]);
    timeout(PATIENCE, handset.close()).await.unwrap().unwrap();
    let seen = field.seen.lock().unwrap().clone();
    let damaged =
        |event: &&AirEvent| matches!(event, AirEvent::Transmitted { is_damaged: true, .. });
    assert_eq!(seen.iter().filter(damaged).count(), 1);
}

#[tokio::test]
async fn a_field_that_is_not_there_is_noticed() {
    // A port that was free a moment ago and that nobody listens on.
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let result = Modem::connect(address, Position::default(), RADIO).await;
    assert!(matches!(result, Err(ModemError::FieldGone)), "{result:?}");
}

#[tokio::test]
async fn a_field_that_stops_is_noticed() {
    let field = start_field().await;
    let mut gateway = modem(&field, 0).await.start(link(2, Role::GATEWAY));
    gateway.set_labels(Vec::new()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    field.stop.send(()).unwrap();
    field.task.await.unwrap().unwrap();
    // The socket is closed; the next thing the chip does fails.
    gateway
        .send(FrameRequest {
            token: 1,
            net: 0,
            destination: Destination::Everyone,
            precedence: Precedence::Flash,
            acknowledged: false,
            hops: 0,
            envelope: vec![1],
        })
        .await
        .unwrap();
    let ended = timeout(PATIENCE, async { while gateway.next().await.is_some() {} }).await;
    assert!(ended.is_ok());
    let result = gateway.close().await;
    assert!(matches!(result, Err(ModemError::FieldGone)), "{result:?}");
}

#[tokio::test]
async fn simulated_radio_does_not_leave_the_machine() {
    let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    let air = Air::new(AirConfig::default());
    let (_, commands) = mpsc::channel(1);
    let result = field::serve(socket, air, commands, std::future::pending(), |_| ()).await;
    assert!(matches!(result, Err(FieldError::NotLocal(_))));
    let elsewhere = "192.0.2.1:9".parse().unwrap();
    let result = Modem::connect(elsewhere, Position::default(), RADIO).await;
    assert!(matches!(result, Err(ModemError::NotLocal(_))));
}
