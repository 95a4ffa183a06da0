//! How long things took: counts in buckets that grow with the value, each within 1/64 of it.

/// Buckets for each power of two.
const PARTS: u64 = 64;
const PART_BITS: u32 = 6;
const BUCKETS: usize = 64 * 64;

/// Nanoseconds, counted. Its size does not grow.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    greatest: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, greatest: 0 }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, value: u64) {
        if let Some(bucket) = self.buckets.get_mut(bucket_of(value)) {
            *bucket = bucket.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
        self.greatest = self.greatest.max(value);
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    pub(super) const fn greatest(&self) -> u64 {
        self.greatest
    }

    /// The value that so many thousandths do not pass.
    pub(super) fn at(&self, thousandths: u64) -> u64 {
        let wanted = self.count.saturating_mul(thousandths).div_ceil(1000).max(1);
        let mut seen = 0_u64;
        for (index, count) in self.buckets.iter().enumerate() {
            seen = seen.saturating_add(*count);
            if seen >= wanted {
                return end_of(index).min(self.greatest);
            }
        }
        self.greatest
    }
}

/// Below 64 a bucket each; then 64 for each power of two.
fn bucket_of(value: u64) -> usize {
    let power = value.max(1).ilog2().saturating_sub(PART_BITS);
    let part = value.checked_shr(power).unwrap_or(0);
    let index = u64::from(power).saturating_mul(PARTS).saturating_add(part);
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The greatest value of a bucket.
fn end_of(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    if index < PARTS {
        return index;
    }
    // The part of a power above the first runs from 64 to 127.
    let power = (index / PARTS).saturating_sub(1);
    let part = index.saturating_sub(power.saturating_mul(PARTS));
    let power = u32::try_from(power).unwrap_or(u32::MAX);
    let end = part.saturating_add(1).checked_shl(power).unwrap_or(u64::MAX);
    end.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_within_a_sixty_fourth() {
        for value in (0..200).chain([1_000, 12_345, 1 << 20, 987_654_321, 1 << 40]) {
            let end = end_of(bucket_of(value));
            assert!(end >= value && end - value <= value / 64, "{value}: {end}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|value| histogram.add(value * 1000));
        assert!((500_000..=508_000).contains(&histogram.at(500)));
        assert!((990_000..=1_000_000).contains(&histogram.at(990)));
        assert_eq!(histogram.at(1000), 1_000_000);
        assert_eq!((histogram.count(), histogram.greatest()), (1000, 1_000_000));
    }
}
