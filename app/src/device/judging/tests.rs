//! What a device finds of what it receives, and finds again after a restart, in real folders.

use crate::clock;
use crate::command::send::sealed_to;
use crate::device::contacts::Contact;
use crate::device::inquiries::Inquiries;
use crate::device::received::{Received, Taken};
use crate::device::sent::{Audience, Path, Sent};
use crate::device::station::{Arrival, Retimed};
use crate::device::tests::device;
use crate::device::{Device, DeviceArguments};
use crate::passphrase::PassphraseArguments;
use crate::request::Request as RootRequest;
use crate::storage::ReceiptKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chappe_codec::chain::ChainId;
use chappe_codec::envelope::OpenError;
use chappe_codec::identity::{Carried, Limit, NEVER, Permissions};
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::precedence::Precedence;
use chappe_codec::statement::{Claim, Evidence, Request};
use chappe_codec::time::TimeInterval;

const DAY: u64 = 86_400;

fn item(body: &[u8]) -> Item<'_> {
    let family = Family::from_code(0x70).unwrap();
    Item { family, revision: 0, reference: Reference::None, body }
}

/// Two devices with their folders.
struct Pair {
    folders: [tempfile::TempDir; 2],
    ana: Device,
    ben: Device,
}

impl Pair {
    /// Ana's device is permitted this; each is a contact of the other.
    fn new(permissions: Permissions) -> Self {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let (ana, ben) = (device(folders[0].path()), device(folders[1].path()));
        let certificate = certificate(&ana, permissions);
        let Carried::Certificate(endorsement) = certificate else { panic!() };
        ana.install(endorsement).unwrap();
        let ana = open(folders[0].path());
        ana.add_contact("ben", ben.identity.card()).unwrap();
        ben.add_contact("ana", ana.identity.card()).unwrap();
        Self { folders, ana, ben }
    }

    fn to_ben(&self) -> Audience {
        let card = self.ben.identity.card().clone();
        sealed_to(&Contact { name: "ben".into(), card })
    }

    /// Ana says this with this precedence, and Ben takes it.
    fn say(&self, received: &mut Received<'_>, precedence: Precedence) -> Taken {
        let mut sent = Sent::open(&self.ana, Path::Radio).unwrap();
        let written = sent.write(&self.to_ben(), precedence, &[item(b"x")]).unwrap();
        received.take(&written.envelope, Some(precedence)).unwrap().unwrap()
    }

    /// Ana signs what she said to Ben.
    fn sign(&self) -> Vec<u8> {
        let mut sent = Sent::open(&self.ana, Path::Radio).unwrap();
        let to_ben = self.to_ben();
        sent.sign(&to_ben, &to_ben, Precedence::Routine).unwrap().remove(0).envelope
    }

    /// Ana says that she signed one message at this time.
    fn sign_at(&self, taken: &Taken, time: TimeInterval) -> Vec<u8> {
        let message = &taken.content.messages[0];
        let signer = self.ana.identity.signer();
        let (account, counter) = (signer.account.id(), message.position.counter);
        let ids = [message.id.unwrap()];
        let claim =
            Claim::over(account, signer.device, message.chain, counter, &ids, [0; 32], time);
        let keys = self.ana.identity.signing_key();
        let statement = claim.unwrap().sign(keys, self.ana.realm).unwrap();
        let body = Evidence { statement, salt: None }.to_bytes();
        let mut sent = Sent::open(&self.ana, Path::Radio).unwrap();
        let items = [crate::said::statement_item(&body)];
        sent.write(&self.to_ben(), Precedence::Routine, &items).unwrap().envelope
    }

    fn revoke(&self) {
        let revocation = self.ana.presigned_revocation().unwrap();
        assert!(!self.ben.take_endorsement(&revocation).unwrap().is_empty());
    }
}

fn open(folder: &std::path::Path) -> Device {
    let arguments = DeviceArguments {
        home: folder.join("device"),
        passphrase: PassphraseArguments::from_file_at(folder.join("passphrase")),
    };
    Device::open(&arguments).unwrap()
}

/// The next certificate of a device, by the root it still has.
fn certificate(device: &Device, permissions: Permissions) -> Carried {
    let RootRequest::Certificate(mut draft) =
        device.request(None, None, None, permissions).unwrap()
    else {
        panic!()
    };
    draft.sign(&device.root_key().unwrap(), device.realm).unwrap();
    Carried::Certificate(draft.finish().unwrap())
}

