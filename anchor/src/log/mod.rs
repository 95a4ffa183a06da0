//! The log on disk: leaves are durable before they enter the tree, a checkpoint is durable before
//! anyone sees it, and no checkpoint is ever signed that contradicts an earlier one.

mod checkpoint_file;
mod error;
mod index;
mod opening;
mod record;
mod tile_files;

pub use error::{IntakeError, LogError};

use crate::bundle;
use crate::checkpoint::SignedCheckpoint;
use crate::key::{LedgerKey, LedgerSecret};
use crate::limits::{BATCH_SUBMISSIONS_MAX, LOG_LEAVES_MAX, PUBLISHED_LEAVES_STEP};
use crate::receipt::Receipt;
use crate::submission::{Admitted, Submission};
use crate::tile::{self, Tile, TileKind};
use crate::tree::Tree;
use chappe_codec::merkle;
use chappe_store::{OnCorruption, Options};
use checkpoint_file::CheckpointFile;
use index::LeafIndex;
use opening::{check_continues, rebuild, sign};
use record::Record;
use std::path::Path;
use tile_files::TileFiles;

/// The folder of the leaves inside a ledger's folder.
const LEAVES_FOLDER: &str = "leaves";

/// One RFC 6962 log. Tree and indexes live in memory and follow from the stored leaves.
///
/// One process holds a log at a time; the store's lock sees to it.
#[derive(Debug)]
pub struct ShardLog {
    store: chappe_store::Log,
    secret: LedgerSecret,
    tree: Tree,
    index: LeafIndex,
    checkpoint: SignedCheckpoint,
    checkpoint_file: CheckpointFile,
    tile_files: TileFiles,
    /// All full tiles of this size are on disk.
    published_size: u64,
}

impl ShardLog {
    /// Opens the log in a folder, or begins one in an empty or absent folder.
    ///
    /// The tree is rebuilt from the stored leaves and held against the last checkpoint. Leaves that
    /// were stored but not yet under a checkpoint get theirs now.
    ///
    /// # Errors
    ///
    /// [`LogError`]: the log refuses to sign what contradicts its last checkpoint
    /// ([`LogError::Shrunk`], [`LogError::Forked`]), what another key began
    /// ([`LogError::ForeignCheckpoint`]), or leaves whose checkpoint is gone
    /// ([`LogError::CheckpointMissing`]).
    pub fn open(dir: impl AsRef<Path>, secret: LedgerSecret) -> Result<Self, LogError> {
        let dir = dir.as_ref();
        // A ledger cannot go on with a leaf missing.
        let options = Options { on_corruption: OnCorruption::Refuse, ..Options::default() };
        let (store, _recovery) = chappe_store::Log::open(dir.join(LEAVES_FOLDER), options)?;
        if store.first() != 0 {
            return Err(LogError::LeavesDiscarded { first: store.first() });
        }
        let (tree, index) = rebuild(&store)?;
        let checkpoint_file = CheckpointFile::in_folder(dir);
        let persisted = checkpoint_file.read()?;
        let checkpoint = match persisted {
            Some(checkpoint) => check_continues(checkpoint, &tree, &secret.public())?,
            // The first checkpoint, of size 0, is durable before the first leaf; a log with leaves
            // and none has lost what says which tree it promised.
            None if tree.size() > 0 => return Err(LogError::CheckpointMissing),
            None => checkpoint_file.write(sign(&tree, &secret)?)?,
        };
        let tile_files = TileFiles::in_folder(dir);
        let mut log = Self {
            store,
            secret,
            tree,
            index,
            checkpoint,
            checkpoint_file,
            tile_files,
            published_size: 0,
        };
        log.advance_checkpoint()?;
        Ok(log)
    }

    /// The key its receipts verify under.
    #[must_use]
    pub fn key(&self) -> LedgerKey {
        self.secret.public()
    }

    /// The latest checkpoint; it is durable.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Takes in one submission and returns its receipt. `now_seconds` is the ledger's clock, in
    /// seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`IntakeError`]; a refused submission changes nothing.
    pub fn intake(
        &mut self,
        submission: &Submission,
        now_seconds: u64,
    ) -> Result<Receipt, IntakeError> {
        let admitted = submission.clone().admit(self.checkpoint.claimed().origin.realm())?;
        let receipts = self.intake_batch(&[admitted], now_seconds)?;
        receipts.into_iter().next().ok_or(IntakeError::Log(LogError::Inconsistent))
    }

    /// Takes in submissions under one checkpoint and returns their receipts in the same order. A
    /// body that is logged already, or stands twice in the batch, gets the receipt of the leaf that
    /// is there (spec/07-anchor.md: "The same body submitted again").
    ///
    /// When this returns, leaves and checkpoint are durable.
    ///
    /// # Errors
    ///
    /// [`LogError`]. Nothing is signed or promised then; what was stored all the same is found
    /// again when the log is opened, or when it is submitted again.
    pub fn intake_batch(
        &mut self,
        admitted: &[Admitted],
        now_seconds: u64,
    ) -> Result<Vec<Receipt>, LogError> {
        if admitted.len() > BATCH_SUBMISSIONS_MAX {
            return Err(LogError::BatchTooLong);
        }
        let planned = self.index.plan(admitted, self.tree.size(), now_seconds);
        if planned.end() > LOG_LEAVES_MAX {
            return Err(LogError::Full);
        }
        let records: Vec<Vec<u8>> = planned.leaves().map(Record::to_bytes).collect();
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        self.store.append_batch(&records)?;
        // From here on the leaves are durable, so tree and index must take them in.
        for record in planned.leaves() {
            self.tree.push(merkle::leaf_hash(record.leaf()));
        }
        let places = self.index.apply(planned);
        self.advance_checkpoint()?;
        places.into_iter().map(|index| self.receipt(index)).collect()
    }

