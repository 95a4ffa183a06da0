//! Checking Merkle proofs (RFC 6962 §2.1.1 and §2.1.2), given nothing but hashes and sizes.

use crate::limits::{PROOF_HASHES_MAX, TREE_SIZE_MAX};
use chappe_codec::digest;
use tlog_tiles::Hash;

/// Whether the tree of `size` with this `root` holds `leaf_hash` at `index`. `path` goes from the
/// leaf's sibling up.
#[must_use]
pub fn includes(
    root: &[u8; 32],
    size: u64,
    index: u64,
    leaf_hash: &[u8; 32],
    path: &[[u8; 32]],
) -> bool {
    if path.len() > PROOF_HASHES_MAX || size > TREE_SIZE_MAX {
        return false;
    }
    let path = path.iter().copied().map(Hash).collect();
    tlog_tiles::check_record(&path, size, Hash(*root), index, Hash(*leaf_hash)).is_ok()
}

/// Whether the tree of `size` with `root` begins with all leaves of the tree of `old_size` with
/// `old_root`, unchanged and in order.
#[must_use]
pub fn extends(
    old_root: &[u8; 32],
    old_size: u64,
    root: &[u8; 32],
    size: u64,
    path: &[[u8; 32]],
) -> bool {
    if path.len() > PROOF_HASHES_MAX || size > TREE_SIZE_MAX || old_size > size {
        return false;
    }
    if old_size == 0 {
        // Every tree extends the empty one; RFC 6962 defines no proof for it.
        return path.is_empty() && *old_root == digest::sha256(&[]);
    }
    let path = path.iter().copied().map(Hash).collect();
    tlog_tiles::check_tree(&path, size, Hash(*root), old_size, Hash(*old_root)).is_ok()
}
