//! How fast a sender may send (spec/06-relay.md, "Admission": "Rates hold a sender back; they do not
//! refuse"). No clock: times are handed in.

use crate::limits::{MESSAGE_BODY_OCTETS_MAX, RATED_SENDERS_MAX};
use crate::node::SenderTag;
use chappe_codec::precedence::Precedence;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What one sender may send in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Messages of all precedences but FLASH together.
    pub messages: NonZeroU32,
    /// Their octets. At once at least one message of any size.
    pub octets: NonZeroU32,
    /// FLASH messages: no flood of others makes a FLASH wait.
    pub flash_messages: NonZeroU32,
    /// Their octets.
    pub flash_octets: NonZeroU32,
    /// After a pause so many seconds' worth may come at once.
    pub burst_seconds: NonZeroU32,
}

/// The rates of all senders.
#[derive(Debug)]
pub struct Rates {
    limits: RateLimits,
    clock: SharedClock,
    senders: HashMap<SenderTag, Arc<SenderRate>>,
}

impl Rates {
    /// Nobody has sent anything yet.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        Self { limits, clock: SharedClock::default(), senders: HashMap::new() }
    }

    /// A meter for one lane of a sender; all lanes of a sender share its rate.
    pub fn meter(&mut self, sender: SenderTag, precedence: Precedence) -> RateMeter {
        if self.senders.len() >= RATED_SENDERS_MAX {
            // Who has no lane open pays at most once more what it may send at once.
            self.senders.retain(|_, rate| Arc::strong_count(rate) > 1);
        }
        let (limits, clock) = (&self.limits, &self.clock);
        let rate = self.senders.entry(sender);
        let rate = rate.or_insert_with(|| Arc::new(SenderRate::new(limits, clock)));
        RateMeter {
            rate: Arc::clone(rate),
            clock: self.clock.clone(),
            is_flash: precedence == Precedence::Flash,
            owed_messages: 0,
            owed_octets: 0,
        }
    }
}

/// What one lane has sent and its sender's rate has not paid for yet.
#[derive(Debug)]
pub struct RateMeter {
    rate: Arc<SenderRate>,
    clock: SharedClock,
    is_flash: bool,
    owed_messages: u32,
    owed_octets: u32,
}

impl RateMeter {
    /// A message was taken from the lane.
    pub fn sent(&mut self, octets: usize) {
        self.owed_messages = self.owed_messages.saturating_add(1);
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        self.owed_octets = self.owed_octets.saturating_add(octets);
    }

    /// Pays for what was sent as far as the rate allows. `Some`: how long the lane must wait before it
    /// tries again; until then nothing more is read from it. `now` is the time since some fixed moment,
    /// the same for all meters.
    pub fn settle(&mut self, now: Duration) -> Option<Duration> {
        self.clock.set(now);
        let buckets = self.buckets();
        let (messages, messages_wait) = buckets.messages.pay(self.owed_messages, &self.clock);
        let (octets, octets_wait) = buckets.octets.pay(self.owed_octets, &self.clock);
        self.owed_messages = messages;
        self.owed_octets = octets;
        messages_wait.max(octets_wait)
    }

    /// Whether a live parcel may still go out now; "beyond the rate" it is dropped.
    pub fn takes_live(&mut self, octets: usize, now: Duration) -> bool {
        if self.settle(now).is_some() {
            return false;
        }
        self.sent(octets);
        self.settle(now);
        true
    }

    fn buckets(&self) -> &Buckets {
        if self.is_flash { &self.rate.flash } else { &self.rate.rest }
    }
}

/// What one sender may send.
#[derive(Debug)]
struct SenderRate {
    flash: Buckets,
    rest: Buckets,
}

impl SenderRate {
    fn new(limits: &RateLimits, clock: &SharedClock) -> Self {
        Self {
            flash: Buckets::new(limits.flash_messages, limits.flash_octets, limits, clock),
            rest: Buckets::new(limits.messages, limits.octets, limits, clock),
        }
    }
}

#[derive(Debug)]
struct Buckets {
    messages: Bucket,
    octets: Bucket,
}

impl Buckets {
    fn new(
        messages: NonZeroU32,
        octets: NonZeroU32,
        limits: &RateLimits,
        clock: &SharedClock,
    ) -> Self {
        let message = u32::try_from(MESSAGE_BODY_OCTETS_MAX).unwrap_or(u32::MAX);
        let burst = limits.burst_seconds;
        let at_once =
            octets.saturating_mul(burst).max(NonZeroU32::new(message).unwrap_or(NonZeroU32::MAX));
        Self {
            messages: Bucket::new(messages, messages.saturating_mul(burst), clock),
            octets: Bucket::new(octets, at_once, clock),
        }
    }
}

/// A token bucket.
#[derive(Debug)]
struct Bucket {
    at_once: NonZeroU32,
    limiter: RateLimiter<NotKeyed, InMemoryState, SharedClock, NoOpMiddleware<Nanos>>,
}