    /// The receipt of a leaf under the latest checkpoint.
    ///
    /// # Errors
    ///
    /// [`LogError::NoSuchLeaf`], [`LogError::Store`].
    pub fn receipt(&self, index: u64) -> Result<Receipt, LogError> {
        let size = self.checkpoint.claimed().size;
        let path = self.tree.prove_inclusion(index, size).ok_or(LogError::NoSuchLeaf { index })?;
        Ok(Receipt::new(self.leaf(index)?, index, path, self.checkpoint.clone()))
    }

    /// The octets of a leaf under the latest checkpoint, checked against the tree.
    ///
    /// # Errors
    ///
    /// [`LogError::NoSuchLeaf`], [`LogError::Store`], [`LogError::Inconsistent`].
    pub fn leaf(&self, index: u64) -> Result<Vec<u8>, LogError> {
        Ok(self.record(index)?.into_leaf())
    }

    /// The submission that brought a leaf: what the ledger shows when a submitter denies a blinded
    /// leaf. It is not published.
    ///
    /// # Errors
    ///
    /// As [`ShardLog::leaf`].
    pub fn submission(&self, index: u64) -> Result<Submission, LogError> {
        let record = self.record(index)?;
        Submission::parse(record.submission()).map_err(|error| LogError::BadRecord { index, error })
    }

    /// The octets of a tile or an entry bundle; `None` if the latest checkpoint does not cover it.
    ///
    /// # Errors
    ///
    /// As [`ShardLog::leaf`].
    pub fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, LogError> {
        if !tile.is_in_tree(self.checkpoint.claimed().size) {
            return Ok(None);
        }
        match tile.kind() {
            TileKind::Hashes { .. } => Ok(tile.hashes(&self.tree)),
            TileKind::Entries => match self.cached_bundle(tile) {
                Some(bundle) => Ok(Some(bundle)),
                None => self.bundle(tile).map(Some),
            },
        }
    }

    /// The proof that the latest checkpoint extends the log's tree of `old_size`.
    #[must_use]
    pub fn prove_consistency(&self, old_size: u64) -> Option<Vec<[u8; 32]>> {
        self.tree.prove_consistency(old_size, self.checkpoint.claimed().size)
    }

    /// Writes some of the full tiles that are not on disk yet, or differ there, so that any web
    /// server can publish the folder; says whether there are more to write. They are a cache:
    /// losing them loses nothing.
    ///
    /// # Errors
    ///
    /// As [`ShardLog::leaf`]; [`LogError::Io`].
    pub fn publish_tiles(&mut self) -> Result<bool, LogError> {
        let size = self.checkpoint.claimed().size;
        let step = size.min(self.published_size.saturating_add(PUBLISHED_LEAVES_STEP));
        for tile in tile::full_tiles(self.published_size, step) {
            match tile.kind() {
                TileKind::Hashes { .. } => {
                    let octets = tile.hashes(&self.tree).ok_or(LogError::Inconsistent)?;
                    self.tile_files.write(&tile, &octets)?;
                }
                TileKind::Entries => {
                    if self.cached_bundle(&tile).is_none() {
                        self.tile_files.write(&tile, &self.bundle(&tile)?)?;
                    }
                }
            }
        }
        self.published_size = step;
        Ok(step < size)
    }

    /// Signs the tree as it is, if the last checkpoint does not, and makes that durable before
    /// anything is proven under it.
    fn advance_checkpoint(&mut self) -> Result<(), LogError> {
        if self.tree.size() > self.checkpoint.claimed().size {
            self.checkpoint = self.checkpoint_file.write(sign(&self.tree, &self.secret)?)?;
        }
        Ok(())
    }

    fn record(&self, index: u64) -> Result<Record, LogError> {
        if index >= self.checkpoint.claimed().size {
            return Err(LogError::NoSuchLeaf { index });
        }
        let record = Record::parse(&self.store.read(index)?)
            .map_err(|error| LogError::BadRecord { index, error })?;
        if self.tree.subtree(0, index) != Some(merkle::leaf_hash(record.leaf())) {
            return Err(LogError::Inconsistent);
        }
        Ok(record)
    }

    fn bundle(&self, tile: &Tile) -> Result<Vec<u8>, LogError> {
        let indexes = tile.start()..tile.start().saturating_add(u64::from(tile.width()));
        let leaves: Result<Vec<Vec<u8>>, LogError> =
            indexes.map(|index| self.leaf(index)).collect();
        Ok(bundle::write(leaves?.iter().map(Vec::as_slice)))
    }

    /// A bundle from the cache, if every entry in it is the tree's.
    fn cached_bundle(&self, tile: &Tile) -> Option<Vec<u8>> {
        let bundle = self.tile_files.read(tile)?;
        let entries = bundle::parse(&bundle).ok()?;
        let is_complete = entries.len() == usize::from(tile.width());
        let is_ours = entries
            .iter()
            .zip(tile.start()..)
            .all(|(entry, index)| self.tree.subtree(0, index) == Some(merkle::leaf_hash(entry)));
        (is_complete && is_ours).then_some(bundle)
    }
}
