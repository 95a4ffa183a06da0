//! The tree of RFC 6962 §2.1 in memory: every complete subtree's hash, so that roots and proofs of
//! every size it ever had can be given.

use chappe_codec::merkle;
use tlog_tiles::{Hash, HashReader};

/// The hashes of a growing log.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// `levels[l][n]` is the hash over leaves `n << l` to `(n + 1) << l`, complete subtrees only.
    levels: Vec<Vec<[u8; 32]>>,
}

impl Tree {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Appends the hash of a leaf.
    pub fn push(&mut self, leaf_hash: [u8; 32]) {
        let mut hash = leaf_hash;
        let mut level = 0_usize;
        loop {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else { return };
            hashes.push(hash);
            // An even count closes a pair, which is a complete subtree one level up.
            match hashes.as_slice() {
                [.., left, right] if hashes.len().is_multiple_of(2) => {
                    hash = merkle::node_hash(left, right);
                }
                _ => return,
            }
            level = level.saturating_add(1);
        }
    }

    /// The hash over the leaves `index << level` to `(index + 1) << level`, if the tree has them
    /// all.
    #[must_use]
    pub fn subtree(&self, level: u8, index: u64) -> Option<[u8; 32]> {
        self.levels.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }

    /// The root the tree had, or has, at `size`; `None` beyond its size.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<[u8; 32]> {
        if size > self.size() {
            return None;
        }
        tlog_tiles::tree_hash(size, self).ok().map(|hash| hash.0)
    }

    /// The proof that leaf `index` is in the tree of `size` (RFC 6962 §2.1.1), from the leaf up.
    #[must_use]
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Option<Vec<[u8; 32]>> {
        if size > self.size() || index >= size {
            return None;
        }
        let proof = tlog_tiles::prove_record(size, index, self).ok()?;
        Some(proof.into_iter().map(|hash| hash.0).collect())
    }

    /// The proof that the tree of `old_size` is a prefix of the tree of `size` (RFC 6962 §2.1.2);
    /// empty if `old_size` is 0 or `size`.
    #[must_use]
    pub fn prove_consistency(&self, old_size: u64, size: u64) -> Option<Vec<[u8; 32]>> {
        if size > self.size() || old_size > size {
            return None;
        }
        if old_size == 0 {
            return Some(Vec::new());
        }
        let proof = tlog_tiles::prove_tree(size, old_size, self).ok()?;
        Some(proof.into_iter().map(|hash| hash.0).collect())
    }
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let read = |&index: &u64| {
            let (level, index) = tlog_tiles::split_stored_hash_index(index);
            self.subtree(level, index).map(Hash).ok_or(tlog_tiles::Error::IndexesNotInTree)
        };
        indexes.iter().map(read).collect()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // a test may stop at the first surprise
mod tests {
    use super::*;
    use crate::proof;
    use proptest::prelude::*;

    fn tree_of(size: u64) -> Tree {
        let mut tree = Tree::new();
        for index in 0..size {
            tree.push(merkle::leaf_hash(&index.to_be_bytes()));
        }
        tree
    }

    #[test]
    fn every_earlier_root_stays_provable() {
        let tree = tree_of(40);
        for size in 0..=40 {
            let root = tree.root(size).unwrap();
            assert_eq!(tree_of(size).root(size), Some(root), "{size}");
            for index in 0..size {
                let path = tree.prove_inclusion(index, size).unwrap();
                let leaf = merkle::leaf_hash(&index.to_be_bytes());
                assert!(proof::includes(&root, size, index, &leaf, &path), "{index} of {size}");
                assert!(!proof::includes(&root, size, index, &root, &path) || size == 1);
            }
            for old in 0..=size {
                let path = tree.prove_consistency(old, size).unwrap();
                let old_root = tree.root(old).unwrap();
                assert!(proof::extends(&old_root, old, &root, size, &path), "{old} of {size}");
            }
        }
        assert_eq!(tree.root(41), None);
        assert_eq!(tree.prove_inclusion(3, 41), None);
        assert_eq!(tree.prove_inclusion(3, 3), None);
        assert_eq!(tree.prove_consistency(41, 40), None);
    }

    proptest! {
        #[test]
        fn a_proof_holds_for_its_leaf_index_and_size_alone(
            size in 1_u64..300,
            index in 0_u64..300,
            other_index in 0_u64..300,
            other_size in 1_u64..300,
        ) {
            let (index, other_index) = (index % size, other_index % size);
            let tree = tree_of(300);
            let root = tree.root(size).unwrap();
            let path = tree.prove_inclusion(index, size).unwrap();
            let leaf = merkle::leaf_hash(&index.to_be_bytes());
            prop_assert!(proof::includes(&root, size, index, &leaf, &path));
            if other_index != index {
                prop_assert!(!proof::includes(&root, size, other_index, &leaf, &path));
                let other = merkle::leaf_hash(&other_index.to_be_bytes());
                prop_assert!(!proof::includes(&root, size, index, &other, &path));
            }
            if other_size != size {
                let other_root = tree.root(other_size).unwrap();
                prop_assert!(!proof::includes(&other_root, size, index, &leaf, &path));
            }
        }

        #[test]
        fn no_proof_makes_the_check_panic(
            size: u64, other: u64, hash: [u8; 32],
            path in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
        ) {
            prop_assert!(!proof::includes(&hash, size, other, &hash, &path) || size == 1);
            prop_assert!(!proof::extends(&hash, other, &hash, size, &path)
                || other == size || other == 0);
        }
    }
}
