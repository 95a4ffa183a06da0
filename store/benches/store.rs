//! Records a second and microseconds a commit of [`FolderStore`], beside a plain loop of one write
//! and one sync on a file with the same octets; and how long a start takes.
//!
//! `cargo bench -p chappe-store` prints tables; arguments: `appends`, `start` (with
//! `STORE_BENCH_RECORDS`), both when there is none. `STORE_BENCH_FOLDER` is where the disk to be
//! measured is. `place` is for callgrind: it encodes and verifies, and does nothing else.

// A measurement may stop at the first surprise; its ratios are of floats.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs
)]

use chappe_store::record::{self, Checksum};
use chappe_store::{
    EventSink, FolderOptions, FolderStore, Group, ReadRequest, StorageFile, Store, StoreEvent,
};
use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// What a relay's record of 128 octets of text takes.
const RECORD_OCTETS: usize = 151;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let wants = |name: &str| arguments.is_empty() || arguments.iter().any(|one| one == name);
    if arguments.iter().any(|one| one == "place") {
        place();
        return;
    }
    if wants("appends") {
        appends();
    }
    if wants("start") {
        start();
    }
}

fn folder(name: &str) -> PathBuf {
    let parent =
        std::env::var_os("STORE_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("chappe-store-bench-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn group(number: u64, records: usize) -> Group {
    let mut group = Group { number, ..Group::default() };
    for record in 0..records {
        let seed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ record as u64;
        group.records.push_with(|out| {
            let end = out.len() + RECORD_OCTETS;
            while out.len() < end {
                out.extend_from_slice(&seed.to_le_bytes());
            }
            out.truncate(end);
        });
    }
    group
}

/// Opens a store whose events wait in a channel of this length.
fn open(path: &Path, room: usize) -> (FolderStore, Receiver<StoreEvent>) {
    let (sender, events): (SyncSender<StoreEvent>, _) = sync_channel(room);
    let sink: EventSink = Box::new(move |event| sender.send(event).unwrap_or_default());
    let options = FolderOptions { scrub_octets_per_second: 0, ..FolderOptions::default() };
    (FolderStore::open(path, options, sink).unwrap(), events)
}

/// Processor time of this process.
fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

struct Figures {
    records_per_second: f64,
    processor_per_record: f64,
    median: f64,
    ninety_ninth: f64,
    longest: f64,
}

fn figures(records: usize, took: Duration, spent: Duration, mut commits: Vec<Duration>) -> Figures {
    commits.sort_unstable();
    let micros = |at: usize| commits[at.min(commits.len() - 1)].as_secs_f64() * 1e6;
    Figures {
        records_per_second: records as f64 / took.as_secs_f64(),
        processor_per_record: spent.as_secs_f64() * 1e6 / records as f64,
        median: micros(commits.len() / 2),
        ninety_ninth: micros(commits.len() * 99 / 100),
        longest: micros(commits.len()),
    }
}

/// Groups of `size` with at most `window` of them under way.
fn store_appends(path: &Path, size: usize, groups: u64, window: usize) -> Figures {
    let (mut store, events) = open(path, 1 << 16);
    let mut asked = VecDeque::new();
    let mut commits = Vec::new();
    let made: Vec<Group> = (0..8).map(|number| group(number, size)).collect();
    let (begun, spent) = (Instant::now(), processor());
    let mut number = 0;
    while commits.len() < groups as usize {
        while asked.len() < window && number < groups {
            asked.push_back(Instant::now());
            let mut next = made[number as usize % made.len()].clone();
            next.number = number;
            store.append(next);
            number += 1;
        }
        match events.recv().unwrap() {
            StoreEvent::Appended { .. } => commits.push(asked.pop_front().unwrap().elapsed()),
            StoreEvent::AppendFailed { error, .. } | StoreEvent::Failed { error } => {
                panic!("{error}")
            }
            _ => {}
        }
    }
    figures(size * groups as usize, begun.elapsed(), processor() - spent, commits)
}

/// The same octets by one write and one sync each, on a file that grows or whose room was set aside.
fn plain_appends(path: &Path, size: usize, groups: u64, reserve: bool) -> Figures {
    let octets = group(0, size).records.octets() + size * record::RECORD_HEADER_OCTETS;
    let piece = vec![0x55; octets];
    let name = path.join("plain");
    let mut file =
        OpenOptions::new().create(true).truncate(true).read(true).write(true).open(name).unwrap();
    if reserve {
        file.reserve(octets as u64 * groups).unwrap();
        file.sync_all().unwrap();
    }
    let mut commits = Vec::new();
    let (begun, spent) = (Instant::now(), processor());
    for index in 0..groups {
        let asked = Instant::now();
        file.write_at(index * octets as u64, &piece).unwrap();
        file.sync().unwrap();
        commits.push(asked.elapsed());
    }
    figures(size * groups as usize, begun.elapsed(), processor() - spent, commits)
}

fn appends() {
    println!("records of {RECORD_OCTETS} octets; commit: from the call to the event, microseconds");
    println!(
        "| group | under way | what | records/s | to plain | us of cpu/record | p50 | p99 | longest |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (size, groups, window) in [
        (1, 2000, 1),
        (1, 40_000, 64),
        (64, 2000, 1),
        (64, 8000, 16),
        (1024, 1000, 1),
        (1024, 3000, 4),
        (4096, 800, 4),
    ] {
        let path = folder("appends");
        let plain_groups = groups.min(1000);
        let growing = plain_appends(&path, size, plain_groups, false);
        let reserved = plain_appends(&path, size, plain_groups, true);
        let store = store_appends(&path.join("store"), size, groups, window);
        let base = reserved.records_per_second;
        for (what, figures) in
            [("plain, growing", growing), ("plain, room set aside", reserved), ("store", store)]
        {
            println!(
                "| {size} | {window} | {what} | {:.0} | {:.2} | {:.3} | {:.0} | {:.0} | {:.0} |",
                figures.records_per_second,
                figures.records_per_second / base,
                figures.processor_per_record,
                figures.median,
                figures.ninety_ninth,
                figures.longest,
            );
        }
        fs::remove_dir_all(&path).unwrap();
    }
}

fn start() {
    let records: u64 = std::env::var("STORE_BENCH_RECORDS")
        .map_or(10_000_000, |records| records.parse().expect("a number of records"));
    let path = folder("start");
    let size = 4096;
    store_appends(&path, size, records.div_ceil(size as u64), 4);
    let octets: u64 =
        fs::read_dir(&path).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    println!(
        "\na start with {records} records of {RECORD_OCTETS} octets ({octets} octets of files)"
    );
    println!(
        "| cache | opened, ms | first append durable, ms | all told, s | records/s | us of cpu/record |"
    );
    println!("|---|---|---|---|---|---|");
    for cache in ["warm", "cold"] {
        // Needs the right to; without it the second line is warm too.
        if cache == "cold" && fs::write("/proc/sys/vm/drop_caches", "1").is_err() {
            println!("| cold: not permitted here |");
            continue;
        }
        let (begun, spent) = (Instant::now(), processor());
        let (mut store, events) = open(&path, 4);
        let opened = begun.elapsed();
        store.append(group(0, 1));
        let (mut told, mut durable) = (0, None);
        let recovery = loop {
            match events.recv().unwrap() {
                StoreEvent::Recovered(found) => told += found.records.len() as u64,
                StoreEvent::Appended { .. } => durable = Some(begun.elapsed()),
                StoreEvent::RecoveryEnded(recovery) => break recovery,
                _ => {}
            }
        };
        let all = begun.elapsed();
        assert!(recovery.is_clean() && told >= records, "{told} {recovery:?}");
        println!(
            "| {cache} | {:.0} | {:.0} | {:.2} | {:.0} | {:.3} |",
            opened.as_secs_f64() * 1e3,
            durable.map_or(f64::NAN, |durable| durable.as_secs_f64() * 1e3),
            all.as_secs_f64(),
            told as f64 / all.as_secs_f64(),
            (processor() - spent).as_secs_f64() * 1e6 / told as f64,
        );
        if cache == "warm" {
            reads(&mut store, &events, told);
        }
    }
    fs::remove_dir_all(&path).unwrap();
}

/// Pages of records one behind the other, and single ones from all over.
fn reads(store: &mut FolderStore, events: &Receiver<StoreEvent>, records: u64) {
    for (what, requests, page, step) in
        [("pages of 256", 2000_u64, 256_u64, 1_u64), ("256 from all over", 200, 256, 37_003)]
    {
        let begun = Instant::now();
        let mut found = 0;
        for number in 0..requests {
            let first = number.wrapping_mul(7919 * 256) % (records - page * step.min(100)).max(1);
            let sequences =
                (0..page).map(|index| first + index * step).filter(|one| *one < records).collect();
            store.read(ReadRequest { number, sequences });
            loop {
                if let StoreEvent::Read { records, .. } = events.recv().unwrap() {
                    found += records.unwrap().records.len();
                    break;
                }
            }
        }
        let rate = found as f64 / begun.elapsed().as_secs_f64();
        println!("| read, {what} | {rate:.0} records/s |");
    }
}

/// Encodes and verifies a hundred thousand records.
fn place() {
    let checksum = Checksum::of(7);
    let records = group(0, 1000);
    let mut octets = Vec::new();
    for _ in 0..100 {
        octets.clear();
        for (record, sequence) in records.records.iter().zip(0..) {
            record::put(&mut octets, checksum, (sequence, 0, true), record);
        }
        let mut rest = &octets[..];
        while let Some((header, _)) = record::find(checksum, rest) {
            rest = &rest[header.octets()..];
        }
        assert!(rest.is_empty());
    }
}
