//! A disk in memory whose power can be cut after any operation, and whose operations can fail.
//!
//! It is a shim for tests of the log, not a storage: what is durable here is what a real disk
//! promises to keep, and nothing more.

use chappe_store::{Storage, StorageFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// What was asked of the disk, in order.
#[derive(Debug, Clone)]
enum Operation {
    Create(String),
    Remove(String),
    Write(String, u64, Vec<u8>),
    Truncate(String, u64),
    Sync(String),
    /// A sync that failed: the system may have thrown away any of the pages it could not write, and
    /// takes them for clean from here on.
    FailedSync(String),
    SyncNames,
}

/// Which operations fail from some moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Create,
    Write,
    Truncate,
    Sync,
}

#[derive(Debug, Default)]
struct State {
    /// What was durable when this disk came up.
    origin: BTreeMap<String, Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
    operations: Vec<Operation>,
    faults: Vec<Fault>,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// How many operations there were.
    pub(crate) fn operations(&self) -> usize {
        self.state().operations.len()
    }

    /// From now on these fail.
    pub(crate) fn fail(&self, faults: &[Fault]) {
        self.state().faults = faults.to_vec();
    }

    /// What a disk may hold when the power goes after `count` operations. What was synced is there;
    /// of the rest each write is there, is missing or is torn, and each new or removed name is
    /// durable or not, as the seed has it.
    pub(crate) fn after_power_cut(&self, count: usize, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut files: BTreeMap<String, Image> = BTreeMap::new();
        for (name, durable) in &self.state().origin {
            let image = Image { durable: durable.clone(), named: true, ..Image::default() };
            files.insert(name.clone(), image);
        }
        for operation in &self.state().operations[..count] {
            match operation {
                Operation::Create(name) => {
                    files.insert(name.clone(), Image::default());
                }
                Operation::Remove(name) => files.get_mut(name).unwrap().removed = true,
                Operation::Write(name, ..) | Operation::Truncate(name, _) => {
                    files.get_mut(name).unwrap().pending.push(operation.clone());
                }
                Operation::Sync(name) => {
                    let image = files.get_mut(name).unwrap();
                    for operation in std::mem::take(&mut image.pending) {
                        apply(&mut image.durable, &operation);
                    }
                }
                Operation::FailedSync(name) => {
                    let image = files.get_mut(name).unwrap();
                    for operation in std::mem::take(&mut image.pending) {
                        if chance.one_in(2) {
                            apply(&mut image.durable, &operation);
                        }
                    }
                }
                Operation::SyncNames => {
                    files.retain(|_, image| !image.removed);
                    files.values_mut().for_each(|image| image.named = true);
                }
            }
        }
        let mut state = State::default();
        for (name, mut image) in files {
            let is_there = match (image.named, image.removed) {
                (true, false) => true,
                (false, _) | (_, true) => chance.one_in(2),
            };
            if !is_there {
                continue;
            }
            for operation in &image.pending {
                match (operation, chance.below(3)) {
                    (_, 0) => {}
                    (Operation::Write(name, offset, octets), 1) => {
                        let mut at = *offset;
                        for piece in octets.chunks(64) {
                            if chance.one_in(2) {
                                let torn = Operation::Write(name.clone(), at, piece.to_vec());
                                apply(&mut image.durable, &torn);
                            }
                            at += u64::try_from(piece.len()).unwrap();
                        }
                    }
                    (operation, _) => apply(&mut image.durable, operation),
                }
            }
            state.files.insert(name, image.durable);
        }
        state.origin = state.files.clone();
        Self(Arc::new(Mutex::new(state)))
    }
}

#[derive(Debug, Default)]
struct Image {
    durable: Vec<u8>,
    pending: Vec<Operation>,
    named: bool,
    removed: bool,
}

fn apply(octets: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::Write(_, offset, written) => {
            let offset = usize::try_from(*offset).unwrap();
            let end = offset + written.len();
            if octets.len() < end {
                octets.resize(end, 0);
            }
            octets[offset..end].copy_from_slice(written);
        }
        Operation::Truncate(_, length) => octets.truncate(usize::try_from(*length).unwrap()),
        Operation::Create(_)
        | Operation::Remove(_)
        | Operation::Sync(_)
        | Operation::FailedSync(_)
        | Operation::SyncNames => {}
    }
}

/// A small generator (xorshift), so that a failing seed can be run again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678_9ABC_DEF1);
        self.0 ^= self.0 >> 29;
        (self.0 >> 17) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

#[derive(Debug)]
pub(crate) struct DiskFile {
    disk: Disk,
    name: String,
}

impl Disk {
    fn doing(&self, fault: Fault) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.faults.contains(&fault) {
            return Err(io::Error::other("the shim was told to fail"));
        }
        Ok(state)
    }
}

impl Storage for Disk {
    type File = DiskFile;

    fn lock(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().files.keys().cloned().collect())
    }

    fn create(&mut self, name: &str) -> io::Result<DiskFile> {
        let mut state = self.doing(Fault::Create)?;
        state.operations.push(Operation::Create(name.to_owned()));
        state.files.insert(name.to_owned(), Vec::new());
        Ok(DiskFile { disk: self.clone(), name: name.to_owned() })
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        assert!(self.state().files.contains_key(name));
        Ok(DiskFile { disk: self.clone(), name: name.to_owned() })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operations.push(Operation::Remove(name.to_owned()));
        match state.files.remove(name) {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.doing(Fault::Sync)?.operations.push(Operation::SyncNames);
        Ok(())
    }

    fn new_identity(&mut self) -> u64 {
        42
    }
}

impl DiskFile {
    fn change(&self, fault: Fault, operation: Operation) -> io::Result<()> {
        let mut state = self.disk.doing(fault)?;
        apply(state.files.get_mut(&self.name).unwrap(), &operation);
        state.operations.push(operation);
        Ok(())
    }
}

impl StorageFile for DiskFile {
    fn octets(&self) -> io::Result<u64> {
        Ok(u64::try_from(self.disk.state().files[&self.name].len()).unwrap())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let state = self.disk.state();
        let octets = &state.files[&self.name];
        match octets.get(offset..offset + buffer.len()) {
            Some(found) => buffer.copy_from_slice(found),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.change(Fault::Write, Operation::Write(self.name.clone(), offset, octets.to_vec()))
    }

    fn truncate(&mut self, octets: u64) -> io::Result<()> {
        self.change(Fault::Truncate, Operation::Truncate(self.name.clone(), octets))
    }

    fn sync(&mut self) -> io::Result<()> {
        let result = self.change(Fault::Sync, Operation::Sync(self.name.clone()));
        if result.is_err() {
            self.disk.state().operations.push(Operation::FailedSync(self.name.clone()));
        }
        result
    }
}
