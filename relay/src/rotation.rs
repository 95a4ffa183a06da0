//! Rotation: the key a relay sees is one of seven days (spec/06-relay.md, "Rotation").
//!
//! From the transport key of a card anybody makes the key of an *address epoch*, and only the owner its
//! secret. Who has no card cannot tell that the keys of two epochs belong together.

use crate::key::{TransportKey, TransportSecret};
use crate::limits::{ADDRESS_EPOCH_OVERLAP_SECONDS, ADDRESS_EPOCH_SECONDS, ADDRESS_EPOCHS_BEFORE};
use chappe_codec::realm::Realm;
use curve25519_dalek::Scalar;
use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::hazmat::ExpandedSecretKey;
use sha2::{Digest, Sha512};
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

const KEY_CONTEXT: &[u8] = b"chappe-rotation/1";
const NONCE_CONTEXT: &[u8] = b"chappe-rotation-nonce/1";

/// The address epoch of a time: `floor(seconds since 1970 / 604,800)`. Beyond u32 it stays at its end,
/// which a time of 40 bits does not reach.
#[must_use]
pub fn address_epoch(seconds: u64) -> u32 {
    let epoch = seconds.checked_div(ADDRESS_EPOCH_SECONDS).unwrap_or(0);
    u32::try_from(epoch).unwrap_or(u32::MAX)
}

/// The epochs whose mailboxes a reader reads on its connection, the present one last unless the next is
/// near: "within a day of a change of epoch a reader reads both mailboxes, since clocks differ".
#[must_use]
pub fn epochs_read(now_seconds: u64) -> RangeInclusive<u32> {
    let before = address_epoch(now_seconds.saturating_sub(ADDRESS_EPOCH_OVERLAP_SECONDS));
    let after = address_epoch(now_seconds.saturating_add(ADDRESS_EPOCH_OVERLAP_SECONDS));
    before..=after
}

/// The epochs of which parcels may still wait: the present one and the five before.
#[must_use]
pub fn epochs_stored(now_seconds: u64) -> RangeInclusive<u32> {
    let present = address_epoch(now_seconds);
    present.saturating_sub(ADDRESS_EPOCHS_BEFORE)..=present
}

/// The epochs whose keys a relay takes as those of a listed key or a certificate: "the relay's present
/// address epoch, the next or one of the five before".
#[must_use]
pub fn epochs_admitted(now_seconds: u64) -> RangeInclusive<u32> {
    let present = address_epoch(now_seconds);
    present.saturating_sub(ADDRESS_EPOCHS_BEFORE)..=present.saturating_add(1)
}

/// When the answer of [`epochs_read`] is another one next, in seconds after 1970.
#[must_use]
pub fn next_change(now_seconds: u64) -> u64 {
    let start = u64::from(address_epoch(now_seconds)).saturating_mul(ADDRESS_EPOCH_SECONDS);
    let end = start.saturating_add(ADDRESS_EPOCH_SECONDS);
    let changes = [
        start.saturating_add(ADDRESS_EPOCH_OVERLAP_SECONDS),
        end.saturating_sub(ADDRESS_EPOCH_OVERLAP_SECONDS),
        end,
    ];
    changes.into_iter().find(|change| *change > now_seconds).unwrap_or(end)
}

impl TransportKey {
    /// `A' = h · A`: the key of an address epoch, from the transport key of a card.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "on the curve")]
    pub fn rotated(self, realm: Realm, epoch: u32) -> Self {
        let octets = self.to_bytes();
        let point = CompressedEdwardsY(octets).decompress();
        let rotated = point.map(|point| (point * factor(self, realm, epoch)).compress().to_bytes());
        // A transport key decodes and has a part of order L, and h is not a multiple of L: so has the
        // product. Were it otherwise, the key as it is would at least admit nobody else.
        rotated.and_then(|octets| Self::from_bytes(&octets).ok()).unwrap_or(self)
    }
}

impl TransportSecret {
    /// The secret of an address epoch, from the seed of a card's transport key.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "modulo L")]
    pub fn rotated(seed: &[u8; 32], realm: Realm, epoch: u32) -> Self {
        let own = ExpandedSecretKey::from(seed);
        let factor = factor(Self::from_seed(seed).public(), realm, epoch);
        let prefix = Sha512::new()
            .chain_update(NONCE_CONTEXT)
            .chain_update(realm.to_bytes())
            .chain_update(own.hash_prefix)
            .chain_update(epoch.to_be_bytes());
        let prefix = Zeroizing::new(<[u8; 64]>::from(prefix.finalize()));
        let hash_prefix = *prefix.first_chunk().unwrap_or(&[0; 32]);
        Self::of_expanded(ExpandedSecretKey { scalar: factor * own.scalar, hash_prefix })
    }
}

