//! The seam to the disk.

use std::fmt;
use std::io;

/// A folder that can hold a log: real ([`Directory`](crate::Directory)), or one in a test that
/// fails, tears writes or forgets what was not synced.
///
/// File names are plain: ASCII letters, digits, `-` and `.`, no separators.
pub trait Storage: fmt::Debug {
    /// An open file of this folder.
    type File: StorageFile;

    /// Takes the folder for one writer until `self` is dropped. `Ok(false)`: someone else has it.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn lock(&mut self) -> io::Result<bool>;

    /// Names of all files, in any order.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a new file for reading and writing. Its name is durable only after
    /// [`Storage::sync_names`].
    ///
    /// # Errors
    /// `AlreadyExists` when there is one, or whatever the operating system says.
    fn create(&mut self, name: &str) -> io::Result<Self::File>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// `NotFound` when there is none, or whatever the operating system says.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Removes a file; durable only after [`Storage::sync_names`].
    ///
    /// # Errors
    /// `NotFound` when there is none, or whatever the operating system says.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Gives a file another name, in place of a file that has it; at every moment one of the two has
    /// it. Durable only after [`Storage::sync_names`]. Open files stay open.
    ///
    /// # Errors
    /// `NotFound` when there is none, or whatever the operating system says.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let _ = (from, to);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Makes file creations, removals and new names durable (fsync of the folder).
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn sync_names(&mut self) -> io::Result<()>;

    /// A number for a new log that nobody outside can foretell. See
    /// [`record`](crate::record) for what it is good for.
    fn new_identity(&mut self) -> u64;
}

/// An open file.
pub trait StorageFile: fmt::Debug {
    /// Its octets.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn octets(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before, or whatever the operating system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all of `octets` at `offset`, in the operating system's memory at least.
    ///
    /// # Errors
    /// Whatever the operating system says; a part may have been written.
    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()>;

    /// Sets room aside for a file of `octets` and makes it that long; what is new reads as zeros.
    ///
    /// # Errors
    /// `Unsupported` where that can not be done (nothing is lost but time), `StorageFull`, or
    /// whatever the operating system says.
    fn reserve(&mut self, octets: u64) -> io::Result<()> {
        let _ = octets;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Cuts the file to `octets`.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn truncate(&mut self, octets: u64) -> io::Result<()>;

    /// Makes content and length durable (fdatasync).
    ///
    /// # Errors
    /// Whatever the operating system says; what is durable is then unknown.
    fn sync(&mut self) -> io::Result<()>;
}
