//! What an operator may count: how much, how urgent and how it went. Nothing here tells one client, address or
//! parcel from another.

use crate::admission::Ground;
use crate::protocol::{CloseCode, Reason};
use chappe_codec::precedence::Precedence;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Reasons are counted by their code; those of other relays that this one does not know share the first place.
const REASONS: usize = 16;

/// Close codes are counted by their number.
const CLOSE_CODES: usize = 11;

/// Counters of one relay, since it started. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    taken: [AtomicU64; 4],
    stored: [AtomicU64; 4],
    stored_octets: [AtomicU64; 4],
    refused: [[AtomicU64; 4]; REASONS],
    handshakes: AtomicU64,
    retries: AtomicU64,
    turned_away: AtomicU64,
    admitted: [AtomicU64; Ground::ALL.len()],
    hellos_refused: [AtomicU64; CLOSE_CODES],
    admissions_ended: AtomicU64,
    held: [AtomicU64; 4],
    live_dropped: [AtomicU64; 4],
}

impl Counts {
    /// Parcels of this precedence that were taken up: to be stored, or known already.
    #[must_use]
    pub fn taken(&self, precedence: Precedence) -> u64 {
        read(self.0.taken.get(place(precedence)))
    }

    /// Parcels of this precedence that became durable.
    #[must_use]
    pub fn stored(&self, precedence: Precedence) -> u64 {
        read(self.0.stored.get(place(precedence)))
    }

    /// Octets of their records.
    #[must_use]
    pub fn stored_octets(&self, precedence: Precedence) -> u64 {
        read(self.0.stored_octets.get(place(precedence)))
    }

    /// Parcels of this precedence that were refused, by reason; reasons that never were are left out.
    pub fn refused(&self, precedence: Precedence) -> impl Iterator<Item = (Reason, u64)> {
        self.0.refused.iter().zip(0_u8..).filter_map(move |(row, code)| {
            let count = read(row.get(place(precedence)));
            (count != 0).then(|| (Reason::from_code(code), count))
        })
    }

    /// Connections that were begun.
    #[must_use]
    pub fn handshakes(&self) -> u64 {
        read(Some(&self.0.handshakes))
    }

    /// Of those, how many had to prove their network address first.
    #[must_use]
    pub fn retries(&self) -> u64 {
        read(Some(&self.0.retries))
    }

    /// Of those, how many found no room: the relay was full, or as many waited as may. A client that was left alone
    /// counts again when it asks again.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        read(Some(&self.0.turned_away))
    }

    /// Hellos that were answered, by what let the client in.
    #[must_use]
    pub fn admitted(&self, ground: Ground) -> u64 {
        let place = Ground::ALL.iter().position(|one| *one == ground);
        read(place.and_then(|place| self.0.admitted.get(place)))
    }

    /// Hellos that were not, by the code of the close; codes that never were are left out.
    pub fn hellos_refused(&self) -> impl Iterator<Item = (CloseCode, u64)> {
        self.0.hellos_refused.iter().zip(0_u64..).filter_map(|(counter, code)| {
            let count = read(Some(counter));
            (count != 0).then(|| (CloseCode::from_code(code), count))
        })
    }

    /// Connections closed since they are no longer admitted.
    #[must_use]
    pub fn admissions_ended(&self) -> u64 {
        read(Some(&self.0.admissions_ended))
    }

    /// How often a lane of this precedence was read no further for its sender's rate.
    #[must_use]
    pub fn held(&self, precedence: Precedence) -> u64 {
        read(self.0.held.get(place(precedence)))
    }

    /// Live parcels of this precedence that were dropped for their sender's rate.
    #[must_use]
    pub fn live_dropped(&self, precedence: Precedence) -> u64 {
        read(self.0.live_dropped.get(place(precedence)))
    }

    pub(crate) fn admit(&self, ground: Ground) {
        let place = Ground::ALL.iter().position(|one| *one == ground);
        add(place.and_then(|place| self.0.admitted.get(place)), 1);
    }

    pub(crate) fn refuse_hello(&self, code: CloseCode) {
        let code = usize::try_from(code.code()).unwrap_or(usize::MAX);
        add(self.0.hellos_refused.get(code), 1);
    }

    pub(crate) fn end_admission(&self) {
        add(Some(&self.0.admissions_ended), 1);
    }

    pub(crate) fn hold(&self, precedence: Precedence) {
        add(self.0.held.get(place(precedence)), 1);
    }

    pub(crate) fn drop_live(&self, precedence: Precedence) {
        add(self.0.live_dropped.get(place(precedence)), 1);
    }

    pub(crate) fn take(&self, precedence: Precedence) {
        add(self.0.taken.get(place(precedence)), 1);
    }

    pub(crate) fn store(&self, precedence: Precedence, octets: u32) {
        add(self.0.stored.get(place(precedence)), 1);
        add(self.0.stored_octets.get(place(precedence)), u64::from(octets));
    }

    pub(crate) fn refuse(&self, precedence: Precedence, reason: Reason) {
        let code = usize::from(reason.code());
        let row = self.0.refused.get(code).or_else(|| self.0.refused.first());
        add(row.and_then(|row| row.get(place(precedence))), 1);
    }

    pub(crate) fn handshake(&self) {
        add(Some(&self.0.handshakes), 1);
    }

    pub(crate) fn retry(&self) {
        add(Some(&self.0.retries), 1);
    }

    pub(crate) fn turn_away(&self) {
        add(Some(&self.0.turned_away), 1);
    }
}

fn place(precedence: Precedence) -> usize {
    usize::from(precedence.to_bits())
}

fn read(counter: Option<&AtomicU64>) -> u64 {
    counter.map_or(0, |counter| counter.load(Ordering::Relaxed))
}

fn add(counter: Option<&AtomicU64>, more: u64) {
    if let Some(counter) = counter {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}
