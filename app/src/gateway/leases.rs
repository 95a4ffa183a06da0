//! The mailboxes leased to a gateway.

use crate::clock;
use crate::outbox;
use chappe_codec::label::{Label, label_epoch};
use chappe_codec::realm::Realm;
use chappe_radio::frame::FrameKind;
use chappe_relay::limits::CLIENT_SUBSCRIPTIONS_MAX;
use chappe_relay::{Address, Lease};
use std::collections::BTreeMap;

/// Mailboxes a gateway reads for others: as many as one connection may follow, less the gateway's own,
/// the public topic and one that is being replaced.
const READ_MAILBOXES_MAX: usize = CLIENT_SUBSCRIPTIONS_MAX - 3;

/// Mailboxes a gateway carries to from the air.
const MAILBOXES_MAX: usize = 1024;

/// The mailboxes leased to this gateway.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    by_mailbox: BTreeMap<[u8; 16], Lease>,
}

impl Leases {
    /// Takes a lease in; a later one of the same mailbox replaces the earlier. `false` when there is
    /// no room for it.
    pub(crate) fn insert(&mut self, lease: Lease) -> bool {
        let mailbox = lease.delegation.address().octets;
        let others = || self.by_mailbox.iter().filter(|(other, _)| **other != mailbox);
        let read = others().filter(|(_, lease)| carries_down(lease)).count();
        if others().count() >= MAILBOXES_MAX || (carries_down(&lease) && read >= READ_MAILBOXES_MAX)
        {
            return false;
        }
        self.by_mailbox.insert(mailbox, lease);
        true
    }

    /// Ends the lease of a mailbox; whether there was one.
    pub(crate) fn remove(&mut self, mailbox: Address) -> bool {
        self.by_mailbox.remove(&mailbox.octets).is_some()
    }

    /// The leases under which the mailbox may be read as well.
    pub(crate) fn both_ways(&self) -> Vec<Lease> {
        self.by_mailbox.values().filter(|lease| carries_down(lease)).cloned().collect()
    }

    pub(crate) fn of(&self, mailbox: Address) -> Option<&Lease> {
        self.by_mailbox.get(&mailbox.octets)
    }

    /// The label a mailbox has on the air today, if its parcels are to be carried there.
    pub(crate) fn label_now(&self, mailbox: Address) -> Option<Label> {
        let lease = self.of(mailbox).filter(|lease| carries_down(lease))?;
        lease.label(label_epoch(clock::now_seconds()))
    }

    /// Where what came in a frame goes: to every mailbox that claims its label, since nobody can take
    /// a label from another by claiming it too, and to the public topic when none does.
    pub(crate) fn destinations(&self, kind: FrameKind, realm: Realm) -> Vec<Address> {
        let FrameKind::Data { label } = kind else { return vec![outbox::public_topic(realm)] };
        let today = label_epoch(clock::now_seconds());
        let around = today.saturating_sub(1)..=today.saturating_add(1);
        let claims = |lease: &&Lease| around.clone().any(|epoch| lease.label(epoch) == Some(label));
        let claiming: Vec<Address> = self
            .by_mailbox
            .values()
            .filter(claims)
            .map(|lease| lease.delegation.address())
            .collect();
        if claiming.is_empty() { vec![outbox::public_topic(realm)] } else { claiming }
    }
}

/// spec/06-relay.md: "A delegation with expiry 0 lets nobody read: such a lease carries from the air
/// to the mailbox only."
pub(crate) fn carries_down(lease: &Lease) -> bool {
    lease.delegation.expiry_seconds != 0
}
