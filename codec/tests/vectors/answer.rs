//! What a vector is answered with: a value, or the registered name of a refusal.

use chappe_codec::card::CardError;
use chappe_codec::envelope::{OpenError, Opened, SealError};
use chappe_codec::error::DecodeError;
use chappe_codec::item::{Item, Reference};
use chappe_codec::key::KeyError;
use chappe_codec::realm::RealmError;
use serde_json::{Value, json};

pub(crate) type Answer = Result<Value, Refusal>;

/// A refusal by its registered name, and all that is known about it for whoever reads a failure.
#[derive(Debug)]
#[allow(dead_code, reason = "the cause is for the reader of a failed test")]
pub(crate) struct Refusal {
    pub(crate) kind: &'static str,
    /// The field and its offset, where a parser knows them.
    pub(crate) place: Option<(&'static str, usize)>,
    pub(crate) cause: String,
}

impl Refusal {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, place: None, cause: String::new() }
    }

    /// Whether it is the one a vector names: by its kind, and by field and offset where it has those.
    pub(crate) fn is(&self, error: &Value) -> bool {
        let place =
            |(field, offset)| error["field"] == json!(field) && error["offset"] == json!(offset);
        let is_there = error.get("offset").is_none() || self.place.is_some_and(place);
        error["kind"] == json!(self.kind) && is_there
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        let place = Some((error.field, error.offset));
        Self { kind: error.kind.name(), place, cause: error.to_string() }
    }
}

impl From<RealmError> for Refusal {
    fn from(error: RealmError) -> Self {
        error.reason.into()
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self { kind: error.name(), place: None, cause: error.to_string() }
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        Self { kind: error.name(), place: None, cause: error.to_string() }
    }
}

impl From<CardError> for Refusal {
    fn from(error: CardError) -> Self {
        match error {
            CardError::Decode(error) => error.into(),
            CardError::Certificate(_) | CardError::Device(_) => Self::new(error.name()),
        }
    }
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Items(error) => error.into(),
            SealError::CountersExhausted => Self::new("out_of_range"),
            SealError::KeyStore(error) => panic!("{error}"),
            SealError::WeakKey => Self::new("weak_key"),
        }
    }
}

/// "The reader keeps the octets and opens nothing. It is not an error."
pub(crate) fn needs_newer() -> Value {
    json!({ "outcome": "needs_newer" })
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

pub(crate) fn item(item: &Item<'_>) -> Value {
    let (form, reference) = match item.reference {
        Reference::None => (0, String::new()),
        Reference::Prefix(prefix) => (1, hex(&prefix)),
        Reference::Id(id) => (2, hex(&id.0)),
        Reference::InBody => (3, String::new()),
    };
    json!({
        "family": item.family.code(),
        "revision": item.revision,
        "form": form,
        "reference": reference,
        "body": hex(item.body),
        "needs_newer": item.needs_newer(),
    })
}

/// Salt, canonical item and id of each message.
pub(crate) fn messages(opened: &Opened) -> Value {
    let one = |message: &chappe_codec::envelope::OpenedMessage<'_>| {
        json!({
            "salt": hex(&message.salt.0),
            "canonical": message.item.canonical().map(|octets| hex(&octets)),
            "id": message.id.map(|id| hex(&id.0)),
        })
    };
    opened.messages().iter().map(one).collect()
}

/// An envelope that was verified or opened.
pub(crate) fn opened(outcome: &str, opened: &Opened) -> Value {
    let all = opened.messages();
    let first = all[0].position;
    for (position, steps) in all.iter().map(|message| message.position).zip(0..) {
        assert_eq!(Some(position), first.advance(steps));
    }
    json!({
        "outcome": outcome,
        "device": first.device,
        "epoch": first.epoch,
        "counter": first.counter,
        "items": all.iter().map(|message| item(&message.item)).collect::<Value>(),
        "account_key": hex(&opened.author().0),
        "messages": messages(opened),
    })
}
