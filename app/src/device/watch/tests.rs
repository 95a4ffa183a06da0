//! What is watched for on a real disk: wherever a reader ends, it is told and not lost.

use super::*;
use crate::clock;
use crate::command::send::sealed_to;
use crate::device::journal::Journal;
use crate::device::retention::keep;
use crate::device::sent::{Audience, Path, Sent};
use crate::device::tests::device;
use chappe_codec::item::{Item, Reference};
use chappe_codec::precedence::Precedence;
use serde_json::{Value, json};

const ONE: RelayKey = [1; 32];
const TWO: RelayKey = [2; 32];
const HOMES: [RelayKey; 2] = [ONE, TWO];
const DAY: u64 = 24 * 3600;

/// Two who have heard each other: what ana says now are no first flights.
struct Pair {
    ana: Device,
    ben: Device,
    to_ben: Audience,
    _folders: [tempfile::TempDir; 2],
}

impl Pair {
    fn new() -> Self {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [ana, ben] = folders.each_ref().map(|folder| device(folder.path()));
        let to_ben = meet(&ana, &ben, "ben");
        let to_ana = meet(&ben, &ana, "ana");
        let pair = Self { ana, ben, to_ben, _folders: folders };
        let said = pair.say();
        Received::open(&pair.ben).unwrap().0.take(&said, None).unwrap().unwrap();
        let mut answers = Sent::open(&pair.ben, Path::Radio).unwrap();
        let answer = answers.write(&to_ana, Precedence::Routine, &[item()]).unwrap();
        Received::open(&pair.ana).unwrap().0.take(&answer.envelope, None).unwrap().unwrap();
        pair
    }

    /// What ana says next to ben.
    fn say(&self) -> Vec<u8> {
        let mut sent = Sent::open(&self.ana, Path::Radio).unwrap();
        sent.write(&self.to_ben, Precedence::Routine, &[item()]).unwrap().envelope
    }

    fn received(&self) -> Received<'_> {
        Received::open(&self.ben).unwrap().0
    }

    /// As one that ended leaves it.
    fn after(&self, received: Received<'_>) -> Received<'_> {
        drop(received);
        self.received()
    }
}

fn meet(one: &Device, other: &Device, name: &str) -> Audience {
    one.add_contact(name, other.identity.card()).unwrap();
    let card = other.identity.card().clone();
    sealed_to(&Contact { name: name.into(), card })
}

fn item() -> Item<'static> {
    let family = Family::from_code(0x70).unwrap();
    Item { family, revision: 0, reference: Reference::None, body: b"said" }
}

fn reading(read: &[RelayKey]) -> Reading<'_> {
    let now = clock::now_seconds();
    Reading { read, homes: &HOMES, began: now, noticed_by: now, now }
}

fn take(received: &mut Received<'_>, envelope: &[u8]) {
    received.take(envelope, None).unwrap().unwrap();
}

/// A whole reading: how many are told to be missing, and how many to have closed, by how.
fn read(received: &mut Received<'_>) -> (usize, Vec<(Closing, usize)>) {
    read_at(received, &HOMES)
}

/// The same where only these could be read.
fn read_at(received: &mut Received<'_>, homes: &[RelayKey]) -> (usize, Vec<(Closing, usize)>) {
    let reading = reading(homes);
    let closed = received.closed_gaps(&reading).unwrap();
    received.told_closed(reading.now).unwrap();
    let open = received.open_gaps(&reading).unwrap();
    received.has_read(&reading).unwrap();
    let count = |lacking: &Lacking| lacking.counters.len();
    let closed = closed.iter().map(|((_, how), lacking)| (*how, count(lacking))).collect();
    (open.values().map(count).sum(), closed)
}

