//! What somebody has stored, until it expires.

use crate::limits::QUOTA_BUCKET_SECONDS;

/// Octets by the hour in which they expire: what expires is taken off by the hour, without looking at
/// the parcels. So a quota is free again up to an hour late.
#[derive(Debug, Default, Clone)]
pub(super) struct Account {
    octets: u64,
    /// Hour and octets, ascending; with parcels of 30 days at most 721.
    buckets: Vec<(u32, u64)>,
}

fn hour(seconds: u64) -> u32 {
    u32::try_from(seconds.checked_div(QUOTA_BUCKET_SECONDS).unwrap_or(0)).unwrap_or(u32::MAX)
}

impl Account {
    /// What is stored now.
    pub(super) fn octets(&mut self, now_seconds: u64) -> u64 {
        let now = hour(now_seconds);
        if self.buckets.first().is_some_and(|(first, _)| *first < now) {
            let gone = self.buckets.partition_point(|(hour, _)| *hour < now);
            let freed =
                self.buckets.drain(..gone).fold(0, |sum: u64, (_, n)| sum.saturating_add(n));
            self.octets = self.octets.saturating_sub(freed);
        }
        self.octets
    }

    /// Hours since 1970 and the octets that expire in them, ascending.
    pub(super) fn hours(&self) -> &[(u32, u64)] {
        &self.buckets
    }

    /// What was saved of one.
    pub(super) fn of_hours(buckets: Vec<(u32, u64)>) -> Self {
        let octets = buckets.iter().fold(0, |sum: u64, (_, n)| sum.saturating_add(*n));
        Self { octets, buckets }
    }

    pub(super) fn add(&mut self, expiry_seconds: u64, octets: u64) {
        let hour = hour(expiry_seconds);
        self.octets = self.octets.saturating_add(octets);
        match self.buckets.binary_search_by_key(&hour, |(hour, _)| *hour) {
            Ok(index) => {
                if let Some((_, sum)) = self.buckets.get_mut(index) {
                    *sum = sum.saturating_add(octets);
                }
            }
            Err(index) => self.buckets.insert(index, (hour, octets)),
        }
    }

    /// Takes back what was added and is not stored after all.
    pub(super) fn take_back(&mut self, expiry_seconds: u64, octets: u64) {
        let hour = hour(expiry_seconds);
        if let Ok(index) = self.buckets.binary_search_by_key(&hour, |(hour, _)| *hour)
            && let Some((_, sum)) = self.buckets.get_mut(index)
        {
            *sum = sum.saturating_sub(octets);
            self.octets = self.octets.saturating_sub(octets);
        }
    }
}
