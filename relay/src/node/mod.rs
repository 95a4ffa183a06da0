//! The node without sockets: parcels into the log, and out of it for whoever may read them.

mod access;
mod index;
mod subscription;

pub use access::{Grant, may_read};
pub use subscription::{LiveStep, SubscriptionState};

use crate::address::Address;
use crate::limits::{EXPIRY_AHEAD_SECONDS_MAX, FETCH_OCTETS_MAX, FETCH_PARCELS_MAX};
use crate::parcel::{Parcel, ParcelId};
use crate::protocol::Reason;
use chappe_store::{Directory, Log, Options, Recovery, Storage, StoreError};
use index::{Index, Key, covers};
use std::collections::HashMap;
use std::path::Path;

/// The first octet of every record: which kind it is. Others may come.
const RECORD_PARCEL: u8 = 1;

/// Parcels on disk and where each address's lie. The index is derived: it is rebuilt from the log at
/// every start and never written.
#[derive(Debug)]
pub struct Node<S: Storage = Directory> {
    log: Log<S>,
    index: Index,
}

/// What became of a published parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is on durable storage now.
    New {
        /// The cursor behind it.
        cursor: u64,
        /// The cursor behind its address's parcel before it; 0 when there is none.
        previous: u64,
    },
    /// A copy of it that lives at least half as long was, or is now.
    Duplicate,
}

/// Parcels of one address, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredPage {
    /// Each parcel's octets and the cursor behind it.
    pub parcels: Vec<(u64, Vec<u8>)>,
    /// The cursor to go on from.
    pub cursor: u64,
    /// Whether something is left.
    pub more: bool,
}

impl Node<Directory> {
    /// Opens the log in a folder, made when it is not there, and derives the index.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<(Self, Recovery), StoreError> {
        let (log, recovery) = Log::open(dir, options)?;
        Ok((Self::of(log)?, recovery))
    }
}

