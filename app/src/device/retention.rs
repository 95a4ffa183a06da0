//! What stays of what was received once its text is too old (spec/13-storage.md, "Retention").

use super::Device;
use super::station::{Arrival, Remains, Station};
use crate::exit::Outcome;
use crate::hex;
use chappe_codec::chain::ChainId;
use chappe_codec::id::MessageId;
use chappe_codec::item::Family;
use chappe_codec::key::AccountKey;
use chappe_codec::label::label_epoch;
use chappe_codec::statement::Evidence;
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
    /// An envelope that opened, and when by the device's clock.
    Taken { at: u64, envelope: String },
    /// What stays of one whose text was erased.
    Erased(Erased),
    /// Everything taken so far has been told to whoever uses the device.
    Told,
    /// Everything up to here has been fetched from an address, and told.
    Cursor { source: String, cursor: u64 },
}

/// [`Remains`] as a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Erased {
    fingerprint: String,
    author: Option<String>,
    chain: String,
    sealed: bool,
    ids: Vec<(u32, String)>,
    evidence: Vec<String>,
}

impl Erased {
    fn of(remains: &Remains) -> Self {
        let ids = remains.ids.iter().map(|(counter, id)| (*counter, id.to_string())).collect();
        let evidence = remains.evidence.iter();
        Self {
            fingerprint: hex::encode(&remains.fingerprint),
            author: remains.author.map(|author| hex::encode(&author.to_bytes())),
            chain: remains.chain.to_string(),
            sealed: remains.sealed,
            ids,
            evidence: evidence.map(|evidence| hex::encode(&evidence.to_bytes())).collect(),
        }
    }

    pub(super) fn remains(&self) -> Outcome<Remains> {
        let account = |text: &String| {
            let octets = hex::decode_array("an account", text)?;
            AccountKey::from_bytes(&octets).map_err(|error| {
                let message = format!("an account in the journal: {error}");
                crate::exit::Failure::new(crate::exit::Exit::Malformed, error.name(), message)
            })
        };
        let id = |(counter, text): &(u32, String)| {
            Ok((*counter, MessageId(hex::decode_array("a message id", text)?)))
        };
        let evidence = |text: &String| Ok(Evidence::parse(&hex::decode("evidence", text)?)?);
        Ok(Remains {
            fingerprint: hex::decode_array("a hash", &self.fingerprint)?,
            author: self.author.as_ref().map(account).transpose()?,
            chain: ChainId(hex::decode_array("a chain id", &self.chain)?),
            sealed: self.sealed,
            ids: self.ids.iter().map(id).collect::<Outcome<_>>()?,
            evidence: self.evidence.iter().map(evidence).collect::<Outcome<_>>()?,
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
    let mut station = Station::new(device)?;
    let (mut kept, mut cursors) = (Vec::new(), BTreeMap::new());
    let mut erased_any = false;
    for record in told {
        match record {
            Record::Taken { envelope, .. } => {
                let octets = hex::decode("an envelope", envelope)?;
                let arrivals = station.take(&octets).unwrap_or_default();
                if is_old(record) && !arrivals.iter().any(|arrival| is_lease(arrival, now)) {
                    let remains = Remains::of(&octets, &arrivals)?;
                    kept.push(Record::Erased(Erased::of(&remains)));
                    erased_any = true;
                } else {
                    kept.push(record.clone());
                }
            }
            Record::Erased(erased) => {
                station.recall(&erased.remains()?);
                kept.push(record.clone());
            }
            Record::Told => {}
            Record::Cursor { source, cursor } => {
                cursors.insert(source.clone(), *cursor);
            }
        }
    }
    if !erased_any {
        return Ok(None);
    }
    // Of the cursors the last ones say all; what came first among the rest ends what was told.
    kept.extend(cursors.into_iter().map(|(source, cursor)| Record::Cursor { source, cursor }));
    kept.extend_from_slice(untold);
    Ok(Some(kept))
}

/// "The whole envelope, until the last day the lease has labels for."
fn is_lease(arrival: &Arrival, now: u64) -> bool {
    let Arrival::Message(message) = arrival else { return false };
    if (message.family, message.revision) != (Family::LEASE, 0) {
        return false;
    }
    let Ok(lease) = Lease::parse(&message.body) else { return false };
    lease.labels().last().is_some_and(|(epoch, _)| epoch >= label_epoch(now))
}
