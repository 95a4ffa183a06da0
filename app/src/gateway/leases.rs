//! The mailboxes leased to a gateway.

use crate::clock;
use crate::outbox;
use chappe_codec::label::{Label, label_epoch};
use chappe_codec::realm::Realm;
use chappe_radio::frame::FrameKind;
use chappe_relay::limits::{ADDRESS_EPOCHS_BEFORE, CLIENT_SUBSCRIPTIONS_MAX};
use chappe_relay::rotation::{address_epoch, epochs_read, epochs_stored};
use chappe_relay::{Address, Lease, TransportKey};
use std::collections::BTreeMap;

/// Mailboxes a gateway reads for others on one connection: as many as one may follow, less the gateway's
/// own, the public topic and one that is being replaced.
const READ_MAILBOXES_MAX: usize = CLIENT_SUBSCRIPTIONS_MAX - 3;

/// Mailboxes a gateway carries to from the air.
const MAILBOXES_MAX: usize = 1024;

/// A lease that holds, with what its rotated keys are rotated from.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) lease: Lease,
    /// The transport key on its owner's card.
    pub(crate) owner: TransportKey,
    /// The address epoch of the mailbox.
    pub(crate) epoch: u32,
    /// The address epoch of the gateway's own key that may read it.
    pub(crate) reader_epoch: u32,
}

/// The mailboxes leased to this gateway.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    by_mailbox: BTreeMap<[u8; 16], Held>,
}

impl Leases {
    /// Takes a lease in; a later one of the same mailbox replaces the earlier. `false` when there is
    /// no room for it.
    pub(crate) fn insert(&mut self, held: Held) -> bool {
        let today = label_epoch(clock::now_seconds());
        self.by_mailbox.retain(|_, held| held.last_day() >= today.saturating_sub(1));
        let mailbox = held.lease.delegation.address().octets;
        let others = || self.by_mailbox.iter().filter(|(other, _)| **other != mailbox);
        let shares = |other: &Held| other.reader_epoch == held.reader_epoch;
        let read = others().filter(|(_, other)| carries_down(&other.lease) && shares(other));
        if others().count() >= MAILBOXES_MAX
            || (carries_down(&held.lease) && read.count() >= READ_MAILBOXES_MAX)
        {
            return false;
        }
        self.by_mailbox.insert(mailbox, held);
        true
    }

    /// Ends the lease of a mailbox.
    pub(crate) fn remove(&mut self, mailbox: Address) {
        self.by_mailbox.remove(&mailbox.octets);
    }

    /// Ends all leases of an owner; the mailboxes they were of.
    pub(crate) fn end_of(&mut self, owner: TransportKey) -> Vec<Address> {
        let ended = self.by_mailbox.values().filter(|held| held.owner == owner);
        let ended: Vec<Address> = ended.map(|held| held.lease.delegation.address()).collect();
        self.by_mailbox.retain(|_, held| held.owner != owner);
        ended
    }

    /// The leases under which the mailbox may be read as well, by now: those of epochs to come would
    /// show a relay keys that nothing else links yet.
    pub(crate) fn both_ways(&self) -> Vec<Held> {
        let now = clock::now_seconds();
        let last = *epochs_read(now).end();
        let is_read = |held: &&Held| {
            let until = held.lease.delegation.expiry_seconds;
            now < until && held.epoch <= last && held.reader_epoch <= last
        };
        self.by_mailbox.values().filter(is_read).cloned().collect()
    }

    pub(crate) fn of(&self, mailbox: Address) -> Option<&Held> {
        self.by_mailbox.get(&mailbox.octets)
    }

    /// The label a mailbox has on the air today, if its parcels are to be carried there.
    pub(crate) fn label_now(&self, mailbox: Address) -> Option<Label> {
        let lease = &self.of(mailbox).filter(|held| carries_down(&held.lease))?.lease;
        lease.label(label_epoch(clock::now_seconds()))
    }

    /// Where what came in a frame goes: to everybody who claims its label, since nobody can take
    /// a label from another by claiming it too, and to the public topic when nobody does. Of the
    /// mailboxes of one owner it is the one of the present address epoch, or of the latest before.
    pub(crate) fn destinations(&self, kind: FrameKind, realm: Realm) -> Vec<Address> {
        let FrameKind::Data { label } = kind else { return vec![outbox::public_topic(realm)] };
        let now = clock::now_seconds();
        let (today, present) = (label_epoch(now), address_epoch(now));
        let around = today.saturating_sub(1)..=today.saturating_add(1);
        let claims = |held: &&Held| around.clone().any(|day| held.lease.label(day) == Some(label));
        let mut claiming: BTreeMap<[u8; 32], &Held> = BTreeMap::new();
        for held in self.by_mailbox.values().filter(|held| held.epoch <= present).filter(claims) {
            let latest = claiming.entry(held.owner.to_bytes()).or_insert(held);
            if latest.epoch < held.epoch {
                *latest = held;
            }
        }
        if claiming.is_empty() {
            return vec![outbox::public_topic(realm)];
        }
        claiming.values().map(|held| held.lease.delegation.address()).collect()
    }
}

impl Held {
    /// A lease of the owner of that card's key to the gateway with this one; `None` when the delegation
    /// names others than these are rotated to. It is looked for in the epochs in which parcels may wait, or
    /// may come within the longest lease.
    pub(crate) fn new(
        lease: Lease,
        owner: TransportKey,
        own: TransportKey,
        realm: Realm,
    ) -> Option<Self> {
        let stored = epochs_stored(clock::now_seconds());
        let epochs = *stored.start()..=stored.end().saturating_add(ADDRESS_EPOCHS_BEFORE);
        let epoch_of = |key: TransportKey, rotated| {
            epochs.clone().find(|epoch| key.rotated(realm, *epoch) == rotated)
        };
        let epoch = epoch_of(owner, lease.delegation.mailbox)?;
        let reader_epoch = epoch_of(own, lease.delegation.reader)?;
        Some(Self { lease, owner, epoch, reader_epoch })
    }

    fn last_day(&self) -> u32 {
        self.lease.labels().last().map_or(0, |(day, _)| day)
    }
}

/// spec/06-relay.md: "A delegation with expiry 0 lets nobody read: such a lease carries from the air
/// to the mailbox only."
pub(crate) fn carries_down(lease: &Lease) -> bool {
    lease.delegation.expiry_seconds != 0
}