/// The limits of every message, in the order in which they are told.
fn limits(arrivals: &[Arrival]) -> Vec<Vec<Limit>> {
    let messages = arrivals.iter().filter_map(|arrival| match arrival {
        Arrival::Message(message) => Some(message.not_permitted.clone()),
        _ => None,
    });
    messages.collect()
}

fn retimed(arrivals: &[Arrival]) -> Vec<Retimed> {
    let found = arrivals.iter().filter_map(|arrival| match arrival {
        Arrival::Retimed(retimed) => Some((**retimed).clone()),
        _ => None,
    });
    found.collect()
}

fn signed(arrivals: &[Arrival]) -> usize {
    arrivals.iter().filter(|arrival| matches!(arrival, Arrival::Signed(_))).count()
}

#[test]
fn what_was_not_permitted_is_not_permitted_after_every_restart() {
    let pair = Pair::new(Permissions { precedence: Precedence::Priority, ..Permissions::ALL });
    let told = vec![vec![], vec![Limit::Precedence], vec![]];
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    let mut now = Vec::new();
    for precedence in [Precedence::Priority, Precedence::Flash, Precedence::Routine] {
        now.extend(limits(&pair.say(&mut received, precedence).arrivals));
        drop(received);
        let known;
        (received, known) = Received::open(&pair.ben).unwrap();
        assert_eq!(limits(&known.into_arrivals()), now, "as it was told");
    }
    assert_eq!(now, told);
    received.told().unwrap();
    drop(received);

    // A certificate that permits all comes later, and changes nothing of what was said before.
    let wider = certificate(&pair.ana, Permissions::ALL);
    assert!(!pair.ben.take_endorsement(&wider).unwrap().is_empty());
    let (mut received, known) = Received::open(&pair.ben).unwrap();
    assert!(known.untold.is_empty());
    assert_eq!(limits(&known.told), told);
    let after = pair.say(&mut received, Precedence::Flash);
    assert_eq!(limits(&after.arrivals), [vec![]], "what is said from now on is permitted");
}

/// What Ben finds of one message: as it comes, once its author says that it signed at `time`, and the
/// same after a restart.
fn found(permissions: Permissions, time: Option<TimeInterval>) -> (Vec<Limit>, Vec<Retimed>) {
    let pair = Pair::new(permissions);
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    let taken = pair.say(&mut received, Precedence::Routine);
    let first = limits(&taken.arrivals).remove(0);
    let Some(time) = time else { return (first, Vec::new()) };
    let statement = pair.sign_at(&taken, time);
    let now = received.take(&statement, None).unwrap().unwrap().arrivals;
    assert_eq!(signed(&now), 1);
    // Restarted before it was told, after, and once the texts are gone.
    for step in 0..3 {
        drop(received);
        let known;
        (received, known) = Received::open(&pair.ben).unwrap();
        let known = known.into_arrivals();
        assert_eq!((signed(&known), retimed(&known)), (1, retimed(&now)), "restart {step}");
        received.told().unwrap();
        pair.ben.set_retention(0).unwrap();
    }
    drop((received, pair.folders));
    (first, retimed(&now))
}

#[test]
fn a_message_is_permitted_up_to_the_certificates_expiry_and_no_longer() {
    let now = clock::now_seconds();
    let until = |expiry| Permissions { expiry, ..Permissions::ALL };
    assert_eq!(found(until(now + 3600), None).0, []);
    assert_eq!(found(until(NEVER), None).0, []);
    assert_eq!(found(until(now - 3600), None).0, [Limit::Time]);
    let from = |not_before| Permissions { not_before, ..Permissions::ALL };
    assert_eq!(found(from(now - 3600), None).0, []);
    assert_eq!(found(from(now + 3600), None).0, [Limit::Time]);

    // Under way for a day: its author says that it is from before the expiry, to the second.
    let expiry = now - DAY;
    let (first, then) = found(until(expiry), Some(TimeInterval::new(expiry, 0)));
    assert_eq!(first, [Limit::Time]);
    assert_eq!(then.len(), 1);
    assert!(!then[0].is_outside && !then[0].clocks_disagree);
    // A second after it nothing is new.
    assert_eq!(found(until(expiry), Some(TimeInterval::new(expiry + 1, 0))).1, []);
}

