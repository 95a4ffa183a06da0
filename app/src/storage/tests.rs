//! What a crash, a decoy and a wipe leave on a real disk.

use super::vault_file::path_in;
use super::*;
use crate::exit::Exit;
use crate::files::fault;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::vault::VAULT_OCTETS;
use std::collections::BTreeMap;
use std::path::PathBuf;

const REALM: Realm = Realm { mode: Mode::Exercise, network: 7 };

fn open(folder: &Path, passphrase: &str) -> crate::exit::Outcome<Opened> {
    VaultFile::open(folder)?.unlock(passphrase)
}

fn opens(folder: &Path, passphrase: &str) -> bool {
    open(folder, passphrase).is_ok_and(|opened| opened.area.read(IDENTITY).is_ok())
}

fn identity(folder: &Path, passphrase: &str) -> Vec<u8> {
    open(folder, passphrase).unwrap().area.read(IDENTITY).unwrap().to_vec()
}

/// Every file below a folder, with its octets.
fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), Vec::new());
                folders.push(path);
            } else {
                let octets = std::fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), octets);
            }
        }
    }
    found
}

fn shape_of(folder: &Path) -> Vec<(PathBuf, usize)> {
    files_of(folder).into_iter().map(|(path, octets)| (path, octets.len())).collect()
}

/// Puts a folder back to what it was.
fn put_back(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::create_dir_all(folder).unwrap();
    let folders = files.keys().filter_map(|path| path.parent());
    folders.for_each(|path| std::fs::create_dir_all(folder.join(path)).unwrap());
    for (path, octets) in files {
        if octets.is_empty() {
            std::fs::create_dir_all(folder.join(path)).unwrap();
        } else {
            std::fs::write(folder.join(path), octets).unwrap();
        }
    }
}

/// Lets `work` die at each of its writes in turn, from the same state, and looks at what is left.
fn at_every_write(folder: &Path, work: impl Fn() -> bool, look: impl Fn(u32, bool)) -> u32 {
    let before = files_of(folder);
    for count in 0.. {
        put_back(folder, &before);
        let (_, lived) = fault::dying_at(count, &work);
        look(count, lived);
        if lived {
            return count;
        }
    }
    0
}

#[test]
fn a_vault_opens_with_its_passphrase_alone() {
    let folder = tempfile::tempdir().unwrap();
    VaultFile::create(folder.path(), "correct horse", REALM).unwrap();
    assert!(opens(folder.path(), "correct horse"));
    let refused = open(folder.path(), "wrong").err().unwrap();
    assert_eq!(refused.exit, Exit::Authentication);

    // What is public in it cannot be exchanged.
    let path = path_in(folder.path());
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(whole.len(), VAULT_OCTETS);
    for (at, bit) in [(13, 2), (15, 2), (19, 1), (20, 1), (35, 128)] {
        let mut changed = whole.clone();
        changed[at] ^= bit;
        std::fs::write(&path, changed).unwrap();
        assert!(!opens(folder.path(), "correct horse"), "octet {at}");
    }
}

#[test]
fn a_crash_while_a_vault_is_made_leaves_a_device_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("device");
    std::fs::create_dir(&home).unwrap();
    let writes = at_every_write(
        &home,
        || VaultFile::create(&home, "one", REALM).is_ok(),
        |count, lived| {
            assert_eq!(is_there(&home), lived, "write {count}");
            if !lived {
                // It can be made after all.
                VaultFile::create(&home, "two", REALM).unwrap();
                assert!(opens(&home, "two") && !opens(&home, "one"), "write {count}");
            }
        },
    );
    assert!(writes > 50, "{writes}");
}

#[test]
fn a_crash_while_a_passphrase_is_changed_leaves_one_that_opens() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    VaultFile::create(home, "old", REALM).unwrap();
    let own = identity(home, "old");
    let change = || {
        let mut vault = VaultFile::open_to_change(home).unwrap();
        let opened = vault.unlock("old").unwrap();
        vault.change_passphrase(&opened, "new").is_ok()
    };
    let writes = at_every_write(home, change, |count, lived| {
        let open: Vec<_> = ["old", "new"].into_iter().filter(|one| opens(home, one)).collect();
        assert!(!open.is_empty(), "write {count}");
        assert!(open.iter().all(|one| identity(home, one) == own), "write {count}");
        if lived {
            assert_eq!(open, ["new"]);
        }
    });
    assert_eq!(writes, 2);
}

