//! A relay in this process, on a real socket and a real disk.

// Each test program uses its own part of this.
#![allow(dead_code)]

pub(crate) mod federation;
pub(crate) mod process;

use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::{
    Address, ClientError, Clock, Introduction, Observer, Parcel, RelayClient, RelayControl,
    RelayOptions, RelayServer, TransportKey, TransportSecret,
};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const REALM: Realm = Realm { mode: Mode::Exercise, network: 42 };
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn secret(number: u8) -> TransportSecret {
    TransportSecret::from_seed(&[number; 32])
}

pub(crate) fn topic(name: &str) -> Address {
    Address::topic(REALM, name)
}

pub(crate) fn parcel(address: Address, number: u64) -> Parcel {
    let mut envelope = vec![0x55];
    envelope.extend_from_slice(&number.to_be_bytes());
    parcel_of(address, envelope)
}

pub(crate) fn parcel_of(address: Address, envelope: Vec<u8>) -> Parcel {
    Parcel::new(address, Precedence::Routine, NOW + 3600, envelope).unwrap()
}

pub(crate) struct TestRelay {
    pub(crate) address: SocketAddr,
    pub(crate) key: TransportKey,
    /// The lines an operator would have seen.
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    pub(crate) control: RelayControl,
    folder: TempDir,
    clock: Arc<AtomicU64>,
    shutdown: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl TestRelay {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut RelayOptions)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), change).await
    }

    pub(crate) async fn start_in(folder: TempDir, change: impl FnOnce(&mut RelayOptions)) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let mut options = RelayOptions::new(REALM);
        let (time, told) = (Arc::clone(&clock), Arc::clone(&lines));
        options.clock = Clock::new(move || time.load(Ordering::SeqCst));
        options.observer = Observer::new(move |event| told.lock().unwrap().push(event.to_string()));
        change(&mut options);
        let any = "127.0.0.1:0".parse().unwrap();
        let server = RelayServer::bind(any, &secret(200), folder.path(), options).unwrap();
        let (address, key) = (server.local_addr().unwrap(), server.key());
        let control = server.control();
        let (shutdown, stop) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async {
            stop.await.ok();
        }));
        Self { address, key, lines, control, folder, clock, shutdown, running }
    }

    pub(crate) async fn connect(&self, own: &TransportSecret) -> Result<RelayClient, ClientError> {
        RelayClient::connect(self.address, self.key, own, REALM).await
    }

    pub(crate) async fn connect_showing(
        &self,
        own: &TransportSecret,
        introduction: &Introduction,
    ) -> Result<RelayClient, ClientError> {
        RelayClient::connect_introduced(self.address, self.key, own, REALM, introduction).await
    }

    pub(crate) fn set_clock(&self, seconds: u64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    /// Shuts the relay down and hands its folder back.
    pub(crate) async fn stop(self) -> TempDir {
        self.shutdown.send(()).ok();
        self.running.await.unwrap();
        self.folder
    }
}
