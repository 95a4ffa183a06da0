//! What an epoch's root gives each way: hints and a chain (spec/11-session.md, "Keys of an epoch").

use super::chain::Chain;
use super::hint::HintKey;
use crate::chain::ChainId;
use crate::digest::Keyed;
use zeroize::Zeroizing;

/// Which side of a session a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A: it began the session.
    Initiator,
    /// B: the session was made to its prekey.
    Responder,
}

impl Role {
    /// The way of what this side sends: 0 for A to B, 1 for B to A.
    pub(super) const fn outgoing(self) -> u8 {
        match self {
            Self::Initiator => 0,
            Self::Responder => 1,
        }
    }

    /// The way of what this side receives.
    pub(super) const fn incoming(self) -> u8 {
        1 ^ self.outgoing()
    }
}

/// The keys of one way of an epoch.
#[derive(Clone)]
pub(super) struct WayKeys {
    pub(super) hints: HintKey,
    pub(super) chain: Chain,
}

impl WayKeys {
    /// From the epoch's root, at counter 0.
    pub(super) fn of_epoch(root: &[u8; 32], way: u8) -> Self {
        let mut hint_key = Zeroizing::new([0; 32]);
        Keyed::new(root).expand("chappe-hint-key/1", &[&[way]], &mut *hint_key);
        Self { hints: HintKey::new(hint_key), chain: Chain::of_block(&first_block(root, way)) }
    }
}

/// `block_0 = EXPAND(R_k, "chappe-block/1", way, 32)`.
pub(super) fn first_block(root: &[u8; 32], way: u8) -> Zeroizing<[u8; 32]> {
    let mut block = Zeroizing::new([0; 32]);
    Keyed::new(root).expand("chappe-block/1", &[&[way]], &mut *block);
    block
}

/// All that is made of an epoch's root, which is destroyed at once.
pub(super) struct EpochKeys {
    /// `carry_k = EXPAND(R_k, "chappe-carry/1", 32)`: what the next root is made from.
    pub(super) carry: Zeroizing<[u8; 32]>,
    pub(super) outgoing: WayKeys,
    pub(super) incoming: WayKeys,
}

impl EpochKeys {
    pub(super) fn of_root(root: &[u8; 32], role: Role) -> Self {
        let mut carry = Zeroizing::new([0; 32]);
        Keyed::new(root).expand("chappe-carry/1", &[], &mut *carry);
        let outgoing = WayKeys::of_epoch(root, role.outgoing());
        let incoming = WayKeys::of_epoch(root, role.incoming());
        Self { carry, outgoing, incoming }
    }
}

/// The id of one way of a session: `EXPAND(R_0, "chappe-session-chain/1", way, 8)`.
pub(super) fn chain_id(first_root: &[u8; 32], way: u8) -> ChainId {
    let mut out = [0; 8];
    Keyed::new(first_root).expand("chappe-session-chain/1", &[&[way]], &mut out);
    ChainId(out)
}