/// h, a number that everybody with the card knows.
fn factor(card_key: TransportKey, realm: Realm, epoch: u32) -> Scalar {
    let hash = Sha512::new()
        .chain_update(KEY_CONTEXT)
        .chain_update(realm.to_bytes())
        .chain_update(card_key.to_bytes())
        .chain_update(epoch.to_be_bytes())
        .finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use serde_json::Value;

    const VECTORS: &str = include_str!("../../test-vectors/relay/rotation.json");

    fn octets<const N: usize>(value: &Value) -> [u8; N] {
        bytes(value).try_into().unwrap()
    }

    fn bytes(value: &Value) -> Vec<u8> {
        let text = value.as_str().unwrap().as_bytes();
        let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        text.chunks(2).map(|pair| octet(pair).unwrap()).collect()
    }

    /// The secrets of the kind `rotation`; tests/vectors.rs has what can be seen from outside.
    #[test]
    fn secrets_are_those_of_the_vectors() {
        let file: Value = serde_json::from_str(VECTORS).unwrap();
        let mut count = 0;
        for vector in file["vectors"].as_array().unwrap() {
            if vector["kind"] != "rotation" {
                continue;
            }
            let (given, out) = (&vector["in"], &vector["out"]);
            let seed = octets(&given["seed"]);
            let realm = Realm::parse(&bytes(&given["realm"])).unwrap();
            let epoch = u32::try_from(given["epoch"].as_u64().unwrap()).unwrap();
            let key = TransportSecret::from_seed(&seed).public();
            let rotated = TransportSecret::rotated(&seed, realm, epoch);
            assert_eq!(key.to_bytes(), octets(&out["transport_key"]), "{vector}");
            assert_eq!(factor(key, realm, epoch).to_bytes(), octets(&out["h"]), "{vector}");
            let expanded = rotated.expanded();
            assert_eq!(expanded.scalar.to_bytes(), octets(&out["scalar"]), "{vector}");
            assert_eq!(expanded.hash_prefix, octets(&out["prefix"]), "{vector}");
            assert_eq!(rotated.public().to_bytes(), octets(&out["key"]), "{vector}");
            assert_eq!(key.rotated(realm, epoch), rotated.public(), "{vector}");
            let address = Address::mailbox(rotated.public());
            assert_eq!(address.octets, octets(&out["address"]), "{vector}");
            let signature = rotated.sign_octets(&bytes(&given["octets"]));
            assert_eq!(signature, octets(&out["signature"]), "{vector}");
            assert_eq!(format!("{rotated:?}"), "TransportSecret");
            count += 1;
        }
        assert!(count > 3);
    }

    #[test]
    fn both_mailboxes_are_read_around_a_change() {
        const CHANGE: u64 = 2976 * ADDRESS_EPOCH_SECONDS;
        const DAY: u64 = 86_400;
        assert_eq!(epochs_read(CHANGE - DAY - 1), 2975..=2975);
        assert_eq!(epochs_read(CHANGE - DAY), 2975..=2976);
        assert_eq!(epochs_read(CHANGE), 2975..=2976);
        assert_eq!(epochs_read(CHANGE + DAY - 1), 2975..=2976);
        assert_eq!(epochs_read(CHANGE + DAY), 2976..=2976);
        let mut now = CHANGE - 3 * DAY;
        for expected in [CHANGE - DAY, CHANGE, CHANGE + DAY, CHANGE + 6 * DAY] {
            now = next_change(now);
            assert_eq!(now, expected);
        }
        assert_eq!(epochs_stored(CHANGE), 2971..=2976);
        assert_eq!(epochs_admitted(CHANGE), 2971..=2977);
        assert_eq!((epochs_stored(0), epochs_admitted(0)), (0..=0, 0..=1));
    }

    #[test]
    fn every_parcel_is_found_in_an_epoch_that_is_stored() {
        // Sent with a clock a day late into the last mailbox, read 30 days after by one a day early.
        let life = crate::limits::EXPIRY_AHEAD_SECONDS_MAX;
        for second in (0..ADDRESS_EPOCH_SECONDS).step_by(3600) {
            let sent = 2976 * ADDRESS_EPOCH_SECONDS + second;
            assert!(epochs_stored(sent + life).contains(&address_epoch(sent)));
        }
    }
}