#[test]
fn wherever_a_reader_ends_a_gap_is_told_and_its_end_once() {
    let pair = Pair::new();
    // Where it ends: behind taking what is behind the gap; behind writing that it is open, told or not;
    // behind the reading; behind taking what was missing; behind telling that; behind writing it down.
    for end in 0..6 {
        let [first, late, last] = [pair.say(), pair.say(), pair.say()];
        let mut received = pair.received();
        take(&mut received, &first);
        take(&mut received, &last);
        if end == 1 {
            assert_eq!(received.open_gaps(&reading(&HOMES)).unwrap().len(), 1);
        } else if end > 1 {
            assert_eq!(read(&mut received), (1, vec![]), "{end}");
        }
        received = pair.after(received);
        assert_eq!(read(&mut received), (1, vec![]), "told again, {end}");
        take(&mut received, &late);
        let told_before = match end {
            3 => 0,
            4 => {
                let closed = received.closed_gaps(&reading(&HOMES)).unwrap();
                closed.values().map(|lacking| lacking.counters.len()).sum()
            }
            _ => {
                assert_eq!(read(&mut received), (0, vec![(Closing::Arrived, 1)]), "{end}");
                1
            }
        };
        received = pair.after(received);
        let (open, closed) = read(&mut received);
        // Only what was told and not written down comes twice.
        let again = if end == 3 || end == 4 { vec![(Closing::Arrived, 1)] } else { vec![] };
        assert_eq!((open, closed), (0, again), "{end}");
        assert_eq!(told_before, usize::from(end != 3));
        assert_eq!(read(&mut pair.after(received)), (0, vec![]), "{end}");
    }
}

#[test]
fn what_may_have_expired_is_not_told() {
    let pair = Pair::new();
    let mut received = pair.received();
    assert_eq!(read(&mut received), (0, vec![]));
    let [_, behind] = [pair.say(), pair.say()];
    // Nine days later, which is longer than a parcel lives, nothing is known of what did not come.
    clock::tests::advance(9 * DAY);
    take(&mut received, &behind);
    assert!(received.has_gaps_to_tell());
    assert_eq!(read(&mut received), (0, vec![]));
    received = pair.after(received);
    assert_eq!(read(&mut received), (0, vec![]), "nor is it after a restart");
    // Six days later it is.
    let [_, behind] = [pair.say(), pair.say()];
    clock::tests::advance(6 * DAY);
    take(&mut received, &behind);
    assert_eq!(read(&mut received), (1, vec![]));
    // It could not be opened any more once its key is gone.
    clock::tests::advance(6 * DAY);
    assert_eq!(read(&mut received), (1, vec![]));
    clock::tests::advance(2 * DAY);
    received = pair.after(received);
    assert_eq!(read(&mut received), (0, vec![(Closing::GivenUp, 1)]));
    assert_eq!(read(&mut pair.after(received)), (0, vec![]));
}

#[test]
fn of_a_home_that_was_away_for_long_nothing_is_concluded() {
    let pair = Pair::new();
    let mut received = pair.received();
    read(&mut received);
    // Only one of two homes is read for eight days, each day.
    drop(pair.say());
    take(&mut received, &pair.say());
    for _ in 0..8 {
        clock::tests::advance(DAY);
        read_at(&mut received, &[ONE]);
    }
    let [_, behind] = [pair.say(), pair.say()];
    take(&mut received, &behind);
    assert_eq!(read_at(&mut received, &[ONE]).0, 1);
    assert_eq!(read(&mut received).1, [(Closing::GivenUp, 1)], "it may have lain there");
}

#[test]
fn a_new_home_is_one_that_was_read() {
    let watch = Watch { read: BTreeMap::from([(ONE, 5 * DAY)]), ..Watch::default() };
    let at = |now, read| {
        let reading = Reading { read, homes: &HOMES, began: now - 5, noticed_by: now, now };
        watch.blind_from(&reading, None)
    };
    assert_eq!(at(6 * DAY, &HOMES), None);
    assert_eq!(at(13 * DAY, &HOMES), Some(5 * DAY));
    assert_eq!(at(13 * DAY, &[TWO]), None, "nothing could go there before");
    assert_eq!(at(6 * DAY, &[[3; 32]]), Some(6 * DAY - 5), "one that a person named");
    // Before the first reading there is when it was made, if that is known.
    let never = Watch::default();
    let reading = Reading { read: &HOMES, homes: &HOMES, began: 0, noticed_by: 0, now: 9 * DAY };
    assert_eq!(never.blind_from(&reading, None), Some(0));
    assert_eq!(never.blind_from(&reading, Some(3 * DAY)), None, "it was made then");
}

