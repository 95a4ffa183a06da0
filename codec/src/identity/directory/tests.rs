//! What a directory takes in, and what it tells of it.

use super::*;
use crate::home::HomeRelays;
use crate::identity::{
    Content, Draft, DraftError, PartialSignature, Permissions, Revocation, Root, Succession,
};
use crate::key::{SignKey, VerifyKey};
use crate::key_store::{KeyStore, KeyStoreError};
use crate::label::LabelKey;
use crate::realm::Mode;
use alloc::boxed::Box;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };
const NONE: HomeRelays = HomeRelays::NONE;

/// A root of one key, by number.
fn root_key(number: u8) -> SignKey {
    SignKey::from_seed(&[number; 32])
}

fn account(number: u8) -> Account {
    Account::of_key(&root_key(number).public())
}

fn signing_key(device: u8, issue: u16) -> SignKey {
    let [high, low] = issue.to_be_bytes();
    SignKey::from_seed(&[device, high, low, 9].repeat(8).try_into().unwrap())
}

fn content(of: Account, device: u8, issue: u16) -> Certificate {
    Certificate {
        account: of,
        device,
        issue,
        signing_key: signing_key(device, issue).public().to_bytes(),
        identity_key: [device; 32],
        transport_key: [7; 32],
        permissions: Permissions::ALL,
    }
}

/// Endorsed by the root of this number, whoever's account it is.
fn endorse<C: Content>(content: C, by: u8) -> Endorsement<C> {
    let key = root_key(by);
    let mut draft = Draft::by_successor(content, Root::of_key(&key.public())).unwrap();
    draft.sign(&key, REALM).unwrap();
    draft.finish().unwrap()
}

fn certificate(device: u8, issue: u16, by: u8) -> Carried {
    Carried::Certificate(endorse(content(account(1), device, issue), by))
}

fn revocation(device: u8, issue: u16, by: u8) -> Carried {
    Carried::Revocation(endorse(Revocation { account: account(1), device, issue }, by))
}

fn succession(successor: u8, by: u8) -> Carried {
    let (account, successor) = (account(1), account(successor));
    Carried::Succession(endorse(Succession { account, successor }, by))
}

fn knowing(carried: &[Carried]) -> Directory {
    let mut directory = Directory::new(REALM);
    directory.know(account(1)).unwrap();
    for one in carried {
        directory.take(one).unwrap();
    }
    directory
}

fn key_of(directory: &Directory, device: u8) -> Result<VerifyKey, KeyError> {
    directory.signer(account(1).id(), device).map(|signer| signer.key)
}

fn refusal(taken: Result<Vec<Change>, DirectoryError>) -> &'static str {
    taken.unwrap_err().name()
}

#[test]
fn what_is_new_is_told_once() {
    let mut directory = Directory::new(REALM);
    let first = certificate(1, 1, 1);
    let changes = directory.take(&first).unwrap();
    let new_device = Change::NewDevice { certificate: Box::new(content(account(1), 1, 1)) };
    assert_eq!(changes, [Change::NewAccount { account: account(1) }, new_device]);
    assert_eq!(directory.take(&first), Ok(Vec::new()));
    assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 1).public()));
    assert_eq!(key_of(&directory, 2), Err(KeyError::UnknownAccount));
    assert_eq!(directory.signer(account(2).id(), 0), Err(KeyError::UnknownAccount));

    let [change] = &directory.take(&certificate(1, 2, 1)).unwrap()[..] else { panic!() };
    let Change::Reissued { old, new, was_revoked: false } = change else { panic!("{change:?}") };
    assert_eq!((old.issue, new.issue), (1, 2));
    assert!(new.has_other_keys(old));
    assert_eq!(directory.take(&first), Ok(Vec::new()), "an older issue changes nothing");
    assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 2).public()));
}

#[test]
fn others_cannot_certify() {
    let mut directory = knowing(&[]);
    assert_eq!(refusal(directory.take(&certificate(1, 1, 2))), "unknown_account");
    let Carried::Certificate(good) = certificate(1, 1, 1) else { panic!() };
    let mut octets = Carried::Certificate(good).to_bytes();
    *octets.last_mut().unwrap() ^= 1;
    let forged = Carried::parse(&octets).unwrap();
    assert_eq!(refusal(directory.take(&forged)), "bad_signature");
    assert_eq!(key_of(&directory, 1), Err(KeyError::UnknownAccount));
    // Device 0 is the root of one key itself.
    assert_eq!(key_of(&directory, 0), Ok(root_key(1).public()));
}