#[test]
fn a_decoy_is_another_device_and_cannot_be_seen() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    VaultFile::create(home, "own", REALM).unwrap();
    let (before, shape) = (files_of(home), shape_of(home));
    let times = |home: &Path| -> Vec<_> {
        let files = files_of(home).into_keys().filter(|path| path != Path::new("vault"));
        files.map(|path| home.join(path).metadata().unwrap().modified().unwrap()).collect()
    };
    let modified = times(home);
    let (own, decoy) = {
        let mut vault = VaultFile::open_to_change(home).unwrap();
        let opened = vault.unlock("own").unwrap();
        assert!(vault.add_decoy(&opened, REALM, "own").is_err(), "the same passphrase");
        vault.add_decoy(&opened, REALM, "decoy").unwrap();
        (vault.unlock("own").unwrap(), vault.unlock("decoy").unwrap())
    };
    assert!(decoy.is_decoy && !own.is_decoy);
    assert_ne!(identity(home, "own"), identity(home, "decoy"));

    assert_eq!(shape_of(home), shape, "names, number and sizes");
    assert_eq!(times(home), modified, "times of last modification");
    // The owner's own files were not touched, those of one other area were, in all their octets.
    let after = files_of(home);
    let changed: std::collections::BTreeSet<_> = after
        .iter()
        .filter(|(path, octets)| before[*path] != **octets)
        .map(|(path, _)| path.components().next().unwrap().as_os_str().to_owned())
        .collect();
    let area = format!("area-{}", decoy.unlocked.content.area.number());
    assert_eq!(changed, [area, "vault".to_owned()].map(Into::into).into());
}

/// A decoy made within a decoy does not cost the owner his device.
#[test]
fn decoys_leave_the_areas_before_them_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    VaultFile::create(home, "0", REALM).unwrap();
    let own = identity(home, "0");
    for (from, to) in [("0", "1"), ("1", "2"), ("2", "3")] {
        let mut vault = VaultFile::open_to_change(home).unwrap();
        let opened = vault.unlock(from).unwrap();
        vault.add_decoy(&opened, REALM, to).unwrap();
    }
    let all = ["0", "1", "2", "3"].map(|one| identity(home, one));
    assert_eq!(all[0], own);
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), 4);
    let mut vault = VaultFile::open_to_change(home).unwrap();
    let opened = vault.unlock("3").unwrap();
    let failure = vault.add_decoy(&opened, REALM, "4").unwrap_err();
    assert_eq!(failure.to_json()["error"]["kind"], "no_room");
}

#[test]
fn a_crash_while_a_decoy_is_made_leaves_the_owner_his_device() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    VaultFile::create(home, "own", REALM).unwrap();
    let own = identity(home, "own");
    let shape = shape_of(home);
    let make = || {
        let mut vault = VaultFile::open_to_change(home).unwrap();
        let opened = vault.unlock("own").unwrap();
        vault.add_decoy(&opened, REALM, "decoy").is_ok()
    };
    let writes = at_every_write(home, make, |count, lived| {
        assert_eq!(identity(home, "own"), own, "write {count}");
        assert_eq!(shape_of(home), shape, "write {count}");
        // A slot that opens opens a device that is whole.
        let decoy = open(home, "decoy");
        assert!(decoy.is_err() || opens(home, "decoy"), "write {count}");
        assert!(!lived || opens(home, "decoy"));
    });
    assert_eq!(writes, 13, "nine files, two slots written, two cleared");
}

#[test]
fn a_wipe_leaves_nothing_that_opens() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    VaultFile::create(home, "own", REALM).unwrap();
    {
        let mut vault = VaultFile::open_to_change(home).unwrap();
        let opened = vault.unlock("own").unwrap();
        vault.add_decoy(&opened, REALM, "decoy").unwrap();
    }
    let before = files_of(home);
    // Someone who uses the device does not stop it.
    let used = VaultFile::open_to_change(home).unwrap();
    let began = std::time::Instant::now();
    wipe(home).unwrap();
    assert!(began.elapsed() < std::time::Duration::from_secs(1), "{:?}", began.elapsed());
    drop(used);
    assert_eq!(files_of(home), BTreeMap::new());
    assert_eq!(wipe(home).unwrap_err().exit, Exit::NotFound);

    // All but the vault comes back, as from the chips of a disk: it opens nothing.
    for count in 0.. {
        put_back(home, &before);
        let (_, lived) = fault::dying_at(count, || wipe(home));
        if count > 0 {
            let vault = files_of(home).remove(Path::new("vault"));
            let mut left = before.clone();
            left.insert("vault".into(), vault.unwrap_or_else(|| vec![0; VAULT_OCTETS]));
            put_back(home, &left);
            assert!(!opens(home, "own") && !opens(home, "decoy"), "write {count}");
        }
        if lived {
            break;
        }
    }
}
