//! Which body stands where, and which leaf of a chain is the latest. No disk here: what a batch
//! would add is planned first, stored by the caller, and only then applied.

use super::record::Record;
use crate::leaf::{Body, Leaf};
use crate::submission::Admitted;
use chappe_codec::account::Account;
use chappe_codec::digest;
use chappe_codec::error::DecodeError;
use chappe_codec::merkle;
use std::collections::HashMap;

const ZEROS: [u8; 32] = [0; 32];

/// The shard every leaf stands in (spec/07-anchor.md: "0 until there are several").
const SHARD: u16 = 0;

#[derive(Debug, Default)]
pub(super) struct LeafIndex {
    /// Digest of a body → the leaf that holds it.
    by_body: HashMap<[u8; 32], u64>,
    /// Record key → hash of the latest leaf with it.
    latest: HashMap<[u8; 32], [u8; 32]>,
}

/// What a batch adds, and where each of its submissions ends up.
#[derive(Debug)]
pub(super) struct Planned {
    added: LeafIndex,
    records: Vec<Record>,
    places: Vec<u64>,
    end: u64,
}

impl Planned {
    /// The new leaves, in order.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    /// The size of the tree with them.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }
}

impl LeafIndex {
    /// Makes leaves of submissions, from index `size` on.
    pub(super) fn plan(&self, admitted: &[Admitted], size: u64, now_seconds: u64) -> Planned {
        let mut planned =
            Planned { added: Self::default(), records: Vec::new(), places: Vec::new(), end: size };
        for submission in admitted {
            let body = body_digest(submission.body());
            let known = self.by_body.get(&body).or_else(|| planned.added.by_body.get(&body));
            if let Some(place) = known.copied() {
                planned.places.push(place);
                continue;
            }
            let leaf = self.make_leaf(submission, &planned.added, now_seconds);
            let octets = leaf.to_bytes();
            planned.added.insert(planned.end, body, &leaf, merkle::leaf_hash(&octets));
            planned.records.push(Record::new(octets, submission.submission().to_bytes()));
            planned.places.push(planned.end);
            planned.end = planned.end.saturating_add(1);
        }
        planned
    }

    /// Takes in what was planned, once it is stored, and says where each submission ended up.
    pub(super) fn apply(&mut self, planned: Planned) -> Vec<u64> {
        self.by_body.extend(planned.added.by_body);
        self.latest.extend(planned.added.latest);
        planned.places
    }

    /// Takes in a stored record.
    pub(super) fn note(&mut self, index: u64, record: &Record) -> Result<(), DecodeError> {
        let leaf = Leaf::parse(record.leaf())?;
        self.insert(index, body_digest(&leaf.body), &leaf, merkle::leaf_hash(record.leaf()));
        Ok(())
    }

    fn make_leaf(&self, submission: &Admitted, added: &Self, now_seconds: u64) -> Leaf {
        let body = submission.body().clone();
        let latest = |key| added.latest.get(&key).or_else(|| self.latest.get(&key));
        Leaf {
            shard: SHARD,
            previous: body.record_key().and_then(latest).copied().unwrap_or(ZEROS),
            log_time_seconds: now_seconds,
            submitter: Account::of_key(submission.submitter()).id(),
            body,
        }
    }

    fn insert(&mut self, index: u64, body: [u8; 32], leaf: &Leaf, hash: [u8; 32]) {
        // The first leaf of a body is the one that counts; a log never holds a second.
        self.by_body.entry(body).or_insert(index);
        if let Some(key) = leaf.body.record_key() {
            self.latest.insert(key, hash);
        }
    }
}

/// A key of this index; it never leaves the process.
fn body_digest(body: &Body) -> [u8; 32] {
    let mut octets = vec![body.kind()];
    body.write(&mut octets);
    digest::sha256(&octets)
}
