//! What lies in the two logs of the forward queue (spec/06-relay.md, "The queue on disk").

use super::route::Homes;
use crate::address::{Address, AddressKind};
use crate::client::Cursors;
use crate::limits::{FORWARD_HOMES_MAX, FORWARD_HOPS_MAX};
use crate::parcel::ParcelRef;
use crate::protocol::{NumberOctets, number};
use chappe_codec::time;

const KEPT: u8 = 1;
const OPEN: u8 = 2;
const REPLICATED: u8 = 3;

/// All homes of a record.
const HOMES_ALL: u8 = 7;

/// A record where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueRecord<'a> {
    /// A parcel that is kept for homes.
    Kept(Kept<'a>),
    /// Which records of a range are still open.
    Open(OpenRange),
    /// Where the replication of a topic stands.
    Replicated(Replicated),
}

/// A parcel that is kept for homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept<'a> {
    /// When it was taken, in seconds after 1970.
    pub taken_seconds: u64,
    /// Relays that may still take it, the next one included.
    pub hops_left: u8,
    /// The homes it is kept for: one to three.
    pub homes: &'a [[u8; 32]],
    /// The parcel.
    pub parcel: ParcelRef<'a>,
}

/// Which records of a range of sequences are still open; all others of the range are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRange {
    /// The first sequence.
    pub first: u64,
    /// The one behind the last.
    pub end: u64,
    /// Sequences, ascending, and the bits of the homes that have to be reached.
    pub open: Vec<(u64, u8)>,
}

/// Where the replication of a topic from a peer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicated {
    /// The peer's relay key.
    pub peer: [u8; 32],
    /// The topic.
    pub topic: [u8; 16],
    /// The name of the peer's logs the cursors belong to.
    pub log: u64,
    /// Behind what is durable here.
    pub cursors: Cursors,
}

impl<'a> QueueRecord<'a> {
    /// Reads one. `None`: it is of a kind this program does not know, or does not parse.
    #[must_use]
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let (kind, rest) = octets.split_first()?;
        match *kind {
            KEPT => kept(rest).map(Self::Kept),
            OPEN => open_range(rest).map(Self::Open),
            REPLICATED => replicated(rest).map(Self::Replicated),
            _ => None,
        }
    }
}

fn kept(input: &[u8]) -> Option<Kept<'_>> {
    let ([a, b, c, d, e, hops_left, count], rest) = input.split_first_chunk::<7>()?;
    let taken_seconds = u64::from_be_bytes([0, 0, 0, *a, *b, *c, *d, *e]);
    let count = usize::from(*count);
    if !(1..FORWARD_HOPS_MAX).contains(hops_left) || !(1..=FORWARD_HOMES_MAX).contains(&count) {
        return None;
    }
    let (homes, parcel) = rest.split_at_checked(count.checked_mul(32)?)?;
    let (homes, _) = homes.as_chunks::<32>();
    let parcel = ParcelRef::parse(parcel).ok()?;
    Some(Kept { taken_seconds, hops_left: *hops_left, homes, parcel })
}

fn open_range(input: &[u8]) -> Option<OpenRange> {
    let (first, input) = input.split_first_chunk::<8>()?;
    let (end, mut input) = input.split_first_chunk::<8>()?;
    let (first, end) = (u64::from_be_bytes(*first), u64::from_be_bytes(*end));
    if first >= end {
        return None;
    }
    let mut open = Vec::new();
    // A step is never 0, so the first is counted from the sequence before the range.
    let mut next = first;
    while !input.is_empty() {
        let (rest, step) = number(input).ok()?;
        let (homes, rest) = rest.split_first()?;
        let sequence = next.checked_add(step.checked_sub(1)?)?;
        if sequence >= end || !(1..=HOMES_ALL).contains(homes) {
            return None;
        }
        open.push((sequence, *homes));
        next = sequence.checked_add(1)?;
        input = rest;
    }
    Some(OpenRange { first, end, open })
}

fn replicated(input: &[u8]) -> Option<Replicated> {
    let (peer, input) = input.split_first_chunk::<32>()?;
    let (topic, input) = input.split_first_chunk::<16>()?;
    let (log, cursors) = input.split_first_chunk::<8>()?;
    let cursors = Cursors::from_bytes(cursors.try_into().ok()?);
    Some(Replicated { peer: *peer, topic: *topic, log: u64::from_be_bytes(*log), cursors })
}

impl Kept<'_> {
    /// Writes it.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(KEPT);
        out.extend_from_slice(&time::seconds_to_bytes(self.taken_seconds));
        out.push(self.hops_left);
        out.push(u8::try_from(self.homes.len()).unwrap_or(u8::MAX));
        self.homes.iter().for_each(|home| out.extend_from_slice(home));
        out.extend_from_slice(self.parcel.octets());
    }

    /// How long it is.
    #[must_use]
    pub fn octets(&self) -> usize {
        let homes = self.homes.len().saturating_mul(32);
        self.parcel.octets().len().saturating_add(homes).saturating_add(8)
    }
}

impl OpenRange {
    /// Writes it.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(OPEN);
        out.extend_from_slice(&self.first.to_be_bytes());
        out.extend_from_slice(&self.end.to_be_bytes());
        let mut next = self.first;
        for (sequence, homes) in &self.open {
            let step = sequence.saturating_sub(next).saturating_add(1);
            out.extend_from_slice(NumberOctets::new(step).as_slice());
            out.push(*homes);
            next = sequence.saturating_add(1);
        }
    }
}

impl Replicated {
    /// Writes it.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(REPLICATED);
        out.extend_from_slice(&self.peer);
        out.extend_from_slice(&self.topic);
        out.extend_from_slice(&self.log.to_be_bytes());
        out.extend_from_slice(&self.cursors.to_bytes());
    }

    /// The topic as an address.
    #[must_use]
    pub const fn address(&self) -> Address {
        Address { kind: AddressKind::Topic, octets: self.topic }
    }
}

/// The bits of all homes.
pub(super) fn all(homes: &Homes) -> u8 {
    homes.bits().fold(0, |bits, (bit, _)| bits | bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(record: &QueueRecord<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        match record {
            QueueRecord::Kept(kept) => kept.put(&mut out),
            QueueRecord::Open(range) => range.put(&mut out),
            QueueRecord::Replicated(replicated) => replicated.put(&mut out),
        }
        out
    }

    proptest! {
        #[test]
        fn whatever_parses_is_written_as_it_was(
            kind in 0_u8..5,
            hops in 0_u8..9,
            homes in 0_u8..5,
            octets in proptest::collection::vec(prop_oneof![0_u8..3, any::<u8>()], 0..200),
        ) {
            for octets in [
                [&[kind][..], &octets].concat(),
                [&[KEPT, 0, 0, 0, 0, 1, hops, homes][..], &[7; 64], &octets].concat(),
                [&[OPEN][..], &[0; 8], &[0, 0, 0, 0, 0, 0, 1, 0], &octets].concat(),
            ] {
                if let Some(record) = QueueRecord::parse(&octets) {
                    prop_assert_eq!(written(&record), octets);
                }
            }
        }
    }
}
