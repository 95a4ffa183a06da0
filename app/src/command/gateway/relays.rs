//! The gateway's side of its relays: which of them it is connected to, and where it reads
//! (spec/06-relay.md, "Lease").

use super::{Gateway, RETRY};
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::gateway::{Held, Joined, Mailbox, Reader, Telling, Unconnected, Way, drain, follow};
use crate::network::{self, NamedRelay};
use crate::outbox;
use chappe_relay::client::Reading;
use chappe_relay::{Address, Delegation, TransportKey, rotation};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How soon one of several relays is tried again that refused this gateway or showed another key.
const RETRY_REFUSED: Duration = Duration::from_secs(60);

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
            self.joined(joined)?;
            match failure {
                Some(failure) if left == 0 => return Err(failure),
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    /// A relay is there, or is not.
    pub(super) fn joined(&mut self, Joined { place, clients, .. }: Joined) -> Outcome<()> {
        let clients = match clients {
            Ok(clients) => clients,
            Err(failure) => return self.lost(place, &failure),
        };
        let Some(line) = self.lines.get_mut(place) else { return Ok(()) };
        line.clients = clients;
        if std::mem::take(&mut line.is_told_away) {
            let text = format!("{} is back", line.relay);
            self.report.event("online", &text, json!({"message": text}));
        }
        self.read_at(place)
    }

    /// Reads at a relay that has just come: at its own the own mailboxes, and the public topic, where
    /// revocations are told; everywhere what was leased to be read there.
    fn read_at(&mut self, place: usize) -> Outcome<()> {
        if self.lines.own().contains(&place) {
            for epoch in self.followed.clone() {
                self.follow(place, self.own_mailbox(epoch)?, epoch, None);
            }
            let topic = outbox::public_topic(self.device.realm);
            let present = rotation::address_epoch(clock::now_seconds());
            self.follow(place, topic, present, None);
            if self.lines.get(place).is_some_and(|line| !line.is_drained) {
                self.drain(place)?;
            }
        }
        for held in self.leases.both_ways() {
            if self.places_of(held.owner)?.contains(&place) {
                self.follow_leased(place, &held);
            }
        }
        Ok(())
    }

    /// Where the owner of this key reads: at the relay that was named, or else at the home relays of their
    /// card, or where it names none at the gateway's own, where their lease was.
    pub(super) fn places_of(&mut self, owner: TransportKey) -> Outcome<Vec<usize>> {
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

    /// "The gateway reads the mailbox with that key": the one its delegation names.
    pub(super) fn subscribe_leased(&mut self, held: &Held) -> Outcome<()> {
        for place in self.places_of(held.owner)? {
            self.follow_leased(place, held);
        }
        Ok(())
    }

    fn follow_leased(&mut self, place: usize, held: &Held) {
        let delegation = held.lease.delegation;
        self.follow(place, delegation.address(), held.reader_epoch, Some(delegation));
    }

    /// Reads an address under the key of an epoch, from where it was read last. A relay that is away is read when
    /// it has come.
    fn follow(
        &mut self,
        place: usize,
        address: Address,
        epoch: u32,
        delegation: Option<Delegation>,
    ) {
        let Some(telling) = self.telling(place) else { return };
        let Some(mailbox) = self.mailbox(&telling, address, epoch, delegation) else { return };
        let number = telling.number;
        let task = tokio::spawn(follow(mailbox, telling)).abort_handle();
        // A newer reader of the same mailbox ends the one before it.
        self.readers.insert((place, address.octets), Reader { number, task });
    }

    /// Takes what waits in the own mailboxes of earlier epochs.
    fn drain(&mut self, place: usize) -> Outcome<()> {
        let Some(telling) = self.telling(place) else { return Ok(()) };
        let mut mailboxes = Vec::new();
        for epoch in rotation::epochs_stored(clock::now_seconds()) {
            if !self.followed.contains(&epoch) {
                let address = self.own_mailbox(epoch)?;
                mailboxes.extend(self.mailbox(&telling, address, epoch, None));
            }
        }
        let number = telling.number;
        let addresses: Vec<Address> =
            mailboxes.iter().map(|mailbox| mailbox.reading.address).collect();
        let task = tokio::spawn(drain(mailboxes, telling)).abort_handle();
        for address in addresses {
            let reader = Reader { number, task: task.clone() };
            self.readers.insert((place, address.octets), reader);
        }
        Ok(())
    }

    /// What a new reader at a relay that is there goes by.
    fn telling(&mut self, place: usize) -> Option<Telling> {
        let client = self.lines.get(place)?.clients.values().next()?;
        let (log, number, sender) = (client.log_name(), self.next_reader, self.sender.clone());
        self.next_reader = number.wrapping_add(1);
        Some(Telling { place, number, log, sender })
    }

    fn mailbox(
        &self,
        telling: &Telling,
        address: Address,
        epoch: u32,
        delegation: Option<Delegation>,
    ) -> Option<Mailbox> {
        let line = self.lines.get(telling.place)?;
        let way = line.clients.get(&epoch).map_or_else(
            || {
                Way::Connect(Box::new(Unconnected {
                    relay: line.relay.clone(),
                    secret: network::secret_in(self.device, epoch),
                    realm: self.device.realm,
                }))
            },
            |client| Way::There(Arc::clone(client)),
        );
        let cursors = network::cursors(telling.log, address, |source| self.received.cursor(source));
        Some(Mailbox { way, reading: Reading { address, cursors, delegation } })
    }

    fn own_mailbox(&self, epoch: u32) -> Outcome<Address> {
        outbox::mailbox_in(self.device.identity.card(), self.device.realm, epoch)
    }

    /// A relay went away: what is for it waits until it is back. One that will not have this gateway is the end
    /// where there is no other.
    pub(super) fn lost(&mut self, place: usize, failure: &Failure) -> Outcome<()> {
        let is_for_now = failure.exit == Exit::TryLater;
        if !is_for_now && self.lines.len() == 1 {
            return Err(failure.clone());
        }
        self.readers.retain(|(at, _), _| *at != place);
        self.lines.away(place, if is_for_now { RETRY } else { RETRY_REFUSED });
        let Some(line) = self.lines.get_mut(place) else { return Ok(()) };
        if !std::mem::replace(&mut line.is_told_away, true) {
            let text = format!("{}: {failure}; trying again", line.relay);
            self.report.event("offline", &text, json!({"message": text}));
        }
        Ok(())
    }
}
