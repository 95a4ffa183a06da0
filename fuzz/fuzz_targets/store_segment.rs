#![no_main]

use chappe_store::{
    Directory, FolderOptions, FolderStore, Group, Log, OnCorruption, Options, ReadRequest, Store,
    StoreEvent,
};
use std::fs;
use std::sync::mpsc::channel;

// A folder whose one segment is arbitrary octets, or what a store wrote and then damaged. Neither is
// a reason to stop, and what is told is what is read.
libfuzzer_sys::fuzz_target!(|input: (bool, u8, u16, Vec<u8>)| {
    let (is_ours, records, at, octets) = input;
    let folder = std::env::temp_dir().join(format!("chappe-fuzz-segment-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let options = FolderOptions {
        segment_octets: 4096,
        scrub_octets_per_second: 0,
        ..FolderOptions::default()
    };
    if is_ours {
        let (sender, events) = channel();
        let sink = Box::new(move |event| sender.send(event).unwrap_or_default());
        let mut store = FolderStore::open(&folder, options, sink).unwrap();
        let mut group = Group::default();
        for record in 0..=records {
            group.records.push_with(|out| out.extend(std::iter::repeat_n(record, 30)));
        }
        store.append(group);
        drop(store);
        assert!(events.iter().any(|event| matches!(event, StoreEvent::Appended { .. })));
        let file = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|ending| ending == "store"))
            .unwrap();
        let mut whole = fs::read(&file).unwrap();
        let at = usize::from(at) % whole.len();
        for (to, from) in whole[at..].iter_mut().zip(&octets) {
            *to ^= *from;
        }
        fs::write(file, whole).unwrap();
    } else {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("0000000000000000-0000000000000007.store"), &octets).unwrap();
        fs::write(folder.join("0000000000000000-0000000000000007.segment"), &octets).unwrap();
        let contain = Options { on_corruption: OnCorruption::Contain, ..Options::default() };
        if let Ok((log, _)) = Log::open(&folder, contain) {
            assert!(log.iter_from(0).flatten().count() <= octets.len());
        }
    }

    let (sender, events) = channel();
    let sink = Box::new(move |event| sender.send(event).unwrap_or_default());
    let storage = Directory::new(&folder).unwrap();
    let Ok(mut store) = FolderStore::open_on(storage, options, sink) else { return };
    let mut told = Vec::new();
    let recovery = loop {
        match events.recv().unwrap() {
            StoreEvent::Recovered(found) => told.extend(found.sequences),
            StoreEvent::RecoveryEnded(recovery) => break recovery,
            _ => {}
        }
    };
    assert!(told.iter().all(|sequence| recovery.sequences.contains(sequence)));
    store.read(ReadRequest { number: 1, sequences: told.clone() });
    drop(store);
    let read = events.iter().find_map(|event| match event {
        StoreEvent::Read { records, .. } => Some(records.unwrap().sequences),
        _ => None,
    });
    assert_eq!(read.unwrap(), told);
    let _ = fs::remove_dir_all(&folder);
});
