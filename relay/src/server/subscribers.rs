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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddressKind;
    use chappe_codec::precedence::Precedence;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_loses_the_live_copy_and_wakes_its_lane() {
        let address = Address { kind: AddressKind::Topic, octets: [1; 16] };
        let parcel = Parcel::new(address, Precedence::Routine, 9, vec![1]).unwrap();
        let (queue, mut live) = mpsc::channel(1);
        let lag = Arc::new(Notify::new());
        let mut subscribers = Subscribers::default();
        let subscriber = Subscriber { id: 7, number: 1, queue, lag: Arc::clone(&lag) };
        subscribers.insert(address, subscriber);
        let woken = || tokio::time::timeout(Duration::from_secs(1), lag.notified());

        subscribers.offer(&parcel, 1, 0);
        assert!(woken().await.is_err(), "nothing was lost yet");
        subscribers.offer(&parcel, 2, 1);
        assert!(woken().await.is_ok(), "the wake-up stays until the lane looks");
        assert_eq!(live.try_recv().unwrap().cursor, 1);
        assert!(live.try_recv().is_err());
        subscribers.remove(&address, 7);
        subscribers.offer(&parcel, 3, 2);
        assert!(live.try_recv().is_err());
        assert!(subscribers.addresses.is_empty());
    }
}
