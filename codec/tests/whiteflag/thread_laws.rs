//! Any set of messages at all.

use super::thread::{every_message_is_named_once, overview_of};
use chappe_codec::chain::Position;
use chappe_codec::id::MessageId;
use chappe_codec::limits::THREAD_MESSAGES_MAX;
use chappe_codec::signal::reference::{self, Originator, Party};
use chappe_codec::signal::thread::{
    InsertError, Overview, Place, Received, ResponseKind, State, Threads,
};
use chappe_codec::signal::{
    Body, Duration, Message, ObjectType, ReferenceIndicator, ReferencedMessage, Sign, Text,
};
use chappe_codec::time::TimeInterval;
use proptest::prelude::*;
use proptest::sample::Index;

fn sign(days: u8, metres: u16) -> Sign {
    let text = "WF100D00000000000000000000000000000000000000000000000000000000000000000\
                212026-11-20T12:00:00ZP00D00H00M21+52.09070+005.1214201500000090";
    let sign = *Message::parse_serialized(text).unwrap().body.sign().unwrap();
    let size_1 = chappe_codec::signal::Decimal::new(metres).unwrap();
    Sign { duration: Duration::new(days, 0, 0).unwrap(), size_1, ..sign }
}

/// Messages of a few kinds and accounts. Most refer to one before them in a way the tables allow;
/// some to any message, or to none that is there.
#[derive(Debug, Clone)]
struct Made {
    choice: Index,
    wild: bool,
    code: u8,
    indicator: u8,
    account: u8,
    place: Option<(Option<u8>, u32)>,
    days: u8,
    metres: u16,
    test: bool,
}

fn any_made() -> impl Strategy<Value = Made> {
    let place = prop::option::weighted(0.6, (prop::option::of(0_u8..2), 0_u32..6));
    let what = (0_u8..5, 0_u8..10, 0_u8..3, 0_u8..3, 1_u16..3);
    let rarely = prop::bool::weighted;
    (any::<Index>(), rarely(0.05), what, place, rarely(0.02)).prop_map(
        |(choice, wild, (code, indicator, account, days, metres), place, test)| Made {
            choice,
            wild,
            code,
            indicator,
            account,
            place,
            days,
            metres,
            test,
        },
    )
}

fn messages(made: &[Made]) -> Vec<Received<'static, u8>> {
    let mut all: Vec<Received<'static, u8>> = Vec::new();
    for (number, one) in made.iter().enumerate() {
        let sign = sign(one.days, one.metres);
        let id = MessageId([u8::try_from(number).unwrap().wrapping_mul(83); 32]);
        let area = Sign { object_type: ObjectType(0x21), ..sign };
        let mut body = match one.code {
            0 => Body::DangerSign(area),
            1 => Body::ProtectiveSign(Sign { subject: "10".parse().unwrap(), ..area }),
            2 => Body::FreeText { text: Text::new("text").unwrap() },
            3 => Body::InfrastructureSign(Sign { subject: "11".parse().unwrap(), ..area }),
            _ => Body::RequestSignal(
                Sign { subject: "20".parse().unwrap(), ..area },
                chappe_codec::signal::RequestObjects::NONE,
            ),
        };
        let (mut indicator, mut account) = (one.indicator, one.account);
        let mut referenced = MessageId([u8::try_from(one.choice.index(255)).unwrap(); 32]);
        if all.is_empty() {
            indicator = 0;
        } else if !one.wild && indicator > 0 {
            // The first message from a random one on that may be referred to so.
            let first = one.choice.index(all.len());
            for target in all[first..].iter().chain(&all[..first]) {
                let repeated = !matches!(indicator, 2 | 3 | 5);
                let kind = target.message.body;
                let mine = if repeated || indicator == 2 && kind.code() != body.code() {
                    kind
                } else {
                    body
                };
                let other = (target.account + 1 + one.account % 2) % 3;
                let by = match indicator {
                    1..=4 => target.account,
                    6..=9 => other,
                    _ => account,
                };
                let ends = (mine.code(), ReferenceIndicator::new(indicator).unwrap());
                let same = if by == target.account { Originator::Same } else { Originator::Other };
                let party = |(code, indicator)| Party { code, indicator };
                let referenced_party =
                    party((target.message.code(), target.message.reference_indicator));
                if reference::allowed(party(ends), referenced_party, same).is_ok() {
                    (referenced, account, body) = (target.id, by, mine);
                    break;
                }
            }
        }
        let message = Message {
            test: one.test,
            reference_indicator: ReferenceIndicator::new(indicator).unwrap(),
            referenced_message: ReferencedMessage(referenced.0),
            ..Message::original(body)
        };
        let place = one.place.map(|(peer, counter)| Place {
            peer,
            position: Position { device: 0, epoch: 0, counter },
        });
        all.push(Received { id, account, place, message });
    }
    all
}