/// At its first reading nobody knows since when a home that is away is one.
#[test]
fn of_a_home_that_was_never_read_nothing_is_concluded() {
    let pair = Pair::new();
    clock::tests::advance(10 * DAY);
    let mut received = pair.received();
    let [_, behind] = [pair.say(), pair.say()];
    take(&mut received, &behind);
    assert_eq!(read_at(&mut received, &[ONE]), (0, vec![]), "it was made long before");
    let [_, behind] = [pair.say(), pair.say()];
    take(&mut received, &behind);
    assert_eq!(read_at(&mut received, &[ONE]), (1, vec![]));
    assert_eq!(read(&mut received), (0, vec![(Closing::GivenUp, 1)]), "the other may have had it");
    let [_, behind] = [pair.say(), pair.say()];
    take(&mut received, &behind);
    assert_eq!(read(&mut received), (1, vec![]), "from now on both are known");
}

#[test]
fn a_flash_is_compared_after_a_restart() {
    let pair = Pair::new();
    let now = clock::now_seconds();
    let flash = || Flash {
        had: ONE,
        others: BTreeSet::from([TWO]),
        at: now,
        until: now + DAY,
        is_told: false,
    };
    let homes = BTreeSet::from(HOMES);
    let withheld = |received: &mut Received<'_>, read: &[RelayKey]| -> usize {
        let withheld = received.withheld(&homes, &|home, _| read.contains(home), now);
        for one in &withheld {
            received.told_withheld(&one.ids).unwrap();
        }
        withheld.iter().map(|one| one.ids.len()).sum()
    };
    let envelope = pair.say();
    let id = ParcelId(chappe_codec::digest::sha256(&envelope));
    // A crash between that record and the next: it is taken in once more, and compared once.
    pair.received().hear_flash(id, &flash()).unwrap();
    let mut received = pair.received();
    let taken = received.take_compared(&envelope, Some(Precedence::Flash), Some(&flash()));
    taken.unwrap().unwrap();
    drop(received);
    assert_eq!(withheld(&mut pair.received(), &[ONE]), 0, "the other is away");
    assert_eq!(withheld(&mut pair.received(), &HOMES), 1);
    assert_eq!(withheld(&mut pair.received(), &HOMES), 0, "told once");
    let mut received = pair.received();
    assert_eq!(received.had_flash(id, ONE), None);
    assert_eq!(received.had_flash(id, TWO), Some(true), "it is late");
    received.settle_flash(id).unwrap();
    assert_eq!(pair.after(received).had_flash(id, TWO), None, "once");
}

/// What an earlier release left of an erased text names no device; nothing follows from it.
#[test]
fn a_journal_of_an_earlier_release_opens() {
    let pair = Pair::new();
    drop(pair.say());
    let behind = pair.say();
    let place = pair.ben.journal("received");
    let (_, mut records): (_, Vec<Value>) = Journal::open(&place).unwrap();
    for record in &mut records {
        let content = &record["content"];
        *record = json!({
            "record": "erased", "fingerprint": content["envelope"], "author": content["author"],
            "chain": content["chain"], "sealed": true, "at": record["at"],
            "validity": content["validity"], "ids": [], "lasting": [],
        });
    }
    assert!(!records.is_empty());
    Journal::replace(&place, &records).unwrap();
    let mut received = pair.received();
    take(&mut received, &behind);
    assert_eq!(read(&mut received), (1, vec![]));
}

