//! Which requests are not answered yet, as runs of numbers: a window of thousands is one run.

use std::collections::VecDeque;

/// Numbers in ascending order.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    /// First and last of each run.
    runs: VecDeque<(u64, u64)>,
    count: usize,
}

impl Unanswered {
    /// Adds a number above all others.
    pub(super) fn push(&mut self, number: u64) {
        self.count = self.count.saturating_add(1);
        match self.runs.back_mut() {
            Some((_, last)) if last.saturating_add(1) == number => *last = number,
            _ => self.runs.push_back((number, number)),
        }
    }

    /// Takes out all up to this one.
    pub(super) fn settle(&mut self, number: u64) {
        while let Some((first, last)) = self.runs.front_mut() {
            if *first > number {
                return;
            }
            let reached = number.min(*last);
            let settled = reached.saturating_sub(*first).saturating_add(1);
            self.count = self.count.saturating_sub(usize::try_from(settled).unwrap_or(usize::MAX));
            if reached < *last {
                *first = reached.saturating_add(1);
                return;
            }
            self.runs.pop_front();
        }
    }

    /// Takes one out. Whether it was there.
    pub(super) fn remove(&mut self, number: u64) -> bool {
        let index = self.runs.partition_point(|(_, last)| *last < number);
        let Some((first, last)) = self.runs.get(index).copied() else { return false };
        if number < first {
            return false;
        }
        self.count = self.count.saturating_sub(1);
        self.runs.remove(index);
        if number < last {
            self.runs.insert(index, (number.saturating_add(1), last));
        }
        if first < number {
            self.runs.insert(index, (first, number.saturating_sub(1)));
        }
        true
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_answered_once() {
        let mut numbers = Unanswered::default();
        [1, 2, 3, 5, 6, 7, 8].into_iter().for_each(|number| numbers.push(number));
        assert_eq!(numbers.len(), 7);
        assert!(!numbers.remove(4));
        assert!(numbers.remove(6));
        assert!(!numbers.remove(6));
        numbers.settle(2);
        assert_eq!(numbers.len(), 4);
        assert!(!numbers.remove(2));
        assert!(numbers.remove(3));
        assert!(numbers.remove(8));
        numbers.settle(7);
        assert_eq!(numbers.len(), 0);
        numbers.push(9);
        numbers.settle(100);
        assert_eq!((numbers.len(), numbers.remove(9)), (0, false));
    }
}
