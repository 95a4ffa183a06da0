//! A network in memory, by the runtime's time: sockets, and between them links with their weather.
//!
//! Any two hosts have a link of their own. What happens to each datagram the seed decides, and a digest over
//! all of them tells whether two runs were the same.

use crate::chance::Chance;
use crate::weather::{QUEUE, Weather};
use chappe_relay::network::{AsyncUdpSocket, RecvMeta, Transmit, UdpPoller};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A host's number; it is in the host's addresses.
pub(crate) type Host = u8;

/// The relay, where there is one.
pub(crate) const RELAY: Host = 0;

/// Where it and all others are that do not move.
const PORT: u16 = 4433;

/// The network. Clones are the same one.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

struct State {
    chance: Chance,
    began: Instant,
    /// By both ends, the lower number first.
    links: BTreeMap<(Host, Host), Link>,
    places: BTreeMap<Host, Place>,
    inboxes: BTreeMap<SocketAddr, Inbox>,
    sockets: u64,
    digest: Sha256,
    datagrams: u64,
    lost: u64,
    watcher: Option<Watcher>,
}

/// Sees each datagram as it is sent; `false`: it goes no further.
pub(crate) type Watcher = Box<dyn FnMut(SocketAddr, SocketAddr, &[u8]) -> bool + Send>;

struct Link {
    weather: Weather,
    /// From the end with the lower number, and from the other.
    ways: [Way; 2],
}

/// A host's addresses.
#[derive(Default)]
struct Place {
    /// How many it has had.
    count: u16,
    /// Those that are still its own.
    own: Vec<SocketAddr>,
}

#[derive(Clone, Copy)]
struct Way {
    /// When the link has sent what waits for it.
    free: Instant,
    /// When the last datagram comes that others must not overtake.
    last: Instant,
}

struct Inbox {
    /// The socket it belongs to: the last that was opened under its address.
    socket: u64,
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
            places: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            sockets: 0,
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
        let place = state.places.entry(host).or_default();
        let turn = u8::try_from(place.count % 250).unwrap();
        place.count += 1;
        let address = SocketAddr::from((Ipv4Addr::new(10, 0, host, turn + 1), PORT));
        place.own = vec![address];
        drop(state);
        self.socket(host, address)
    }

    /// A socket of a host that stays where it is: the one it listens on, or where any port is asked for one
    /// more.
    pub(crate) fn open_fixed(&self, host: Host, asked: SocketAddr) -> Arc<dyn AsyncUdpSocket> {
        let mut address = Self::address_of(host);
        let mut state = self.state();
        let place = state.places.entry(host).or_default();
        if asked.port() == 0 {
            place.count += 1;
            address.set_port(PORT + place.count);
        }
        place.own.push(address);
        drop(state);
        self.socket(host, address)
    }

    fn socket(&self, host: Host, address: SocketAddr) -> Arc<dyn AsyncUdpSocket> {
        let mut state = self.state();
        state.sockets += 1;
        let number = state.sockets;
        let inbox = Inbox { socket: number, queue: BinaryHeap::new(), reader: None };
        state.inboxes.insert(address, inbox);
        let timer = Mutex::new(Box::pin(sleep_until(Instant::now())));
        Arc::new(SimulatedSocket { world: self.clone(), host, address, number, timer })
    }

    /// From now on nothing comes from a host or to it, as if it had no power; until it opens a socket.
    pub(crate) fn unplug(&self, host: Host) {
        self.state().places.entry(host).or_default().own.clear();
    }

    /// Where a host is that stays where it is.
    pub(crate) fn address_of(host: Host) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(10, 0, host, 1), PORT))
    }

    /// Where the relay is.
    pub(crate) fn relay_address() -> SocketAddr {
        Self::address_of(RELAY)
    }

    /// Changes a host's link to the relay.
    pub(crate) fn change(&self, host: Host, change: impl FnOnce(&mut Weather)) {
        self.change_between(RELAY, host, change);
    }

    pub(crate) fn change_between(&self, a: Host, b: Host, change: impl FnOnce(&mut Weather)) {
        change(&mut self.state().link(a, b).weather);
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
    fn link(&mut self, a: Host, b: Host) -> &mut Link {
        let now = Instant::now();
        let ways = [Way { free: now, last: now }; 2];
        let fair = Link { weather: Weather::FAIR, ways };
        self.links.entry(ends(a, b)).or_insert(fair)
    }

    /// Whose address it is, if it still is anybody's.
    fn host_at(&self, address: SocketAddr) -> Option<Host> {
        let IpAddr::V4(ip) = address.ip() else { return None };
        let host = ip.octets()[2];
        self.places.get(&host)?.own.contains(&address).then_some(host)
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
        let (Some(_), Some(other)) = (self.host_at(from), self.host_at(to)) else {
            return Vec::new();
        };
        self.link(host, other);
        let Self { chance, links, .. } = self;
        let Some(link) = links.get_mut(&ends(host, other)) else { return Vec::new() };
        let Weather { loss, twice, delay, jitter, overtaking, largest, rate, is_cut } =
            link.weather;
        if is_cut || length > largest {
            return Vec::new();
        }
        let way = &mut link.ways[usize::from(host > other)];
        let begins = way.free.max(now);
        if begins.duration_since(now) > QUEUE {
            return Vec::new();
        }
        // 28 octets of headers of IPv4 and UDP.
        let octets = u64::try_from(length).unwrap() + 28;
        way.free = begins + Duration::from_micros(octets * 1_000_000 / rate);
        if chance.in_thousand(loss) {
            return Vec::new();
        }
        let copies = if chance.in_thousand(twice) { 2 } else { 1 };
        let mut arrivals = Vec::with_capacity(copies);
        for _ in 0..copies {
            let shaken = Duration::from_millis(chance.between(0, jitter));
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

/// Both ends of a link, the lower number first.
fn ends(a: Host, b: Host) -> (Host, Host) {
    (a.min(b), a.max(b))
}

struct SimulatedSocket {
    world: World,
    host: Host,
    address: SocketAddr,
    number: u64,
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
        // What a killed relay's connections still say nobody hears.
        let is_current = {
            let state = self.world.state();
            state.inboxes.get(&self.address).is_some_and(|inbox| inbox.socket == self.number)
        };
        if is_current {
            self.world.send(self.host, self.address, transmit.destination, transmit.contents);
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.world.state();
        let inbox = state.inboxes.get_mut(&self.address);
        let Some(inbox) = inbox.filter(|inbox| inbox.socket == self.number) else {
            return Poll::Pending;
        };
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
