//! Prekeys over time, between two devices: with a clock that is moved on, and a process that dies at
//! each of its writes.

use super::*;
use crate::clock::tests::advance;
use crate::command::send::sealed_to;
use crate::device::contacts::{Added, CardChange};
use crate::device::received::{Received, Taken};
use crate::device::sealing::{Sealing, party_of};
use crate::device::sent::{Audience, Path, Sent, Written};
use crate::device::station::Arrival;
use crate::device::tests::device;
use crate::files::fault;
use crate::storage::SESSIONS;
use chappe_codec::envelope::OpenError;
use chappe_codec::identity::Change;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::limits::{
    ENVELOPE_OCTETS_MAX, PREKEY_RENEWAL_SECONDS, PREKEYS_MAX, REPLAY_CONTACT_MAX,
};
use chappe_codec::precedence::Precedence;
use chappe_codec::session::{Recipient, Sessions, Steps, Window};
use std::collections::BTreeSet;
use tempfile::TempDir;

const DAY: u64 = 86_400;
const OVER_A_RELAY: Path = Path::Relay { post_quantum: false };

struct Pair {
    ana: Device,
    ben: Device,
    _folders: (TempDir, TempDir),
}

/// Two who hold each other's cards.
fn pair() -> Pair {
    let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ana, ben) = (device(folders.0.path()), device(folders.1.path()));
    ana.add_contact("ben", ben.identity.card()).unwrap();
    ben.add_contact("ana", ana.identity.card()).unwrap();
    Pair { ana, ben, _folders: folders }
}

fn item(body: &[u8]) -> Item<'_> {
    let family = Family::from_code(0x70).unwrap();
    Item { family, revision: 0, reference: Reference::None, body }
}

fn say(from: &Device, to: &str, path: Path, body: &[u8]) -> Written {
    let audience = sealed_to(&from.contact(to).unwrap());
    Sent::open(from, path).unwrap().write(&audience, Precedence::Routine, &[item(body)]).unwrap()
}

fn hear(device: &Device, written: &Written) -> Result<Taken, OpenError> {
    let (mut received, _) = Received::open(device).unwrap();
    received.take(&written.envelope, None).unwrap()
}

/// What it said beside cards and the session's own, and what it changed.
fn heard(device: &Device, written: &Written) -> (Vec<Vec<u8>>, Vec<Change>) {
    let (mut bodies, mut changes) = (Vec::new(), Vec::new());
    for arrival in hear(device, written).unwrap().arrivals {
        match arrival {
            Arrival::Message(message) if message.family.code() == 0x70 => bodies.push(message.body),
            Arrival::Changed(changed) => changes.push(changed.change),
            _ => {}
        }
    }
    (bodies, changes)
}

fn carries_card(written: &Written) -> bool {
    written.content.messages.iter().any(|message| message.family == Family::CARD)
}

fn held(device: &Device, of: &str) -> [u8; 32] {
    *device.contact(of).unwrap().card.prekey()
}

fn present(device: &Device) -> [u8; 32] {
    read(&device.area).unwrap().prekeys.present()
}

/// A first flight to a card, from a device that has never spoken.
fn first_flight(to: &Card) -> (Device, Written, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let cleo = device(folder.path());
    cleo.add_contact("ben", to).unwrap();
    let written = say(&cleo, "ben", OVER_A_RELAY, b"first");
    (cleo, written, folder)
}

/// How many first flights the sealed file remembers.
fn remembered(device: &Device) -> u32 {
    let octets = device.area.read(SESSIONS).unwrap();
    u32::from_be_bytes(octets[1..5].try_into().unwrap())
}