#[test]
fn what_was_signed_under_the_certificate_before_still_verifies() {
    use crate::chain::{ChainId, Position};
    use crate::envelope::{Envelope, OpenEnvelope};
    use crate::id::MessageId;
    use crate::item::Item;
    use crate::statement::Claim;
    use crate::time::TimeInterval;

    let first = Position { device: 1, epoch: 0, counter: 0 };
    let envelope = |issue| {
        let item = Item::text(b"", crate::item::Reference::None);
        let key = signing_key(1, issue);
        OpenEnvelope::sign(&key, &account(1), REALM, first, &[item]).unwrap()
    };
    let verify = |directory: &Directory, issue| {
        let octets = envelope(issue);
        let Envelope::Open(open) = Envelope::parse(&octets).unwrap() else { panic!() };
        directory.verify_open(&open).map(|opened| *opened.author())
    };
    let mut directory =
        knowing(&[certificate(1, 1, 1), certificate(1, 3, 1), certificate(1, 2, 1)]);
    assert_eq!(verify(&directory, 3), Ok(account(1)));
    assert_eq!(verify(&directory, 2), Ok(account(1)));
    assert_eq!(verify(&directory, 1), Err(OpenError::BadSignature));
    directory.take(&revocation(1, 2, 1)).unwrap();
    assert_eq!(verify(&directory, 3), Ok(account(1)));
    assert_eq!(verify(&directory, 2), Err(OpenError::Revoked));
    directory.take(&revocation(1, 3, 1)).unwrap();
    assert_eq!(verify(&directory, 3), Err(OpenError::Revoked));

    let claim = Claim::over(
        account(1).id(),
        1,
        ChainId([1; 8]),
        0,
        &[MessageId([1; 32])],
        [0; 32],
        TimeInterval::UNKNOWN,
    );
    let statement = claim.unwrap().sign(&signing_key(1, 2), REALM).unwrap();
    assert_eq!(directory.verify_statement(&statement), Err(KeyError::Revoked));
    let directory = knowing(&[certificate(1, 2, 1), certificate(1, 3, 1)]);
    assert_eq!(directory.verify_statement(&statement).unwrap().key, signing_key(1, 2).public());
}

#[test]
fn a_revocation_ends_a_device_in_either_order() {
    let (old, new) = (certificate(1, 4, 1), certificate(1, 5, 1));
    let ends = revocation(1, 4, 1);
    for order in [[&old, &ends], [&ends, &old]] {
        let directory = knowing(&order.map(Clone::clone));
        assert_eq!(key_of(&directory, 1), Err(KeyError::Revoked));
        assert!(directory.is_revoked(&account(1), 1));
        assert_eq!(directory.devices(&account(1)).count(), 0);
    }
    let mut directory = knowing(&[old]);
    let [change] = &directory.take(&ends).unwrap()[..] else { panic!() };
    assert!(matches!(change, Change::Revoked { issue: 4, ended: Some(_), .. }), "{change:?}");
    assert_eq!(directory.take(&revocation(1, 3, 1)), Ok(Vec::new()));
    let [change] = &directory.take(&new).unwrap()[..] else { panic!() };
    assert!(matches!(change, Change::Reissued { was_revoked: true, .. }), "{change:?}");
    assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 5).public()));
}

#[test]
fn two_certificates_of_one_issue_are_evidence_and_the_first_holds() {
    let mut directory = knowing(&[certificate(1, 1, 1)]);
    let mut other = content(account(1), 1, 1);
    other.identity_key = [0xEE; 32];
    let other = Carried::Certificate(endorse(other, 1));
    let changes = directory.take(&other).unwrap();
    assert!(matches!(&changes[..], [Change::Conflict(Evidence::Certificates(_))]));
    assert_eq!(directory.certificate(&account(1), 1), Some(&content(account(1), 1, 1)));
    assert_eq!(directory.evidence(&account(1)).len(), 1);
    assert_eq!(directory.take(&other), Ok(Vec::new()), "told once");
}

