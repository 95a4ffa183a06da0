//! Full tiles as files, at the paths tlog-tiles gives them. A cache: never synced, never trusted.

use super::error::LogError;
use crate::limits::ENTRY_BUNDLE_OCTETS_MAX;
use crate::tile::Tile;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct TileFiles {
    folder: PathBuf,
}

impl TileFiles {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// Writes a tile unless it is there already.
    pub(super) fn write(&self, tile: &Tile, octets: &[u8]) -> Result<(), LogError> {
        if self.read(tile).as_deref() == Some(octets) {
            return Ok(());
        }
        let path = self.folder.join(tile.to_string());
        // "new" is no index of three digits, so the name is free.
        let fresh = path.with_extension("new");
        let write = || {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&fresh, octets)?;
            fs::rename(&fresh, &path)
        };
        write().map_err(LogError::io("write a tile"))
    }

    /// Reads a tile, if there is a file of a credible length.
    pub(super) fn read(&self, tile: &Tile) -> Option<Vec<u8>> {
        let file = File::open(self.folder.join(tile.to_string())).ok()?;
        let mut octets = Vec::new();
        file.take((ENTRY_BUNDLE_OCTETS_MAX as u64).saturating_add(1))
            .read_to_end(&mut octets)
            .ok()?;
        (octets.len() <= ENTRY_BUNDLE_OCTETS_MAX).then_some(octets)
    }
}
