//! Reads by sequence, and giving back from the stream's start.

use super::batch::{self, HEADER_OCTETS};
use super::cluster::{Cluster, failed};
use super::limits::{INDEX_BITS, READS_MAX, RETRY_PAUSE, TAIL_OCTETS_MAX};
use crate::error::StoreError;
use crate::recovery::Damage;
use crate::store::{EventSink, Keep, ReadRequest, StoreEvent, StoredRecords};
use async_nats::jetstream::stream::{DirectGetErrorKind, LastRawMessageErrorKind};
use bytes::Bytes;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::sleep;

/// How often giving back is tried.
const PURGES_MAX: usize = 50;

/// What reads need.
pub(super) struct Reads {
    pub(super) cluster: Cluster,
    pub(super) sink: EventSink,
    pub(super) tail: Mutex<Tail>,
}

/// The latest messages, by place.
#[derive(Debug, Default)]
pub(super) struct Tail {
    messages: BTreeMap<u64, Bytes>,
    octets: usize,
}

impl Tail {
    pub(super) fn keep(&mut self, place: u64, message: Bytes) {
        self.octets = self.octets.saturating_add(message.len());
        if let Some(old) = self.messages.insert(place, message) {
            self.octets = self.octets.saturating_sub(old.len());
        }
        while self.octets > TAIL_OCTETS_MAX {
            let Some((_, oldest)) = self.messages.pop_first() else { return };
            self.octets = self.octets.saturating_sub(oldest.len());
        }
    }
}

/// The first sequence of the message at a place.
pub(super) fn first_sequence(place: u64) -> u64 {
    place << INDEX_BITS
}

/// The place of the message that a sequence is in.
pub(super) fn place_of(sequence: u64) -> u64 {
    sequence >> INDEX_BITS
}

impl Reads {
    pub(super) fn tell(&self, event: StoreEvent) {
        (self.sink)(event);
    }

    pub(super) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a read.
    pub(super) async fn read(&self, ReadRequest { number, sequences }: ReadRequest) {
        let records = self.records(&sequences).await;
        self.tell(StoreEvent::Read { number, records });
    }

    async fn records(&self, sequences: &[u64]) -> Result<StoredRecords, StoreError> {
        let mut places: Vec<u64> = sequences.iter().map(|sequence| place_of(*sequence)).collect();
        places.dedup();
        let mut wanted = sequences.iter().copied().peekable();
        let mut records = StoredRecords::default();
        let mut messages = futures_util::stream::iter(places)
            .map(|place| async move { (place, self.message(place).await) })
            .buffered(READS_MAX);
        while let Some((place, message)) = messages.next().await {
            let message = message?;
            let parsed = message.as_ref().map(|message| self.parse(place, message));
            let mut held = parsed.flatten().into_iter().flat_map(batch::Records::iter).enumerate();
            while let Some(sequence) = wanted.next_if(|sequence| place_of(*sequence) == place) {
                let index = sequence.saturating_sub(first_sequence(place));
                let record = held.find(|(at, _)| u64::try_from(*at) == Ok(index));
                if let Some((_, record)) = record {
                    records.push(sequence, record);
                }
            }
        }
        Ok(records)
    }

    /// The records of a message; damage is reported.
    fn parse<'a>(&self, place: u64, message: &'a [u8]) -> Option<batch::Records<'a>> {
        let parsed = batch::parse(self.cluster.identity, message);
        if parsed.is_none() {
            self.tell(StoreEvent::Damaged(self.damage(place, message)));
        }
        parsed.map(|(_, records)| records)
    }

    /// What is reported of a message that does not verify: at which place of which stream.
    pub(super) fn damage(&self, place: u64, message: &[u8]) -> Damage {
        Damage {
            segment: self.cluster.name.clone(),
            offset: place,
            octets: u64::try_from(message.len()).unwrap_or(u64::MAX),
            sequences: first_sequence(place)..first_sequence(place.saturating_add(1)),
        }
    }

    /// The message at a place, unless it is gone: from memory, from any server, or, as that one
    /// may be behind, from the one that leads.
    async fn message(&self, place: u64) -> Result<Option<Bytes>, StoreError> {
        if let Some(message) = self.tail().messages.get(&place) {
            return Ok(Some(message.clone()));
        }
        match self.cluster.stream.direct_get(place).await {
            Ok(message) => return Ok(Some(message.payload)),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => {}
            Err(_) => sleep(RETRY_PAUSE).await,
        }
        match self.cluster.stream.get_raw_message(place).await {
            Ok(message) => Ok(Some(message.payload)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(failed("read", &self.cluster.name)(error)),
        }
    }

    /// Gives back what lies before a place, and tells of it.
    pub(super) async fn discard(&self, place: u64) {
        for _ in 0..PURGES_MAX {
            if self.cluster.stream.purge().sequence(place).await.is_ok()
                && let Ok((first, _)) = self.cluster.ends().await
            {
                self.tell(StoreEvent::Discarded { before: first_sequence(first) });
                return;
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// Gives back the messages at the stream's start of which no record is wanted. The cluster
    /// cannot give back those in the middle without leaving out places.
    pub(super) async fn compact(&self, keep: Keep, end: u64) {
        let compacted = self.give_back_unwanted(&keep, end).await;
        let (given_back, error) = match compacted {
            Ok(given_back) => (given_back, None),
            Err(error) => (0, Some(error)),
        };
        self.tell(StoreEvent::Compacted { given_back, error });
    }

    async fn give_back_unwanted(&self, keep: &Keep, end: u64) -> Result<u64, StoreError> {
        let (mut place, _) = self.cluster.ends().await?;
        let mut given_back = 0_u64;
        let first = place;
        while place < end {
            let message = self.message(place).await?;
            if let Some(message) = message {
                let records = batch::parse(self.cluster.identity, &message);
                let mut sequences = first_sequence(place)..;
                let wanted = records.is_some_and(|(_, records)| {
                    records.iter().zip(sequences.by_ref()).any(|(record, at)| keep(at, record))
                });
                if wanted {
                    break;
                }
                let octets = message.len().saturating_sub(HEADER_OCTETS);
                given_back = given_back.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX));
            }
            place = place.saturating_add(1);
        }
        if place <= first {
            return Ok(0);
        }
        self.cluster
            .stream
            .purge()
            .sequence(place)
            .await
            .map_err(failed("give back from", &self.cluster.name))?;
        Ok(given_back)
    }
}
