//! Which messages of a stream count. Every reader of the same stream decides alike, from the stream
//! alone.
//!
//! A writer begins with a fence whose epoch is above that of all fences before it. From then on only its messages
//! count, each number once and in order, until the next fence. The cluster refuses most of what
//! does not count: each message names the place that the one before it must have. Not all: a
//! writer has several messages under way, and the place that its second one names may be that of
//! a fence which got in instead of its first. That message is stored, and this rule passes it over.

use super::batch::{Header, Kind};

/// What became of the stream up to some place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Order {
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    epoch: u64,
    writer: u64,
    next: u64,
    /// A message that rotted may have been one of the writer's.
    uncertain: bool,
}

/// Whether a message counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A writer begins.
    Begins,
    /// Its records are part of the log.
    Counts,
    /// It came too late.
    Ignored,
}

impl Order {
    /// The epoch of the last writer.
    pub(super) fn epoch(&self) -> u64 {
        self.last.map_or(0, |last| last.epoch)
    }

    /// Judges the next message.
    pub(super) fn judge(&mut self, header: &Header) -> Verdict {
        let Header { kind, epoch, writer, number } = *header;
        let begin = Last { epoch, writer, next: number.saturating_add(1), uncertain: false };
        match (kind, &mut self.last) {
            (Kind::Fence, Some(last)) if epoch <= last.epoch => Verdict::Ignored,
            (Kind::Fence, _) => {
                self.last = Some(begin);
                Verdict::Begins
            }
            // What came before was discarded; a store never discards right before a message that
            // does not count.
            (Kind::Records, None) => {
                self.last = Some(begin);
                Verdict::Counts
            }
            (Kind::Records, Some(last)) => {
                let is_next = number == last.next || (last.uncertain && number > last.next);
                if (epoch, writer) != (last.epoch, last.writer) || !is_next {
                    return Verdict::Ignored;
                }
                *last = begin;
                Verdict::Counts
            }
        }
    }

    /// Passes over a message that does not verify.
    pub(super) fn pass_damaged(&mut self) {
        if let Some(last) = &mut self.last {
            last.uncertain = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(epoch: u64, writer: u64) -> Header {
        Header { kind: Kind::Fence, epoch, writer, number: 0 }
    }

    fn records(epoch: u64, writer: u64, number: u64) -> Header {
        Header { kind: Kind::Records, epoch, writer, number }
    }

    fn judge(headers: &[Header]) -> Vec<Verdict> {
        let mut order = Order::default();
        headers.iter().map(|header| order.judge(header)).collect()
    }

    #[test]
    fn what_a_former_writer_still_had_under_way_does_not_count() {
        use Verdict::{Begins, Counts, Ignored};
        let stream =
            [fence(1, 10), records(1, 10, 1), fence(2, 20), records(1, 10, 3), records(2, 20, 1)];
        assert_eq!(judge(&stream), [Begins, Counts, Begins, Ignored, Counts]);
    }

    #[test]
    fn a_number_that_was_left_out_ends_what_a_writer_may_say() {
        use Verdict::{Begins, Counts, Ignored};
        let stream = [fence(1, 10), records(1, 10, 1), records(1, 10, 3), records(1, 10, 1)];
        assert_eq!(judge(&stream), [Begins, Counts, Ignored, Ignored]);
    }

    #[test]
    fn a_late_fence_begins_nothing() {
        use Verdict::{Begins, Counts, Ignored};
        let stream = [fence(2, 20), fence(2, 10), fence(1, 10), records(2, 20, 1)];
        assert_eq!(judge(&stream), [Begins, Ignored, Ignored, Counts]);
    }

    #[test]
    fn behind_discarded_messages_a_writer_goes_on() {
        use Verdict::{Counts, Ignored};
        assert_eq!(
            judge(&[records(4, 9, 17), records(4, 9, 18), records(3, 8, 2)]),
            [Counts, Counts, Ignored]
        );
    }

    #[test]
    fn rot_hides_a_message_and_not_those_behind_it() {
        let mut order = Order::default();
        order.judge(&fence(1, 10));
        order.pass_damaged();
        assert_eq!(order.judge(&records(1, 10, 2)), Verdict::Counts);
        assert_eq!(order.judge(&records(1, 10, 4)), Verdict::Ignored);
    }
}
