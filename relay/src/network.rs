//! Where datagrams go: the system's sockets, or anything else that carries them.
//!
//! A relay and a client know the network as an [`AsyncUdpSocket`] and a [`Runtime`]. Who hands in sockets of
//! its own puts QUIC on another carrier, or tests what a network does to it: with a simulated socket, a
//! runtime whose time the test moves and [`Network::with_seed`] a run replays exactly.

pub use quinn::udp::{RecvMeta, Transmit};
pub use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime, UdpPoller};

use crate::limits::RECEIVE_BUFFER;
use socket2::SockRef;
use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

/// Where a relay's or a client's sockets come from, and whose time QUIC keeps.
#[derive(Clone)]
pub struct Network {
    open: Arc<Open>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) seed: Option<[u8; 32]>,
}

type Open = dyn Fn(SocketAddr) -> io::Result<Arc<dyn AsyncUdpSocket>> + Send + Sync;

impl Network {
    /// The system's UDP sockets in tokio's runtime.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|address| {
            let socket = UdpSocket::bind(address)?;
            // What comes while the thread does something else must not be lost for others' floods. An operating
            // system that allows less gives what it allows, or says so: then it stays as it was.
            SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER).ok();
            TokioRuntime.wrap_udp_socket(socket)
        })
    }

    /// Sockets of the caller's, in tokio's runtime and by its time. `open` is given the address to bind: a
    /// relay's own, or for a client the unspecified one with port 0, once for each connection and for each
    /// change of its link.
    pub fn new(
        open: impl Fn(SocketAddr) -> io::Result<Arc<dyn AsyncUdpSocket>> + Send + Sync + 'static,
    ) -> Self {
        Self { open: Arc::new(open), runtime: Arc::new(TokioRuntime), seed: None }
    }

    /// The same in another runtime, whose time QUIC then keeps.
    #[must_use]
    pub fn with_runtime(self, runtime: Arc<dyn Runtime>) -> Self {
        Self { runtime, ..self }
    }

    /// The same with a seed in place of random octets where QUIC draws some outside of TLS: connection ids,
    /// gaps in packet numbers, the moment of a key update. For runs that must replay, and for nothing else.
    #[must_use]
    pub fn with_seed(self, seed: [u8; 32]) -> Self {
        Self { seed: Some(seed), ..self }
    }

    pub(crate) fn open(&self, address: SocketAddr) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        (self.open)(address)
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}