#[test]
fn a_successor_certifies_and_the_root_before_it_no_more() {
    let mut directory = knowing(&[certificate(1, 9, 1)]);
    let changes = directory.take(&succession(2, 1)).unwrap();
    let (old, new) = (account(1), account(2));
    assert_eq!(changes, [Change::Succeeded { account: account(1), old, new }]);
    assert_eq!(directory.root(&account(1)), Some(account(2)));
    assert_eq!(key_of(&directory, 0), Err(KeyError::UnknownAccount));
    // "Those … verified before … stay until revoked, others are `unknown_account`."
    assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 9).public()));
    assert_eq!(refusal(directory.take(&certificate(2, 1, 1))), "unknown_account");
    // "A certificate under a successor holds before all under the roots before it."
    directory.take(&certificate(1, 1, 2)).unwrap();
    assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 1).public()));
    // The root before "can end those devices and none of the others".
    directory.take(&revocation(1, u16::MAX, 1)).unwrap();
    assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 1).public()));
    directory.take(&revocation(1, 1, 2)).unwrap();
    assert_eq!(key_of(&directory, 1), Err(KeyError::Revoked));
    // A successor may be succeeded in turn, but by no root that was succeeded.
    assert_eq!(directory.take(&succession(1, 2)), Ok(Vec::new()));
    assert_eq!(directory.root(&account(1)), Some(account(2)));
}

#[test]
fn a_successor_ends_what_the_root_before_it_certified() {
    let mut directory = knowing(&[certificate(1, 9, 1), succession(2, 1)]);
    directory.take(&revocation(1, 0, 2)).unwrap();
    assert_eq!(key_of(&directory, 1), Err(KeyError::Revoked));
}

#[test]
fn of_two_successors_neither_is_followed() {
    for (one, other) in [(2, 3), (3, 2)] {
        let mut directory = knowing(&[certificate(1, 1, 1), succession(one, 1)]);
        let changes = directory.take(&succession(other, 1)).unwrap();
        assert!(matches!(&changes[..], [Change::Conflict(Evidence::Successions(_))]));
        assert_eq!(directory.root(&account(1)), None);
        for by in [1, 2, 3] {
            assert_eq!(refusal(directory.take(&certificate(2, 1, by))), "unknown_account");
        }
        assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 1).public()));
        directory.take(&revocation(1, 1, 1)).unwrap();
        assert_eq!(key_of(&directory, 1), Err(KeyError::Revoked));
    }
}

#[test]
fn what_comes_before_its_succession_waits_for_it() {
    let mut directory = knowing(&[]);
    assert_eq!(refusal(directory.take(&certificate(1, 1, 3))), "unknown_account");
    assert_eq!(refusal(directory.take(&succession(3, 2))), "unknown_account");
    let changes = directory.take(&succession(2, 1)).unwrap();
    assert_eq!(changes.len(), 3, "{changes:?}");
    assert_eq!(directory.root(&account(1)), Some(account(3)));
    assert_eq!(key_of(&directory, 1), Ok(signing_key(1, 1).public()));
}

#[test]
fn strangers_make_room_for_strangers_only() {
    let mut directory = knowing(&[certificate(1, 1, 1)]);
    let stranger = |number: u16| {
        let [high, low] = number.to_be_bytes();
        let key = SignKey::from_seed(&[0x55, high, low, 1].repeat(8).try_into().unwrap());
        let account = Account::of_key(&key.public());
        let root = Root::of_key(&key.public());
        let mut draft = Draft::new(content(account, 1, 1), root).unwrap();
        draft.sign(&key, REALM).unwrap();
        (account, Carried::Certificate(draft.finish().unwrap()))
    };
    let count = u16::try_from(DIRECTORY_STRANGERS_MAX).unwrap() + 3;
    for number in 0..count {
        directory.take(&stranger(number).1).unwrap();
    }
    let strangers = directory.accounts().filter(|(_, vouched_for)| !vouched_for).count();
    assert_eq!(strangers, DIRECTORY_STRANGERS_MAX);
    assert_eq!(directory.root(&stranger(0).0), None, "the one known longest went");
    assert!(directory.root(&stranger(count - 1).0).is_some());
    assert!(key_of(&directory, 1).is_ok());
    directory.forget(&account(1));
    assert_eq!(key_of(&directory, 1), Err(KeyError::UnknownAccount));
}

