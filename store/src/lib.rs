//! A segmented, checksummed, append-only log on disk: an append that returned is durable.
//!
//! The relay keeps parcels in it and the ledger its leaves. Records are octets with a sequence
//! number; they are appended in batches, each batch written once and synced once, and never change.
//!
//! What is promised:
//!
//! - [`Log::append_batch`] returns only when every record of the batch would survive a power cut.
//! - Opening cuts off only a *torn tail*: what a power cut left of a batch that was never confirmed.
//!   Anything else that does not verify is corruption. It is refused, or contained and reported
//!   ([`OnCorruption`]); it is never dropped in silence.
//! - One writer at a time, enforced by a lock the operating system releases when the process dies.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! use chappe_store::{Log, Options};
//!
//! let (mut log, _recovery) = Log::open(folder.path().join("log"), Options::default())?;
//! let sequences = log.append_batch(&[b"one", b"two"])?;
//! assert_eq!(sequences, 0..2);
//! assert_eq!(log.read(1)?, b"two");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`FolderStore`] is the same for those who must not wait: a [`Store`] that appends, reads, recovers
//! and compacts on threads of its own and answers by events. Its corruption is always contained.
//!
//! With the feature `jetstream`, `JetStreamStore` is the same for several relays that share a NATS
//! JetStream cluster: all of them append, and all follow one order.
//!
//! The disk is reached through the [`Storage`] seam, so that tests can cut its power.

#![deny(clippy::arithmetic_side_effects)] // a wrapped offset would read or overwrite other records

mod directory;
mod error;
mod folder;
#[cfg(feature = "jetstream")]
mod jetstream;
pub mod limits;
mod log;
mod opening;
mod options;
pub mod record;
mod recovery;
mod scan;
mod segment;
mod storage;
mod store;

pub use directory::Directory;
pub use error::StoreError;
pub use folder::{FolderOptions, FolderStore};
#[cfg(feature = "jetstream")]
pub use jetstream::{ClusterRefusal, JetStreamOptions, JetStreamStore};
pub use log::{Log, Records};
pub use options::{OnCorruption, Options};
pub use recovery::{Damage, Recovery, TornTail};
pub use storage::{Storage, StorageFile};
pub use store::{
    EventSink, Group, GroupLimits, Keep, ReadRequest, RecordBuffer, Store, StoreEvent,
    StoredRecords,
};