#[test]
fn messages_flow_past_two_renewals_and_the_card_goes_along_once() {
    let Pair { ana, ben, _folders } = pair();
    let first = present(&ben);
    assert_eq!(heard(&ben, &say(&ana, "ben", OVER_A_RELAY, b"one")).0, [b"one"]);
    let answer = say(&ben, "ana", OVER_A_RELAY, b"two");
    assert!(!carries_card(&answer), "the card they have is the present one");
    assert_eq!(heard(&ana, &answer).0, [b"two"]);

    let mut before = first;
    for round in 1..=2_u8 {
        advance(PREKEY_RENEWAL_SECONDS + DAY);
        // Over radio it does not fit, so it waits for a relay.
        let by_radio = say(&ben, "ana", Path::Radio, b"short");
        assert!(!carries_card(&by_radio), "round {round}");
        assert_ne!(present(&ben), before, "round {round}");
        assert_eq!(heard(&ana, &by_radio).0, [b"short"]);
        assert_eq!(held(&ana, "ben"), before);

        let with_card = say(&ben, "ana", OVER_A_RELAY, b"news");
        assert!(carries_card(&with_card), "round {round}");
        let (bodies, changes) = heard(&ana, &with_card);
        assert_eq!(bodies, [b"news"]);
        assert!(matches!(changes[..], [Change::NewCard { .. }]), "quiet, and logged: {changes:?}");
        assert_eq!(held(&ana, "ben"), present(&ben));
        // It is not told again, in the same session or after a restart.
        assert!(!carries_card(&say(&ben, "ana", OVER_A_RELAY, b"more")));
        before = present(&ben);

        assert_eq!(heard(&ben, &say(&ana, "ben", OVER_A_RELAY, b"answer")).0, [b"answer"]);
    }
    assert_eq!(read(&ben.area).unwrap().prekeys.count(), PREKEYS_MAX);
    assert_eq!(read(&ben.area).unwrap().prekeys.public()[2].0, first, "kept for late flights");
}

#[test]
fn a_late_flight_to_a_former_prekey_opens_and_one_to_a_destroyed_prekey_is_silence() {
    let Pair { ben, _folders, .. } = pair();
    let card = ben.identity.card().clone();
    let (cleo, late, _folder) = first_flight(&card);
    let (dan, too_late, _other) = first_flight(&card);
    ben.add_contact("cleo", cleo.identity.card()).unwrap();
    ben.add_contact("dan", dan.identity.card()).unwrap();
    for _ in 0..2 {
        advance(PREKEY_RENEWAL_SECONDS + DAY);
        ben.current_card().unwrap();
    }
    assert_eq!(heard(&ben, &late).0, [b"first"]);
    assert_eq!(remembered(&ben), 1);
    assert_eq!(hear(&ben, &late), Err(OpenError::Replay));

    advance(PREKEY_RENEWAL_SECONDS + DAY);
    let before = ben.area.read(SESSIONS).unwrap();
    assert_eq!(hear(&ben, &too_late), Err(OpenError::UnknownHint));
    assert_eq!(hear(&ben, &late), Err(OpenError::Replay), "its hash is known for ever");
    assert_eq!(ben.area.read(SESSIONS).unwrap(), before, "a refusal leaves no trace");
    assert_eq!(read(&ben.area).unwrap().prekeys.count(), PREKEYS_MAX);
    // The memory goes when the file is next replaced, the session stays.
    Sealing::open(&ben).unwrap().keep().unwrap();
    assert_eq!(remembered(&ben), 0);
    assert!(Sealing::open(&ben).unwrap().has_session(cleo.identity.card()));
}

/// First flights of one contact, each of a session of its own.
fn flights(from: &Device, to: &Card, count: usize) -> Vec<Vec<u8>> {
    let (keys, me) = (from.identity.keys(), party_of(from.identity.card()));
    let recipient = Recipient { party: party_of(to), prekey: *to.prekey(), knows_us: true };
    let mut fresh = |out: &mut [u8]| random::fill(out).unwrap();
    let mut flight = || {
        let mut sessions = Sessions::new(from.realm, me, Window::STATION);
        sessions.admit(keys, &recipient.party, None).unwrap();
        let steps = Steps::default();
        let reserved = sessions.reserve(keys, &recipient, 1, steps, None, &mut fresh).unwrap();
        let snapshot = sessions.snapshot(reserved.session).unwrap();
        sessions.stored(snapshot);
        sessions.seal(&recipient, &[item(b"x")], ENVELOPE_OCTETS_MAX).unwrap().envelope
    };
    (0..count).map(|_| flight()).collect()
}

#[test]
fn a_prekey_whose_memory_is_half_full_is_replaced_once() {
    let Pair { ben, _folders, .. } = pair();
    let card = ben.identity.card().clone();
    let (cleo, _, _folder) = first_flight(&card);
    ben.add_contact("cleo", cleo.identity.card()).unwrap();
    let half = REPLAY_CONTACT_MAX / 2;
    let flights = flights(&cleo, &card, half + 1);
    let open = |flights: &[Vec<u8>]| {
        let mut sealing = Sealing::open(&ben).unwrap();
        for flight in flights {
            sealing.unseal(flight).unwrap();
        }
        sealing.keep().unwrap();
        read(&ben.area).unwrap().prekeys.count()
    };
    assert_eq!(open(&flights[..half - 1]), 1);
    assert_eq!(open(&flights[half - 1..half]), 2);
    assert_ne!(present(&ben), *card.prekey());
    // The memory of a former one replaces nothing: an old card drives out no prekey.
    assert_eq!(open(&flights[half..]), 2);
    assert_eq!(usize::try_from(remembered(&ben)).unwrap(), half + 1);
}

