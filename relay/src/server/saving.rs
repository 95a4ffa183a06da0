//! What a relay has counted, saved where a restart finds it (spec/06-relay.md, "Saved sums").

use super::event::RelayEvent;
use super::hub::Shared;
use crate::limits::{SUMS_EVERY, SUMS_OCTETS_MAX, SUMS_SENDERS_A_SECOND};
use crate::node::Node;
use crate::sums::{SenderSum, Sums};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The file, and what it holds.
#[derive(Debug)]
pub(super) struct SumsFile {
    path: PathBuf,
    /// What was written last. One writes at a time.
    written: Mutex<Vec<u8>>,
}

impl SumsFile {
    /// Reads the file and has the node go on from it. A file that is not there or cannot be read is none:
    /// then counting begins anew.
    pub(super) fn open(path: PathBuf, node: &mut Node, now_seconds: u64) -> (Self, io::Result<()>) {
        let read = read(&path).and_then(|octets| {
            let Some(octets) = octets else { return Ok(Vec::new()) };
            let sums = Sums::parse(&octets)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            node.restore(sums, now_seconds);
            Ok(octets)
        });
        let (octets, result) = match read {
            Ok(octets) => (octets, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        (Self { path, written: Mutex::new(octets) }, result)
    }

    /// Writes what changed. After a crash there is the old content or the new.
    fn write(&self, octets: Vec<u8>) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written == octets {
            return Ok(());
        }
        replace(&self.path, &octets)?;
        *written = octets;
        Ok(())
    }

    /// Saves all that is counted now, and waits for the disk.
    pub(super) fn save_all(&self, shared: &Shared) {
        let sums = {
            let mut hub = shared.hub();
            let mut stored = Vec::new();
            hub.node.sender_sums(0, usize::MAX, &mut stored);
            Sums { invited: hub.node.invited(), stored }
        };
        tell(shared, self.write(sums.to_bytes()));
    }

    /// Saves from time to time, for as long as it is polled. It looks through some senders at a time, so that
    /// nobody waits for it.
    pub(super) async fn save(self: Arc<Self>, shared: Arc<Shared>) {
        loop {
            let begun = Instant::now();
            let mut stored: Vec<SenderSum> = Vec::new();
            let mut from = Some(0);
            while let Some(at) = from {
                tokio::time::sleep(Duration::from_secs(1)).await;
                from = shared.hub().node.sender_sums(at, SUMS_SENDERS_A_SECOND, &mut stored);
            }
            tokio::time::sleep_until(begun.checked_add(SUMS_EVERY).unwrap_or(begun)).await;
            let sums = Sums { invited: shared.hub().node.invited(), stored };
            let file = Arc::clone(&self);
            // Not on the node's thread: a slow disk must not hold it up.
            let writing = tokio::task::spawn_blocking(move || file.write(sums.to_bytes()));
            if let Ok(result) = writing.await {
                tell(&shared, result);
            }
        }
    }
}

fn tell(shared: &Shared, result: io::Result<()>) {
    if let Err(error) = result {
        shared.observer.note(&RelayEvent::SumsNotSaved { error });
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut octets = Vec::new();
    file.take(SUMS_OCTETS_MAX).read_to_end(&mut octets)?;
    Ok(Some(octets))
}

/// "Written under another name, synced, renamed, the folder synced."
fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(octets)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
