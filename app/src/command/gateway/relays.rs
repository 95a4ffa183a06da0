//! The gateway's side of its relays: where it reads and where it takes what came from the air
//! (spec/06-relay.md, "Lease").

use super::{Gateway, RETRY, Reader, Subscribed};
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::gateway::{ForRelay, Held, Joined};
use crate::network::{self, NamedRelay};
use crate::outbox;
use chappe_codec::precedence::Precedence;
use chappe_relay::client::Reading;
use chappe_relay::limits::FORWARD_HOPS_MAX;
use chappe_relay::{
    Address, AddressKind, ClientError, Delegation, Parcel, RelayClient, TransportKey, rotation,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a relay may take to give a lane for another mailbox.
const SUBSCRIBE_WAIT: Duration = Duration::from_secs(5);

/// How soon one of several relays is tried again that refused this gateway or showed another key.
const RETRY_REFUSED: Duration = Duration::from_secs(60);

/// Parcels fetched with one request.
const PAGE: u16 = 64;

impl Gateway<'_> {
    /// Connects to its own relays; returns once one is there.
    ///
    /// # Errors
    /// None of them is: why the last one is not.
    pub(super) async fn connect_first(&mut self) -> Outcome<()> {
        self.lines.begin(self.device);
        let mut left = self.lines.len();
        loop {
            let joined = self.lines.joined().await;
            left = left.saturating_sub(1);
            let failure = joined.clients.as_ref().err().cloned();
            self.joined(joined).await?;
            match failure {
                Some(failure) if left == 0 => return Err(failure),
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    /// A relay is there, or is not.
    pub(super) async fn joined(&mut self, Joined { place, clients, .. }: Joined) -> Outcome<()> {
        let is_alone = self.lines.len() == 1;
        let failure = match clients {
            Ok(clients) => {
                let Some(line) = self.lines.get_mut(place) else { return Ok(()) };
                line.clients = clients;
                if std::mem::take(&mut line.is_told_away) {
                    let text = format!("{} is back", line.relay);
                    self.report.event("online", &text, json!({"message": text}));
                }
                match self.read_at(place).await {
                    Ok(()) => return Ok(()),
                    Err(failure) => failure,
                }
            }
            Err(failure) => failure,
        };
        let is_for_now = failure.exit == Exit::TryLater;
        if is_alone && !is_for_now {
            return Err(failure);
        }
        self.away(place, &failure, if is_for_now { RETRY } else { RETRY_REFUSED });
        Ok(())
    }

    /// Reads at a relay that has just come: at its own the own mailboxes, and the public topic, where
    /// revocations are told; everywhere what was leased to be read there.
    async fn read_at(&mut self, place: usize) -> Outcome<()> {
        let now = clock::now_seconds();
        if self.lines.own().contains(&place) {
            for epoch in self.followed.clone() {
                self.subscribe(place, self.own_mailbox(epoch)?, epoch, None).await?;
            }
            let topic = outbox::public_topic(self.device.realm);
            self.subscribe(place, topic, rotation::address_epoch(now), None).await?;
            if self.lines.get(place).is_some_and(|line| !line.is_drained) {
                let followed = self.followed.clone();
                for epoch in rotation::epochs_stored(now).filter(|old| !followed.contains(old)) {
                    self.drain(place, epoch).await?;
                }
                self.lines.get_mut(place).into_iter().for_each(|line| line.is_drained = true);
            }
        }
        for held in self.leases.both_ways() {
            if self.places_of(held.owner)?.contains(&place) {
                self.subscribe_leased_at(place, &held).await?;
            }
        }
        Ok(())
    }

    /// Where the owner of this key reads: at the relay that was named, or else at the home relays of their
    /// card, or where it names none at the gateway's own, where their lease was.
    fn places_of(&mut self, owner: TransportKey) -> Outcome<Vec<usize>> {
        if self.is_named {
            return Ok(self.lines.own());
        }
        let contacts = self.received.station.contacts();
        let is_theirs = |key: Outcome<TransportKey>| key.is_ok_and(|key| key == owner);
        let contact = contacts.iter().find(|contact| is_theirs(outbox::key_of(&contact.card)));
        let mut places = Vec::new();
        for home in contact.into_iter().flat_map(|contact| contact.card.homes()) {
            match self.lines.find(&home.key().to_bytes(), home.network_address()) {
                Some(place) => places.push(place),
                None => {
                    let relays = NamedRelay::of(self.device, std::slice::from_ref(home))?;
                    places.extend(relays.into_iter().map(|relay| self.lines.add(relay)));
                }
            }
        }
        Ok(if places.is_empty() { self.lines.own() } else { places })
    }

    /// Where what is for an address goes.
    fn places_for(&mut self, address: Address) -> Outcome<Vec<usize>> {
        match self.leases.of(address).map(|held| held.owner) {
            Some(owner) if address.kind == AddressKind::Mailbox => self.places_of(owner),
            _ => Ok(self.lines.own()),
        }
    }

    /// What came from the air and can go to a relay that is there, and to which relays it is to go.
    fn next_up(&mut self) -> Outcome<Option<(ForRelay, Vec<usize>)>> {
        let mut ways: BTreeMap<Address, Vec<usize>> = BTreeMap::new();
        for address in self.uplink.addresses() {
            ways.insert(address, self.places_for(address)?);
        }
        let is_there = |place: &usize| self.lines.present(*place).is_some();
        let can_go = |to| ways.get(&to).is_some_and(|places| places.iter().any(is_there));
        let next = self.uplink.first_of(can_go);
        Ok(next.map(|parcel| {
            let places = ways.remove(&parcel.address).unwrap_or_default();
            (parcel, places)
        }))
    }

    pub(super) fn can_publish(&mut self) -> Outcome<bool> {
        Ok(self.next_up()?.is_some())
    }

    /// What came from the air goes to relays, the most urgent first; it leaves the queue once it is on
    /// the disk of one. "Who publishes at homes directly publishes a FLASH at all that answer"
    /// (spec/06-relay.md, "Federation").
    pub(super) async fn publish_next(&mut self) -> Outcome<()> {
        let Some((waiting, places)) = self.next_up()? else { return Ok(()) };
        let ForRelay { sequence, address, precedence, envelope } = waiting;
        let parcel = outbox::parcel(address, precedence, &envelope)?;
        let (is_flash, began) = (precedence == Precedence::Flash, Instant::now());
        let (mut acknowledged, mut refused) = (Vec::new(), None);
        for place in &places {
            let Some(client) = self.lines.present(*place) else { continue };
            match outbox::acknowledged(client.start_publish(parcel.clone())).await {
                Ok(()) => acknowledged.push(*place),
                Err(error) if error.is_temporary() => self.lost(*place, &error)?,
                Err(error) => refused = Some(network::failure(&error)),
            }
            if !is_flash && !acknowledged.is_empty() {
                break;
            }
        }
        if is_flash && let [only] = acknowledged[..] {
            self.spread(only, &places, &parcel).await;
        }
        let keys: Vec<TransportKey> = acknowledged
            .iter()
            .filter_map(|place| Some(self.lines.get(*place)?.relay.key))
            .collect();
        if !keys.is_empty() {
            outbox::tell(&parcel, began, "on the relay's disk", &keys, self.report);
            return self.uplink.done(sequence);
        }
        match refused {
            // No relay that is there will ever take this one; the others must not wait behind it.
            Some(failure) => {
                self.report.note(&failure.to_string());
                self.uplink.done(sequence)
            }
            None => Ok(()),
        }
    }

    /// "Where only one does, it asks that one with a `forward` that names all."
    async fn spread(&self, only: usize, places: &[usize], parcel: &Parcel) {
        let relays = places.iter().filter_map(|place| Some(&self.lines.get(*place)?.relay));
        let homes: Vec<TransportKey> = relays.map(|relay| relay.key).collect();
        let Some(client) = self.lines.present(only).filter(|_| homes.len() > 1) else { return };
        let asking = client.start_forward(parcel.clone(), &homes, FORWARD_HOPS_MAX);
        if outbox::acknowledged(asking).await.is_err() {
            self.report
                .note("a FLASH is at one home relay only, and nobody takes it to the others");
        }
    }

    /// "The gateway reads the mailbox with that key": the one its delegation names.
    pub(super) async fn subscribe_leased(&mut self, held: Held) -> Outcome<()> {
        for place in self.places_of(held.owner)? {
            if let Err(failure) = self.subscribe_leased_at(place, &held).await {
                if failure.exit != Exit::TryLater && self.lines.len() == 1 {
                    return Err(failure);
                }
                self.away(place, &failure, RETRY);
            }
        }
        Ok(())
    }

    /// A relay that is away is read when it has come.
    async fn subscribe_leased_at(&mut self, place: usize, held: &Held) -> Outcome<()> {
        let (epoch, delegation) = (held.reader_epoch, held.lease.delegation);
        let Some(line) = self.lines.get_mut(place).filter(|line| !line.clients.is_empty()) else {
            return Ok(());
        };
        if !line.clients.contains_key(&epoch) {
            let client = connect(&line.relay, self.device, epoch).await?;
            line.clients.insert(epoch, client);
        }
        self.subscribe(place, delegation.address(), epoch, Some(delegation)).await
    }

    /// Takes what waits in the own mailbox of an earlier epoch, on a connection of its own.
    async fn drain(&mut self, place: usize, epoch: u32) -> Outcome<()> {
        let Some(line) = self.lines.get(place) else { return Ok(()) };
        let client = connect(&line.relay, self.device, epoch).await?;
        let (log, address) = (client.log_name(), self.own_mailbox(epoch)?);
        loop {
            let cursors = network::cursors(log, address, |source| self.received.cursor(source));
            let reading = Reading { cursors, ..Reading::all(address) };
            let page = client.fetch(reading, PAGE).await;
            let page = page.map_err(|error| network::failure(&error))?;
            for delivery in page.deliveries {
                let source = network::source(log, address, delivery.parcel.precedence);
                self.take_own(&source, delivery)?;
            }
            if !page.more {
                break;
            }
        }
        client.close().await;
        Ok(())
    }

    fn own_mailbox(&self, epoch: u32) -> Outcome<Address> {
        outbox::mailbox_in(self.device.identity.card(), self.device.realm, epoch)
    }

    async fn subscribe(
        &mut self,
        place: usize,
        address: Address,
        epoch: u32,
        delegation: Option<Delegation>,
    ) -> Outcome<()> {
        let client = self.lines.get(place).and_then(|line| line.clients.get(&epoch));
        let Some(client) = client else { return Ok(()) };
        let log = client.log_name();
        let reading = Reading {
            address,
            cursors: network::cursors(log, address, |source| self.received.cursor(source)),
            delegation,
        };
        let subscribing = tokio::time::timeout(SUBSCRIBE_WAIT, client.subscribe(reading));
        let mut subscription = match subscribing.await {
            Ok(Ok(subscription)) => subscription,
            Ok(Err(error)) => return self.lost(place, &error),
            Err(_) => return self.lost(place, &ClientError::NoAnswer),
        };
        let (sender, number) = (self.sender.clone(), self.next_reader);
        self.next_reader = number.wrapping_add(1);
        let task = tokio::spawn(async move {
            loop {
                let delivery = subscription.next().await;
                let is_over = delivery.is_err();
                let brought = Subscribed { place, address, number, log, delivery };
                if sender.send(brought).await.is_err() || is_over {
                    return;
                }
            }
        });
        // A newer reader of the same mailbox ends the one before it.
        let reader = Reader { number, task: task.abort_handle() };
        self.readers.insert((place, address.octets), reader);
        Ok(())
    }

    /// A relay went away: what is for it waits until it is back.
    pub(super) fn lost(&mut self, place: usize, error: &ClientError) -> Outcome<()> {
        let failure = network::failure(error);
        if failure.exit != Exit::TryLater && self.lines.len() == 1 {
            return Err(failure);
        }
        self.away(place, &failure, RETRY);
        Ok(())
    }

    fn away(&mut self, place: usize, failure: &Failure, pause: Duration) {
        self.readers.retain(|(at, _), _| *at != place);
        self.lines.away(place, pause);
        let Some(line) = self.lines.get_mut(place) else { return };
        if !std::mem::replace(&mut line.is_told_away, true) {
            let text = format!("{}: {failure}; trying again", line.relay);
            self.report.event("offline", &text, json!({"message": text}));
        }
    }
}

async fn connect(
    relay: &NamedRelay,
    device: &crate::device::Device,
    epoch: u32,
) -> Outcome<RelayClient> {
    relay.connect_as(&network::secret_in(device, epoch), device.realm).await
}
