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

/// The audit path of the id at `place` (RFC 6962 §2.1.1): the siblings from the leaf's own up. `None`
/// where there is no such place.
#[must_use]
pub fn audit_path(place: usize, ids: &[MessageId]) -> Option<Vec<[u8; 32]>> {
    if place >= ids.len() {
        return None;
    }
    let (mut path, mut place, mut ids) = (Vec::new(), place, ids);
    // From the root down: which half the leaf lies in, and the root of the other.
    while ids.len() > 1 {
        let (left, right) = ids.split_at_checked(largest_power_below(ids.len()))?;
        if let Some(in_right) = place.checked_sub(left.len()) {
            path.push(root(left));
            (place, ids) = (in_right, right);
        } else {
            path.push(root(right));
            ids = left;
        }
    }
    path.reverse();
    Some(path)
}

/// Hashes in the audit path of one of `count` leaves.
#[must_use]
pub fn path_length(place: usize, count: usize) -> usize {
    sides(place, count).len()
}

/// Where the path leads from a leaf hash: the root, if the leaf is at `place` of `count`. `None` for a
/// path of another length.
#[must_use]
pub fn root_of_path(
    leaf: [u8; 32],
    place: usize,
    count: usize,
    path: &[[u8; 32]],
) -> Option<[u8; 32]> {
    let sides = sides(place, count);
    (place < count && sides.len() == path.len()).then(|| {
        sides.iter().zip(path).fold(leaf, |hash, (is_right, sibling)| {
            if *is_right { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) }
        })
    })
}

/// For each step from the leaf up, whether what is below is the right half.
fn sides(place: usize, count: usize) -> Vec<bool> {
    let (mut sides, mut place, mut count) = (Vec::new(), place, count);
    while count > 1 {
        let split = largest_power_below(count);
        let in_right = place.checked_sub(split);
        sides.push(in_right.is_some());
        (place, count) = match in_right {
            Some(in_right) => (in_right, count.saturating_sub(split)),
            None => (place, split),
        };
    }
    sides.reverse();
    sides
}

/// "The largest power of two smaller than n" (RFC 6962 §2.1), of an n from 2 to 2^31.
const fn largest_power_below(n: usize) -> usize {
    n.next_power_of_two() / 2
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
    fn every_path_leads_to_the_root_and_from_no_other_leaf() {
        // Miri hashes slowly; five leaves have paths of three lengths.
        let leaves = if cfg!(miri) { 5 } else { 33 };
        let ids: Vec<MessageId> = (0..leaves).map(|i| MessageId([i; 32])).collect();
        for count in 1..=ids.len() {
            let ids = &ids[..count];
            for place in 0..count {
                let path = audit_path(place, ids).unwrap();
                assert_eq!(path.len(), path_length(place, count));
                let from =
                    |leaf: usize, place| root_of_path(leaf_hash(&ids[leaf].0), place, count, &path);
                assert_eq!(from(place, place), Some(root(ids)), "{place} of {count}");
                assert_ne!(from((place + 1) % count, place) == Some(root(ids)), count > 1);
                let longer = [&path[..], &[[0; 32]]].concat();
                assert_eq!(root_of_path([0; 32], place, count, &longer), None);
            }
            assert_eq!(audit_path(count, ids), None);
        }
    }

    #[test]
    fn folding_gives_the_root_of_the_definition() {
        let leaves = if cfg!(miri) { 6 } else { 70 };
        let ids: Vec<MessageId> = (0..leaves).map(|i| MessageId([i; 32])).collect();
        for count in 0..ids.len() {
            assert_eq!(root(&ids[..count]), root_by_definition(&ids[..count]), "{count}");
        }
    }
}
