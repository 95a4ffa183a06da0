//! What is said on disk of what is open: few octets for much that went out in order.

use super::entry::Entry;
use super::record::OpenRange;
use crate::limits::{OPEN_RANGE_ENTRIES_MAX, OPEN_RANGE_GAP};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};

/// Ranges that tell of every sequence in `changed`. Where many are open between two of them, there are two
/// ranges: the open ones in between did not change.
pub(super) fn of_changed(changed: &BTreeSet<u64>, open: &BTreeMap<u64, Entry>) -> Vec<OpenRange> {
    let mut ranges: Vec<OpenRange> = Vec::new();
    for sequence in changed.iter().copied() {
        let end = sequence.saturating_add(1);
        let own = open.get(&sequence).map(|entry| (sequence, entry.open));
        if let Some(range) = ranges.last_mut()
            && range.open.len() < OPEN_RANGE_ENTRIES_MAX
        {
            let last = range.end.saturating_sub(1);
            let between = open.range((Excluded(last), Excluded(sequence)));
            let between: Vec<(u64, u8)> = between
                .take(OPEN_RANGE_GAP.saturating_add(1))
                .map(|(sequence, entry)| (*sequence, entry.open))
                .collect();
            if between.len() <= OPEN_RANGE_GAP {
                range.open.extend(between);
                range.open.extend(own);
                range.end = end;
                continue;
            }
        }
        ranges.push(OpenRange { first: sequence, end, open: own.into_iter().collect() });
    }
    ranges
}

/// Ranges that tell of everything before `end`.
pub(super) fn of_all(end: u64, open: &BTreeMap<u64, Entry>) -> Vec<OpenRange> {
    let mut ranges = Vec::new();
    let mut first = 0;
    while first < end {
        let mut range = OpenRange { first, end, open: Vec::new() };
        for (sequence, entry) in open.range((Included(first), Excluded(end))) {
            if range.open.len() >= OPEN_RANGE_ENTRIES_MAX {
                range.end = *sequence;
                break;
            }
            range.open.push((*sequence, entry.open));
        }
        first = range.end;
        ranges.push(range);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::super::route::Homes;
    use super::*;
    use chappe_codec::precedence::Precedence;
    use proptest::prelude::*;

    fn entry(open: u8) -> Entry {
        Entry {
            homes: Homes::default(),
            open,
            offered: 0,
            precedence: Precedence::Flash,
            put_off: 0,
            put_off_by: 0,
            octets: 100,
            taken_seconds: 0,
            expiry_seconds: 1,
        }
    }

    /// What a reader knows who knew `before` and reads the ranges.
    fn read(before: &BTreeMap<u64, u8>, ranges: &[OpenRange]) -> BTreeMap<u64, u8> {
        let mut known = before.clone();
        for range in ranges {
            let mut octets = Vec::new();
            range.put(&mut octets);
            let parsed = super::super::record::QueueRecord::parse(&octets);
            assert_eq!(parsed, Some(super::super::record::QueueRecord::Open(range.clone())));
            let open: BTreeMap<u64, u8> = range.open.iter().copied().collect();
            known.retain(|sequence, bits| {
                if !(range.first..range.end).contains(sequence) {
                    return true;
                }
                *bits = open.get(sequence).copied().unwrap_or(0);
                *bits != 0
            });
        }
        known
    }

    #[test]
    fn a_thousand_in_order_are_one_short_record() {
        let ranges = of_changed(&(5..1005).collect(), &BTreeMap::new());
        assert_eq!(ranges, [OpenRange { first: 5, end: 1005, open: Vec::new() }]);
    }

    proptest! {
        #[test]
        fn who_reads_the_ranges_knows_what_is_open(
            records in proptest::collection::btree_map(0_u64..3000, (1_u8..8, 0_u8..8), 0..400),
        ) {
            let before: BTreeMap<u64, u8> =
                records.iter().map(|(sequence, (before, _))| (*sequence, *before)).collect();
            let now: BTreeMap<u64, u8> = records
                .iter()
                .map(|(sequence, (before, done))| (*sequence, before & !done))
                .collect();
            let changed = now.iter().filter(|(sequence, bits)| before[sequence] != **bits);
            let changed: BTreeSet<u64> = changed.map(|(sequence, _)| *sequence).collect();
            let left: BTreeMap<u64, u8> =
                now.into_iter().filter(|(_, bits)| *bits != 0).collect();
            let open: BTreeMap<u64, Entry> =
                left.iter().map(|(sequence, bits)| (*sequence, entry(*bits))).collect();
            prop_assert_eq!(&read(&before, &of_changed(&changed, &open)), &left);
            prop_assert_eq!(&read(&before, &of_all(3000, &open)), &left);
        }
    }
}
