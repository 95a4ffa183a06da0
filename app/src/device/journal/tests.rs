//! What was confirmed is there after a crash, and what was changed on the disk is refused by name.

use super::*;
use crate::device::Device;
use crate::device::tests::device;
use crate::files::fault;
use std::path::Path;

fn open(device: &Device) -> Outcome<(Journal, Vec<u64>)> {
    Journal::open(&device.journal("sent"))
}

fn kind(outcome: Outcome<(Journal, Vec<u64>)>) -> String {
    let failure = outcome.err().expect("it opened");
    failure.to_json()["error"]["kind"].as_str().unwrap().to_owned()
}

fn path(device: &Device) -> PathBuf {
    device.journal("sent").path
}

/// A new log of the journal with these octets as its records, as someone without the key writes it.
fn forge(device: &Device, log: &str, records: &[Vec<u8>]) {
    let path = path(device).join(log);
    std::fs::remove_dir_all(&path).unwrap();
    let (mut log, _) = Log::open(&path, Options::default()).unwrap();
    for record in records {
        log.append(record).unwrap();
    }
}

fn raw(device: &Device, log: &str) -> Vec<Vec<u8>> {
    let (log, _) = Log::open(path(device).join(log), Options::default()).unwrap();
    log.iter_from(0).map(|entry| entry.unwrap().1).collect()
}

#[test]
fn records_read_back_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    for start in [0, 70, 140] {
        let (mut journal, records) = open(&device).unwrap();
        assert_eq!(records, (0..start).collect::<Vec<_>>());
        (start..start + 70).for_each(|record| journal.append(&record).unwrap());
        assert_eq!(journal.next(), start + 70);
    }
}

#[test]
fn changed_moved_and_missing_records_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    let (mut journal, _) = open(&device).unwrap();
    (0..100).for_each(|record| journal.append(&record).unwrap());
    drop(journal);
    let whole = raw(&device, "log-0");
    let forged = |records: &[Vec<u8>]| {
        forge(&device, "log-0", records);
        kind(open(&device))
    };

    let mut changed = whole.clone();
    changed[50][20] ^= 1;
    assert_eq!(forged(&changed), "bad_tag");
    let mut swapped = whole.clone();
    swapped.swap(3, 4);
    assert_eq!(forged(&swapped), "bad_tag");
    let mut twice = whole.clone();
    twice[7] = twice[6].clone();
    assert_eq!(forged(&twice), "bad_tag");
    let mut without = whole.clone();
    without.remove(50);
    assert_eq!(forged(&without), "bad_tag");
    let mut short = whole.clone();
    short[9].truncate(40);
    assert_eq!(forged(&short), "truncated");

    // At the end: 128 are reserved, so fewer than 64 left are seen; what is added is, too.
    assert_eq!(forged(&whole[..63]), "cut");
    assert_eq!(forged(&[]), "cut");
    let longer: Vec<_> = whole.iter().chain(&whole).cloned().collect();
    assert_eq!(forged(&longer), "inconsistent");
    forge(&device, "log-0", &whole);
    assert_eq!(open(&device).unwrap().1.len(), 100);

    // Another journal's records, and no page at all.
    let page = path(&device).join("page");
    let own = std::fs::read(&page).unwrap();
    std::fs::copy(device.journal("received").path.join("page"), &page).unwrap();
    assert_eq!(kind(open(&device)), "bad_tag");
    std::fs::write(&page, &own[..1000]).unwrap();
    assert_eq!(kind(open(&device)), "truncated");
    std::fs::remove_file(&page).unwrap();
    assert_eq!(kind(open(&device)), "missing");
}

#[test]
fn a_rewritten_journal_has_another_key_and_the_old_one_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    let (mut journal, _) = open(&device).unwrap();
    (0..10).for_each(|record: u64| journal.append(&record).unwrap());
    let old = std::fs::read(path(&device).join("page")).unwrap();
    journal.rewrite(&[8_u64, 9]).unwrap();
    assert!(!path(&device).join("log-0").exists());
    journal.append(&10_u64).unwrap();
    drop(journal);
    assert_eq!(open(&device).unwrap().1, [8, 9, 10]);

    // No octet of the old page is left where it was.
    let new = std::fs::read(path(&device).join("page")).unwrap();
    let same = old.iter().zip(&new).filter(|(one, other)| one == other).count();
    assert!(same < 50, "{same} of 1,024 octets");
    // The next ones lie in the other folder again.
    open(&device).unwrap().0.rewrite(&[10_u64]).unwrap();
    assert!(path(&device).join("log-0").exists() && !path(&device).join("log-1").exists());
    assert_eq!(open(&device).unwrap().1, [10]);
}

/// Runs `work` on a copy of the journal so often that it dies at each of its writes once.
fn at_every_write(device: &Device, work: impl Fn(), look: impl Fn(u32, bool)) -> u32 {
    let saved = tempfile::tempdir().unwrap();
    copy(&path(device), saved.path());
    for count in 0.. {
        std::fs::remove_dir_all(path(device)).unwrap();
        copy(saved.path(), &path(device));
        let ((), lived) = fault::dying_at(count, &work);
        look(count, lived);
        if lived {
            return count;
        }
    }
    0
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_crash_while_it_is_rewritten_leaves_the_old_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    let (mut journal, _) = open(&device).unwrap();
    (0..10).for_each(|record: u64| journal.append(&record).unwrap());
    drop(journal);
    let rewrite = || {
        let Ok((mut journal, _)) = open(&device) else { return };
        drop(journal.rewrite(&[8_u64, 9]));
    };
    let writes = at_every_write(&device, rewrite, |count, lived| {
        let (mut journal, records) = open(&device).unwrap();
        let old: Vec<u64> = (0..10).collect();
        assert!(records == [8, 9] || (records == old && !lived), "write {count}: {records:?}");
        // It goes on, and nothing of the other one is left.
        journal.append(&77_u64).unwrap();
        drop(journal);
        assert_eq!(open(&device).unwrap().1.last(), Some(&77), "write {count}");
        let logs = ["log-0", "log-1"].map(|log| path(&device).join(log).exists());
        assert_eq!(logs, if records == old { [true, false] } else { [false, true] });
    });
    assert_eq!(writes, 3, "the page, the old one's place, the old log");
}

#[test]
fn a_crash_while_numbers_are_reserved_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    let (mut journal, _) = open(&device).unwrap();
    (0..64).for_each(|record: u64| journal.append(&record).unwrap());
    drop(journal);
    let append = || {
        let Ok((mut journal, _)) = open(&device) else { return };
        drop(journal.append(&64_u64));
    };
    let writes = at_every_write(&device, append, |count, lived| {
        let (mut journal, records) = open(&device).unwrap();
        assert_eq!(records, (0..if lived { 65 } else { 64 }).collect::<Vec<u64>>(), "{count}");
        journal.append(&99_u64).unwrap();
    });
    assert_eq!(writes, 2);
}

#[test]
fn nothing_is_written_after_a_rewriting_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    for count in 0..2 {
        let (mut journal, before) = open(&device).unwrap();
        let kept: Vec<u64> = before.iter().copied().chain([count]).collect();
        let (rewritten, _) =
            fault::dying_at(u32::try_from(count).unwrap(), || journal.rewrite(&kept));
        assert!(rewritten.is_err());
        assert!(journal.append(&9_u64).is_err(), "which log counts is in doubt");
        drop(journal);
        let (_, records) = open(&device).unwrap();
        assert!(records == before || records == kept, "{records:?}");
    }
}
