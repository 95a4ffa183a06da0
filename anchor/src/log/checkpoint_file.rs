//! The last checkpoint on disk, replaced in one step.

use super::error::LogError;
use crate::checkpoint::SignedCheckpoint;
use crate::limits::CHECKPOINT_OCTETS_MAX;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct CheckpointFile {
    folder: PathBuf,
}

impl CheckpointFile {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// The last checkpoint, unless none was ever written.
    pub(super) fn read(&self) -> Result<Option<SignedCheckpoint>, LogError> {
        let file = match File::open(self.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LogError::io("open the checkpoint")(error)),
        };
        let mut text = Vec::new();
        file.take((CHECKPOINT_OCTETS_MAX as u64).saturating_add(1))
            .read_to_end(&mut text)
            .map_err(LogError::io("read the checkpoint"))?;
        SignedCheckpoint::parse(&text).map(Some).map_err(LogError::BadCheckpoint)
    }

    /// Replaces the checkpoint; durable when it returns. A crash leaves the old or the new one
    /// whole, never a mixture.
    pub(super) fn write(&self, checkpoint: SignedCheckpoint) -> Result<SignedCheckpoint, LogError> {
        let fresh = self.folder.join("checkpoint.new");
        let write = || {
            let mut file = File::create(&fresh)?;
            file.write_all(checkpoint.to_text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, self.path())?;
            // The name is durable only with its folder.
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(LogError::io("write the checkpoint"))?;
        Ok(checkpoint)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }
}
