//! A disk in memory whose power can be cut after any operation, and whose operations can fail.
//!
//! It is a shim for tests of the log, not a storage: what is durable here is what a real disk
//! promises to keep, and nothing more.

use chappe_store::{Storage, StorageFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Tells files apart, whatever they are called.
type Number = usize;

/// What was asked of the disk, in order.
#[derive(Debug, Clone)]
enum Operation {
    Create(String, Number),
    Remove(String),
    Rename(String, String),
    Write(Number, u64, Vec<u8>),
    Reserve(Number, u64),
    Truncate(Number, u64),
    Sync(Number),
    /// A sync that failed: the system may have thrown away any of the pages it could not write, and
    /// takes them for clean from here on.
    FailedSync(Number),
    SyncNames,
}

/// Which operations fail from some moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Create,
    Rename,
    Reserve,
    Read,
    Write,
    Truncate,
    Sync,
}

#[derive(Debug, Default)]
struct State {
    /// What was durable when this disk came up.
    origin: BTreeMap<String, Vec<u8>>,
    names: BTreeMap<String, Number>,
    files: Vec<Vec<u8>>,
    operations: Vec<Operation>,
    faults: Vec<Fault>,
    /// How long a sync takes.
    slowness: Duration,
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

    /// From now on syncs take this long.
    pub(crate) fn slow_down(&self, slowness: Duration) {
        self.state().slowness = slowness;
    }

    /// What a disk may hold when the power goes after `count` operations. What was synced is there;
    /// of the rest each write is there, is missing or is torn, and each change of names that was not
    /// made durable happened or not, as the seed has it.
    pub(crate) fn after_power_cut(&self, count: usize, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let state = self.state();
        let mut images: BTreeMap<Number, Image> = BTreeMap::new();
        let mut durable_names: BTreeMap<String, Number> = BTreeMap::new();
        for (number, (name, durable)) in state.origin.iter().enumerate() {
            images.insert(number, Image { durable: durable.clone(), pending: Vec::new() });
            durable_names.insert(name.clone(), number);
        }
        let mut pending_names = Vec::new();
        for operation in &state.operations[..count] {
            match operation {
                Operation::Create(_, number) => {
                    images.insert(*number, Image::default());
                    pending_names.push(operation.clone());
                }
                Operation::Remove(_) | Operation::Rename(..) => {
                    pending_names.push(operation.clone());
                }
                Operation::Write(number, ..)
                | Operation::Truncate(number, _)
                | Operation::Reserve(number, _) => {
                    images.get_mut(number).unwrap().pending.push(operation.clone());
                }
                Operation::Sync(number) => {
                    let image = images.get_mut(number).unwrap();
                    for operation in std::mem::take(&mut image.pending) {
                        apply(&mut image.durable, &operation);
                    }
                }
                Operation::FailedSync(number) => {
                    let image = images.get_mut(number).unwrap();
                    for operation in std::mem::take(&mut image.pending) {
                        if chance.one_in(2) {
                            apply(&mut image.durable, &operation);
                        }
                    }
                }
                Operation::SyncNames => {
                    for operation in pending_names.drain(..) {
                        change_names(&mut durable_names, &operation);
                    }
                }
            }
        }
        // Any of the changes may have happened; a later one needs those before it of the same file.
        for operation in &pending_names {
            if chance.one_in(2) {
                change_names(&mut durable_names, operation);
            }
        }
        let mut after = State::default();
        for (name, number) in durable_names {
            let mut image = images[&number].clone();
            for operation in &image.pending {
                match (operation, chance.below(3)) {
                    (_, 0) => {}
                    (Operation::Write(number, offset, octets), 1) => {
                        let mut at = *offset;
                        for piece in octets.chunks(64) {
                            if chance.one_in(2) {
                                let torn = Operation::Write(*number, at, piece.to_vec());
                                apply(&mut image.durable, &torn);
                            }
                            at += u64::try_from(piece.len()).unwrap();
                        }
                    }
                    (operation, _) => apply(&mut image.durable, operation),
                }
            }
            after.names.insert(name.clone(), after.files.len());
            after.files.push(image.durable.clone());
            after.origin.insert(name, image.durable);
        }
        Self(Arc::new(Mutex::new(after)))
    }

    /// Whether this disk, as it is, has a file whose name ends so.
    pub(crate) fn has(&self, ending: &str) -> bool {
        self.state().names.keys().any(|name| name.ends_with(ending))
    }
}

#[derive(Debug, Default, Clone)]
struct Image {
    durable: Vec<u8>,
    pending: Vec<Operation>,
}

fn change_names(names: &mut BTreeMap<String, Number>, operation: &Operation) {
    match operation {
        Operation::Create(name, number) => {
            names.insert(name.clone(), *number);
        }
        Operation::Remove(name) => {
            names.remove(name);
        }
        Operation::Rename(from, to) => {
            if let Some(number) = names.remove(from) {
                names.insert(to.clone(), number);
            }
        }
        Operation::Write(..)
        | Operation::Reserve(..)
        | Operation::Truncate(..)
        | Operation::Sync(_)
        | Operation::FailedSync(_)
        | Operation::SyncNames => {}
    }
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
        Operation::Reserve(_, length) => {
            let length = usize::try_from(*length).unwrap().max(octets.len());
            octets.resize(length, 0);
        }
        Operation::Truncate(_, length) => octets.truncate(usize::try_from(*length).unwrap()),
        Operation::Create(..)
        | Operation::Remove(_)
        | Operation::Rename(..)
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
    number: Number,
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
        Ok(self.state().names.keys().cloned().collect())
    }

    fn create(&mut self, name: &str) -> io::Result<DiskFile> {
        let mut state = self.doing(Fault::Create)?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = state.files.len();
        state.files.push(Vec::new());
        state.names.insert(name.to_owned(), number);
        state.operations.push(Operation::Create(name.to_owned(), number));
        Ok(DiskFile { disk: self.clone(), number })
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        let number = self.state().names.get(name).copied();
        let number = number.ok_or(io::ErrorKind::NotFound)?;
        Ok(DiskFile { disk: self.clone(), number })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        state.operations.push(Operation::Remove(name.to_owned()));
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.doing(Fault::Rename)?;
        let operation = Operation::Rename(from.to_owned(), to.to_owned());
        if !state.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        change_names(&mut state.names, &operation);
        state.operations.push(operation);
        Ok(())
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
        apply(&mut state.files[self.number], &operation);
        state.operations.push(operation);
        Ok(())
    }
}

impl StorageFile for DiskFile {
    fn octets(&self) -> io::Result<u64> {
        Ok(u64::try_from(self.disk.state().files[self.number].len()).unwrap())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let state = self.disk.doing(Fault::Read)?;
        match state.files[self.number].get(offset..offset + buffer.len()) {
            Some(found) => buffer.copy_from_slice(found),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.change(Fault::Write, Operation::Write(self.number, offset, octets.to_vec()))
    }

    fn reserve(&mut self, octets: u64) -> io::Result<()> {
        self.change(Fault::Reserve, Operation::Reserve(self.number, octets))
    }

    fn truncate(&mut self, octets: u64) -> io::Result<()> {
        self.change(Fault::Truncate, Operation::Truncate(self.number, octets))
    }

    fn sync(&mut self) -> io::Result<()> {
        let slowness = self.disk.state().slowness;
        std::thread::sleep(slowness);
        let result = self.change(Fault::Sync, Operation::Sync(self.number));
        if result.is_err() {
            self.disk.state().operations.push(Operation::FailedSync(self.number));
        }
        result
    }
}