#[test]
fn clocks_that_disagree_are_told_and_the_time_of_receipt_counts() {
    let now = clock::now_seconds();
    let expiry = now - DAY;
    let permissions = Permissions { expiry, ..Permissions::ALL };
    let (first, then) = found(permissions, Some(TimeInterval::new(now - 31 * DAY, 0)));
    assert_eq!(first, [Limit::Time]);
    assert_eq!(then.len(), 1);
    assert!(then[0].is_outside && then[0].clocks_disagree);
    // An author whose clock is ahead.
    let permissions = Permissions { expiry: now + DAY, ..Permissions::ALL };
    let (first, then) = found(permissions, Some(TimeInterval::new(now + 2 * DAY, 0)));
    assert_eq!(first, []);
    assert_eq!(then.len(), 1);
    assert!(!then[0].is_outside && then[0].clocks_disagree);
}

/// A receipt of the vectors whose leaf has another log time. This device verifies receipts before it
/// keeps them.
fn receipt_of(log_time: u64) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/anchor/receipt.json");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let vector = &file["vectors"][0];
    let leaf = crate::hex::decode("a leaf", vector["out"]["leaf"].as_str().unwrap()).unwrap();
    let mut earlier = leaf.clone();
    earlier[68..73].copy_from_slice(&log_time.to_be_bytes()[3..]);
    let [before, after] = [leaf, earlier].map(|octets| STANDARD.encode(octets));
    let text = vector["in"]["text"].as_str().unwrap();
    assert!(text.contains(&before));
    text.replace(&before, &after)
}

/// Its author has no clock, and the ledger had it when the certificate held.
#[test]
fn an_anchored_time_counts_before_the_readers() {
    let log_time = clock::now_seconds() - 40 * DAY;
    let pair = Pair::new(Permissions { expiry: log_time, ..Permissions::ALL });
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    let taken = pair.say(&mut received, Precedence::Routine);
    assert_eq!(limits(&taken.arrivals), [[Limit::Time]]);
    let statement = pair.sign_at(&taken, TimeInterval::UNKNOWN);
    let arrivals = received.take(&statement, None).unwrap().unwrap().arrivals;
    assert_eq!(retimed(&arrivals), []);
    let signed = arrivals.iter().find_map(|arrival| match arrival {
        Arrival::Signed(signed) => Some(signed.clone()),
        _ => None,
    });
    let signed = signed.unwrap();
    assert_eq!(received.station.anchored(&signed).unwrap(), [], "not yet");
    let hash = signed.evidence.statement.hash();
    let receipt = receipt_of(log_time);
    pair.ben.area.write_receipt(ReceiptKind::Receipt, &hash, receipt.as_bytes()).unwrap();
    let now = retimed(&received.station.anchored(&signed).unwrap());
    assert_eq!(now.iter().map(|one| one.is_outside).collect::<Vec<_>>(), [false]);
    drop(received);
    let (_, known) = Received::open(&pair.ben).unwrap();
    assert_eq!(retimed(&known.into_arrivals()), now, "the same after a restart");
}

#[test]
fn what_was_signed_before_a_revocation_stays_signed() {
    let pair = Pair::new(Permissions::ALL);
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    pair.say(&mut received, Precedence::Routine);
    let statement = pair.sign();
    let now = received.take(&statement, None).unwrap().unwrap().arrivals;
    assert_eq!(signed(&now), 1);
    received.told().unwrap();
    let mut open_chain = Sent::open(&pair.ana, Path::Radio).unwrap();
    let audience = Audience::Open;
    let said = open_chain.write(&audience, Precedence::Routine, &[item(b"open")]).unwrap();
    received.take(&said.envelope, None).unwrap().unwrap();
    received.told().unwrap();
    drop(received);

    pair.revoke();
    // Texts there, and gone.
    for _ in 0..2 {
        let (received, known) = Received::open(&pair.ben).unwrap();
        assert_eq!(signed(&known.told), 1, "it is still to be anchored");
        drop(received);
        pair.ben.set_retention(0).unwrap();
    }
    // What comes later signs nothing, also where it is over what came before.
    let later = open_chain.sign(&audience, &audience, Precedence::Routine).unwrap().remove(0);
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    assert_eq!(received.take(&later.envelope, None).unwrap(), Err(OpenError::Revoked));
    let ana = (*pair.ana.identity.account(), pair.ana.identity.device());
    assert_eq!(received.revoked_author(&later.envelope).unwrap(), Some(ana));
}

