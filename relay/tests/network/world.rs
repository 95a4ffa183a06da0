//! A network in memory, by the runtime's time: sockets, and between them links with their weather.
//!
//! One host is the relay, in the middle; each other has a link of its own to it. What happens to each
//! datagram the seed decides, and a digest over all of them tells whether two runs were the same.

use crate::chance::Chance;
use crate::weather::{QUEUE, Weather};
use chappe_relay::network::{AsyncUdpSocket, RecvMeta, Transmit, UdpPoller};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A host's number; 0 is the relay.
pub(crate) type Host = u8;

pub(crate) const RELAY: Host = 0;

/// The network. Clones are the same one.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

struct State {
    chance: Chance,
    began: Instant,
    links: BTreeMap<Host, Link>,
    inboxes: BTreeMap<SocketAddr, Inbox>,
    digest: Sha256,
    datagrams: u64,
    lost: u64,
    watcher: Option<Watcher>,
}

/// Sees each datagram as it is sent; `false`: it goes no further.
pub(crate) type Watcher = Box<dyn FnMut(SocketAddr, SocketAddr, &[u8]) -> bool + Send>;

struct Link {
    weather: Weather,
    /// The addresses the host has had; only the last is still its own.
    addresses: Vec<SocketAddr>,
    /// Towards the host and away from it.
    ways: [Way; 2],
}

#[derive(Clone, Copy)]
struct Way {
    /// When the link has sent what waits for it.
    free: Instant,
    /// When the last datagram comes that others must not overtake.
    last: Instant,
}

#[derive(Default)]
struct Inbox {
    queue: BinaryHeap<Reverse<Arrival>>,
    reader: Option<Waker>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    at: Instant,
    number: u64,
    from: SocketAddr,
    octets: Vec<u8>,
}

/// What went over a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    /// Over the time, ends, length and fate of every datagram.
    pub(crate) digest: [u8; 32],
    pub(crate) datagrams: u64,
    pub(crate) lost: u64,
}

