//! How a session begins: three agreements, a root, and the two kinds of first flights
//! (spec/11-session.md, "Beginning").

use super::Party;
use crate::digest::{self, Keyed};
use crate::realm::Realm;
use zeroize::Zeroizing;

/// Identity key, account and device of a stranger.
pub(super) const MASK_OCTETS: usize = 65;

/// What both sides of a beginning know in public.
pub(super) struct Beginning<'a> {
    pub(super) realm: Realm,
    /// A, who begins.
    pub(super) initiator: &'a Party,
    /// B.
    pub(super) responder: &'a Party,
    /// B's prekey.
    pub(super) prekey: &'a [u8; 32],
    /// E, as sent.
    pub(super) ephemeral: &'a [u8; 32],
}

impl Beginning<'_> {
    /// `R_0 = KDF(D1 ‖ D2 ‖ D3, "chappe-session/1", realm, parties, ikA, ikB, pkB, E, 32)`.
    pub(super) fn root(&self, agreed: [&[u8; 32]; 3]) -> Zeroizing<[u8; 32]> {
        let parts: [&[u8]; 6] = [
            &self.realm.to_bytes(),
            &parties(self.initiator, self.responder),
            &self.initiator.identity,
            &self.responder.identity,
            self.prekey,
            self.ephemeral,
        ];
        let secret: Zeroizing<[u8; 96]> = joined(&agreed);
        derive_key(&*secret, "chappe-session/1", &parts)
    }
}

/// `parties = account A ‖ device A ‖ account B ‖ device B`.
pub(super) fn parties(a: &Party, b: &Party) -> [u8; 66] {
    let mut out = [0; 66];
    let octets =
        [a, b].into_iter().flat_map(|party| party.account.0.into_iter().chain([party.device]));
    for (to, octet) in out.iter_mut().zip(octets) {
        *to = octet;
    }
    out
}

/// `KDF(D1, "chappe-hint/1", realm, parties, 32)`: whose first flights A's to B are known by.
pub(super) fn flight_hint_key(
    d1: &[u8; 32],
    realm: Realm,
    a: &Party,
    b: &Party,
) -> Zeroizing<[u8; 32]> {
    derive_key(d1, "chappe-hint/1", &[&realm.to_bytes(), &parties(a, b)])
}

/// `KDF(D3, "chappe-stranger/1", realm, 32)`.
pub(super) fn stranger_hint_key(d3: &[u8; 32], realm: Realm) -> Zeroizing<[u8; 32]> {
    derive_key(d3, "chappe-stranger/1", &[&realm.to_bytes()])
}

/// The hint of all first flights of one session.
pub(super) fn flight_hint(key: &Keyed, ephemeral: &[u8; 32]) -> [u8; 3] {
    digest::first(&key.mac("chappe-in-flight/1", &[ephemeral]))
}

/// `KDF(D2 ‖ D3, "chappe-mask/1", realm, ikB, pkB, E, 65)`, applied to what is or was masked.
pub(super) fn mask(
    agreed: [&[u8; 32]; 2],
    realm: Realm,
    identity_b: &[u8; 32],
    prekey: &[u8; 32],
    ephemeral: &[u8; 32],
    claim: &[u8; MASK_OCTETS],
) -> [u8; MASK_OCTETS] {
    let parts: [&[u8]; 4] = [&realm.to_bytes(), identity_b, prekey, ephemeral];
    let mut out = [0; MASK_OCTETS];
    let mut stream = Zeroizing::new([0; MASK_OCTETS]);
    let secret: Zeroizing<[u8; 64]> = joined(&agreed);
    digest::derive(&*secret, "chappe-mask/1", &parts, &mut *stream);
    for ((to, octet), key) in out.iter_mut().zip(claim).zip(stream.iter()) {
        *to = octet ^ key;
    }
    out
}

/// What a stranger says of itself: identity key, account, device.
pub(super) fn claim_of(party: &Party) -> [u8; MASK_OCTETS] {
    let mut out = [0; MASK_OCTETS];
    let octets = party.identity.iter().chain(&party.account.0).chain([&party.device]);
    for (to, octet) in out.iter_mut().zip(octets) {
        *to = *octet;
    }
    out
}

/// The party of a claim.
pub(super) fn party_of(claim: &[u8; MASK_OCTETS]) -> Party {
    let part = |from: usize| {
        claim.get(from..).and_then(|rest| rest.first_chunk::<32>()).copied().unwrap_or_default()
    };
    let device = claim.last().copied().unwrap_or_default();
    Party { identity: part(0), account: crate::account::Account(part(32)), device }
}

pub(super) fn derive_key(secret: &[u8], label: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    digest::derive(secret, label, parts, &mut *out);
    out
}

/// The parts one behind the other; they fill `N` octets wherever this is used.
pub(super) fn joined<const N: usize>(parts: &[&[u8; 32]]) -> Zeroizing<[u8; N]> {
    let mut out = Zeroizing::new([0; N]);
    for (to, from) in out.iter_mut().zip(parts.iter().copied().flatten()) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;

    #[test]
    fn a_claim_reads_back() {
        let party = Party { account: Account([1; 32]), device: 3, identity: [2; 32] };
        assert_eq!(party_of(&claim_of(&party)), party);
        let masked = |claim: &[u8; MASK_OCTETS]| {
            let realm = Realm { mode: crate::realm::Mode::Live, network: 1 };
            mask([&[7; 32], &[8; 32]], realm, &[1; 32], &[2; 32], &[3; 32], claim)
        };
        assert_ne!(masked(&claim_of(&party)), claim_of(&party));
        assert_eq!(masked(&masked(&claim_of(&party))), claim_of(&party));
    }
}