impl Bucket {
    fn new(per_second: NonZeroU32, at_once: NonZeroU32, clock: &SharedClock) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(at_once);
        Self { at_once, limiter: RateLimiter::direct_with_clock(quota, clock.clone()) }
    }

    /// Takes tokens, a full bucket at a time. What is still owed, and how long until more is there.
    fn pay(&self, owed: u32, clock: &SharedClock) -> (u32, Option<Duration>) {
        let mut owed = owed;
        while let Some(part) = NonZeroU32::new(owed.min(self.at_once.get())) {
            match self.limiter.check_n(part) {
                Ok(Ok(())) => owed = owed.saturating_sub(part.get()),
                Ok(Err(until)) => return (owed, Some(until.wait_time_from(clock.now()))),
                // Never: no part is larger than the bucket.
                Err(_) => return (0, None),
            }
        }
        (owed, None)
    }
}

/// The time as it was handed in last.
#[derive(Clone, Default)]
struct SharedClock(Arc<AtomicU64>);

impl SharedClock {
    fn set(&self, now: Duration) {
        self.0.fetch_max(Nanos::from(now).as_u64(), Ordering::Relaxed);
    }
}

impl Clock for SharedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedClock")
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    const SENDER: SenderTag = SenderTag([1; 16]);

    fn rates(messages: u32, octets: u32) -> Rates {
        let number = |number| NonZeroU32::new(number).unwrap();
        Rates::new(RateLimits {
            messages: number(messages),
            octets: number(octets),
            flash_messages: number(messages),
            flash_octets: number(octets),
            burst_seconds: number(1),
        })
    }

    /// How many messages go out in this many seconds when the lane waits as it is told.
    fn sent_within(meter: &mut RateMeter, octets: usize, seconds: u64) -> u64 {
        let (mut now, mut sent) = (Duration::from_secs(100), 0);
        let end = now + Duration::from_secs(seconds);
        while now < end {
            match meter.settle(now) {
                Some(wait) => now += wait.max(Duration::from_nanos(1)),
                None => {
                    meter.sent(octets);
                    sent += 1;
                }
            }
        }
        sent
    }

    #[test]
    fn a_flood_is_held_to_its_rate() {
        let mut rates = rates(100, 1 << 30);
        let sent = sent_within(&mut rates.meter(SENDER, Precedence::Routine), 10, 10);
        assert!((1000..=1110).contains(&sent), "{sent}");
        let mut by_octets = super::tests::rates(1 << 20, 100_000);
        let sent = sent_within(&mut by_octets.meter(SENDER, Precedence::Routine), 10_000, 10);
        assert!((100..=112).contains(&sent), "{sent}");
    }

    #[test]
    fn after_a_pause_a_burst_goes_out_at_once() {
        let number = |number| NonZeroU32::new(number).unwrap();
        let limits = RateLimits {
            messages: number(10),
            octets: number(1 << 20),
            flash_messages: number(10),
            flash_octets: number(1 << 20),
            burst_seconds: number(30),
        };
        let mut meter = Rates::new(limits).meter(SENDER, Precedence::Routine);
        let now = Duration::from_secs(1);
        (0..300).for_each(|_| meter.sent(1));
        assert_eq!(meter.settle(now), None);
        meter.sent(1);
        assert!(meter.settle(now).is_some());
        assert_eq!(meter.settle(now + Duration::from_millis(101)), None);
    }

    #[test]
    fn lanes_share_a_rate_and_flash_has_its_own() {
        let mut rates = rates(10, 1 << 30);
        let mut routine = rates.meter(SENDER, Precedence::Routine);
        let mut priority = rates.meter(SENDER, Precedence::Priority);
        let mut flash = rates.meter(SENDER, Precedence::Flash);
        let mut other = rates.meter(SenderTag([2; 16]), Precedence::Routine);
        let now = Duration::from_secs(1);
        for _ in 0..11 {
            routine.sent(1);
        }
        assert!(routine.settle(now).is_some());
        priority.sent(1);
        assert!(priority.settle(now).is_some() && !priority.takes_live(1, now));
        flash.sent(1);
        other.sent(1);
        assert_eq!((flash.settle(now), other.settle(now)), (None, None));
        assert!(other.takes_live(1, now));
    }

    #[test]
    fn the_largest_message_passes_the_smallest_rate() {
        let mut rates = rates(1, 1);
        let mut meter = rates.meter(SENDER, Precedence::Routine);
        meter.sent(MESSAGE_BODY_OCTETS_MAX);
        assert_eq!(meter.settle(Duration::from_secs(1)), None);
        meter.sent(1);
        assert!(meter.settle(Duration::from_secs(1)).is_some());
        assert_eq!(meter.settle(Duration::from_secs(3)), None);
    }
}
