//! Everything there is, once.

use super::Reader;
use crate::clock;
use crate::device::watch::flashes::RelayKey;
use crate::exit::{Exit, Failure, Outcome};
use crate::network::{self, NamedRelay};
use chappe_relay::client::Reading;
use chappe_relay::{Address, RelayClient, rotation};

/// Parcels fetched with one request.
pub(super) const PAGE: u16 = 64;

/// Why a relay was not read to its end.
enum Trouble {
    /// The relay.
    Relay(Failure),
    /// This device, which cannot go on.
    Device(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Device(failure)
    }
}

impl Reader<'_> {
    /// Reads every relay to its end. One that does not answer does not keep the others from being read;
    /// in the end it is a failure, since it may hold what no other has.
    pub(crate) async fn fetch_all(&mut self) -> Outcome<()> {
        let relays = self.sources.relays.clone();
        let mut unread: Option<Failure> = None;
        let mut read = Vec::new();
        for (place, relay) in relays.iter().enumerate() {
            match self.fetch_from(place, relay).await {
                Ok(()) => read.push(place),
                Err(Trouble::Device(failure)) => return Err(failure),
                Err(Trouble::Relay(failure)) => {
                    if let Some(before) = unread.replace(failure) {
                        self.report.note(&before.to_string());
                    }
                }
            }
        }
        match unread {
            Some(failure) if read.is_empty() => return Err(failure),
            _ => self.compare(&relays, read).await?,
        }
        self.correspond().await?;
        self.desk.anchor_all(&mut self.received).await?;
        unread.map_or(Ok(()), |failure| {
            let exit =
                if failure.exit == Exit::Authentication { failure.exit } else { Exit::TryLater };
            let message = format!("not all of your home relays were read: {failure}");
            Err(Failure::new(exit, "relay", message))
        })
    }

    /// What one relay had and another did not is told only when all were read to their end, and those
    /// that lacked it once more behind it: it may have come in between. So it is with what is missing, which
    /// may have come to any of them.
    async fn compare(&mut self, relays: &[NamedRelay], mut read: Vec<usize>) -> Outcome<()> {
        let lacking = self.received.lacking_flashes();
        let is_missing = self.received.has_gaps_to_tell();
        for place in std::mem::take(&mut read) {
            let Some(relay) = relays.get(place) else { continue };
            let again = is_missing || lacking.contains(&relay.key.to_bytes());
            match if again { self.fetch_from(place, relay).await } else { Ok(()) } {
                Ok(()) => read.push(place),
                Err(Trouble::Device(failure)) => return Err(failure),
                // It counts as not read.
                Err(Trouble::Relay(failure)) => self.report.note(&failure.to_string()),
            }
        }
        let read: Vec<RelayKey> = read
            .iter()
            .filter_map(|place| relays.get(*place))
            .map(|one| one.key.to_bytes())
            .collect();
        self.tell_withheld(&|home, _| read.contains(home))?;
        let now = clock::now_seconds();
        self.tell_missing(&read, now, true)
    }

    /// "Parcels live for 30 days at most, so it also looks, on connections of their own, into the
    /// mailboxes of the five epochs before" (spec/06-relay.md, "Rotation"); the present one comes last.
    async fn fetch_from(&mut self, place: usize, relay: &NamedRelay) -> Result<(), Trouble> {
        let now = clock::now_seconds();
        let present = rotation::address_epoch(now);
        let read = rotation::epochs_read(now);
        let earlier = rotation::epochs_stored(now).filter(|epoch| !read.contains(epoch));
        let around = read.clone().filter(|epoch| *epoch != present);
        for epoch in earlier.chain(around).chain([present]) {
            let addresses = self.addresses(epoch)?;
            let secret = network::secret_in(self.device, epoch);
            let connected = relay.connect_as(&secret, self.device.realm).await;
            let client = connected.map_err(Trouble::Relay)?;
            let mut fetched = Ok(());
            for address in addresses {
                if fetched.is_ok() {
                    fetched = self.fetch(place, relay, &client, address).await;
                }
            }
            client.close().await;
            fetched?;
        }
        Ok(())
    }

    async fn fetch(
        &mut self,
        place: usize,
        relay: &NamedRelay,
        client: &RelayClient,
        address: Address,
    ) -> Result<(), Trouble> {
        loop {
            let cursors = self.cursors(client.log_name(), address);
            let reading = Reading { cursors, ..Reading::all(address) };
            let page = client.fetch(reading, PAGE).await;
            let page = page.map_err(|error| Trouble::Relay(relay.failure(&error)))?;
            for delivery in page.deliveries {
                self.take(place, client.log_name(), delivery)?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }
}
