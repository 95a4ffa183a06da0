//! Whose turn it is among the lanes that are not FLASH.

use crate::node::SlotId;
use std::collections::VecDeque;
use std::task::Waker;

/// One lane that is not FLASH has its turn at a time, however many are busy; the others wait here and not
/// among the runtime's tasks. So in front of a FLASH that has come lie at most the batch under way and the
/// next, and not one batch for each busy lane.
#[derive(Debug, Default)]
pub(super) struct Turn {
    holder: Option<SlotId>,
    waiting: VecDeque<(SlotId, Waker)>,
}

impl Turn {
    /// Whether this lane may take a batch. If not it is woken when it may.
    pub(super) fn may_take(&mut self, lane: SlotId, waker: &Waker) -> bool {
        match self.holder {
            None => {
                self.holder = Some(lane);
                true
            }
            Some(holder) if holder == lane => true,
            Some(_) => {
                match self.waiting.iter_mut().find(|(waiting, _)| *waiting == lane) {
                    Some((_, known)) => known.clone_from(waker),
                    None => self.waiting.push_back((lane, waker.clone())),
                }
                false
            }
        }
    }

    /// The lane has had its batch, or is gone: the next has its turn.
    pub(super) fn pass(&mut self, lane: SlotId) {
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
}
