//! Whom an operator's rules let in, with which precedences (chapter 06, "Admission").

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

use chappe_codec::account::Account;
use chappe_codec::identity::{
    Carried, Certificate, Content, Draft, Endorsement, Permissions, Revocation, Root,
};
use chappe_codec::key::SignKey;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::admission::{AdmissionRules, Policy};
use chappe_relay::invitation::{InvitationKey, Invitations};
use chappe_relay::node::{Admission, Applicant, Leave};
use chappe_relay::protocol::{ConnectionRole, Hello, SessionError};
use chappe_relay::rotation::address_epoch;
use chappe_relay::{TransportKey, TransportSecret};
use std::num::NonZeroU16;

const REALM: Realm = Realm { mode: Mode::Live, network: 1 };
const NOW: u64 = 1_800_000_000;
const WEEK: u64 = 604_800;

fn seed(number: u8) -> [u8; 32] {
    [number; 32]
}

fn card_key(number: u8) -> TransportKey {
    TransportSecret::from_seed(&seed(number)).public()
}

/// The key a device connects with at a time.
fn key_at(number: u8, seconds: u64) -> TransportKey {
    TransportSecret::rotated(&seed(number), REALM, address_epoch(seconds)).public()
}

fn root(number: u8) -> SignKey {
    SignKey::from_seed(&[number ^ 0x55; 32])
}

fn account(number: u8) -> Account {
    Account::of_key(&root(number).public())
}

fn endorse<C: Content>(content: C, by: u8) -> Endorsement<C> {
    let mut draft = Draft::by_successor(content, Root::of_key(&root(by).public())).unwrap();
    draft.sign(&root(by), REALM).unwrap();
    draft.finish().unwrap()
}

/// Of the device with the transport key of this number.
fn certificate(number: u8, issue: u16, highest: Precedence, by: u8) -> Vec<u8> {
    let permissions = Permissions { precedence: highest, expiry: NOW - 1, ..Permissions::ALL };
    let content = Certificate {
        account: account(number),
        device: 1,
        issue,
        signing_key: root(99).public().to_bytes(),
        identity_key: [9; 32],
        transport_key: card_key(number).to_bytes(),
        permissions,
    };
    endorse(content, by).to_bytes()
}

fn policy(rules: AdmissionRules) -> Policy {
    Policy::new(REALM, rules, &[7; 32], NOW).unwrap()
}

fn ask(
    policy: &mut Policy,
    key: TransportKey,
    certificate: &[u8],
    invitation: &[u8],
    now_seconds: u64,
) -> Result<Leave, SessionError> {
    let role = ConnectionRole::Client;
    let hello = Hello { role, realm: REALM, versions: vec![2], certificate, invitation };
    policy.admit(&Applicant { key, hello: &hello, now_seconds })
}

fn highest(answer: Result<Leave, SessionError>) -> Option<Precedence> {
    answer.ok().map(|leave| leave.highest)
}

#[test]
fn listed_keys_are_known_in_seven_epochs() {
    let rules = AdmissionRules { keys: vec![card_key(1)], ..Default::default() };
    let mut policy = policy(rules);
    // Half a year on the list goes on counting.
    for now in [NOW, NOW + WEEK, NOW + 26 * WEEK] {
        for behind in 0..=5 {
            let key = key_at(1, now - behind * WEEK);
            assert!(ask(&mut policy, key, &[], &[], now).is_ok(), "{behind}");
        }
        assert!(ask(&mut policy, key_at(1, now + WEEK), &[], &[], now).is_ok());
        for key in
            [key_at(1, now - 6 * WEEK), key_at(1, now + 2 * WEEK), card_key(1), key_at(2, now)]
        {
            assert_eq!(ask(&mut policy, key, &[], &[], now), Err(SessionError::NotAdmitted));
        }
    }
}

