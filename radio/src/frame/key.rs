//! The key of a network, and the MIC it makes.

use core::fmt;
use std::collections::BTreeMap;

use chappe_codec::digest;
use chappe_codec::realm::Realm;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::limits::MIC_OCTETS;

/// The net that everyone has the key of.
pub const PUBLIC_NET: u8 = 0;

/// What the members of a network share. Its MIC keeps out the damaged and the foreign; it does not
/// tell one member from another.
#[derive(Clone)]
pub struct NetworkKey([u8; 32]);

impl NetworkKey {
    /// A network's own key.
    #[must_use]
    pub const fn from_bytes(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The key of net 0, `H("chappe-net-0/1", "")`: known to all, so that its MIC is a checksum and
    /// not an authentication (spec/05-radio.md, "Frame").
    #[must_use]
    pub fn public() -> Self {
        Self(digest::hash("chappe-net-0/1", &[b""]))
    }

    /// The MIC over a frame without its MIC. Hops left, relayed and previous, which change at every
    /// hop, enter as zero.
    ///
    /// `MAC(network key, "chappe-frame/1", realm, …)[..4]` (spec/05-radio.md, "Frame").
    #[must_use]
    pub fn mic(&self, realm: Realm, frame: &[u8]) -> [u8; MIC_OCTETS] {
        let mut masked = frame.to_vec();
        if let Some(flags) = masked.get_mut(1) {
            *flags &= !(HOPS_LEFT_BITS | RELAYED_BIT);
        }
        if let Some(previous) = masked.get_mut(8) {
            *previous = 0;
        }
        digest::first(&digest::mac(&self.0, "chappe-frame/1", &[&realm.to_bytes(), &masked]))
    }

    /// Whether a frame without its MIC has this one, in a time that tells nothing about it.
    #[must_use]
    pub(super) fn accepts(&self, realm: Realm, frame: &[u8], mic: [u8; MIC_OCTETS]) -> bool {
        self.mic(realm, frame).ct_eq(&mic).into()
    }
}

/// Octet 1: hops left.
pub(super) const HOPS_LEFT_BITS: u8 = 0b1111_0000;
/// Octet 1: relayed.
pub(super) const RELAYED_BIT: u8 = 0b0000_0010;

impl Drop for NetworkKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A key never shows its octets.
impl fmt::Debug for NetworkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NetworkKey")
    }
}

/// The keys of the networks a link takes part in, by number. Net 0 is always among them.
#[derive(Debug, Clone)]
pub struct NetworkKeys(BTreeMap<u8, NetworkKey>);

impl NetworkKeys {
    /// The public net alone.
    #[must_use]
    pub fn new() -> Self {
        Self(BTreeMap::from([(PUBLIC_NET, NetworkKey::public())]))
    }

    /// Takes part in another net. Net 0 has the one key everyone knows: another for it is not
    /// taken, and the answer is false.
    #[must_use]
    pub fn insert(&mut self, net: u8, key: NetworkKey) -> bool {
        if net == PUBLIC_NET {
            return false;
        }
        self.0.insert(net, key);
        true
    }

    /// The key of a net, if we take part in it.
    #[must_use]
    pub fn get(&self, net: u8) -> Option<&NetworkKey> {
        self.0.get(&net)
    }
}

impl Default for NetworkKeys {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_show_itself() {
        let mut keys = NetworkKeys::new();
        assert!(keys.insert(9, NetworkKey::from_bytes([0xAB; 32])));
        let shown = format!("{keys:?}");
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab,"), "{shown}");
    }

    #[test]
    fn the_public_net_keeps_its_key() {
        let mut keys = NetworkKeys::new();
        assert!(!keys.insert(PUBLIC_NET, NetworkKey::from_bytes([0; 32])));
        let realm =
            chappe_codec::realm::Realm { mode: chappe_codec::realm::Mode::Live, network: 1 };
        let mic = NetworkKey::public().mic(realm, b"frame");
        assert!(keys.get(PUBLIC_NET).is_some_and(|key| key.accepts(realm, b"frame", mic)));
    }
}
