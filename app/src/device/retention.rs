//! What stays of what was received once its text is too old (spec/13-storage.md, "Retention").

use super::Device;
use super::judging::{Validity, limit_of_name};
use super::station::{Content, Lasting, Message, Remains};
use super::watch::record::{KeptFlash, KeptGaps};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::account::Account;
use chappe_codec::chain::{ChainId, Position};
use chappe_codec::id::{MessageId, Salt};
use chappe_codec::item::{Family, emit_items, parse_items};
use chappe_codec::label::label_epoch;
use chappe_relay::Lease;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often what is too old is looked for while a device runs.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// The records of the journal `received`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Record {
    /// What an envelope said that opened, and when by the device's clock.
    Taken { at: u64, content: Box<Kept> },
    /// What stays of one whose text was erased.
    Erased(Erased),
    /// Everything taken so far has been told to whoever uses the device.
    Told,
    /// Everything up to here has been fetched from an address, and told.
    Cursor { source: String, cursor: u64 },
    /// What a statement covers was asked for, and when by the device's clock.
    Asked { at: u64, statement: String },
    /// Which relay had a FLASH.
    Flash(KeptFlash),
    /// What is missing of a chain, and what was told of it.
    Gaps(KeptGaps),
    /// A relay was read to its end, and when by the device's clock.
    Read { relay: String, at: u64 },
}

/// [`Content`] as a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    envelope: String,
    size: usize,
    author: String,
    sealed: bool,
    stranger: bool,
    chain: String,
    /// That of the parcel or frame it came in.
    precedence: Option<String>,
    validity: Option<KeptValidity>,
    messages: Vec<KeptMessage>,
}

/// [`Validity`] as part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptValidity {
    not_before: u64,
    expiry: u64,
}

impl KeptValidity {
    const fn of(validity: Validity) -> Self {
        Self { not_before: validity.not_before, expiry: validity.expiry }
    }

    const fn validity(self) -> Validity {
        Validity { not_before: self.not_before, expiry: self.expiry }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptMessage {
    device: u8,
    epoch: u16,
    counter: u32,
    salt: String,
    id: Option<String>,
    item: String,
    /// As it was judged when it was taken in.
    not_permitted: Vec<String>,
    verified: bool,
}

impl Kept {
    pub(super) fn of(content: &Content) -> Self {
        let messages = content.messages.iter().map(|message| KeptMessage {
            device: message.position.device,
            epoch: message.position.epoch,
            counter: message.position.counter,
            salt: hex::encode(&message.salt.0),
            id: message.id.map(|id| id.to_string()),
            item: hex::encode(&emit_items(&[message.item()])),
            not_permitted: message.not_permitted.iter().map(|limit| limit.name().into()).collect(),
            verified: message.verified,
        });
        Self {
            envelope: hex::encode(&content.envelope),
            size: content.size,
            author: hex::encode(&content.author.0),
            sealed: content.sealed,
            stranger: content.stranger,
            chain: content.chain.to_string(),
            precedence: content.precedence.map(|precedence| precedence.name().to_owned()),
            validity: content.validity.map(KeptValidity::of),
            messages: messages.collect(),
        }
    }

    /// What it says; it was taken in at this time by the device's clock.
    pub(super) fn content(&self, at: u64) -> Outcome<Content> {
        let author = Account(hex::decode_array("an account", &self.author)?);
        let chain = ChainId(hex::decode_array("a chain id", &self.chain)?);
        let message = |kept: &KeptMessage| {
            let octets = hex::decode("an item", &kept.item)?;
            let items = parse_items(false, &octets)?;
            let item = items.first().ok_or_else(|| {
                Failure::new(Exit::Malformed, "missing", "a journal's record has no item")
            })?;
            let id = kept.id.as_ref().map(|id| hex::decode_array("a message id", id));
            Ok(Message {
                author,
                sealed: self.sealed,
                stranger: self.stranger,
                chain,
                position: Position {
                    device: kept.device,
                    epoch: kept.epoch,
                    counter: kept.counter,
                },
                id: id.transpose()?.map(MessageId),
                salt: Salt(hex::decode_array("a salt", &kept.salt)?),
                family: item.family,
                revision: item.revision,
                reference: item.reference,
                body: item.body.to_vec(),
                not_permitted: kept
                    .not_permitted
                    .iter()
                    .map(|name| limit_of_name(name).ok_or_else(|| unknown("limit")))
                    .collect::<Outcome<_>>()?,
                verified: kept.verified,
            })
        };
        let precedence = self.precedence.as_ref();
        let precedence = precedence.map(|name| name.parse().map_err(|_| unknown("precedence")));
        Ok(Content {
            envelope: hex::decode_array("a hash", &self.envelope)?,
            size: self.size,
            author,
            sealed: self.sealed,
            stranger: self.stranger,
            chain,
            precedence: precedence.transpose()?,
            received: known_time(at),
            validity: self.validity.map(KeptValidity::validity),
            messages: self.messages.iter().map(message).collect::<Outcome<_>>()?,
        })
    }
}

fn unknown(what: &str) -> Failure {
    Failure::new(Exit::Malformed, "unknown_code", format!("a journal's record has no such {what}"))
}

/// A device without a clock writes 0.
fn known_time(at: u64) -> Option<u64> {
    Some(at).filter(|at| *at != 0)
}

/// [`Remains`] as a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Erased {
    fingerprint: String,
    author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<u8>,
    chain: String,
    sealed: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stranger: bool,
    /// When it was taken in, by the device's clock.
    at: u64,
    validity: Option<KeptValidity>,
    ids: Vec<(u32, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    without_id: Vec<u32>,
    lasting: Vec<KeptLasting>,
}

/// [`Lasting`] as part of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptLasting {
    family: u8,
    verified: bool,
    body: String,
}

impl Erased {
    fn of(remains: &Remains) -> Self {
        let ids = remains.ids.iter().map(|(counter, id)| (*counter, id.to_string())).collect();
        let lasting = remains.lasting.iter().map(|lasting| KeptLasting {
            family: lasting.family.code(),
            verified: lasting.verified,
            body: hex::encode(&lasting.body),
        });
        Self {
            fingerprint: hex::encode(&remains.fingerprint),
            author: remains.author.map(|author| hex::encode(&author.0)),
            device: remains.device,
            chain: remains.chain.to_string(),
            sealed: remains.sealed,
            stranger: remains.stranger,
            at: remains.received.unwrap_or(0),
            validity: remains.validity.map(KeptValidity::of),
            ids,
            without_id: remains.without_id.clone(),
            lasting: lasting.collect(),
        }
    }

