//! What came from the air goes to relays.

use super::Gateway;
use crate::exit::{Exit, Failure, Outcome};
use crate::gateway::{Failed, ForRelay, Home, Published, publish};
use crate::network;
use crate::outbox;
use chappe_codec::precedence::Precedence;
use chappe_relay::{Address, AddressKind, ClientError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;

/// Envelopes on their way to relays at one time: of FLASH, and of all else, so that neither waits for a relay
/// that hangs with the other.
const UNDER_WAY_MAX: usize = 16;

/// How long a relay that put something off is given nothing.
const PUT_OFF: Duration = Duration::from_secs(5);

impl Gateway<'_> {
    /// Begins to take what waits to the relays that are there, the most urgent first. It leaves the queue once it
    /// is on the disk of one.
    pub(super) fn publish_waiting(&mut self) -> Outcome<()> {
        let mut ways = BTreeMap::new();
        for address in self.uplink.addresses() {
            ways.insert(address, self.places_for(address)?);
        }
        while let Some((waiting, places)) = self.next_up(&ways) {
            let ForRelay { sequence, address, precedence, envelope } = waiting;
            let parcel = outbox::parcel(address, precedence, &envelope)?;
            let homes = places.into_iter().filter_map(|place| {
                let client = self.lines.taking(place).cloned();
                Some(Home { place, key: self.lines.get(place)?.relay.key, client })
            });
            self.publishing.spawn(publish(sequence, parcel, homes.collect()));
            self.under_way.insert(sequence, precedence == Precedence::Flash);
        }
        Ok(())
    }

    /// What waits and can go to a relay that is there, and to which relays it is to go.
    fn next_up(&self, ways: &BTreeMap<Address, Vec<usize>>) -> Option<(ForRelay, Vec<usize>)> {
        let has_room = |is_flash: bool| {
            self.under_way.values().filter(|flash| **flash == is_flash).count() < UNDER_WAY_MAX
        };
        let can_take = |parcel: &ForRelay, place: usize| {
            self.lines.taking(place).is_some() && !self.is_refused(parcel.sequence, place)
        };
        let next = self.uplink.first_of(|parcel| {
            !self.under_way.contains_key(&parcel.sequence)
                && has_room(parcel.precedence == Precedence::Flash)
                && ways
                    .get(&parcel.address)
                    .is_some_and(|places| places.iter().any(|place| can_take(parcel, *place)))
        });
        next.map(|parcel| {
            let mut places = ways.get(&parcel.address).cloned().unwrap_or_default();
            places.retain(|place| !self.is_refused(parcel.sequence, *place));
            (parcel, places)
        })
    }

    fn is_refused(&self, sequence: u64, place: usize) -> bool {
        self.refused.get(&sequence).is_some_and(|places| places.contains(&place))
    }

    /// Where what is for an address goes.
    fn places_for(&mut self, address: Address) -> Outcome<Vec<usize>> {
        match self.leases.of(address).map(|held| held.owner) {
            Some(owner) if address.kind == AddressKind::Mailbox => self.places_of(owner),
            _ => Ok(self.lines.own()),
        }
    }

    /// Relays have answered.
    pub(super) fn published(&mut self, published: Result<Published, JoinError>) -> Outcome<()> {
        let Published { sequence, parcel, began, acknowledged, failed, stays_at_one } =
            published.map_err(|error| Failure::new(Exit::Failure, "gateway", error.to_string()))?;
        self.under_way.remove(&sequence);
        let mut refused = None;
        for Failed { place, client, error } in failed {
            match &error {
                ClientError::Refused(_) if error.is_temporary() => self.lines.full(place, PUT_OFF),
                // Another connection may be there by now, and well.
                _ if error.is_temporary() => {
                    if self.lines.present(place).is_some_and(|there| Arc::ptr_eq(there, &client)) {
                        self.lost(place, &network::failure(&error))?;
                    }
                }
                _ => {
                    self.refused.entry(sequence).or_default().insert(place);
                    refused = Some(network::failure(&error));
                }
            }
        }
        if stays_at_one {
            self.report
                .note("a FLASH is at one home relay only, and nobody takes it to the others");
        }
        if !acknowledged.is_empty() {
            outbox::tell(&parcel, began, "on the relay's disk", &acknowledged, self.report);
            return self.done(sequence);
        }
        let places = self.places_for(parcel.address)?;
        match refused {
            // No relay will ever take this one.
            Some(failure) if places.iter().all(|place| self.is_refused(sequence, *place)) => {
                self.report.note(&failure.to_string());
                self.done(sequence)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn done(&mut self, sequence: u64) -> Outcome<()> {
        self.refused.remove(&sequence);
        self.uplink.done(sequence)
    }
}
