//! The devices whose certificates are held: whose first flights are looked for, and who is revoked.

use super::{Party, agreement};
use crate::account::Account;
use crate::digest::Keyed;
use crate::key_store::{AgreementKey, KeyStore, KeyStoreError};
use crate::realm::Realm;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use subtle::ConstantTimeEq;

/// What is known of devices, by account and device.
#[derive(Default)]
pub(super) struct Peers(BTreeMap<(Account, u8), Peer>);

/// What is known of one device.
struct Peer {
    /// None of a device that was revoked before anything else was known of it.
    identity: Option<[u8; 32]>,
    is_revoked: bool,
    /// The key its first flights' hints are made with, for each prekey of ours.
    flights: Vec<([u8; 32], Keyed)>,
}

/// What is known of a device that says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// With this identity key.
    Known,
    /// With another.
    OtherIdentity,
    Revoked,
    Unknown,
}

impl Peers {
    /// A device whose certificate is held.
    pub(super) fn admit(
        &mut self,
        keys: &impl KeyStore,
        realm: Realm,
        me: &Party,
        peer: &Party,
    ) -> Result<(), KeyStoreError> {
        let held = self.0.get(&(peer.account, peer.device));
        let is_revoked = held.is_some_and(|held| held.is_revoked);
        let flights = flights(keys, realm, me, peer)?;
        let known = Peer { identity: Some(peer.identity), is_revoked, flights };
        self.0.insert((peer.account, peer.device), known);
        Ok(())
    }

    /// Makes the hint keys anew for the prekeys there are now.
    pub(super) fn renew(
        &mut self,
        keys: &impl KeyStore,
        realm: Realm,
        me: &Party,
    ) -> Result<(), KeyStoreError> {
        for ((account, device), peer) in &mut self.0 {
            if let Some(identity) = peer.identity {
                let party = Party { account: *account, device: *device, identity };
                peer.flights = flights(keys, realm, me, &party)?;
            }
        }
        Ok(())
    }

    pub(super) fn revoke(&mut self, account: Account, device: u8) {
        let unknown = || Peer { identity: None, is_revoked: true, flights: Vec::new() };
        self.0.entry((account, device)).or_insert_with(unknown).is_revoked = true;
    }

    pub(super) fn is_revoked(&self, (account, device): (Account, u8)) -> bool {
        self.0.get(&(account, device)).is_some_and(|peer| peer.is_revoked)
    }

    pub(super) fn standing(&self, party: &Party) -> Standing {
        match self.0.get(&(party.account, party.device)) {
            None => Standing::Unknown,
            Some(peer) if peer.identity.is_some_and(|known| known != party.identity) => {
                Standing::OtherIdentity
            }
            Some(peer) if peer.is_revoked => Standing::Revoked,
            Some(_) => Standing::Known,
        }
    }

    /// Who may have written a first flight with this hint, and to which prekey. All are asked.
    pub(super) fn authors(
        &self,
        hint: [u8; 3],
        ephemeral: &[u8; 32],
    ) -> impl Iterator<Item = (Party, [u8; 32])> {
        self.0.iter().flat_map(move |((account, device), peer)| {
            let fitting = peer
                .flights
                .iter()
                .filter(move |(_, key)| agreement::flight_hint(key, ephemeral).ct_eq(&hint).into());
            // Who has no identity key has no flights.
            let identity = peer.identity.unwrap_or_default();
            let party = Party { account: *account, device: *device, identity };
            fitting.map(move |(prekey, _)| (party, *prekey))
        })
    }
}

/// "A contact or prekey that gives a zero D1 … is passed over" (spec/03-envelope.md).
fn flights(
    keys: &impl KeyStore,
    realm: Realm,
    me: &Party,
    peer: &Party,
) -> Result<Vec<([u8; 32], Keyed)>, KeyStoreError> {
    let mut flights = Vec::new();
    for prekey in keys.prekeys() {
        match keys.agree(AgreementKey::Prekey(*prekey), &peer.identity) {
            Ok(d1) => {
                let key = agreement::flight_hint_key(&d1, realm, peer, me);
                flights.push((*prekey, Keyed::new(&key)));
            }
            Err(KeyStoreError::WeakKey | KeyStoreError::UnknownKey) => {}
            Err(KeyStoreError::Unavailable) => return Err(KeyStoreError::Unavailable),
        }
    }
    Ok(flights)
}