#[test]
fn a_destroyed_seed_is_nowhere_in_its_file() {
    let Pair { ben, _folders, .. } = pair();
    let pages = |device: &Device| {
        let files = copy_of(&device.folder).into_iter();
        files.filter(|(path, _)| path.ends_with("prekeys")).collect::<Vec<_>>()
    };
    let before = pages(&ben);
    let (_, kept) = ben.renew_prekey(Former::Destroyed).unwrap();
    assert_eq!(kept, 1);
    let after = pages(&ben);
    let parts = |octets: &[u8]| octets.chunks(16).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
    let changed: Vec<bool> = before
        .iter()
        .zip(&after)
        .filter(|(old, new)| old != new)
        .map(|(old, new)| parts(&old.1).is_disjoint(&parts(&new.1)))
        .collect();
    assert_eq!((before.len(), &changed[..]), (4, &[true][..]), "both places were overwritten");
}

#[test]
fn a_crash_leaves_no_prekey_without_its_memory() {
    // With three prekeys, and a flight remembered for the oldest and for the present one.
    let Pair { ana, ben, _folders } = pair();
    hear(&ben, &say(&ana, "ben", OVER_A_RELAY, b"to the first")).unwrap();
    ben.renew_prekey(Former::Kept).unwrap();
    let (card, _) = ben.renew_prekey(Former::Kept).unwrap();
    let (cleo, flight, _folder) = first_flight(&card);
    ben.add_contact("cleo", cleo.identity.card()).unwrap();
    hear(&ben, &flight).unwrap();
    assert_eq!(remembered(&ben), 2);

    let area = ben.folder.clone();
    let before = copy_of(&area);
    for former in [Former::Kept, Former::Destroyed] {
        for count in 0.. {
            put_back(&area, &before);
            let prekeys = read(&ben.area).unwrap().prekeys.public();
            let (_, lived) = fault::dying_at(count, || ben.renew_prekey(former).is_ok());
            let left = read(&ben.area).unwrap().prekeys.public();
            let memory = remembered(&ben);
            let has = |at: usize| left.iter().any(|(key, _)| *key == prekeys[at].0);
            // Each of the two that are remembered is there with its memory, or is not there.
            let owed = u32::from(has(0)) + u32::from(has(2));
            assert!(memory >= owed, "{former:?}, write {count}: {memory} of {owed}");
            if lived {
                assert_eq!(memory, owed, "{former:?}: what is not needed is gone");
                break;
            }
            // Whatever was left, the next one goes on with it, and nothing begins twice.
            let (mut received, _) = Received::open(&ben).unwrap();
            assert_eq!(received.take(&flight.envelope, None).unwrap(), Err(OpenError::Replay));
            drop(received);
            ben.renew_prekey(former).unwrap();
        }
    }
}

fn copy_of(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.clone(), std::fs::read(&path).unwrap()));
            }
        }
    }
    files
}

fn put_back(folder: &std::path::Path, files: &[(std::path::PathBuf, Vec<u8>)]) {
    for (path, octets) in copy_of(folder) {
        if !files.iter().any(|(known, _)| *known == path) {
            std::fs::remove_file(path).unwrap();
        } else if files.iter().any(|(known, old)| *known == path && *old != octets) {
            let old = files.iter().find(|(known, _)| *known == path).unwrap();
            std::fs::write(&path, &old.1).unwrap();
        }
    }
}

fn took(device: &Device, card: &Card) -> Vec<Change> {
    let changes = device.take_card(&card.to_bytes()).unwrap_or_default();
    changes.into_iter().map(|(change, _): CardChange| change).collect()
}