impl<S: Storage> Node<S> {
    /// Derives the index of a log.
    ///
    /// # Errors
    /// [`StoreError::Io`]. Records that are damaged, or of a kind this program does not know, are
    /// passed over: opening the log has reported the former.
    pub fn of(log: Log<S>) -> Result<Self, StoreError> {
        let mut index = Index::default();
        for record in log.iter_from(0) {
            match record {
                Ok((sequence, record)) => {
                    if let Some(Ok(parcel)) = parcel_octets(&record).map(Parcel::parse) {
                        index.insert(&Key::of(&parcel), sequence, parcel.expiry_seconds());
                    }
                }
                Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { log, index })
    }

    /// The name of the log (spec/06-relay.md, "Hello").
    #[must_use]
    pub fn log_name(&self) -> u64 {
        self.log.identity()
    }

    /// Parcels that may still be given out or that stand in the way of a duplicate.
    #[must_use]
    pub fn parcels(&self) -> usize {
        self.index.parcels()
    }

    /// Stores parcels with one sync and answers each. When this returns, each `Ok` is durable.
    ///
    /// The batch must fit a batch of the log. When the log fails, everything that had to be written
    /// is refused with [`Reason::TryLater`] and the error comes back beside the answers.
    pub fn commit(
        &mut self,
        parcels: &[Parcel],
        now_seconds: u64,
    ) -> (Vec<Result<Stored, Reason>>, Option<StoreError>) {
        let mut batch = Batch::default();
        let plans: Vec<Plan> =
            parcels.iter().map(|parcel| self.plan(&mut batch, parcel, now_seconds)).collect();
        let records: Vec<&[u8]> = batch.records.iter().map(Vec::as_slice).collect();
        match self.log.append_batch(&records) {
            Ok(sequences) => {
                let mut sequences = sequences.into_iter();
                let answers = plans.into_iter().zip(parcels).map(|(plan, parcel)| match plan {
                    Plan::Refuse(reason) => Err(reason),
                    Plan::Known | Plan::InThisBatch => Ok(Stored::Duplicate),
                    Plan::Write(key) => match sequences.next() {
                        Some(sequence) => Ok(self.store(&key, sequence, parcel.expiry_seconds())),
                        None => Err(Reason::TryLater),
                    },
                });
                (answers.collect(), None)
            }
            Err(error) => {
                let answers = plans.into_iter().map(|plan| match plan {
                    Plan::Refuse(reason) => Err(reason),
                    Plan::Known => Ok(Stored::Duplicate),
                    Plan::InThisBatch | Plan::Write(_) => Err(Reason::TryLater),
                });
                (answers.collect(), Some(error))
            }
        }
    }

    fn plan(&self, batch: &mut Batch, parcel: &Parcel, now_seconds: u64) -> Plan {
        if parcel.expiry_seconds() <= now_seconds {
            return Plan::Refuse(Reason::Expired);
        }
        if parcel.expiry_seconds() > now_seconds.saturating_add(EXPIRY_AHEAD_SECONDS_MAX) {
            return Plan::Refuse(Reason::ExpiryTooFar);
        }
        let (key, expiry_seconds) = (Key::of(parcel), parcel.expiry_seconds());
        if self.index.holds(&key, expiry_seconds, now_seconds) {
            return Plan::Known;
        }
        // spec/06-relay.md: a duplicate is acknowledged "not before" the copy it repeats "is durable".
        let longest_seconds = batch.expiries.entry((key.address, key.id)).or_default();
        if covers(*longest_seconds, expiry_seconds, now_seconds) {
            return Plan::InThisBatch;
        }
        *longest_seconds = expiry_seconds;
        let mut record = Vec::with_capacity(parcel.octets().saturating_add(1));
        record.push(RECORD_PARCEL);
        parcel.put(&mut record);
        batch.records.push(record);
        Plan::Write(key)
    }

    fn store(&mut self, key: &Key, sequence: u64, expiry_seconds: u64) -> Stored {
        let previous = self.index.last_cursor(&key.address);
        self.index.insert(key, sequence, expiry_seconds);
        Stored::New { cursor: sequence.saturating_add(1), previous }
    }

    /// Parcels of an address stored after a cursor, in order, that have not expired. Who may read
    /// the address was asked before: [`may_read`].
    ///
    /// # Errors
    /// [`Reason::CursorAhead`], [`Reason::BadLimit`], [`Reason::TryLater`] when the disk fails.
    pub fn fetch(
        &self,
        address: &Address,
        cursor: u64,
        limit: u16,
        now_seconds: u64,
    ) -> Result<StoredPage, Reason> {
        if limit == 0 || limit > FETCH_PARCELS_MAX {
            return Err(Reason::BadLimit);
        }
        if cursor > self.log.next() {
            return Err(Reason::CursorAhead);
        }
        let mut page = StoredPage { cursor, ..StoredPage::default() };
        let mut octets = 0_usize;
        for entry in self.index.after(address, cursor) {
            if entry.expiry_seconds > now_seconds {
                if page.parcels.len() >= usize::from(limit) {
                    page.more = true;
                    return Ok(page);
                }
                match self.log.read(entry.sequence) {
                    Ok(record) => {
                        let parcel = parcel_octets(&record).unwrap_or_default();
                        octets = octets.saturating_add(parcel.len());
                        if octets > FETCH_OCTETS_MAX && !page.parcels.is_empty() {
                            page.more = true;
                            return Ok(page);
                        }
                        page.parcels.push((entry.cursor(), parcel.to_vec()));
                    }
                    // Rot since the start. It costs this parcel only.
                    Err(StoreError::Damaged { .. }) => {}
                    Err(_) => return Err(Reason::TryLater),
                }
            }
            page.cursor = entry.cursor();
        }
        Ok(page)
    }

    /// Gives the disk back what lies before the oldest parcel that has not expired.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn discard_expired(&mut self, now_seconds: u64) -> Result<(), StoreError> {
        if let Some(sequence) = self.index.oldest_live(now_seconds) {
            let first = self.log.discard_before(sequence)?;
            self.index.forget_before(first);
        }
        Ok(())
    }
}

/// What a commit decided about a parcel before it wrote.
enum Plan {
    Refuse(Reason),
    Known,
    InThisBatch,
    Write(Key),
}

#[derive(Default)]
struct Batch {
    records: Vec<Vec<u8>>,
    /// Until when the longest-lived copy of each parcel in the batch lives.
    expiries: HashMap<(Address, ParcelId), u64>,
}

fn parcel_octets(record: &[u8]) -> Option<&[u8]> {
    match record.split_first() {
        Some((&RECORD_PARCEL, parcel)) => Some(parcel),
        _ => None,
    }
}
