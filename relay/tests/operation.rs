//! What an operator changes in a relay that runs, and what it knows after a restart (chapter 06,
//! "Admission", "Saved sums").

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod support;

use chappe_codec::account::Account;
use chappe_codec::identity::{
    Carried, Certificate, Content, Draft, Endorsement, Permissions, Revocation, Root,
};
use chappe_codec::key::SignKey;
use chappe_codec::precedence::Precedence;
use chappe_relay::admission::{AdmissionRules, Ground, Policy};
use chappe_relay::invitation::{InvitationKey, Invitations};
use chappe_relay::rates::RateLimits;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{
    ClientError, Counts, Introduction, Reading, Reason, RelayOptions, TransportSecret,
};
use std::num::{NonZeroU16, NonZeroU32};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{NOW, REALM, TestRelay, parcel, parcel_of, secret, topic};

type SharedPolicy = Arc<Mutex<Policy>>;

fn policy(rules: AdmissionRules, counts: &Counts) -> SharedPolicy {
    let policy = Policy::new(REALM, rules, &[7; 32], NOW).unwrap();
    Arc::new(Mutex::new(policy.counting(counts.clone())))
}

async fn judged_by(policy: &SharedPolicy, counts: &Counts) -> TestRelay {
    let (admission, counts) = (Box::new(Arc::clone(policy)), counts.clone());
    let change = |options: &mut RelayOptions| {
        options.admission = admission;
        options.counts = counts;
    };
    TestRelay::start_with(change).await
}

fn key() -> InvitationKey {
    InvitationKey::new(&[3; 32])
}

fn invitation(number: u8, keys: u16) -> Introduction {
    let keys = NonZeroU16::new(keys).unwrap();
    let invitation = key().invite(REALM, [number; 8], NOW + 1_000_000, keys).to_bytes();
    Introduction { invitation, ..Default::default() }
}

fn by_invitation() -> AdmissionRules {
    let invitations = Some(Invitations::new(key(), REALM, []));
    AdmissionRules { invitations, ..Default::default() }
}

/// The device's root, its account, and what it shows of its device.
fn root() -> SignKey {
    SignKey::from_seed(&[0x77; 32])
}

fn account() -> [u8; 32] {
    Account::of_key(&root().public()).0
}

fn endorse<C: Content>(content: C) -> Endorsement<C> {
    let mut draft = Draft::by_successor(content, Root::of_key(&root().public())).unwrap();
    draft.sign(&root(), REALM).unwrap();
    draft.finish().unwrap()
}

const SEED: [u8; 32] = [21; 32];

fn device() -> TransportSecret {
    TransportSecret::rotated(&SEED, REALM, address_epoch(NOW))
}

fn certificate() -> Introduction {
    let content = Certificate {
        account: Account(account()),
        device: 1,
        issue: 1,
        signing_key: SignKey::from_seed(&[4; 32]).public().to_bytes(),
        identity_key: [9; 32],
        transport_key: TransportSecret::from_seed(&SEED).public().to_bytes(),
        permissions: Permissions::ALL,
    };
    Introduction { certificate: endorse(content).to_bytes(), ..Default::default() }
}

async fn is_turned_out(client: &chappe_relay::RelayClient) {
    let closed = tokio::time::timeout(Duration::from_secs(5), client.closed()).await;
    assert!(matches!(closed, Ok(ClientError::NotAdmitted)), "{closed:?}");
}

#[tokio::test]
async fn a_withdrawn_invitation_ends_what_it_let_in_at_once_and_nothing_else() {
    let counts = Counts::default();
    let policy = policy(by_invitation(), &counts);
    let relay = judged_by(&policy, &counts).await;
    let refused = relay.connect(&secret(1)).await.unwrap_err();
    assert!(matches!(refused, ClientError::NotAdmitted), "{refused:?}");
    let one = relay.connect_showing(&secret(1), &invitation(1, 9)).await.unwrap();
    let other = relay.connect_showing(&secret(2), &invitation(2, 1)).await.unwrap();
    let mut waiting = one.subscribe(Reading::all(topic("t"))).await.unwrap();
    policy.lock().unwrap().invitations().unwrap().withdraw([1; 8]);
    // Until the operator says so it goes on.
    one.publish(parcel(topic("t"), 1)).await.unwrap();
    waiting.next().await.unwrap();
    relay.control.review();
    is_turned_out(&one).await;
    assert!(waiting.next().await.is_err());
    other.publish(parcel(topic("t"), 2)).await.unwrap();
    // A review takes nobody's place.
    relay.control.review();
    other.publish(parcel(topic("t"), 3)).await.unwrap();
    assert!(relay.connect_showing(&secret(3), &invitation(2, 1)).await.is_err());
    assert_eq!((counts.admitted(Ground::Invitation), counts.admissions_ended()), (2, 1));
    assert_eq!(counts.hellos_refused().map(|(_, count)| count).sum::<u64>(), 2);
    relay.stop().await;
}

