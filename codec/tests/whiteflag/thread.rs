//! The vectors of thread.json.

use super::given::{hex, octets, pairs};
use chappe_codec::chain::Position;
use chappe_codec::id::MessageId;
use chappe_codec::signal::Message;
use chappe_codec::signal::thread::{
    Inserted, Overview, Piece, Place, Received, Refusal, Refused, Response, ResponseKind,
    ResponseState, Role, State, Threads,
};
use chappe_codec::time::TimeInterval;
use serde_json::{Value, json};

pub(crate) fn judge(id: &str, given: &Value, expected: &Value) {
    let messages: Vec<_> =
        given["messages"].as_array().unwrap().iter().map(|one| received(id, one)).collect();
    let now = match &given["now"] {
        Value::Null => TimeInterval::UNKNOWN,
        now => TimeInterval::new(
            now["earliest"].as_str().unwrap().parse().unwrap(),
            now["width"].as_u64().unwrap(),
        ),
    };
    let overview = overview_of(&messages, now);
    assert_eq!(shown(&overview), *expected, "{id}");
    every_message_is_named_once(&messages, &overview);
    in_any_order(&messages, now, &overview);
}

fn received<'v>(id: &str, given: &'v Value) -> Received<'v, &'v str> {
    let fields = pairs(&given["fields"]);
    let place = given["place"].as_object().map(|place| Place {
        peer: place["peer"].as_str(),
        position: Position {
            device: u8::try_from(place["device"].as_u64().unwrap()).unwrap(),
            epoch: u16::try_from(place["epoch"].as_u64().unwrap()).unwrap(),
            counter: u32::try_from(place["counter"].as_u64().unwrap()).unwrap(),
        },
    });
    Received {
        id: MessageId(octets(given["id"].as_str().unwrap()).try_into().unwrap()),
        account: given["account"].as_str().unwrap(),
        place,
        message: Message::from_pairs(&fields).unwrap_or_else(|error| panic!("{id}: {error}")),
    }
}

pub(crate) fn overview_of<A: Copy + Ord>(
    messages: &[Received<'_, A>],
    now: TimeInterval,
) -> Overview<A> {
    let mut threads = Threads::new();
    for message in messages {
        let inserted = threads.insert(*message).unwrap();
        // A repetition is known and changes nothing.
        assert_eq!(threads.insert(*message), Ok(Inserted::Known));
        assert!(matches!(inserted, Inserted::New | Inserted::Known));
    }
    threads.overview(now)
}

/// Backwards, from every message on, and once more from the beginning.
fn in_any_order<A: Copy + Ord + std::fmt::Debug>(
    messages: &[Received<'_, A>],
    now: TimeInterval,
    overview: &Overview<A>,
) {
    let mut backwards = messages.to_vec();
    backwards.reverse();
    assert_eq!(overview_of(&backwards, now), *overview);
    for first in 0..messages.len() {
        let turned = [&messages[first..], messages].concat();
        assert_eq!(overview_of(&turned, now), *overview);
    }
}

/// Nothing is lost and nothing is in two places; corrections are named by what they did.
pub(crate) fn every_message_is_named_once<A: Copy + Ord>(
    messages: &[Received<'_, A>],
    overview: &Overview<A>,
) {
    let pieces = overview.threads.iter().flat_map(|thread| &thread.pieces);
    let responses = overview.threads.iter().flat_map(|thread| &thread.responses);
    let named: Vec<_> = (pieces.map(|piece| piece.message))
        .chain(responses.map(|response| response.message))
        .chain(overview.waiting.iter().copied())
        .chain(overview.refused.iter().map(|refused| refused.message))
        .chain(overview.tests.iter().copied())
        .collect();
    for message in messages {
        let count = named.iter().filter(|id| **id == message.id).count();
        let corrects = matches!(message.message.reference_indicator.to_u8(), 1 | 2 | 4);
        assert!(count == 1 || corrects && count == 0, "{:?}", message.id);
    }
}

fn shown(overview: &Overview<&str>) -> Value {
    let ids = |ids: &[MessageId]| ids.iter().map(|id| hex(&id.0)).collect::<Vec<_>>();
    let threads: Vec<_> = overview
        .threads
        .iter()
        .map(|thread| {
            let pieces: Vec<_> = thread.pieces.iter().map(piece).collect();
            let responses: Vec<_> = thread.responses.iter().map(response).collect();
            json!({ "pieces": pieces, "responses": responses })
        })
        .collect();
    json!({
        "threads": threads,
        "waiting": ids(&overview.waiting),
        "refused": overview.refused.iter().map(refused).collect::<Vec<_>>(),
        "tests": ids(&overview.tests),
    })
}

fn piece(piece: &Piece) -> Value {
    let (role, to) = match piece.role {
        Role::Original => ("original", None),
        Role::Part(to) => ("part", Some(to)),
        Role::Addition(to) => ("addition", Some(to)),
        Role::Related(to) => ("related", Some(to)),
    };
    let state = match piece.state {
        State::Standing => "standing",
        State::NotYetValid => "not_yet_valid",
        State::Expired => "expired",
        State::Replaced => "replaced",
        State::Discontinued => "discontinued",
        State::Recalled => "recalled",
    };
    json!({
        "message": hex(&piece.message.0),
        "role": role,
        "to": to.map(|to| hex(&to.0)),
        "current": hex(&piece.current.0),
        "undecided": piece.undecided.iter().map(|id| hex(&id.0)).collect::<Vec<_>>(),
        "state": state,
    })
}

fn response(response: &Response<&str>) -> Value {
    let kind = match response.kind {
        ResponseKind::Confirm => "confirm",
        ResponseKind::Acknowledge => "acknowledge",
        ResponseKind::Comply => "comply",
        ResponseKind::Reject => "reject",
    };
    let state = match response.state {
        ResponseState::Standing => "standing",
        ResponseState::Replaced => "replaced",
        ResponseState::Withdrawn => "withdrawn",
        ResponseState::Discontinued => "discontinued",
        ResponseState::Recalled => "recalled",
    };
    json!({
        "message": hex(&response.message.0),
        "account": response.account,
        "kind": kind,
        "to": hex(&response.to.0),
        "piece": hex(&response.piece.0),
        "state": state,
    })
}

fn refused(refused: &Refused) -> Value {
    let message = hex(&refused.message.0);
    match refused.reason {
        Refusal::Breaks(violation) => json!({ "message": message, "rule": violation.rule }),
        Refusal::Referenced(other) => json!({ "message": message, "because": hex(&other.0) }),
    }
}