proptest! {
    #[test]
    fn any_order_comes_to_the_same(
        made in proptest::collection::vec(any_made(), 1..40),
        shuffle in proptest::collection::vec(any::<Index>(), 40),
        days in 0_u64..4,
    ) {
        let now = TimeInterval::new(1_795_176_000 + days * 86_400, 10);
        let messages = messages(&made);
        let overview = overview_of(&messages, now);
        every_message_is_named_once(&messages, &overview);
        let mut others = messages.clone();
        for (place, with) in shuffle.iter().enumerate().take(messages.len()) {
            let with = with.index(messages.len());
            others.swap(place, with);
        }
        // Some arrive twice.
        others.extend_from_within(..messages.len() / 3);
        prop_assert_eq!(overview_of(&others, now), overview);
    }

    #[test]
    fn what_is_refused_changes_nothing(made in proptest::collection::vec(any_made(), 1..40)) {
        let messages = messages(&made);
        let overview = overview_of(&messages, TimeInterval::UNKNOWN);
        let aside = |overview: &Overview<u8>, id| {
            overview.refused.iter().any(|refused| refused.message == id)
                || overview.tests.contains(&id)
                || overview.waiting.contains(&id)
        };
        let rest: Vec<_> =
            messages.iter().filter(|one| !aside(&overview, one.id)).copied().collect();
        let without = overview_of(&rest, TimeInterval::UNKNOWN);
        prop_assert_eq!(&without.threads, &overview.threads);
        prop_assert!(without.refused.is_empty() && without.waiting.is_empty());
        // Nor does any one of them.
        for one in messages.iter().filter(|one| aside(&overview, one.id)) {
            let rest: Vec<_> = messages.iter().filter(|other| other.id != one.id).copied().collect();
            let without = overview_of(&rest, TimeInterval::UNKNOWN);
            prop_assert_eq!(&without.threads, &overview.threads);
        }
    }
}

fn refer(id: u8, indicator: u8, to: u8) -> Received<'static, u8> {
    let body = Body::DangerSign(sign(0, 1));
    let message = Message {
        reference_indicator: ReferenceIndicator::new(indicator).unwrap(),
        referenced_message: ReferencedMessage([to; 32]),
        ..Message::original(body)
    };
    Received { id: MessageId([id; 32]), account: u8::from(indicator > 5), place: None, message }
}

#[test]
fn the_set_is_bounded_and_ids_name_one_message() {
    let mut threads = Threads::new();
    assert!(threads.is_empty());
    threads.insert(refer(1, 0, 9)).unwrap();
    assert_eq!(threads.insert(refer(1, 2, 9)), Err(InsertError::Conflict));
    let known = refer(1, 0, 9);
    assert_eq!(threads.insert(Received { account: 7, ..known }), Err(InsertError::Conflict));
    assert_eq!(threads.get(&known.id), Some(&known));
    // A chain of recalls as long as the set allows.
    let id = |number: usize| {
        let mut id = [1; 32];
        id[..8].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
        MessageId(id)
    };
    let mut last = known.id;
    for number in 1..THREAD_MESSAGES_MAX {
        let mut recall = refer(0, 1, 0);
        recall.id = id(number);
        recall.message.referenced_message = ReferencedMessage(last.0);
        threads.insert(recall).unwrap();
        last = recall.id;
    }
    assert_eq!(threads.len(), THREAD_MESSAGES_MAX);
    assert_eq!(threads.insert(refer(2, 0, 0)), Err(InsertError::Full));
    // An odd number of recalls.
    let overview = threads.overview(TimeInterval::UNKNOWN);
    assert_eq!(overview.threads[0].state(), State::Recalled);
    threads.remove(&last).unwrap();
    let overview = threads.overview(TimeInterval::UNKNOWN);
    assert_eq!(overview.threads[0].state(), State::Standing);
}

/// What is learnt of an author's order later counts as if it had been known at once.
#[test]
fn a_place_may_become_known() {
    let place =
        |counter| Some(Place { peer: None, position: Position { device: 0, epoch: 0, counter } });
    let placed = |id, counter| Received { place: place(counter), ..refer(id, 2, 1) };
    let (early, late) = (placed(3, 1), placed(2, 2));
    let unknown = |one| Received { place: None, ..one };
    let expected = overview_of(&[refer(1, 0, 0), early, late], TimeInterval::UNKNOWN);
    assert_eq!(expected.threads[0].pieces[0].current, late.id);
    for late in [[unknown(late), late], [late, unknown(late)]] {
        let mut threads = Threads::new();
        for one in [refer(1, 0, 0), unknown(early), early].into_iter().chain(late) {
            threads.insert(one).unwrap();
        }
        assert_eq!(threads.overview(TimeInterval::UNKNOWN), expected);
    }
}

#[test]
fn who_answered_what() {
    let messages = [refer(1, 0, 0), refer(2, 2, 1), refer(3, 6, 2), refer(4, 6, 1), refer(5, 9, 1)];
    let overview = overview_of(&messages[..3], TimeInterval::UNKNOWN);
    let thread = &overview.threads[0];
    let original = thread.original().unwrap();
    let accounts = |kind| thread.accounts(kind, &original.message).into_iter().collect::<Vec<_>>();
    assert_eq!(accounts(ResponseKind::Confirm), [1]);
    assert_eq!(accounts(ResponseKind::Reject), [0; 0]);
    // A confirmation of what has been replaced no longer counts, nor does one withdrawn.
    for all in [&[messages[0], messages[1], messages[3]][..], &messages[..]] {
        let thread = &overview_of(all, TimeInterval::UNKNOWN).threads[0];
        assert!(thread.accounts(ResponseKind::Confirm, &MessageId([1; 32])).is_empty());
    }
}