    pub(super) fn remains(&self) -> Outcome<Remains> {
        let account = |text: &String| hex::decode_array("an account", text).map(Account);
        let id = |(counter, text): &(u32, String)| {
            Ok((*counter, MessageId(hex::decode_array("a message id", text)?)))
        };
        let lasting = |kept: &KeptLasting| {
            let family = Family::from_code(kept.family).ok_or_else(|| unknown("family"))?;
            let body = hex::decode("an item's body", &kept.body)?;
            Ok(Lasting { family, verified: kept.verified, body })
        };
        Ok(Remains {
            fingerprint: hex::decode_array("a hash", &self.fingerprint)?,
            author: self.author.as_ref().map(account).transpose()?,
            device: self.device,
            chain: ChainId(hex::decode_array("a chain id", &self.chain)?),
            sealed: self.sealed,
            stranger: self.stranger,
            received: known_time(self.at),
            validity: self.validity.map(KeptValidity::validity),
            ids: self.ids.iter().map(id).collect::<Outcome<_>>()?,
            without_id: self.without_id.clone(),
            lasting: self.lasting.iter().map(lasting).collect::<Outcome<_>>()?,
        })
    }
}

/// The records that stay of these; `None` when none is too old. What was not told is not erased.
pub(super) fn keep(device: &Device, records: &[Record], now: u64) -> Outcome<Option<Vec<Record>>> {
    let before = device.settings()?.erased_before(now);
    let told = records
        .iter()
        .rposition(|record| matches!(record, Record::Told | Record::Cursor { .. }))
        .unwrap_or(0);
    let (told, untold) = records.split_at_checked(told).unwrap_or((records, &[]));
    let is_old = |record: &Record| matches!(record, Record::Taken { at, .. } if *at < before);
    if !told.iter().any(is_old) {
        return Ok(None);
    }
    let places = told.iter().enumerate();
    let last: BTreeMap<(&str, &str), usize> =
        places.filter_map(|(place, record)| Some((last_of(record)?, place))).collect();
    let (mut kept, mut cursors, mut read) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let mut erased_any = false;
    for (place, record) in told.iter().enumerate() {
        let is_last = || last_of(record).is_none_or(|one| last.get(&one) == Some(&place));
        match record {
            Record::Taken { at, content } => {
                let content = content.content(*at)?;
                if is_old(record) && !content.messages.iter().any(|message| is_lease(message, now))
                {
                    kept.push(Record::Erased(Erased::of(&Remains::of(&content))));
                    erased_any = true;
                } else {
                    kept.push(record.clone());
                }
            }
            Record::Erased(_) | Record::Asked { .. } => kept.push(record.clone()),
            Record::Told => {}
            Record::Cursor { source, cursor } => {
                cursors.insert(source.clone(), *cursor);
            }
            Record::Flash(flash) if !is_last() || !flash.is_kept(now) => {}
            Record::Gaps(gaps) if !is_last() || !gaps.is_kept(now) => {}
            Record::Flash(_) | Record::Gaps(_) => kept.push(record.clone()),
            Record::Read { relay, at } => {
                read.insert(relay.clone(), *at);
            }
        }
    }
    if !erased_any {
        return Ok(None);
    }
    kept.extend(read.into_iter().map(|(relay, at)| Record::Read { relay, at }));
    // Of the cursors the last ones say all; what came first among the rest ends what was told.
    kept.extend(cursors.into_iter().map(|(source, cursor)| Record::Cursor { source, cursor }));
    kept.extend_from_slice(untold);
    Ok(Some(kept))
}

/// What a record is the last of, if of its like the last one says all.
fn last_of(record: &Record) -> Option<(&'static str, &str)> {
    match record {
        Record::Flash(flash) => Some(("flash", flash.parcel.as_str())),
        Record::Gaps(gaps) => Some(("gaps", gaps.chain.as_str())),
        _ => None,
    }
}

/// "The whole envelope, until the last day the lease has labels for."
fn is_lease(message: &Message, now: u64) -> bool {
    if (message.family, message.revision) != (Family::LEASE, 0) {
        return false;
    }
    let Ok(lease) = Lease::parse(&message.body) else { return false };
    lease.labels().last().is_some_and(|(epoch, _)| epoch >= label_epoch(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::send::sealed_to;
    use crate::device::contacts::Contact;
    use crate::device::received::Received;
    use crate::device::sent::{Audience, Path, Sent};
    use crate::device::station::Arrival;
    use crate::device::tests::device;
    use chappe_codec::digest;
    use chappe_codec::envelope::OpenError;
    use chappe_codec::item::{Item, Reference};
    use chappe_codec::precedence::Precedence;

    fn item(body: &[u8]) -> Item<'_> {
        let family = Family::from_code(0x70).unwrap();
        Item { family, revision: 0, reference: Reference::None, body }
    }

    fn meet(one: &Device, other: &Device, name: &str) -> Audience {
        one.add_contact(name, other.identity.card()).unwrap();
        let card = other.identity.card().clone();
        sealed_to(&Contact { name: name.into(), card })
    }

    fn records(device: &Device) -> Vec<Record> {
        super::super::journal::Journal::open(&device.journal("received")).unwrap().1
    }

    #[test]
    fn a_text_goes_once_it_was_told_and_what_it_proves_stays() {
        let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ana, ben) = (device(folders.0.path()), device(folders.1.path()));
        let to_ben = meet(&ana, &ben, "ben");
        meet(&ben, &ana, "ana");
        ben.set_retention(0).unwrap();
        let mut sent = Sent::open(&ana, Path::Radio).unwrap();
        let mut said: Vec<Vec<u8>> = Vec::new();
        for (audience, body) in [(&to_ben, b"one"), (&Audience::Open, b"two"), (&to_ben, b"six")] {
            let written = sent.write(audience, Precedence::Routine, &[item(body)]).unwrap();
            said.push(written.envelope);
        }

        // Two are told, the third is not when it crashes.
        let (mut received, _) = Received::open(&ben).unwrap();
        received.take(&said[0], None).unwrap().unwrap();
        received.take(&said[1], None).unwrap().unwrap();
        received.advance("a source", 7).unwrap();
        received.take(&said[2], None).unwrap().unwrap();
        drop(received);

        let (mut received, known) = Received::open(&ben).unwrap();
        assert_eq!(known.untold.len(), 1, "what was not told is there as it came");
        assert_eq!(known.untold[0].0.envelope, digest::sha256(&said[2]));
        assert_eq!(known.untold[0].0.messages[0].body, b"six");
        assert_eq!(received.cursor("a source"), 7);
        // All three are known when they come again.
        for envelope in &said {
            assert_eq!(received.take(envelope, None).unwrap(), Err(OpenError::Replay));
        }
        drop(received);
        let left = records(&ben);
        let whole = left.iter().filter(|record| matches!(record, Record::Taken { .. })).count();
        let erased = left.iter().filter(|record| matches!(record, Record::Erased(_))).count();
        assert_eq!((whole, erased), (1, 2), "{left:?}");

        // A statement over erased messages is checked against their ids, after another restart, too.
        let (mut received, _) = Received::open(&ben).unwrap();
        received.told().unwrap();
        drop(received);
        let (mut received, known) = Received::open(&ben).unwrap();
        assert!(known.untold.is_empty());
        let statement = sent.sign(&to_ben, &to_ben, Precedence::Routine).unwrap().remove(0);
        let taken = received.take(&statement.envelope, None).unwrap().unwrap();
        let signed = taken.arrivals.iter().find_map(|arrival| match arrival {
            Arrival::Signed(signed) => Some(signed.ids.len()),
            _ => None,
        });
        assert_eq!(signed, Some(2));
        received.told().unwrap();
        drop(received);

        // The statement itself stays, although its envelope is erased.
        let (_, known) = Received::open(&ben).unwrap();
        assert!(records_are_erased(&ben));
        let signed = |arrival: &Arrival| matches!(arrival, Arrival::Signed(_));
        assert_eq!(known.told.iter().filter(|arrival| signed(arrival)).count(), 1);
    }

    fn records_are_erased(device: &Device) -> bool {
        records(device).iter().all(|record| !matches!(record, Record::Taken { .. }))
    }

    #[test]
    fn only_what_is_older_goes() {
        let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ana, ben) = (device(folders.0.path()), device(folders.1.path()));
        meet(&ben, &ana, "ana");
        let mut sent = Sent::open(&ana, Path::Radio).unwrap();
        let mut taken = |at| {
            let written = sent.write(&Audience::Open, Precedence::Routine, &[item(b"x")]).unwrap();
            Record::Taken { at, content: Box::new(Kept::of(&written.content)) }
        };
        let day = 24 * 3600;
        let records = vec![taken(9 * day), taken(11 * day), Record::Told, taken(1)];
        let kept = keep(&ben, &records, 40 * day).unwrap().unwrap();
        assert!(matches!(kept[0], Record::Erased(_)));
        assert_eq!(kept[1..], records[1..]);
        // Nothing more to do, and nothing without a clock.
        assert_eq!(keep(&ben, &kept, 40 * day).unwrap(), None);
        assert_eq!(keep(&ben, &records, 0).unwrap(), None);
    }

    #[test]
    fn what_was_said_goes_once_it_was_handed_over() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        device.set_retention(0).unwrap();
        let mut sent = Sent::open(&device, Path::Radio).unwrap();
        let write = |sent: &mut Sent<'_>, body: &[u8]| {
            sent.write(&Audience::Open, Precedence::Routine, &[item(body)]).unwrap().envelope
        };
        let handed = write(&mut sent, b"handed over");
        let waiting = write(&mut sent, b"waiting");
        sent.handed_over(&handed).unwrap();
        drop(sent);
        let octets = |device: &Device| {
            let path = device.journal("sent").path;
            (path.join("log-0").exists(), path.join("log-1").exists())
        };
        assert_eq!(octets(&device), (true, false));
        let mut sent = Sent::open(&device, Path::Radio).unwrap();
        assert_eq!(octets(&device), (false, true), "it was written anew");
        assert_eq!(sent.queued().iter().map(|one| &one.envelope).collect::<Vec<_>>(), [&waiting]);
        // Counters go on, and both are signed.
        write(&mut sent, b"third");
        let written = sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap();
        let messages = written[0].content.messages[0].position.counter;
        assert_eq!(messages, 3);
    }
}