/// The records have the members that spec/13-storage.md names.
#[test]
fn records_are_as_the_specification_says() {
    let pair = Pair::new();
    let mut received = pair.received();
    drop((pair.say(), pair.say()));
    take(&mut received, &pair.say());
    read(&mut received);
    let now = clock::now_seconds();
    let flash = Flash { had: ONE, others: [TWO].into(), at: 5, until: now + 7, is_told: false };
    received.hear_flash(ParcelId([9; 32]), &flash).unwrap();
    received.told_withheld(&[ParcelId([9; 32])]).unwrap();
    received.settle_flash(ParcelId([9; 32])).unwrap();
    drop(received);
    let (_, records): (_, Vec<Value>) = Journal::open(&pair.ben.journal("received")).unwrap();
    let of = |name: &str| records.iter().filter(|one| one["record"] == name).collect::<Vec<_>>();
    let [one, two] = HOMES.map(|key| hex::encode(&key));
    let states: Vec<Value> = of("flash").into_iter().cloned().collect();
    let expected = ["heard", "told", "settled"].map(|state| {
        json!({
            "record": "flash", "parcel": hex::encode(&[9; 32]), "had": one, "others": [two],
            "at": 5, "until": now + 7, "state": state,
        })
    });
    assert_eq!(states, expected);
    let gaps = of("gaps")[0].clone();
    let since = gaps["open"][0]["since"].clone();
    let taken = of("taken")[0];
    assert_eq!(
        gaps,
        json!({
            "record": "gaps", "author": hex::encode(&pair.ana.identity.account().0),
            "device": pair.ana.identity.device(), "chain": taken["content"]["chain"],
            "at": gaps["at"], "next": 4,
            "open": [{"first": 1, "count": 2, "since": since, "ground": "followed", "told": true}],
            "homes": [one, two],
        })
    );
    let read: Vec<Value> = of("read").into_iter().map(|one| one["relay"].clone()).collect();
    assert_eq!((read, of("read")[0].as_object().unwrap().len()), (vec![one.into(), two.into()], 3));
    for (name, at) in [("next", json!(2)), ("open", json!([{}]))] {
        let mut wrong = gaps.clone();
        wrong[name] = at;
        wrong.as_object_mut().unwrap().remove("record");
        let kept: Result<KeptGaps, _> = serde_json::from_value(wrong);
        assert!(kept.is_err() || kept.unwrap().standing().is_err(), "{name}");
    }
}

#[test]
fn a_rewritten_journal_keeps_the_last_of_each() {
    let pair = Pair::new();
    pair.ben.set_retention(0).unwrap();
    let mut received = pair.received();
    drop(pair.say());
    take(&mut received, &pair.say());
    assert_eq!(read(&mut received), (1, vec![]));
    drop(pair.say());
    take(&mut received, &pair.say());
    assert_eq!(read(&mut received), (2, vec![]));
    let now = clock::now_seconds();
    let flash = Flash { had: ONE, others: [TWO].into(), at: now, until: now + DAY, is_told: false };
    for number in [1, 2] {
        received.hear_flash(ParcelId([number; 32]), &flash).unwrap();
    }
    received.settle_flash(ParcelId([1; 32])).unwrap();
    received.told().unwrap();
    drop(received);
    let records: Vec<Record> = Journal::open(&pair.ben.journal("received")).unwrap().1;
    let count = |records: &[Record]| {
        let count =
            |which: &dyn Fn(&Record) -> bool| records.iter().filter(|one| which(one)).count();
        [
            count(&|one| matches!(one, Record::Gaps(_))),
            count(&|one| matches!(one, Record::Flash(_))),
            count(&|one| matches!(one, Record::Read { .. })),
            count(&|one| matches!(one, Record::Taken { .. })),
        ]
    };
    assert_eq!(count(&records), [2, 3, 2, 3]);
    let kept = keep(&pair.ben, &records, now + 1).unwrap().unwrap();
    assert_eq!(count(&kept), [1, 1, 2, 0]);
    let later = keep(&pair.ben, &records, now + 2 * DAY).unwrap().unwrap();
    assert_eq!(count(&later), [1, 0, 2, 0], "what has expired is not compared");
    // It is the same device that opens it.
    clock::tests::advance(1);
    let mut received = pair.received();
    assert_eq!(read(&mut received), (2, vec![]));
    assert_eq!(received.had_flash(ParcelId([2; 32]), TWO), Some(false));
    assert_eq!(count(&received.journal.read::<Record>().unwrap()), [1, 1, 2, 0]);
}
