//! Who is offered new parcels. Nobody is waited for: a full queue loses the live copy, and its lane
//! reads the log instead.

use crate::address::Address;
use crate::parcel::Parcel;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};

/// A subscription as the store knows it.
#[derive(Debug)]
pub(super) struct Subscriber {
    /// Unlike any other subscription's of this relay.
    pub(super) id: u64,
    /// Its number on its lane.
    pub(super) number: u64,
    /// The lane's queue of live parcels.
    pub(super) queue: mpsc::Sender<LiveParcel>,
    /// Wakes the lane when the queue was full. The permit stays until the lane looks.
    pub(super) lag: Arc<Notify>,
}

/// A parcel just stored, for one subscription.
#[derive(Debug)]
pub(super) struct LiveParcel {
    pub(super) number: u64,
    pub(super) cursor: u64,
    /// The cursor behind the address's parcel before this one.
    pub(super) previous: u64,
    pub(super) octets: Bytes,
}

#[derive(Debug, Default)]
pub(super) struct Subscribers {
    addresses: HashMap<Address, Vec<Subscriber>>,
}

impl Subscribers {
    pub(super) fn insert(&mut self, address: Address, subscriber: Subscriber) {
        self.addresses.entry(address).or_default().push(subscriber);
    }

    pub(super) fn remove(&mut self, address: &Address, id: u64) {
        if let Some(subscribers) = self.addresses.get_mut(address) {
            subscribers.retain(|subscriber| subscriber.id != id);
            if subscribers.is_empty() {
                self.addresses.remove(address);
            }
        }
    }

    pub(super) fn offer(&mut self, parcel: &Parcel, cursor: u64, previous: u64) {
        let Some(subscribers) = self.addresses.get(&parcel.address) else { return };
        let octets = Bytes::from(parcel.to_bytes());
        for subscriber in subscribers {
            let number = subscriber.number;
            let live = LiveParcel { number, cursor, previous, octets: octets.clone() };
            // Full, or the lane is about to say that it is gone.
            if subscriber.queue.try_send(live).is_err() {
                subscriber.lag.notify_one();
            }
        }
    }
}