impl World {
    /// A network that begins now, all links fair.
    pub(crate) fn new(chance: Chance) -> Self {
        Self(Arc::new(Mutex::new(State {
            chance,
            began: Instant::now(),
            links: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            digest: Sha256::new(),
            datagrams: 0,
            lost: 0,
            watcher: None,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A socket of a host, under a new address. Its old ones are gone, as when a link changes.
    pub(crate) fn open(&self, host: Host) -> Arc<dyn AsyncUdpSocket> {
        let mut state = self.state();
        let now = Instant::now();
        let link = state.link(host);
        let turn = u8::try_from(link.addresses.len() % 250).unwrap();
        let address = match host {
            RELAY => Self::relay_address(),
            _ => SocketAddr::from((Ipv4Addr::new(10, 0, host, turn + 1), 4433)),
        };
        link.addresses.push(address);
        state.inboxes.insert(address, Inbox::default());
        Arc::new(SimulatedSocket {
            world: self.clone(),
            host,
            address,
            timer: Mutex::new(Box::pin(sleep_until(now))),
        })
    }

    /// Where the relay is.
    pub(crate) fn relay_address() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(10, 0, RELAY, 1), 4433))
    }

    pub(crate) fn change(&self, host: Host, change: impl FnOnce(&mut Weather)) {
        change(&mut self.state().link(host).weather);
    }

    /// Every link is fair again.
    pub(crate) fn heal(&self) {
        for link in self.state().links.values_mut() {
            link.weather = Weather::FAIR;
        }
    }

    /// From now on somebody sees every datagram before the network does.
    pub(crate) fn watch(&self, watcher: Watcher) {
        self.state().watcher = Some(watcher);
    }

    pub(crate) fn trace(&self) -> Trace {
        let state = self.state();
        Trace {
            digest: state.digest.clone().finalize().into(),
            datagrams: state.datagrams,
            lost: state.lost,
        }
    }

    /// What anybody can do: a datagram under any sender's address.
    pub(crate) fn inject(&self, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        let mut state = self.state();
        state.datagrams += 1;
        state.arrive(Instant::now(), from, to, octets);
    }

    fn send(&self, host: Host, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        let mut state = self.state();
        if let Some(mut watcher) = state.watcher.take() {
            let goes_on = watcher(from, to, octets);
            state.watcher = Some(watcher);
            if !goes_on {
                return;
            }
        }
        state.send(host, from, to, octets);
    }
}

impl State {
    fn link(&mut self, host: Host) -> &mut Link {
        let now = Instant::now();
        let ways = [Way { free: now, last: now }; 2];
        let fair = Link { weather: Weather::FAIR, addresses: Vec::new(), ways };
        self.links.entry(host).or_insert(fair)
    }

    fn send(&mut self, host: Host, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        let now = Instant::now();
        let arrivals = self.fate(now, host, from, to, octets.len());
        self.datagrams += 1;
        if arrivals.is_empty() {
            self.lost += 1;
        }
        let sent = now.duration_since(self.began);
        self.digest.update(sent.as_micros().to_be_bytes());
        self.digest.update(format!("{from} {to} {}", octets.len()));
        for at in &arrivals {
            self.digest.update(at.duration_since(now).as_micros().to_be_bytes());
        }
        for at in arrivals {
            self.arrive(at, from, to, octets);
        }
    }

    /// When it comes: never, once or twice.
    fn fate(
        &mut self,
        now: Instant,
        host: Host,
        from: SocketAddr,
        to: SocketAddr,
        length: usize,
    ) -> Vec<Instant> {
        let (client, address, way) = match host {
            RELAY => (to.ip(), to, 0),
            _ => (from.ip(), from, 1),
        };
        let std::net::IpAddr::V4(client) = client else { return Vec::new() };
        let Some(link) = self.links.get_mut(&client.octets()[2]) else { return Vec::new() };
        let Weather { loss, twice, delay, jitter, overtaking, largest, rate, is_cut } =
            link.weather;
        if is_cut || length > largest || link.addresses.last() != Some(&address) {
            return Vec::new();
        }
        let way = &mut link.ways[way];
        let begins = way.free.max(now);
        if begins.duration_since(now) > QUEUE {
            return Vec::new();
        }
        // 28 octets of headers of IPv4 and UDP.
        let octets = u64::try_from(length).unwrap() + 28;
        way.free = begins + Duration::from_micros(octets * 1_000_000 / rate);
        if self.chance.in_thousand(loss) {
            return Vec::new();
        }
        let copies = if self.chance.in_thousand(twice) { 2 } else { 1 };
        let mut arrivals = Vec::with_capacity(copies);
        for _ in 0..copies {
            let shaken = Duration::from_millis(self.chance.between(0, jitter));
            let mut at = way.free + delay + shaken;
            if !overtaking {
                at = at.max(way.last);
                way.last = at;
            }
            arrivals.push(at);
        }
        arrivals
    }

    fn arrive(&mut self, at: Instant, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        let number = self.datagrams;
        if let Some(inbox) = self.inboxes.get_mut(&to) {
            inbox.queue.push(Reverse(Arrival { at, number, from, octets: octets.to_vec() }));
            if let Some(reader) = inbox.reader.take() {
                reader.wake();
            }
        }
    }
}

struct SimulatedSocket {
    world: World,
    host: Host,
    address: SocketAddr,
    timer: Mutex<Pin<Box<Sleep>>>,
}

impl fmt::Debug for SimulatedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimulatedSocket({})", self.address)
    }
}

impl AsyncUdpSocket for SimulatedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        assert!(transmit.segment_size.is_none(), "one datagram at a time was asked for");
        self.world.send(self.host, self.address, transmit.destination, transmit.contents);
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.world.state();
        let Some(inbox) = state.inboxes.get_mut(&self.address) else { return Poll::Pending };
        let now = Instant::now();
        let mut count = 0;
        let next = loop {
            let due = inbox.queue.peek().map(|Reverse(arrival)| arrival.at);
            if due.is_none_or(|due| due > now) || count == buffers.len() {
                break due;
            }
            let Some(Reverse(arrival)) = inbox.queue.pop() else { break None };
            let length = arrival.octets.len();
            buffers[count][..length].copy_from_slice(&arrival.octets);
            let mut received = RecvMeta::default();
            (received.addr, received.len, received.stride) = (arrival.from, length, length);
            meta[count] = received;
            count += 1;
        };
        if count > 0 {
            return Poll::Ready(Ok(count));
        }
        inbox.reader = Some(context.waker().clone());
        if let Some(due) = next {
            let mut timer = self.timer.lock().unwrap();
            timer.as_mut().reset(due);
            // A timer that is due already wakes nobody any more.
            if timer.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    fn may_fragment(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct AlwaysWritable;

impl UdpPoller for AlwaysWritable {
    fn poll_writable(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
