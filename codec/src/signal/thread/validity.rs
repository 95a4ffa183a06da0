//! Whether a sign's time has come (4.3.1.3, 4.3.1.4).

use super::State;
use crate::signal::message::Message;
use crate::time::TimeInterval;

/// What the time alone says of a message. Only what is certain counts: a sign holds until it is
/// known to be over, and from when it may have begun.
pub(super) fn at(message: &Message<'_>, now: TimeInterval) -> State {
    let Some(sign) = message.body.sign() else { return State::Standing };
    let Some(begin) = sign.date_time.unix_seconds() else { return State::Standing };
    let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    if now.latest_seconds().is_some_and(|latest| seconds(latest) < begin) {
        return State::NotYetValid;
    }
    let end = sign.duration.seconds().map(|length| begin.saturating_add(seconds(length)));
    if end.is_some_and(|end| seconds(now.earliest_seconds()) >= end) {
        return State::Expired;
    }
    State::Standing
}
