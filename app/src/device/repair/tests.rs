//! Whatever the disk forgets, and wherever a repair is torn off: no counter and no key is used twice, and
//! the device is heard again.

use super::*;
use crate::device::DeviceArguments;
use crate::device::received::Received;
use crate::device::sent::{Audience, Written};
use crate::files::fault;
use crate::passphrase::PassphraseArguments;
use chappe_codec::item::{Family, Item, Reference};
use std::collections::BTreeSet;
use std::path::{Path as FilePath, PathBuf};

/// A device that can be copied, put back and opened again.
struct Folder {
    folder: tempfile::TempDir,
    arguments: DeviceArguments,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        drop(crate::device::tests::device(folder.path()));
        let passphrase = PassphraseArguments::from_file_at(folder.path().join("passphrase"));
        let arguments = DeviceArguments { home: folder.path().join("device"), passphrase };
        Self { folder, arguments }
    }

    fn open(&self) -> Device {
        Device::open(&self.arguments).unwrap()
    }

    fn save(&self, name: &str) -> PathBuf {
        let copy = self.folder.path().join(name);
        copy_folder(&self.arguments.home, &copy);
        copy
    }

    fn put_back(&self, copy: &FilePath) {
        std::fs::remove_dir_all(&self.arguments.home).unwrap();
        copy_folder(copy, &self.arguments.home);
    }
}

fn copy_folder(from: &FilePath, to: &FilePath) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Everything that was ever said, in whichever of its pasts.
#[derive(Default)]
struct Law {
    counters: BTreeSet<(String, u32)>,
    keys: BTreeSet<(String, [u8; 16])>,
}

impl Law {
    /// Whether neither its counters nor its keys were used before. A salt comes with K and N: two that
    /// are equal show a key that sealed twice.
    fn holds(&mut self, written: &Written) -> bool {
        let chain = written.content.chain.to_string();
        written.content.messages.iter().all(|message| {
            let counter = self.counters.insert((chain.clone(), message.position.counter));
            counter && self.keys.insert((chain.clone(), message.salt.0))
        })
    }
}

fn item(body: &[u8]) -> Item<'_> {
    let family = Family::from_code(0x70).unwrap();
    Item { family, revision: 0, reference: Reference::None, body }
}

fn meet(one: &Device, other: &Device, name: &str) -> Audience {
    one.add_contact(name, other.identity.card()).unwrap();
    sealed_to(&one.contact(name).unwrap())
}

/// Says something in the open and to ben, and signs it.
fn speak(ana: &Device, to_ben: &Audience, body: &[u8]) -> Vec<Written> {
    let mut sent = Sent::open(ana, Path::Radio).unwrap();
    let mut written = Vec::new();
    for audience in [&Audience::Open, to_ben] {
        written.push(sent.write(audience, Precedence::Routine, &[item(body)]).unwrap());
        written.extend(sent.sign(audience, audience, Precedence::Routine).unwrap());
    }
    written
}

fn hear(ben: &Device, written: &[Written]) {
    let (mut received, _) = Received::open(ben).unwrap();
    for one in written {
        let taken = received.take(&one.envelope, None).unwrap();
        assert!(taken.is_ok(), "{:?}: {:?}", taken, one.content.messages);
    }
    received.told().unwrap();
}

#[test]
fn whatever_is_put_back_nothing_is_used_twice_once_it_is_repaired() {
    let (home, peer) = (Folder::new(), Folder::new());
    let (ana, ben) = (home.open(), peer.open());
    let to_ben = meet(&ana, &ben, "ben");
    let to_ana = meet(&ben, &ana, "ana");
    let mut law = Law::default();
    let mut copies = Vec::new();
    for turn in 0_u8..6 {
        copies.push(home.save(&format!("copy-{turn}")));
        let written = speak(&ana, &to_ben, &[turn]);
        assert!(written.iter().all(|one| law.holds(one)));
        hear(&ben, &written);
        if turn == 2 {
            // The session goes on in later epochs.
            let mut sent = Sent::open(&ben, Path::Radio).unwrap();
            let answer = sent.write(&to_ana, Precedence::Routine, &[item(b"so")]).unwrap();
            hear(&ana, &[answer]);
        }
    }

    // Without a repair the law is broken: it can be.
    home.put_back(&copies[4]);
    assert!(!speak(&home.open(), &to_ben, b"another").iter().all(|one| law.holds(one)));

    for (turn, copy) in copies.iter().enumerate() {
        home.put_back(copy);
        let before = home.open();
        assert!(before.refused_journals().unwrap().is_empty(), "a copy does not show");
        let epoch = before.repair().unwrap().epoch;
        assert!(epoch > 0);
        let ana = home.open();
        assert_ne!(ana.identity.card().prekey(), before.identity.card().prekey());
        assert!(ana.reintroduce().unwrap().is_empty());
        let written = speak(&ana, &to_ben, b"anew");
        assert!(written.iter().all(|one| law.holds(one)), "copy {turn}");
        hear(&ben, &written);
        // Ben answers in the session that was begun.
        let mut sent = Sent::open(&ben, Path::Radio).unwrap();
        let answer = sent.write(&to_ana, Precedence::Routine, &[item(b"I hear")]).unwrap();
        hear(&ana, &[answer]);
        // What was repaired may be put back to before its repair, and after it.
        home.save(&format!("repaired-{turn}"));
    }
    for turn in 0..copies.len() {
        home.put_back(&home.folder.path().join(format!("repaired-{turn}")));
        home.open().repair().unwrap();
        let written = speak(&home.open(), &to_ben, b"twice repaired");
        assert!(written.iter().all(|one| law.holds(one)), "repaired {turn}");
        hear(&ben, &written);
    }
}