#[test]
fn a_revoked_device_that_goes_on_with_its_first_flights_is_named() {
    let pair = Pair::new(Permissions::ALL);
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    pair.say(&mut received, Precedence::Routine);
    pair.revoke();
    let mut sent = Sent::open(&pair.ana, Path::Radio).unwrap();
    let next = sent.write(&pair.to_ben(), Precedence::Routine, &[item(b"again")]).unwrap();
    drop(received);
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    assert_eq!(received.take(&next.envelope, None).unwrap(), Err(OpenError::Revoked));
    let ana = (*pair.ana.identity.account(), pair.ana.identity.device());
    assert_eq!(received.revoked_author(&next.envelope).unwrap(), Some(ana));
    // Of somebody else's envelope nothing is said.
    let mut other = next.envelope.clone();
    other[4] ^= 1;
    assert_eq!(received.revoked_author(&other).unwrap(), None);
}

/// Ana says so many messages to Ben and signs them; he gets those of these counters and the statement.
fn lost(pair: &Pair, count: usize, kept: &[usize]) {
    let mut sent = Sent::open(&pair.ana, Path::Radio).unwrap();
    let (mut received, _) = Received::open(&pair.ben).unwrap();
    for number in 0..count {
        let items = [item(b"one of many")];
        let written = sent.write(&Audience::Open, Precedence::Routine, &items).unwrap();
        if kept.contains(&number) {
            received.take(&written.envelope, None).unwrap().unwrap();
        }
    }
    let audience = Audience::Open;
    let statement = sent.sign(&audience, &audience, Precedence::Routine).unwrap().remove(0);
    let arrivals = received.take(&statement.envelope, None).unwrap().unwrap().arrivals;
    assert_eq!(signed(&arrivals), 0, "it waits for what was lost");
}

/// One device asks or answers: every envelope it writes.
fn corresponds(device: &Device, inquiries: &mut Inquiries, path: Path, now: u64) -> Vec<Vec<u8>> {
    let (mut received, _) = Received::open(device).unwrap();
    let mut sent = Sent::open(device, path).unwrap();
    assert!(!inquiries.is_idle(&received, now));
    let written = inquiries.write(device, &mut received, &mut sent, now).unwrap();
    written.into_iter().map(|(_, written)| written.envelope).collect()
}

/// One device takes envelopes in, after a restart.
fn hears(device: &Device, inquiries: &mut Inquiries, envelopes: &[Vec<u8>]) -> Vec<Arrival> {
    let (mut received, _) = Received::open(device).unwrap();
    let mut all = Vec::new();
    for envelope in envelopes {
        let taken = received.take(envelope, None).unwrap().unwrap();
        inquiries.heard(&taken.arrivals);
        all.extend(taken.arrivals);
    }
    received.told().unwrap();
    all
}

#[test]
fn the_ids_of_what_was_lost_are_asked_for_and_sign_the_rest() {
    for (path, answers) in [(Path::Radio, 2), (Path::Relay { post_quantum: false }, 1)] {
        let pair = Pair::new(Permissions::ALL);
        lost(&pair, 9, &[0, 7]);
        let now = clock::now_seconds();
        let (received, _) = Received::open(&pair.ben).unwrap();
        assert!(received.wanted(now + 58).is_empty(), "it may still be under way");
        drop(received);

        let (mut of_ana, mut of_ben) = (Inquiries::default(), Inquiries::default());
        let asked = corresponds(&pair.ben, &mut of_ben, path, now + 61);
        assert_eq!(asked.len(), 1, "all it lacks of one statement in one envelope");
        let (received, _) = Received::open(&pair.ben).unwrap();
        assert!(received.wanted(now + 61 + 239).is_empty(), "a restart does not begin it anew");
        assert!(!received.wanted(now + 61 + 240).is_empty());
        drop(received);

        hears(&pair.ana, &mut of_ana, &asked);
        let answer = corresponds(&pair.ana, &mut of_ana, path, now + 62);
        // Counters 1 to 6 in two where five fit, and counter 8.
        assert_eq!(answer.len(), answers + 1);
        let arrivals = hears(&pair.ben, &mut of_ben, &answer);
        let ids = arrivals.iter().find_map(|arrival| match arrival {
            Arrival::Signed(signed) => Some(signed.ids.len()),
            _ => None,
        });
        assert_eq!(ids, Some(2), "what was received, and nothing else");
        // The same after a restart with texts and without, and there is nothing left to ask for.
        for _ in 0..2 {
            let (received, known) = Received::open(&pair.ben).unwrap();
            assert_eq!(signed(&known.into_arrivals()), 1);
            assert!(received.wanted(now + 99 * DAY).is_empty());
            drop(received);
            pair.ben.set_retention(0).unwrap();
        }
        // What they say by themselves asks for no statement, or there would be no end of it.
        assert_eq!(Sent::open(&pair.ana, path).unwrap().due(), Vec::<String>::new());
    }
}

