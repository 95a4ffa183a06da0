//! What a load sends: parcels of nothing but a number and the time they left.

use crate::exit::Outcome;
use chappe_codec::precedence::Precedence;
use chappe_relay::{Address, Parcel, ParcelRef};
use std::time::{Duration, Instant};

/// What stands in front of an envelope's filling: octets drawn for the flow, so that a relay finds no
/// duplicates of another run; a number; nanoseconds since the load started.
pub(super) const STAMP_OCTETS: usize = 24;

/// Octets of a parcel's expiry, in front of its envelope (spec/06-relay.md, "Parcel").
const EXPIRY_OCTETS: usize = 5;

/// One parcel after the other in the same octets.
#[derive(Debug)]
pub(super) struct Messages {
    octets: Vec<u8>,
    envelope_at: usize,
    number: u64,
    started: Instant,
    /// When a parcel that left at the start expires.
    expiry: u64,
}

impl Messages {
    pub(super) fn new(
        address: Address,
        precedence: Precedence,
        size: usize,
        started: Instant,
        keep_seconds: u64,
        drawn: [u8; 8],
    ) -> Outcome<Self> {
        let mut envelope = vec![0x5A; size];
        if let Some(place) = envelope.first_chunk_mut::<8>() {
            *place = drawn;
        }
        let before = started.elapsed().as_secs();
        let expiry =
            crate::clock::now_seconds().saturating_add(keep_seconds).saturating_sub(before);
        let octets = Parcel::new(address, precedence, expiry, envelope)?.to_bytes();
        let envelope_at = octets.len().saturating_sub(size);
        Ok(Self { octets, envelope_at, number: 0, started, expiry })
    }

    /// The next, which leaves now.
    pub(super) fn next(&mut self, now: Instant) -> Outcome<ParcelRef<'_>> {
        self.number = self.number.saturating_add(1);
        let left = now.saturating_duration_since(self.started);
        let expiry = self.expiry.saturating_add(left.as_secs()).to_be_bytes();
        let expiry_at = self.envelope_at.saturating_sub(EXPIRY_OCTETS);
        if let (Some(place), Some(expiry)) =
            (self.octets.get_mut(expiry_at..self.envelope_at), expiry.last_chunk::<EXPIRY_OCTETS>())
        {
            place.copy_from_slice(expiry);
        }
        let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
        let stamp = self.octets.get_mut(self.envelope_at.saturating_add(8)..);
        if let Some((number, rest)) = stamp.and_then(|stamp| stamp.split_first_chunk_mut::<8>()) {
            *number = self.number.to_be_bytes();
            if let Some(place) = rest.first_chunk_mut::<8>() {
                *place = left.to_be_bytes();
            }
        }
        Ok(ParcelRef::parse(&self.octets)?)
    }
}

/// The number of a message and when it left.
pub(super) fn stamp(envelope: &[u8]) -> Option<(u64, Duration)> {
    let (_, rest) = envelope.split_first_chunk::<8>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let left = rest.first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), Duration::from_nanos(u64::from_be_bytes(*left))))
}