/// Cuts the log of what was said behind so many records, as its page does not say.
fn cut(device: &Device, records: usize) {
    let path = device.journal("sent").path.join("log-0");
    let (log, _) = chappe_store::Log::open(&path, chappe_store::Options::default()).unwrap();
    let kept: Vec<Vec<u8>> = log.iter_from(0).take(records).map(|one| one.unwrap().1).collect();
    drop(log);
    std::fs::remove_dir_all(&path).unwrap();
    let (mut log, _) = chappe_store::Log::open(&path, chappe_store::Options::default()).unwrap();
    for record in kept {
        log.append(&record).unwrap();
    }
}

/// Says so much that what is missing at the end shows, and cuts it off.
fn cut_device(law: &mut Law, records: usize) -> Folder {
    let home = Folder::new();
    let ana = home.open();
    let mut sent = Sent::open(&ana, Path::Radio).unwrap();
    for body in 0_u8..70 {
        let written = sent.write(&Audience::Open, Precedence::Routine, &[item(&[body])]).unwrap();
        assert!(law.holds(&written));
    }
    drop(sent);
    cut(&ana, records);
    home
}

fn kind(failure: &Failure) -> String {
    failure.to_json()["error"]["kind"].as_str().unwrap().to_owned()
}

#[test]
fn a_journal_that_is_cut_stops_the_device_until_it_is_repaired() {
    for records in [0, 1, 30, 63] {
        let mut law = Law::default();
        let home = cut_device(&mut law, records);
        let ana = home.open();
        let refused = ana.refused_journals().unwrap();
        assert_eq!(refused.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["sent"]);
        assert_eq!(kind(&Sent::open(&ana, Path::Radio).err().unwrap()), "cut");
        let repair = ana.repair().unwrap();
        assert_eq!(repair.kept, records, "what can be read stays");
        let ana = home.open();
        assert!(ana.refused_journals().unwrap().is_empty());
        let mut sent = Sent::open(&ana, Path::Radio).unwrap();
        assert_eq!(sent.queued().len(), records, "and is still sent");
        let said = sent.write(&Audience::Open, Precedence::Routine, &[item(b"on")]).unwrap();
        assert!(law.holds(&said));
        // The next statement is over what was said since, and over nothing else.
        let signed = sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap();
        assert_eq!(signed.len(), 1);
        assert_eq!(said.content.messages[0].position.epoch, repair.epoch);
    }
}

#[test]
fn a_repair_that_is_torn_off_anywhere_is_made_again_and_repeats_nothing() {
    let mut law = Law::default();
    let home = cut_device(&mut law, 20);
    let copy = home.save("cut");
    let mut writes = 0;
    loop {
        home.put_back(&copy);
        let ana = home.open();
        let (repaired, lived) = fault::dying_at(writes, || ana.repair());
        assert_eq!(repaired.is_ok(), lived);
        let ana = home.open();
        // Either it still refuses to speak, or it is repaired: nothing lies between.
        if let Some(failure) = Sent::open(&ana, Path::Radio).err() {
            assert_eq!((kind(&failure), lived), ("cut".to_owned(), false), "write {writes}");
            ana.repair().unwrap();
        }
        let ana = home.open();
        let mut sent = Sent::open(&ana, Path::Radio).unwrap();
        for body in [b"one", b"two"] {
            let said = sent.write(&Audience::Open, Precedence::Routine, &[item(body)]).unwrap();
            assert!(law.holds(&said), "write {writes}");
        }
        if lived {
            break;
        }
        writes += 1;
    }
    assert!(writes >= 6, "identity, sessions, page: {writes}");
}

#[test]
fn pages_and_records_that_cannot_be_read_are_no_end() {
    for name in ["sent", "received", "uplink"] {
        for damage in ["page gone", "page noise", "log noise"] {
            let mut law = Law::default();
            let home = Folder::new();
            let ana = home.open();
            let mut sent = Sent::open(&ana, Path::Radio).unwrap();
            let said = sent.write(&Audience::Open, Precedence::Routine, &[item(b"a")]).unwrap();
            assert!(law.holds(&said));
            drop(sent);
            let (_, _) = Received::open(&ana).unwrap();
            let path = ana.journal(name).path;
            match damage {
                "page gone" => std::fs::remove_file(path.join("page")).unwrap(),
                "page noise" => std::fs::write(path.join("page"), [7; 1024]).unwrap(),
                _ => {
                    let mut journal = Journal::open::<Value>(&ana.journal(name)).unwrap().0;
                    (0..3).for_each(|n| journal.append(&serde_json::json!({"n": n})).unwrap());
                    drop(journal);
                    let mut files = std::fs::read_dir(path.join("log-0")).unwrap();
                    let log = files.find_map(|file| {
                        let path = file.unwrap().path();
                        (path.metadata().unwrap().len() > 100).then_some(path)
                    });
                    let log = log.unwrap();
                    let mut octets = std::fs::read(&log).unwrap();
                    octets[60] ^= 1;
                    std::fs::write(&log, octets).unwrap();
                }
            }
            let refused = ana.refused_journals().unwrap();
            let [(found, _)] = &refused[..] else { panic!("{name}, {damage}: {refused:?}") };
            assert_eq!(*found, name);
            ana.repair().unwrap();
            let ana = home.open();
            assert!(ana.refused_journals().unwrap().is_empty(), "{name}, {damage}");
            let mut sent = Sent::open(&ana, Path::Radio).unwrap();
            let said = sent.write(&Audience::Open, Precedence::Routine, &[item(b"b")]).unwrap();
            assert!(law.holds(&said), "{name}, {damage}");
        }
    }
}
