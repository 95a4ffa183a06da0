//! Whose turn it is among the lanes that are not FLASH, and among handshakes.

use std::collections::VecDeque;
use std::task::Waker;

/// One lane that is not FLASH has its turn at a time, however many are busy; the others wait here and not
/// among the runtime's tasks. So in front of a FLASH that has come lie at most the batch under way and the
/// next, and not one batch for each busy lane. Handshakes have one of their own.
#[derive(Debug)]
pub(super) struct Turn<Key> {
    holder: Option<Key>,
    waiting: VecDeque<(Key, Waker)>,
}

impl<Key> Default for Turn<Key> {
    fn default() -> Self {
        Self { holder: None, waiting: VecDeque::new() }
    }
}

impl<Key: Copy + PartialEq> Turn<Key> {
    /// Whether this lane may take a batch. If not it is woken when it may.
    pub(super) fn may_take(&mut self, lane: Key, waker: &Waker) -> bool {
        self.may_take_before(lane, waker, |_| false)
    }

    /// The same; where it has to wait, it goes before those that are named, which are the last that wait.
    pub(super) fn may_take_before(
        &mut self,
        lane: Key,
        waker: &Waker,
        goes_before: impl Fn(Key) -> bool,
    ) -> bool {
        match self.holder {
            None => {
                self.holder = Some(lane);
                true
            }
            Some(holder) if holder == lane => true,
            Some(_) => {
                match self.waiting.iter_mut().find(|(waiting, _)| *waiting == lane) {
                    Some((_, known)) => known.clone_from(waker),
                    None => {
                        let place = self.waiting.partition_point(|(other, _)| !goes_before(*other));
                        self.waiting.insert(place, (lane, waker.clone()));
                    }
                }
                false
            }
        }
    }

    /// The lane has had its batch, or is gone: the next has its turn.
    pub(super) fn pass(&mut self, lane: Key) {
        if self.holder != Some(lane) {
            self.waiting.retain(|(waiting, _)| *waiting != lane);
            return;
        }
        self.holder = None;
        if let Some((next, waker)) = self.waiting.pop_front() {
            self.holder = Some(next);
            waker.wake();
        }
    }

    /// The lane has had its batch, and another holds its place until it passes.
    pub(super) fn hand(&mut self, lane: Key, to: Key) {
        if self.holder == Some(lane) {
            self.holder = Some(to);
        }
    }

    /// Whether it has its turn.
    pub(super) fn is_of(&self, lane: Key) -> bool {
        self.holder == Some(lane)
    }

    /// It needs no turn any more: if it waits for one it is woken, and if it has one the next has it.
    pub(super) fn leave(&mut self, lane: Key) {
        if self.is_of(lane) {
            return self.pass(lane);
        }
        let place = self.waiting.iter().position(|(waiting, _)| *waiting == lane);
        if let Some((_, waker)) = place.and_then(|place| self.waiting.remove(place)) {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::slots::Slots;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn one_has_its_turn_and_none_is_forgotten() {
        let mut slots = Slots::default();
        let [a, b, c] = [(); 3].map(|()| slots.insert(()));
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut turn = Turn::default();
        assert!(turn.may_take(a, &waker) && turn.may_take(a, &waker));
        assert!(
            !turn.may_take(b, &waker) && !turn.may_take(c, &waker) && !turn.may_take(b, &waker)
        );
        turn.pass(a);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "b, and b alone");
        assert!(!turn.may_take(a, &waker) && turn.may_take(b, &waker));
        // Who is gone holds nobody up, whether it waits or has its turn.
        turn.pass(c);
        turn.pass(b);
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
        assert!(turn.may_take(a, &waker));
        turn.pass(a);
        assert!(turn.may_take(c, &waker));
    }
    #[test]
    fn a_place_is_held_for_another_and_who_leaves_is_woken() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut turn = Turn::default();
        assert!(turn.may_take(1, &waker) && !turn.may_take(2, &waker));
        turn.hand(1, 0);
        assert!(!turn.may_take(1, &waker) && !turn.may_take(3, &waker));
        turn.leave(1);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "1, which needs no turn");
        turn.hand(1, 0);
        turn.pass(0);
        assert!(turn.may_take(2, &waker) && !turn.may_take(3, &waker));
        turn.leave(2);
        assert_eq!(woken.0.load(Ordering::Relaxed), 3, "2, and then 3");
        assert!(turn.may_take(3, &waker) && !turn.may_take(4, &waker));
        // Behind its like, before the others.
        assert!(!turn.may_take_before(5, &waker, |other| other == 4));
        assert!(!turn.may_take_before(6, &waker, |other| other == 4));
        for next in [5, 6, 4] {
            turn.pass(turn.holder.unwrap());
            assert_eq!(turn.holder, Some(next));
        }
    }
}
