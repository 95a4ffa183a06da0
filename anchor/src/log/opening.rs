//! From stored leaves to a log that may sign.

use super::error::LogError;
use super::index::LeafIndex;
use super::record::Record;
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::key::{LedgerKey, LedgerSecret};
use crate::limits::LOG_LEAVES_MAX;
use crate::tree::Tree;
use chappe_codec::merkle;

/// Reads every leaf once; tree and index are what they add up to.
pub(super) fn rebuild(store: &chappe_store::Log) -> Result<(Tree, LeafIndex), LogError> {
    if store.next() > LOG_LEAVES_MAX {
        return Err(LogError::Full);
    }
    let (mut tree, mut index) = (Tree::new(), LeafIndex::default());
    for stored in store.iter_from(0) {
        let (at, octets) = stored?;
        let bad = |error| LogError::BadRecord { index: at, error };
        let record = Record::parse(&octets).map_err(bad)?;
        index.note(at, &record).map_err(bad)?;
        tree.push(merkle::leaf_hash(record.leaf()));
    }
    Ok((tree, index))
}

/// The checkpoint of the tree as it is.
pub(super) fn sign(tree: &Tree, secret: &LedgerSecret) -> Result<SignedCheckpoint, LogError> {
    let size = tree.size();
    let root = tree.root(size).ok_or(LogError::Inconsistent)?;
    Ok(Checkpoint { origin: secret.public().origin().clone(), size, root }.sign(secret))
}

/// "A log MUST not sign any checkpoint which is inconsistent with any checkpoint it previously
/// signed" (C2SP tlog-checkpoint, "Signatures").
pub(super) fn check_continues(
    last: SignedCheckpoint,
    tree: &Tree,
    key: &LedgerKey,
) -> Result<SignedCheckpoint, LogError> {
    last.verify(std::slice::from_ref(key)).map_err(LogError::ForeignCheckpoint)?;
    let promised = last.claimed();
    match tree.root(promised.size) {
        Some(root) if root == promised.root => Ok(last),
        Some(_) => Err(LogError::Forked { size: promised.size }),
        None => Err(LogError::Shrunk { promised: promised.size, found: tree.size() }),
    }
}
