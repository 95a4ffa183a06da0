//! A process that works on a folder store is killed (SIGKILL), at an operation of its disk or at any
//! moment, and what it had confirmed is looked for; then the next one goes on in the same folder.
//!
//! `STORE_KILLS` says how often, `STORE_SEED` repeats a run.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[allow(dead_code)] // other tests need the rest of it
mod harness;

use chappe_store::{Directory, FolderOptions, Storage, StorageFile, Store};
use harness::{Watched, payload};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

const OPTIONS: FolderOptions =
    FolderOptions { segment_octets: 16 << 10, scrub_octets_per_second: 1 << 20, ..harness::SMALL };

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

fn is_wanted(sequence: u64) -> bool {
    sequence % 4 == 1
}

/// xorshift
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

#[test]
fn what_was_confirmed_outlives_the_process() {
    let kills = variable("STORE_KILLS").unwrap_or(20);
    let seed = variable("STORE_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos()) << 20 | now.as_secs() | 1
    });
    println!("STORE_KILLS={kills} STORE_SEED={seed}");
    let mut chance = Chance(seed);
    let folder = tempfile::tempdir().unwrap();
    let (mut confirmed, mut discarded, mut compacted) = (0, 0, 0);
    let (mut at_operations, mut records, mut compactions) = (0, 0, 0);
    for kill in 0..kills {
        // Two in three halt at an operation, many of them among those of the start.
        let halt = (chance.below(3) > 0).then(|| {
            let most = if chance.below(3) == 0 { 40 } else { 2000 };
            chance.below(most)
        });
        let milliseconds = chance.below(60);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "works_until_it_is_killed", "--nocapture"])
            .env("STORE_CHILD", folder.path())
            .env("STORE_CHILD_SEED", chance.below(1 << 40).to_string())
            .env("STORE_CHILD_HALT", halt.unwrap_or(u64::MAX).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        let listener = std::thread::spawn(move || {
            for line in output.lines() {
                sender.send(line.unwrap()).unwrap_or_default();
            }
        });
        let mut said = Vec::new();
        if halt.is_some() {
            for line in lines.iter() {
                let is_end = line.ends_with("halted");
                said.push(line);
                if is_end {
                    at_operations += 1;
                    break;
                }
            }
        } else {
            std::thread::sleep(Duration::from_millis(milliseconds));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        listener.join().unwrap();
        said.extend(lines.try_iter());
        let before = confirmed;
        for line in said {
            // The harness of the child's process writes in front of its first line.
            let mut words = line.rsplit("@ ").next().unwrap().split(' ');
            let (word, number) = (words.next(), words.next());
            let number = || number.unwrap().parse().unwrap();
            match word {
                Some("confirmed") => confirmed = number(),
                Some("discards") => discarded = number(),
                Some("compacts") => {
                    compacted = number();
                    compactions += 1;
                }
                _ => {}
            }
        }
        records += confirmed - before;

        let says = format!("kill {kill} of seed {seed}, halt {halt:?}");
        let storage = Directory::new(folder.path()).unwrap();
        let (watched, recovery) =
            Watched::recover(storage, OPTIONS).unwrap_or_else(|error| panic!("{says}: {error}"));
        assert_eq!(recovery.damage, [], "{says}");
        let next = recovery.sequences.end;
        assert!(next >= confirmed, "{says}: {next} {confirmed}");
        for (sequence, record) in &watched.recovered {
            assert_eq!(*record, payload(*sequence), "{says}");
        }
        for sequence in discarded..confirmed {
            let may_be_gone = sequence < compacted && !is_wanted(sequence);
            let is_there = watched.recovered.contains_key(&sequence);
            assert!(is_there || may_be_gone, "{says}: {sequence} of {discarded}..{confirmed}");
        }
        confirmed = next;
    }
    println!(
        "{kills} kills, {at_operations} of them at an operation; {records} records confirmed, \
         {compactions} compactions begun; 0 lost, 0 made up"
    );
    assert!(at_operations > 0);
}

/// The process that is killed; does nothing unless it was started for that.
#[test]
fn works_until_it_is_killed() {
    let Some(folder) = std::env::var_os("STORE_CHILD") else { return };
    let halt = Arc::new(Mutex::new(variable("STORE_CHILD_HALT").unwrap()));
    let storage = Halting { inner: Directory::new(Path::new(&folder)).unwrap(), halt };
    let mut chance = Chance(variable("STORE_CHILD_SEED").unwrap() | 1);
    let (mut watched, recovery) = Watched::recover(storage, OPTIONS).unwrap();
    let mut next = recovery.sequences.end;
    say(&format!("confirmed {next}"));
    loop {
        let count = chance.below(40) + 1;
        watched.append_payloads(next..next + count);
        next += count;
        say(&format!("confirmed {next}"));
        match chance.below(20) {
            0 => {
                say(&format!("compacts {next}"));
                watched.store.compact(Box::new(|sequence, _| is_wanted(sequence)));
            }
            1 => {
                let before = next.saturating_sub(1000);
                say(&format!("discards {before}"));
                watched.store.discard_before(before);
            }
            _ => {}
        }
    }
}

/// One line in one write, so that it is out or it is not.
fn say(line: &str) {
    io::stdout().write_all(format!("@ {line}\n").as_bytes()).unwrap();
    io::stdout().flush().unwrap();
}

/// A folder that stands still for good at one of its operations, all threads' together.
#[derive(Debug)]
struct Halting<T> {
    inner: T,
    halt: Arc<Mutex<u64>>,
}

impl<T> Halting<T> {
    fn step(&self) {
        let mut left = self.halt.lock().unwrap();
        if *left == 0 {
            say("halted");
            loop {
                // Nobody else gets past the lock.
                std::thread::sleep(Duration::from_secs(60));
            }
        }
        *left -= 1;
    }

    fn doing<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        self.step();
        let result = change(&mut self.inner);
        self.step();
        result
    }
}

impl Storage for Halting<Directory> {
    type File = Halting<File>;

    fn lock(&mut self) -> io::Result<bool> {
        self.inner.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }

    fn create(&mut self, name: &str) -> io::Result<Self::File> {
        let inner = self.doing(|folder| folder.create(name))?;
        Ok(Halting { inner, halt: self.halt.clone() })
    }

    fn open(&self, name: &str) -> io::Result<Self::File> {
        Ok(Halting { inner: self.inner.open(name)?, halt: self.halt.clone() })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.doing(|folder| folder.remove(name))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.doing(|folder| folder.rename(from, to))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.doing(Storage::sync_names)
    }

    fn new_identity(&mut self) -> u64 {
        self.inner.new_identity()
    }
}

impl StorageFile for Halting<File> {
    fn octets(&self) -> io::Result<u64> {
        self.inner.octets()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.inner.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        // Killed between two halves as well.
        let half = octets.len() / 2;
        self.doing(|file| file.write_at(offset, &octets[..half]))?;
        let behind = offset + u64::try_from(half).unwrap();
        self.doing(|file| file.write_at(behind, &octets[half..]))
    }

    fn reserve(&mut self, octets: u64) -> io::Result<()> {
        self.doing(|file| file.reserve(octets))
    }

    fn truncate(&mut self, octets: u64) -> io::Result<()> {
        self.doing(|file| file.truncate(octets))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.doing(StorageFile::sync)
    }
}
