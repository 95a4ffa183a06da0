//! The Merkle tree of RFC 6962 §2.1, over the message ids a statement covers.

use crate::id::MessageId;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

/// The root over `ids` in order; SHA-256 of nothing for none.
///
/// Equal subtrees are folded as they fill up, so the work is linear and the memory logarithmic.
#[must_use]
pub fn root(ids: &[MessageId]) -> [u8; 32] {
    // Complete subtrees to the left of what comes, the largest first, with their heights.
    let mut subtrees: Vec<(u32, [u8; 32])> = Vec::new();
    for id in ids {
        let mut height = 0_u32;
        let mut hash = leaf_hash(&id.0);
        while let Some((_, left)) = subtrees.pop_if(|(left_height, _)| *left_height == height) {
            hash = node_hash(&left, &hash);
            height = height.saturating_add(1);
        }
        subtrees.push((height, hash));
    }
    let Some((_, mut hash)) = subtrees.pop() else { return Sha256::digest([]).into() };
    while let Some((_, left)) = subtrees.pop() {
        hash = node_hash(&left, &hash);
    }
    hash
}

/// SHA-256(0x00 ‖ leaf).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix([0]).chain_update(leaf).finalize().into()
}

/// SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962 §2.1, word for word: split at the largest power of two below n.
    fn root_by_definition(ids: &[MessageId]) -> [u8; 32] {
        match ids {
            [] => Sha256::digest([]).into(),
            [one] => leaf_hash(&one.0),
            many => {
                let split = many.len().next_power_of_two() / 2;
                let (left, right) = many.split_at(split);
                node_hash(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    #[test]
    fn folding_gives_the_root_of_the_definition() {
        let ids: Vec<MessageId> = (0..70).map(|i| MessageId([i; 32])).collect();
        for count in 0..ids.len() {
            assert_eq!(root(&ids[..count]), root_by_definition(&ids[..count]), "{count}");
        }
    }
}
