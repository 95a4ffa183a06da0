//! What an operator may count of a peer. It is told by the name the operator gave it, never by its key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters and levels of one peer, since the relay started. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct PeerCounts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    is_connected: AtomicBool,
    waiting: AtomicU64,
    waiting_octets: AtomicU64,
    oldest_seconds: AtomicU64,
    forwarded: AtomicU64,
    refused: AtomicU64,
    put_off: AtomicU64,
    expired: AtomicU64,
    replicated: AtomicU64,
}

impl PeerCounts {
    /// Whether this relay is connected to it.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.is_connected.load(Ordering::Relaxed)
    }

    /// Parcels that wait for it, those on the way included.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// Octets of their records.
    #[must_use]
    pub fn waiting_octets(&self) -> u64 {
        self.0.waiting_octets.load(Ordering::Relaxed)
    }

    /// For how many seconds the oldest of them has waited; 0 when none does.
    #[must_use]
    pub fn oldest_seconds(&self) -> u64 {
        self.0.oldest_seconds.load(Ordering::Relaxed)
    }

    /// Parcels it has acknowledged.
    #[must_use]
    pub fn forwarded(&self) -> u64 {
        self.0.forwarded.load(Ordering::Relaxed)
    }

    /// Parcels it has refused for good.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// How often it has put one off.
    #[must_use]
    pub fn put_off(&self) -> u64 {
        self.0.put_off.load(Ordering::Relaxed)
    }

    /// Parcels that expired before it had them.
    #[must_use]
    pub fn expired(&self) -> u64 {
        self.0.expired.load(Ordering::Relaxed)
    }

    /// Parcels of its topics that became durable here, known ones included.
    #[must_use]
    pub fn replicated(&self) -> u64 {
        self.0.replicated.load(Ordering::Relaxed)
    }

    pub(super) fn set_connected(&self, is_connected: bool) {
        self.0.is_connected.store(is_connected, Ordering::Relaxed);
    }

    pub(super) fn set_waiting(&self, records: u64, octets: u64) {
        self.0.waiting.store(records, Ordering::Relaxed);
        self.0.waiting_octets.store(octets, Ordering::Relaxed);
    }

    pub(super) fn set_oldest(&self, seconds: u64) {
        self.0.oldest_seconds.store(seconds, Ordering::Relaxed);
    }

    pub(super) fn forward(&self) {
        self.0.forwarded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn put_one_off(&self) {
        self.0.put_off.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn expire(&self) {
        self.0.expired.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn replicate(&self, parcels: u64) {
        self.0.replicated.fetch_add(parcels, Ordering::Relaxed);
    }
}
