//! The real folder.

use crate::storage::{Storage, StorageFile};
use rustix::fs::FallocateFlags;
use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::BuildHasher;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Name of the lock file. The lock is the operating system's, not the file's presence, so a killed
/// process leaves nothing to clean up.
const LOCK_NAME: &str = "lock";

/// A folder of a real file system.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    handle: File,
    lock: Option<File>,
}

impl Directory {
    /// Opens a folder, made durably when it is not there.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn new(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_path_buf();
        create_durably(&path)?;
        let handle = File::open(&path)?;
        Ok(Self { path, handle, lock: None })
    }
}

/// Makes a folder and those above it, and syncs each parent that got a new name.
fn create_durably(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_durably(parent)?;
    match fs::create_dir(path) {
        Ok(()) => File::open(parent)?.sync_all(),
        // Someone else made it in between.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

impl Storage for Directory {
    type File = File;

    fn lock(&mut self) -> io::Result<bool> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.join(LOCK_NAME))?;
        match file.try_lock() {
            Ok(()) => {
                self.lock = Some(file);
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not UTF-8 is none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&mut self, name: &str) -> io::Result<File> {
        // What is stored is its owner's business, whatever the folder lets others do.
        OpenOptions::new()
            .create_new(true)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(self.path.join(name))
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.path.join(name))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.handle.sync_all()
    }

    fn new_identity(&mut self) -> u64 {
        // The standard library's hash keys come from the operating system's generator.
        RandomState::new().hash_one(std::process::id())
    }
}

impl StorageFile for File {
    fn octets(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }

    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.write_all_at(octets, offset)
    }

    fn reserve(&mut self, octets: u64) -> io::Result<()> {
        rustix::fs::fallocate(self, FallocateFlags::empty(), 0, octets).map_err(io::Error::from)
    }

    fn truncate(&mut self, octets: u64) -> io::Result<()> {
        self.set_len(octets)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
