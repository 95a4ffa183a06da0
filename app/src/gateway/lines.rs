//! The relays a gateway is connected to: its own home relays, and those of whoever leased it a mailbox.
//! Each is connected in a task of its own, so that one that is away holds nothing up.

use crate::clock;
use crate::device::Device;
use crate::exit::Outcome;
use crate::network::{self, NamedRelay};
use chappe_relay::{RelayClient, rotation};
use std::collections::BTreeMap;
use std::future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Connections to one relay, by the address epoch of the key each is under.
pub(crate) type Clients = BTreeMap<u32, Arc<RelayClient>>;

/// One relay.
pub(crate) struct Line {
    pub(crate) relay: NamedRelay,
    /// None while it is away.
    pub(crate) clients: Clients,
    /// Whether the own mailboxes of earlier epochs have been looked into.
    pub(crate) is_drained: bool,
    /// Whether it was told that it is away.
    pub(crate) is_told_away: bool,
    is_connecting: bool,
    again_at: Instant,
    /// Until when it is given nothing, as it has put something off.
    full_until: Instant,
}

/// An attempt to connect that has ended.
pub(crate) struct Joined {
    pub(crate) place: usize,
    /// In which turn it began; an earlier one connected under keys of other epochs.
    turn: u64,
    pub(crate) clients: Outcome<Clients>,
}

/// All of them, each known by its place. The gateway's own are in front.
pub(crate) struct Lines {
    lines: Vec<Line>,
    own: usize,
    turn: u64,
    joining: JoinSet<Joined>,
}

impl Lines {
    pub(crate) fn new(own: Vec<NamedRelay>) -> Self {
        let lines: Vec<Line> = own.into_iter().map(Line::new).collect();
        Self { own: lines.len(), lines, turn: 0, joining: JoinSet::new() }
    }

    /// The places of the gateway's own home relays, or of the relay that was named.
    pub(crate) fn own(&self) -> Vec<usize> {
        (0..self.own).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The place of a relay by its key at a network address, if it was given one.
    pub(crate) fn find(&self, key: &[u8; 32], address: &str) -> Option<usize> {
        let is_it =
            |line: &Line| line.relay.key.to_bytes() == *key && line.relay.address == address;
        self.lines.iter().position(is_it)
    }

    /// Gives a relay a place.
    pub(crate) fn add(&mut self, relay: NamedRelay) -> usize {
        self.lines.push(Line::new(relay));
        self.lines.len().saturating_sub(1)
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Line> {
        self.lines.get(place)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Line> {
        self.lines.get_mut(place)
    }

    /// The connection to publish on, while that relay is there.
    pub(crate) fn present(&self, place: usize) -> Option<&Arc<RelayClient>> {
        self.get(place)?.clients.get(&rotation::address_epoch(clock::now_seconds()))
    }

    /// The same, unless that relay puts off what it is given.
    pub(crate) fn taking(&self, place: usize) -> Option<&Arc<RelayClient>> {
        let is_full = self.get(place)?.full_until > Instant::now();
        self.present(place).filter(|_| !is_full)
    }

    /// A relay has put something off.
    pub(crate) fn full(&mut self, place: usize, pause: Duration) {
        let Some(line) = self.lines.get_mut(place) else { return };
        line.full_until = Instant::now().checked_add(pause).unwrap_or_else(Instant::now);
    }

    /// Begins to connect to each that is away, under the key of each epoch that is read now.
    pub(crate) fn begin(&mut self, device: &Device) {
        let (realm, turn) = (device.realm, self.turn);
        let epochs = rotation::epochs_read(clock::now_seconds());
        for (place, line) in self.lines.iter_mut().enumerate() {
            if line.is_connecting || !line.clients.is_empty() || Instant::now() < line.again_at {
                continue;
            }
            line.is_connecting = true;
            let relay = line.relay.clone();
            let secrets: Vec<_> =
                epochs.clone().map(|epoch| (epoch, network::secret_in(device, epoch))).collect();
            self.joining.spawn(async move {
                let connecting = async {
                    let mut clients = Clients::new();
                    for (epoch, secret) in secrets {
                        let client = relay.connect_as(&secret, realm).await?;
                        clients.insert(epoch, Arc::new(client));
                    }
                    Ok(clients)
                };
                Joined { place, turn, clients: connecting.await }
            });
        }
    }

    /// The next attempt that ends. Waits for ever while none is under way.
    pub(crate) async fn joined(&mut self) -> Joined {
        loop {
            match self.joining.join_next().await {
                Some(Ok(joined)) if joined.turn == self.turn => {
                    if let Some(line) = self.lines.get_mut(joined.place) {
                        line.is_connecting = false;
                    }
                    return joined;
                }
                // Of an earlier turn, or aborted with it.
                Some(_) => {}
                None => future::pending().await,
            }
        }
    }

    /// A relay is away, and tried again after a pause. Whether it was there before.
    pub(crate) fn away(&mut self, place: usize, pause: Duration) -> bool {
        let Some(line) = self.lines.get_mut(place) else { return false };
        line.again_at = Instant::now().checked_add(pause).unwrap_or_else(Instant::now);
        !std::mem::take(&mut line.clients).is_empty()
    }

    /// Other keys count now: all connect anew.
    pub(crate) fn turn(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        self.joining.abort_all();
        for line in &mut self.lines {
            line.clients.clear();
            (line.is_connecting, line.again_at) = (false, Instant::now());
        }
    }
}

impl Line {
    fn new(relay: NamedRelay) -> Self {
        Self {
            relay,
            clients: Clients::new(),
            is_drained: false,
            is_told_away: false,
            is_connecting: false,
            again_at: Instant::now(),
            full_until: Instant::now(),
        }
    }
}
