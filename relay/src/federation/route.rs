//! What becomes of a `forward` (spec/06-relay.md, "Federation").

use crate::key::TransportKey;
use crate::limits::FORWARD_HOMES_MAX;
use crate::protocol::Reason;
use chappe_codec::precedence::Precedence;

/// A peer, by its place in the list the relay was started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) u16);

impl PeerId {
    /// That place.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What becomes of a `forward`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Whether it is stored here as if published.
    pub stores: bool,
    /// For which peers it is kept, in the order they were named.
    pub homes: Homes,
}

/// Up to three peers, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Homes([Option<PeerId>; FORWARD_HOMES_MAX]);

impl Homes {
    /// Adds one behind the others, unless it is among them or there is no place.
    pub(super) fn push(&mut self, peer: PeerId) {
        if self.0.contains(&Some(peer)) {
            return;
        }
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some(peer);
        }
    }

    /// Puts one at a place, as a record on disk says it; one that is no peer any more is left out.
    pub(super) fn put(&mut self, place: usize, peer: Option<PeerId>) {
        if let Some(home) = self.0.get_mut(place) {
            *home = peer;
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The peers and the bit of each.
    pub(super) fn bits(&self) -> impl Iterator<Item = (u8, PeerId)> {
        self.0.into_iter().zip([1, 2, 4]).filter_map(|(peer, bit)| Some((bit, peer?)))
    }

    /// The peers in order.
    pub fn iter(&self) -> impl Iterator<Item = PeerId> {
        self.0.into_iter().flatten()
    }

    /// The bit of a peer; 0 when it is not among them.
    pub(super) fn bit(&self, peer: PeerId) -> u8 {
        self.bits().find(|(_, other)| *other == peer).map_or(0, |(bit, _)| bit)
    }
}

/// Decides. `peer` names the peers this relay has an address for.
///
/// # Errors
/// [`Reason::NoRoute`].
pub fn route(
    own: TransportKey,
    peer: impl Fn(&[u8; 32]) -> Option<PeerId>,
    named: &[[u8; 32]],
    hops_left: u8,
    precedence: Precedence,
) -> Result<Route, Reason> {
    let stores = named.is_empty() || named.contains(&own.to_bytes());
    let mut homes = Homes::default();
    // "A FLASH is also kept for the others named", and "what comes with 1 is not passed on".
    if hops_left > 1 && (!stores || precedence == Precedence::Flash) {
        let others = named.iter().filter(|key| **key != own.to_bytes());
        others.filter_map(peer).for_each(|home| homes.push(home));
    }
    if !stores && homes.is_empty() {
        return Err(Reason::NoRoute);
    }
    Ok(Route { stores, homes })
}