#[test]
fn a_late_joiner_asks_for_proofs() {
    let pair = Pair::new(Permissions::ALL);
    lost(&pair, 100, &[42]);
    let now = clock::now_seconds() + 61;
    let path = Path::Relay { post_quantum: false };
    let (mut of_ana, mut of_ben) = (Inquiries::default(), Inquiries::default());
    let asked = corresponds(&pair.ben, &mut of_ben, path, now);
    hears(&pair.ana, &mut of_ana, &asked);
    let answer = corresponds(&pair.ana, &mut of_ana, path, now);
    assert_eq!(answer.len(), 1);
    let arrivals = hears(&pair.ben, &mut of_ben, &answer);
    assert_eq!(signed(&arrivals), 1);
    for _ in 0..2 {
        let (received, known) = Received::open(&pair.ben).unwrap();
        assert_eq!(signed(&known.into_arrivals()), 1);
        assert!(received.wanted(now + 99 * DAY).is_empty());
        drop(received);
        pair.ben.set_retention(0).unwrap();
    }
}

#[test]
fn nobody_is_asked_for_ever() {
    let pair = Pair::new(Permissions::ALL);
    lost(&pair, 3, &[1]);
    let mut now = clock::now_seconds();
    let mut asked = 0;
    for _ in 0..200 {
        now += 3600;
        let (mut received, _) = Received::open(&pair.ben).unwrap();
        for missing in received.wanted(now) {
            received.asks(&missing, now).unwrap();
            asked += 1;
        }
    }
    assert_eq!(asked, 6);
}

#[test]
fn of_a_sealed_chain_only_its_parties_are_answered() {
    let pair = Pair::new(Permissions::ALL);
    let mut sent = Sent::open(&pair.ana, Path::Radio).unwrap();
    let written = sent.write(&pair.to_ben(), Precedence::Routine, &[item(b"secret")]).unwrap();
    let message = &written.content.messages[0];
    let account = pair.ana.identity.account().id();
    let ids = Request::ids(account, message.chain, 0, 1).unwrap();
    assert_eq!(sent.answers(&ids, "ben").len(), 1);
    assert!(sent.answers(&ids, "cid").is_empty());
    // Neither by its id, signed or not.
    sent.sign(&pair.to_ben(), &pair.to_ben(), Precedence::Routine).unwrap();
    drop(sent);
    let mut sent = Sent::open(&pair.ana, Path::Relay { post_quantum: false }).unwrap();
    let proof = Request::ProofOf(message.id.unwrap());
    assert_eq!(sent.answers(&proof, "ben").len(), 1);
    assert!(sent.answers(&proof, "cid").is_empty());
    // What is said in the open everyone may have.
    sent.write(&Audience::Open, Precedence::Routine, &[item(b"open")]).unwrap();
    let device = pair.ana.identity.device();
    let chain = ChainId::open(pair.ana.realm, pair.ana.identity.account(), device, 0);
    let ids = Request::ids(account, chain, 0, 1).unwrap();
    assert_eq!(sent.answers(&ids, "cid").len(), 1);
    let of_other = Request::ids(pair.ben.identity.account().id(), chain, 0, 1).unwrap();
    assert!(sent.answers(&of_other, "cid").is_empty());
}

#[test]
fn wrong_ids_are_forgotten_and_no_evidence() {
    let pair = Pair::new(Permissions::ALL);
    lost(&pair, 3, &[0, 1]);
    let account = pair.ana.identity.account().id();
    let device = pair.ana.identity.device();
    let chain = ChainId::open(pair.ana.realm, pair.ana.identity.account(), device, 0);
    let wrong = chappe_codec::id::MessageId([9; 32]);
    let named = chappe_codec::statement::Ids::new(account, chain, 2, vec![wrong]).unwrap();
    let body = named.to_bytes();
    let items =
        [Item { family: Family::IDS, revision: 0, reference: Reference::None, body: &body }];
    let mut sent = Sent::open(&pair.ana, Path::Radio).unwrap();
    let written = sent.write(&pair.to_ben(), Precedence::Routine, &items).unwrap();
    let mut inquiries = Inquiries::default();
    let arrivals = hears(&pair.ben, &mut inquiries, &[written.envelope]);
    assert!(!arrivals.iter().any(|one| matches!(one, Arrival::Contradiction(_))), "{arrivals:?}");
    assert_eq!(signed(&arrivals), 0);
    // It is asked for again, and the right one signs.
    let (received, _) = Received::open(&pair.ben).unwrap();
    assert_eq!(received.wanted(clock::now_seconds() + 61).len(), 1);
}
