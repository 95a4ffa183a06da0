//! When an author signs, and what waits for it (spec/04-statement.md, "When an author signs", "Who
//! acts on what").

use crate::item::{Family, Item};
use crate::precedence::Precedence;
use crate::signal::packed::{self, Packed, TextBuffer};
use crate::signal::{Message, MessageCode, ReferenceIndicator};
use core::time::Duration;

/// Messages of a chain that may be unsigned.
const UNSIGNED_MAX: u32 = 32;

/// How long the first of them may be.
const UNSIGNED_FOR: Duration = Duration::from_secs(5 * 60);

/// When the next statement over a chain is due. It has no clock: times are durations since whatever
/// moment the caller counts from, and never go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SigningPolicy {
    unsigned: u32,
    first_at: Option<Duration>,
    /// A FLASH was said: "or with the next envelope after" it.
    with_next_envelope: bool,
}

impl SigningPolicy {
    /// Nothing is unsigned.
    #[must_use]
    pub const fn new() -> Self {
        Self { unsigned: 0, first_at: None, with_next_envelope: false }
    }

    /// An envelope with so many messages of the chain left at this time.
    pub fn said(&mut self, messages: u32, precedence: Precedence, now: Duration) {
        if messages == 0 {
            return;
        }
        self.unsigned = self.unsigned.saturating_add(messages);
        self.first_at.get_or_insert(now);
        self.with_next_envelope |= precedence == Precedence::Flash;
    }

    /// A statement covers everything said so far.
    pub fn signed(&mut self) {
        *self = Self::new();
    }

    /// Whether a statement is due now.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        self.unsigned >= UNSIGNED_MAX || self.deadline().is_some_and(|deadline| now >= deadline)
    }

    /// Whether the next envelope that goes out is to bring a statement: it is due, or the last words
    /// were a FLASH, which waits for no statement but gets the first chance of one.
    #[must_use]
    pub fn goes_with_next_envelope(&self, now: Duration) -> bool {
        self.with_next_envelope || self.is_due(now)
    }

    /// When a statement becomes due if nothing more is said: `None` while nothing is unsigned. It may
    /// lie in the past.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let first_at = self.first_at?;
        if self.unsigned >= UNSIGNED_MAX {
            return Some(first_at);
        }
        Some(first_at.saturating_add(UNSIGNED_FOR))
    }
}

/// Whether nobody acts on a message before it is signed: a comply (8), a reject (9), a command.
/// Statements, endorsements, cards and ratchet items wait for nothing. The commands of today are
/// leases: they make a gateway read and send in somebody's name.
#[must_use]
pub fn waits_for_signature(item: &Item<'_>) -> bool {
    let mut buffer = TextBuffer::new();
    match (item.family, item.revision) {
        (Family::SIGNAL, 0) => {
            Message::parse_standard(item.body).is_ok_and(|message| is_answer(&message))
        }
        (Family::SIGNAL, packed::item::REVISION) => packed::item::parse(item, &mut buffer)
            .is_ok_and(|said| match said.packed {
                Packed::Whole(message) => is_answer(&message),
                Packed::Repeat(repeat) => {
                    !repeat.test
                        && repeat.code == MessageCode::RequestSignal
                        && decides(repeat.indicator)
                }
            }),
        (family, _) => family == Family::LEASE,
    }
}

fn is_answer(message: &Message<'_>) -> bool {
    message.code() == MessageCode::RequestSignal && decides(message.reference_indicator)
}

fn decides(indicator: ReferenceIndicator) -> bool {
    [ReferenceIndicator::COMPLY, ReferenceIndicator::REJECT].contains(&indicator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Reference;
    use alloc::format;
    use alloc::vec::Vec;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_statement_is_due_after_five_minutes_or_32_messages() {
        let mut policy = SigningPolicy::new();
        assert_eq!((policy.deadline(), policy.is_due(at(u64::MAX))), (None, false));
        policy.said(0, Precedence::Flash, at(1));
        assert_eq!(policy, SigningPolicy::new());
        policy.said(1, Precedence::Routine, at(10));
        policy.said(30, Precedence::Immediate, at(100));
        assert_eq!(policy.deadline(), Some(at(310)));
        assert!(!policy.is_due(at(309)) && policy.is_due(at(310)));
        policy.said(1, Precedence::Routine, at(101));
        assert!(policy.is_due(at(101)) && policy.goes_with_next_envelope(at(101)));
        assert!(policy.deadline().unwrap() <= at(101));
        policy.signed();
        assert_eq!(policy, SigningPolicy::new());
    }

    #[test]
    fn a_flash_is_signed_with_the_next_envelope() {
        let mut policy = SigningPolicy::new();
        policy.said(1, Precedence::Flash, at(0));
        assert!(!policy.is_due(at(0)), "a FLASH waits for no statement");
        assert!(policy.goes_with_next_envelope(at(0)));
        assert_eq!(policy.deadline(), Some(at(300)));
    }

    fn request(indicator: char) -> Vec<u8> {
        // Header: prefix, version, encryption, duress, code, reference indicator, identifier.
        let place = "2026-11-20T12:00:00ZP01D12H30M32+52.09070+005.1214201500080090";
        let text = format!("WF100Q{indicator}{}20{place}", "1".repeat(64));
        Message::parse_serialized(&text).unwrap().to_standard_vec().unwrap()
    }

    #[test]
    fn complies_rejects_and_leases_wait() {
        for (indicator, waits) in [('8', true), ('9', true), ('7', false), ('0', false)] {
            let wire = request(indicator);
            assert_eq!(waits_for_signature(&Item::signal(&wire)), waits, "{indicator}");
        }
        let item = |family| Item { family, revision: 0, reference: Reference::None, body: &[] };
        for (family, waits) in [
            (Family::LEASE, true),
            (Family::STATEMENT, false),
            (Family::ENDORSEMENT, false),
            (Family::CARD, false),
            (Family::TEXT, false),
        ] {
            assert_eq!(waits_for_signature(&item(family)), waits, "{family:?}");
        }
    }
}