#[test]
fn a_certificate_shows_what_its_device_may() {
    let rules = || AdmissionRules {
        strangers: Precedence::Routine,
        accounts: [(account(1).0, Precedence::Immediate)].into(),
        ..Default::default()
    };
    let mut listed = policy(rules());
    let mut ask_with =
        |number, octets: &[u8]| highest(ask(&mut listed, key_at(number, NOW), octets, &[], NOW));
    // "That it has expired is no reason": all of these have.
    let flash = certificate(1, 1, Precedence::Flash, 1);
    assert_eq!(ask_with(1, &flash), Some(Precedence::Immediate));
    let priority = certificate(1, 2, Precedence::Priority, 1);
    assert_eq!(ask_with(1, &priority), Some(Precedence::Priority));
    // The one before it holds no longer; one for another key, by another root or of another account.
    assert_eq!(ask_with(1, &flash), None);
    assert_eq!(ask_with(2, &priority), None);
    assert_eq!(ask_with(1, &certificate(1, 3, Precedence::Flash, 2)), None);
    assert_eq!(ask_with(2, &certificate(2, 1, Precedence::Flash, 2)), None);
    let cut = ask(&mut listed, key_at(1, NOW), &priority[1..], &[], NOW);
    assert!(matches!(cut, Err(SessionError::Malformed(_))), "{cut:?}");

    // Where everybody is let in, an account nobody listed may do what strangers may.
    let mut open = policy(AdmissionRules { everybody: true, ..rules() });
    let own = certificate(2, 1, Precedence::Flash, 2);
    let answer = ask(&mut open, key_at(2, NOW), &own, &[], NOW);
    assert_eq!(highest(answer), Some(Precedence::Routine));
    assert_eq!(highest(ask(&mut open, key_at(3, NOW), &[], &[], NOW)), Some(Precedence::Routine));
    let forged = certificate(2, 1, Precedence::Flash, 3);
    assert!(ask(&mut open, key_at(2, NOW), &forged, &[], NOW).is_err());
}

#[test]
fn a_revoked_device_is_not_admitted() {
    let accounts = [(account(1).0, Precedence::Flash)].into();
    let mut policy = policy(AdmissionRules { accounts, ..Default::default() });
    let first = certificate(1, 1, Precedence::Flash, 1);
    assert!(ask(&mut policy, key_at(1, NOW), &first, &[], NOW).is_ok());
    let revocation = Revocation { account: account(1), device: 1, issue: 1 };
    policy.learn(&Carried::Revocation(endorse(revocation, 1))).unwrap();
    let answer = ask(&mut policy, key_at(1, NOW), &first, &[], NOW);
    assert_eq!(answer, Err(SessionError::NotAdmitted));
}

#[test]
fn an_invitation_lets_in_whom_nobody_listed() {
    let key = InvitationKey::new(&[3; 32]);
    let one = NonZeroU16::new(1).unwrap();
    let invitation = key.invite(REALM, [1; 8], NOW + 10 * WEEK, one).to_bytes();
    let rules = AdmissionRules {
        keys: vec![card_key(1)],
        strangers: Precedence::Priority,
        invitations: Some(Invitations::new(key, REALM, [])),
        ..Default::default()
    };
    let mut policy = policy(rules);
    let mut ask_with = |number, octets: &[u8], now| {
        highest(ask(&mut policy, key_at(number, now), &[], octets, now))
    };
    // Who is listed takes nobody's place.
    assert_eq!(ask_with(1, &invitation, NOW), Some(Precedence::Priority));
    assert_eq!(ask_with(2, &invitation, NOW), Some(Precedence::Priority));
    assert_eq!(ask_with(3, &invitation, NOW), None);
    assert_eq!(ask_with(2, &invitation, NOW), Some(Precedence::Priority));
    assert_eq!(ask_with(3, &invitation, NOW + WEEK), Some(Precedence::Priority));
    let cut = ask(&mut policy, key_at(1, NOW), &[], &invitation[1..], NOW);
    assert!(matches!(cut, Err(SessionError::Malformed(_))), "{cut:?}");
    policy.invitations().unwrap().withdraw([1; 8]);
    assert!(ask(&mut policy, key_at(3, NOW), &[], &invitation, NOW).is_err());
}

#[test]
fn tags_change_with_the_epoch_and_between_relays() {
    let everybody = || AdmissionRules { everybody: true, ..Default::default() };
    let mut one = policy(everybody());
    let mut other = Policy::new(REALM, everybody(), &[8; 32], NOW).unwrap();
    let key = key_at(1, NOW);
    let tag = |policy: &mut Policy, now| ask(policy, key, &[], &[], now).unwrap().sender;
    assert_eq!(tag(&mut one, NOW), tag(&mut one, NOW + 1));
    assert_ne!(tag(&mut one, NOW), tag(&mut one, NOW + WEEK));
    assert_ne!(tag(&mut one, NOW), tag(&mut other, NOW));
    assert!(!format!("{one:?}").contains("07"));
}
