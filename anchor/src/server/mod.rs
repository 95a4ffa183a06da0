//! The ledger's server: HTTP in front of one [`ShardLog`].

mod answer;
mod writer;

use crate::key::{LedgerKey, LedgerSecret};
use crate::limits::{
    ACCEPT_RETRY, CONNECTION_TIMEOUT, CONNECTIONS_MAX, REQUEST_HEAD_OCTETS_MAX,
    REQUEST_HEAD_TIMEOUT, SHUTDOWN_TIMEOUT,
};
use crate::log::{LogError, ShardLog};
use answer::Answerer;
use chappe_codec::key::VerifyKey;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use writer::Writer;

/// Where a ledger listens unless told otherwise: this machine alone can reach it.
pub const ADDRESS_DEFAULT: SocketAddr =
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7407));

/// What the ledger's clock shows, in seconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How a server behaves.
#[derive(Clone)]
pub struct ServerOptions {
    /// Checkpoints are at least this far apart; submissions in between share the next one.
    pub checkpoint_interval: Duration,
    /// Whose submissions are taken; everyone's if `None`.
    pub submitters: Option<Vec<VerifyKey>>,
    /// Whether it may listen where other machines reach it. HTTP hides nothing: whoever is on the
    /// way sees who submits what, and when.
    pub allow_remote: bool,
    /// The clock log times are taken from.
    pub clock: Clock,
}

impl Default for ServerOptions {
    /// A checkpoint at most every 200 ms, submissions of everyone on this machine, the system's
    /// clock.
    fn default() -> Self {
        Self {
            checkpoint_interval: Duration::from_millis(200),
            submitters: None,
            allow_remote: false,
            clock: Arc::new(system_seconds),
        }
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("checkpoint_interval", &self.checkpoint_interval)
            .field("submitters", &self.submitters)
            .field("allow_remote", &self.allow_remote)
            .finish_non_exhaustive()
    }
}

/// A ledger that listens. Nothing is answered until [`LedgerServer::run`].
#[derive(Debug)]
pub struct LedgerServer {
    listener: TcpListener,
    address: SocketAddr,
    key: LedgerKey,
    log: ShardLog,
    options: ServerOptions,
}

impl LedgerServer {
    /// Opens the log in `dir` and listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: the log cannot be opened, or the address not be listened on.
    pub async fn bind(
        address: SocketAddr,
        dir: impl Into<PathBuf>,
        secret: LedgerSecret,
        options: ServerOptions,
    ) -> Result<Self, ServerError> {
        if !address.ip().is_loopback() && !options.allow_remote {
            return Err(ServerError::NotLoopback { address });
        }
        let dir = dir.into();
        let key = secret.public();
        let log = tokio::task::spawn_blocking(move || ShardLog::open(dir, secret))
            .await
            .map_err(|_| ServerError::Stopped)?
            .map_err(ServerError::Log)?;
        let listener = TcpListener::bind(address).await.map_err(ServerError::Io)?;
        let address = listener.local_addr().map_err(ServerError::Io)?;
        Ok(Self { listener, address, key, log, options })
    }

    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The key its receipts verify under, to be handed to readers by another way than this server.
    #[must_use]
    pub const fn key(&self) -> &LedgerKey {
        &self.key
    }

    /// Answers until `shutdown` completes, then finishes what is under way.
    ///
    /// # Errors
    ///
    /// [`ServerError::Io`] if no writer could be started, [`ServerError::Stopped`] if it died.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let (writer, jobs) = Writer::start(self.log, &self.options).map_err(ServerError::Io)?;
        let answerer = Arc::new(Answerer::new(jobs, &self.key, &self.options));
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let (stop, stopping) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                accepted = accept(&self.listener, &places) => accepted,
            };
            let Some((stream, place)) = accepted else { break };
            let (answerer, stopping) = (Arc::clone(&answerer), stopping.clone());
            connections.spawn(async move {
                serve(stream, answerer, stopping).await;
                drop(place);
            });
            // Those that are done are let go here, so that the set does not grow.
            while connections.try_join_next().is_some() {}
        }
        drop(self.listener);
        stop.send_replace(true);
        let all_done = async { while connections.join_next().await.is_some() {} };
        if timeout(SHUTDOWN_TIMEOUT, all_done).await.is_err() {
            connections.shutdown().await;
        }
        // With the last answerer goes the last way to hand the writer a job, and it ends.
        drop(answerer);
        tokio::task::spawn_blocking(move || writer.join())
            .await
            .map_err(|_| ServerError::Stopped)?
    }
}

/// Waits for a place and a connection; `None` if there will be no more places.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, place)),
            // Out of file descriptors, or the peer was gone already: neither is for ever.
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

async fn serve(stream: TcpStream, answerer: Arc<Answerer>, mut stopping: watch::Receiver<bool>) {
    let service = service_fn(move |request| {
        let answerer = Arc::clone(&answerer);
        async move { answerer.answer(request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD_TIMEOUT)
        .max_buf_size(REQUEST_HEAD_OCTETS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let served = async {
        tokio::select! {
            ended = &mut connection => return ended,
            _ = stopping.wait_for(|stop| *stop) => {}
        }
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    // Peers that vanish, dawdle or speak no HTTP end their own connection and nothing else.
    match timeout(CONNECTION_TIMEOUT, served).await {
        Ok(Ok(()) | Err(_)) | Err(_) => {}
    }
}

fn system_seconds() -> u64 {
    // A clock before 1970 is a clock that is not set.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Why a server could not start or go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The address can be reached from other machines and the options do not allow that.
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The network or a thread.
    Io(io::Error),
    /// The log.
    Log(LogError),
    /// The thread that writes the log, or the runtime, stopped.
    Stopped,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback { address } => {
                write!(f, "{address} is open to other machines, which must be allowed expressly")
            }
            Self::Io(error) => error.fmt(f),
            Self::Log(error) => error.fmt(f),
            Self::Stopped => f.write_str("the ledger's writer stopped"),
        }
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Log(error) => Some(error),
            Self::NotLoopback { .. } | Self::Stopped => None,
        }
    }
}
