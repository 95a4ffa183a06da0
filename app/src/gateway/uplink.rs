//! What came from the air and is not yet on a relay's disk. It is on this one meanwhile: the link has
//! acknowledged it, and its sender counts it as handed over.

use crate::device::Device;
use crate::device::journal::Journal;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::precedence::Precedence;
use chappe_relay::{Address, AddressKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Envelopes from the air that may wait for the relay.
const UPLINK_MAX: usize = 4096;

/// The journal's records.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
enum Record {
    /// An envelope to be published.
    Heard { topic: bool, address: String, precedence: String, envelope: String },
    /// The relay has the envelope of the record with this number.
    Published { sequence: u64 },
}

/// An envelope on its way to a relay.
#[derive(Debug, Clone)]
pub(crate) struct ForRelay {
    pub(crate) sequence: u64,
    pub(crate) address: Address,
    pub(crate) precedence: Precedence,
    pub(crate) envelope: Vec<u8>,
}

/// The queue, the oldest first.
pub(crate) struct Uplink {
    journal: Journal,
    waiting: BTreeMap<u64, ForRelay>,
}

impl Uplink {
    /// Opens the queue with what an earlier run could not publish.
    pub(crate) fn open(device: &Device) -> Outcome<Self> {
        let (journal, records) = Journal::open(&device.journal("uplink"))?;
        let mut waiting = BTreeMap::new();
        let mut published = BTreeSet::new();
        for (sequence, record) in (journal.first()..).zip(records) {
            match record {
                Record::Heard { topic, address, precedence, envelope } => {
                    let kind = if topic { AddressKind::Topic } else { AddressKind::Mailbox };
                    let octets = hex::decode_array("an address", &address)?;
                    let precedence = precedence.parse().map_err(|error| {
                        Failure::new(Exit::Malformed, "journal", format!("{error}"))
                    })?;
                    let envelope = hex::decode("an envelope", &envelope)?;
                    let address = Address { kind, octets };
                    waiting.insert(sequence, ForRelay { sequence, address, precedence, envelope });
                }
                Record::Published { sequence } => {
                    published.insert(sequence);
                }
            }
        }
        waiting.retain(|sequence, _| !published.contains(sequence));
        Ok(Self { journal, waiting })
    }

    /// Queues an envelope; when this returns it is on disk. `false` when the queue is full.
    pub(crate) fn push(
        &mut self,
        address: Address,
        precedence: Precedence,
        envelope: &[u8],
    ) -> Outcome<bool> {
        if self.waiting.len() >= UPLINK_MAX {
            return Ok(false);
        }
        let sequence = self.journal.next();
        self.journal.append(&Record::Heard {
            topic: address.kind == AddressKind::Topic,
            address: hex::encode(&address.octets),
            precedence: precedence.name().to_owned(),
            envelope: hex::encode(envelope),
        })?;
        let envelope = envelope.to_vec();
        self.waiting.insert(sequence, ForRelay { sequence, address, precedence, envelope });
        Ok(true)
    }

    /// What goes next of what can go: the most urgent, and of those the oldest. Where relays are away, what
    /// is for them waits and holds up nothing else.
    pub(crate) fn first_of(&self, can_go: impl Fn(&ForRelay) -> bool) -> Option<ForRelay> {
        let urgency = |parcel: &&ForRelay| (parcel.precedence, std::cmp::Reverse(parcel.sequence));
        let waiting = self.waiting.values().filter(|parcel| can_go(parcel));
        waiting.max_by_key(urgency).cloned()
    }

    /// Where what waits is to go.
    pub(crate) fn addresses(&self) -> BTreeSet<Address> {
        self.waiting.values().map(|parcel| parcel.address).collect()
    }

    /// The relay has it, or never will.
    pub(crate) fn done(&mut self, sequence: u64) -> Outcome<()> {
        self.journal.append(&Record::Published { sequence })?;
        self.waiting.remove(&sequence);
        let needed = self.waiting.keys().next().copied().unwrap_or_else(|| self.journal.next());
        self.journal.discard_before(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tests::device;

    #[test]
    fn what_the_link_acknowledged_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let address = Address { kind: AddressKind::Topic, octets: [7; 16] };
        let mut uplink = Uplink::open(&device).unwrap();
        for (precedence, envelope) in [
            (Precedence::Routine, b"one"),
            (Precedence::Flash, b"two"),
            (Precedence::Flash, b"six"),
        ] {
            assert!(uplink.push(address, precedence, envelope).unwrap());
        }
        // The most urgent first, and of those the oldest.
        let first = uplink.first_of(|_| true).unwrap();
        assert_eq!(first.envelope, b"two");
        uplink.done(first.sequence).unwrap();
        drop(uplink);

        let mut uplink = Uplink::open(&device).unwrap();
        for expected in [b"six", b"one"] {
            let first = uplink.first_of(|_| true).unwrap();
            assert_eq!((first.address, &first.envelope[..]), (address, &expected[..]));
            uplink.done(first.sequence).unwrap();
        }
        assert!(uplink.first_of(|_| true).is_none());

        // What cannot go yet holds up nothing else.
        let mailbox = Address { kind: AddressKind::Mailbox, octets: [8; 16] };
        uplink.push(mailbox, Precedence::Flash, b"far").unwrap();
        uplink.push(address, Precedence::Routine, b"near").unwrap();
        assert_eq!(uplink.first_of(|parcel| parcel.address == address).unwrap().envelope, b"near");
        assert!(uplink.first_of(|_| false).is_none());
        for _ in 0..2 {
            let first = uplink.first_of(|_| true).unwrap();
            uplink.done(first.sequence).unwrap();
        }
        drop(uplink);
        assert!(Uplink::open(&device).unwrap().first_of(|_| true).is_none());
    }
}