#[test]
fn the_card_whose_prekey_expires_later_counts() {
    let Carried::Certificate(endorsement) = certificate(1, 1, 1) else { panic!() };
    let card = |expiry| {
        let label_key = LabelKey([1; 16]);
        let key = signing_key(1, 1);
        Card::sign(
            &key,
            REALM,
            endorsement.clone(),
            [expiry; 32],
            u64::from(expiry),
            label_key,
            NONE,
        )
        .unwrap()
        .to_bytes()
    };
    let mut directory = Directory::new(REALM);
    let (_, changes) = directory.take_card(&card(5)).unwrap();
    assert!(matches!(
        &changes[..],
        [Change::NewAccount { .. }, Change::NewDevice { .. }, Change::NewCard { old: None, .. }]
    ));
    assert_eq!(directory.take_card(&card(4)).unwrap().1, []);
    let (_, changes) = directory.take_card(&card(6)).unwrap();
    assert!(matches!(&changes[..], [Change::NewCard { old: Some(_), .. }]));
    assert_eq!(directory.card(&account(1), 1).unwrap().prekey_expiry(), 6);
    directory.take(&revocation(1, 1, 1)).unwrap();
    assert_eq!(directory.take_card(&card(7)).unwrap_err(), DirectoryError::Revoked);
}

#[test]
fn m_of_n_keyholders_endorse_at_machines_of_their_own() {
    let keys = [root_key(1), root_key(2), root_key(3)];
    let publics: Vec<VerifyKey> = keys.iter().map(SignKey::public).collect();
    let root = Root::new(2, &publics).unwrap();
    let mut draft = Draft::new(content(root.account(), 1, 1), root.clone()).unwrap();
    assert_eq!(draft.sign(&root_key(4), REALM), Err(DraftError::NotAKeyholder));
    // The draft's octets go to another machine, the signature comes back.
    let mut elsewhere: Draft<Certificate> = Draft::parse(&draft.to_bytes()).unwrap();
    let one = elsewhere.sign(&keys[2], REALM).unwrap();
    assert_eq!(draft.missing(), 2);
    draft.add(&PartialSignature::parse(&one.to_bytes()).unwrap(), REALM).unwrap();
    assert!(draft.finish().is_err());
    let mut forged = one;
    forged.place ^= 1;
    assert!(draft.add(&forged, REALM).is_err());
    draft.sign(&keys[0], REALM).unwrap();
    draft.sign(&keys[1], REALM).unwrap();
    let endorsement = draft.finish().unwrap();
    assert_eq!(endorsement.verify(REALM), Ok(()));
    let octets = endorsement.to_bytes();
    assert_eq!(octets.len(), 163 + 2 + 3 * 32 + 2 * 65);
    assert_eq!(Endorsement::parse(&octets), Ok(endorsement.clone()));

    let mut directory = Directory::new(REALM);
    directory.take(&Carried::Certificate(endorsement)).unwrap();
    let id = root.account().id();
    assert!(directory.signer(id, 1).is_ok());
    assert_eq!(directory.signer(id, 0), Err(KeyError::UnknownAccount), "no root of one key");
}

/// A store that is locked signs nothing, and nothing comes of it.
struct Locked(VerifyKey);

impl KeyStore for Locked {
    fn signing_key(&self) -> VerifyKey {
        self.0
    }

    fn identity_key(&self) -> [u8; 32] {
        [0; 32]
    }

    fn prekeys(&self) -> &[[u8; 32]] {
        &[]
    }

    fn sign(&self, _: &str, _: Realm, _: &[&[u8]]) -> Result<[u8; 64], KeyStoreError> {
        Err(KeyStoreError::Unavailable)
    }

    fn agree(
        &self,
        _: crate::key_store::AgreementKey,
        _: &[u8; 32],
    ) -> Result<zeroize::Zeroizing<[u8; 32]>, KeyStoreError> {
        Err(KeyStoreError::Unavailable)
    }
}

#[test]
fn a_locked_store_makes_no_card() {
    let Carried::Certificate(endorsement) = certificate(1, 1, 1) else { panic!() };
    let locked = Locked(signing_key(1, 1).public());
    let made = Card::sign(&locked, REALM, endorsement, [1; 32], 0, LabelKey([1; 16]), NONE);
    assert_eq!(made, Err(KeyStoreError::Unavailable));
}