#[test]
fn a_card_that_comes_changes_its_own_contact_and_only_forward() {
    let Pair { ana, ben, _folders } = pair();
    let old = ben.identity.card().clone();
    let (middle, _) = ben.renew_prekey(Former::Kept).unwrap();
    let (new, _) = ben.renew_prekey(Former::Kept).unwrap();
    assert!(matches!(took(&ana, &new)[..], [Change::NewCard { .. }]));
    for replayed in [&old, &middle, &new] {
        assert_eq!(took(&ana, replayed), []);
        assert_eq!(held(&ana, "ben"), *new.prekey());
    }
    // By hand it is the same: forward, or refused by name.
    assert_eq!(ana.add_contact("ben", &new).unwrap(), Added::Unchanged);
    let refusal = ana.add_contact("ben", &middle).err().unwrap();
    assert_eq!(refusal.to_json()["error"]["kind"], "old card");
    let (newest, _) = ben.renew_prekey(Former::Kept).unwrap();
    assert_eq!(ana.add_contact("ben", &newest).unwrap(), Added::Renewed);

    // One that was forged, and one of somebody who is no contact.
    let mut forged = ben.renew_prekey(Former::Kept).unwrap().0.to_bytes();
    let at = forged.len() - 100;
    forged[at] ^= 1;
    assert!(ana.take_card(&forged).is_err());
    let (cleo, _, _folder) = first_flight(&newest);
    let refusal = ana.take_card(&cleo.identity.card().to_bytes()).err().unwrap();
    assert_eq!(refusal.to_json()["error"]["kind"], "unknown_account");
    assert_eq!(held(&ana, "ben"), *newest.prekey());
    assert_eq!(ana.contacts().unwrap().len(), 1);
}

#[test]
fn other_keys_are_told_and_not_taken() {
    let Pair { ana, ben, _folders } = pair();
    let root = ben.root_key().unwrap();
    // The same device number under other keys: a thief with the root, or a new handset.
    let (other, _, _folder) = first_flight(ben.identity.card());
    let certificate = chappe_codec::identity::Certificate {
        account: ben.identity.card().account(),
        issue: 2,
        ..*other.identity.card().certificate()
    };
    let one_key = chappe_codec::identity::Root::of_key(&root.public());
    let mut draft = chappe_codec::identity::Draft::new(certificate, one_key).unwrap();
    draft.sign(&root, ben.realm).unwrap();
    let changed = other.identity.certified_by(draft.finish().unwrap(), ben.realm).unwrap();
    let before = held(&ana, "ben");
    let changes = took(&ana, changed.card());
    assert!(
        matches!(&changes[..], [Change::Reissued { old, new, .. }] if new.has_other_keys(old)),
        "{changes:?}"
    );
    assert_eq!(held(&ana, "ben"), before);
    assert_eq!(took(&ana, changed.card()), [], "told once, known from then on");
    // What the old keys say about themselves counts no more.
    let (renewed, _) = ben.renew_prekey(Former::Kept).unwrap();
    assert_eq!(took(&ana, &renewed), []);
    assert_eq!(held(&ana, "ben"), before);
}

#[test]
fn a_card_goes_only_where_there_is_a_session_and_room() {
    let Pair { ana, ben, _folders } = pair();
    ben.renew_prekey(Former::Kept).unwrap();
    assert!(!carries_card(&say(&ben, "ana", OVER_A_RELAY, b"a first flight")));
    let body = vec![7; 4000];
    let audience = sealed_to(&ben.contact("ana").unwrap());
    let mut sent = Sent::open(&ben, OVER_A_RELAY).unwrap();
    let full: Vec<Item<'_>> = (0..4).map(|_| item(&body)).collect();
    let written = sent.write(&audience, Precedence::Routine, &full).unwrap();
    assert!(!carries_card(&written) && written.envelope.len() <= ENVELOPE_OCTETS_MAX);
    let open = sent.write(&Audience::Open, Precedence::Routine, &[item(b"to all")]).unwrap();
    assert!(!carries_card(&open));
    drop(sent);
    let next = say(&ben, "ana", OVER_A_RELAY, b"with room");
    assert!(carries_card(&next));
    assert_eq!(heard(&ana, &next).0, [b"with room"]);
    assert_eq!(held(&ana, "ben"), present(&ben));
}

#[test]
fn an_old_card_is_told_in_plain_words() {
    let Pair { ana, ben, _folders } = pair();
    let card = ben.identity.card();
    let expiry = card.prekey_expiry();
    assert_eq!(advice("ben", card, Some(expiry)), None);
    assert_eq!(advice("ben", card, None), None, "without a clock nobody knows");
    let told = advice("ben", card, Some(expiry + 1)).unwrap();
    assert!(told.contains("perhaps") && told.contains("chappe contact add ben"), "{told}");
    let gone = expiry + PREKEY_AFTER_EXPIRY_SECONDS + 1;
    assert!(advice("ben", card, Some(gone)).unwrap().contains("hardly"));
    // It goes all the same: the clock may be wrong.
    advance(200 * DAY);
    let written = say(&ana, "ben", OVER_A_RELAY, b"are you there?");
    // And he who looked at nothing for so long still has it, until he has another.
    assert_eq!(hear(&ben, &written), Err(OpenError::UnknownHint));
}
