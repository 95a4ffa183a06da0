//! Small files on disk: private, whole or not at all, bounded when read.

use crate::exit::{Exit, Failure, Outcome};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

#[cfg(test)]
pub(crate) mod fault;

/// How long a file or journal held by another process of the same device is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// No file this program reads into memory at once is larger.
const FILE_OCTETS_MAX: u64 = 1024 * 1024;

/// Creates a file only its owner can read; an existing one stays as it is and is an error.
pub(crate) fn create_private(path: &Path, content: &[u8]) -> Outcome<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|file| write_durably(file, content))
        .and_then(|()| sync_folder(path))
        .map_err(|error| Failure::file(path, &error))
}

/// Makes a folder only its owner can look into, and those above it; an existing one stays as it is.
/// When this returns its name is on disk: what is written durably below it can be found again.
pub(crate) fn create_folder(path: &Path) -> Outcome<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_folder(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Failure::file(path, &error))
        }
        _ => sync_folder(path).map_err(|error| Failure::file(path, &error)),
    }
}

/// Replaces a file in one step: after a crash there is the old content or the new. Only its owner can
/// read it.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Outcome<()> {
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&fresh)
        .and_then(|file| write_durably(file, content))
        .and_then(|()| {
            #[cfg(test)]
            fault::step()?;
            std::fs::rename(&fresh, path)
        })
        .and_then(|()| sync_folder(path))
        .map_err(|error| Failure::file(path, &error))
}

/// Overwrites a part of a file where it lies. When this returns it is on disk.
pub(crate) fn overwrite(file: &File, path: &Path, offset: usize, octets: &[u8]) -> Outcome<()> {
    let offset = u64::try_from(offset).unwrap_or(u64::MAX);
    #[cfg(test)]
    fault::torn(|part| file.write_all_at(part, offset), octets)
        .map_err(|error| Failure::file(path, &error))?;
    file.write_all_at(octets, offset)
        .and_then(|()| file.sync_data())
        .map_err(|error| Failure::file(path, &error))
}

/// Opens a file that is there, to be overwritten in place.
pub(crate) fn open_in_place(path: &Path) -> Outcome<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|error| Failure::file(path, &error))
}

/// Takes a file for one process, until it is closed; waits for another that has it.
pub(crate) fn lock(file: &File, path: &Path) -> Outcome<()> {
    wait_for_lock(path, || file.try_lock())
}

/// Keeps others from taking a file, until it is closed; waits for one that has it.
pub(crate) fn lock_shared(file: &File, path: &Path) -> Outcome<()> {
    wait_for_lock(path, || file.try_lock_shared())
}

fn wait_for_lock(
    path: &Path,
    mut take: impl FnMut() -> Result<(), std::fs::TryLockError>,
) -> Outcome<()> {
    let began = Instant::now();
    loop {
        match take() {
            Ok(()) => return Ok(()),
            Err(std::fs::TryLockError::WouldBlock) if began.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_RETRY);
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                let message = "another chappe is using this folder";
                return Err(Failure::new(Exit::TryLater, "locked", message));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(Failure::file(path, &error)),
        }
    }
}

/// Removes a file, durably.
pub(crate) fn remove(path: &Path) -> Outcome<()> {
    #[cfg(test)]
    fault::step().map_err(|error| Failure::file(path, &error))?;
    std::fs::remove_file(path)
        .and_then(|()| sync_folder(path))
        .map_err(|error| Failure::file(path, &error))
}

/// Removes a folder and what is in it; that it is not there is no error.
pub(crate) fn remove_folder(path: &Path) -> Outcome<()> {
    #[cfg(test)]
    fault::step().map_err(|error| Failure::file(path, &error))?;
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::file(path, &error)),
        Ok(()) => sync_folder(path).map_err(|error| Failure::file(path, &error)),
    }
}

/// Reads a file of at most one mebibyte.
pub(crate) fn read_bounded(path: &Path) -> Outcome<Vec<u8>> {
    read_up_to(path, FILE_OCTETS_MAX)
}

/// Reads a file of at most so many octets.
pub(crate) fn read_up_to(path: &Path, octets_max: u64) -> Outcome<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(octets_max.saturating_add(1)).read_to_end(&mut content))
        .map_err(|error| Failure::file(path, &error))?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > octets_max {
        let message = format!("{}: larger than {octets_max} octets", path.display());
        return Err(Failure::new(Exit::Malformed, "too_long", message));
    }
    Ok(content)
}

/// Reads a file of secrets of at most one mebibyte. One that others can read or change is refused: what
/// stands in it is a secret no more.
pub(crate) fn read_private(path: &Path) -> Outcome<Zeroizing<Vec<u8>>> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    let metadata = file.metadata().map_err(|error| Failure::file(path, &error))?;
    if !metadata.is_file() {
        return Err(Failure::new(Exit::Failure, "file", format!("{}: no file", path.display())));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077 != 0 {
        let message = format!("{}: others can read or change it", path.display());
        let advice = format!("chmod 600 {}, and think about who has read it", path.display());
        return Err(Failure::new(Exit::Authentication, "not_private", message).advise(advice));
    }
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let room = usize::try_from(metadata.len().min(FILE_OCTETS_MAX)).unwrap_or_default();
    let mut content = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
    file.take(FILE_OCTETS_MAX.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|error| Failure::file(path, &error))?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > FILE_OCTETS_MAX {
        let message = format!("{}: larger than {FILE_OCTETS_MAX} octets", path.display());
        return Err(Failure::new(Exit::Malformed, "too_long", message));
    }
    Ok(content)
}

/// Reads a text file of at most one mebibyte, without the white space around it.
pub(crate) fn read_text(path: &Path) -> Outcome<String> {
    let content = read_bounded(path)?;
    match std::str::from_utf8(&content) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(_) => Err(Failure::new(
            Exit::Malformed,
            "bad_character",
            format!("{}: not a text", path.display()),
        )),
    }
}

fn write_durably(mut file: File, content: &[u8]) -> std::io::Result<()> {
    #[cfg(test)]
    fault::torn(|part| file.write_all_at(part, 0), content)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A new name is durable once its folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