#[tokio::test]
async fn a_revoked_device_is_turned_out_and_a_lower_limit_counts_in_open_lanes() {
    let counts = Counts::default();
    let rules =
        |highest| AdmissionRules { accounts: [(account(), highest)].into(), ..Default::default() };
    let policy = policy(rules(Precedence::Flash), &counts);
    let relay = judged_by(&policy, &counts).await;
    let client = relay.connect_showing(&device(), &certificate()).await.unwrap();
    let urgent = |number| {
        let mut parcel = parcel(topic("t"), number);
        parcel.precedence = Precedence::Immediate;
        parcel
    };
    client.publish(urgent(1)).await.unwrap();
    policy.lock().unwrap().change(rules(Precedence::Priority), &[], NOW).unwrap();
    relay.control.review();
    let refused = loop {
        // The review is on its way.
        match client.publish(urgent(2)).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, ClientError::Refused(Reason::NotPermitted)), "{refused:?}");
    client.publish(parcel(topic("t"), 3)).await.unwrap();

    let revocation = Revocation { account: Account(account()), device: 1, issue: 1 };
    let revocation = [Carried::Revocation(endorse(revocation))];
    policy.lock().unwrap().change(rules(Precedence::Flash), &revocation, NOW).unwrap();
    // What is known stays known when the rules change again.
    policy.lock().unwrap().change(rules(Precedence::Flash), &[], NOW).unwrap();
    relay.control.review();
    is_turned_out(&client).await;
    assert!(relay.connect_showing(&device(), &certificate()).await.is_err());
    relay.stop().await;
}

#[tokio::test]
async fn other_rates_and_quotas_count_in_open_lanes() {
    let number = |number| NonZeroU32::new(number).unwrap();
    let limits = |messages| RateLimits {
        messages: number(messages),
        octets: number(1 << 20),
        flash_messages: number(1 << 20),
        flash_octets: number(1 << 20),
        burst_seconds: number(1),
    };
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let publish = async |from: u64, count: u64| {
        let began = Instant::now();
        for sequence in from..from + count {
            client.publish(parcel(topic("rates"), sequence)).await.unwrap();
        }
        began.elapsed()
    };
    publish(0, 10).await;
    relay.control.set_rates(Some(limits(10)));
    let slow = publish(100, 20).await;
    assert!(slow >= Duration::from_millis(900), "{slow:?}");
    relay.control.set_rates(None);
    let fast = publish(200, 60).await;
    assert!(fast < Duration::from_secs(4), "{fast:?}");
    assert_eq!(relay.control.levels().unwrap().lanes, 1);
    relay.control.set_quotas(10, 1 << 30);
    let full = client.publish(parcel(topic("rates"), 999)).await.unwrap_err();
    assert!(matches!(full, ClientError::Refused(Reason::SenderFull)), "{full:?}");
    let control = relay.control.clone();
    relay.stop().await;
    assert_eq!(control.levels(), None);
}

fn saving(folder: &Path, policy: SharedPolicy) -> impl FnOnce(&mut RelayOptions) {
    let file = folder.join("sums");
    move |options| {
        options.sums = Some(file);
        options.sender_octets = 1000;
        options.admission = Box::new(policy);
    }
}

#[tokio::test]
async fn what_was_counted_counts_after_a_restart() {
    let rules = || AdmissionRules { keys: vec![], ..by_invitation() };
    let fresh = || policy(rules(), &Counts::default());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let relay = TestRelay::start_in(folder, saving(&path, fresh())).await;
    let client = relay.connect_showing(&secret(1), &invitation(1, 1)).await.unwrap();
    client.publish(parcel_of(topic("t"), vec![1; 700])).await.unwrap();
    drop(client);
    let folder = relay.stop().await;

    let relay = TestRelay::start_in(folder, saving(&path, fresh())).await;
    let client = relay.connect_showing(&secret(1), &invitation(1, 1)).await.unwrap();
    let full = client.publish(parcel_of(topic("t"), vec![2; 700])).await.unwrap_err();
    assert!(matches!(full, ClientError::Refused(Reason::SenderFull)), "{full:?}");
    client.publish(parcel_of(topic("t"), vec![2; 100])).await.unwrap();
    // The one key the invitation admits is taken.
    assert!(relay.connect_showing(&secret(2), &invitation(1, 1)).await.is_err());
    drop(client);
    let folder = relay.stop().await;
    let sums = std::fs::read(path.join("sums")).unwrap();
    for word in [secret(1).public().to_bytes(), secret(2).public().to_bytes()] {
        assert!(!sums.windows(8).any(|part| part == &word[..8]), "it tells who");
    }

    // A file that is damaged is told of and stops nobody.
    std::fs::write(path.join("sums"), &sums[..sums.len() - 1]).unwrap();
    let relay = TestRelay::start_in(folder, saving(&path, fresh())).await;
    assert!(relay.lines.lock().unwrap().join("\n").contains("counted anew"));
    let client = relay.connect_showing(&secret(2), &invitation(1, 1)).await.unwrap();
    client.publish(parcel_of(topic("t"), vec![3; 700])).await.unwrap();
    drop(client);
    let folder = relay.stop().await;

    // With the epoch the tags are others, and so are the counts.
    let relay = TestRelay::start_in(folder, |options| {
        saving(&path, fresh())(options);
        options.clock = chappe_relay::Clock::new(|| NOW + 604_800);
    })
    .await;
    let client = relay.connect_showing(&secret(1), &invitation(1, 1)).await.unwrap();
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn sums_are_saved_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let relay =
        TestRelay::start_in(folder, saving(&path, policy(by_invitation(), &Counts::default())))
            .await;
    let client = relay.connect_showing(&secret(1), &invitation(1, 1)).await.unwrap();
    client.publish(parcel_of(topic("t"), vec![1; 700])).await.unwrap();
    let began = Instant::now();
    while !path.join("sums").exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "nothing is saved");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let sums = chappe_relay::sums::Sums::parse(&std::fs::read(path.join("sums")).unwrap()).unwrap();
    assert_eq!(sums.stored.len(), 1);
    assert_eq!(sums.invited.tags.values().map(|tags| tags.len()).sum::<usize>(), 1);
    relay.stop().await;
}
