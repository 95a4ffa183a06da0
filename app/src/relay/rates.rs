//! How fast a sender may send, as configured.

use super::config::Config;
use chappe_relay::rates::RateLimits;
use std::num::NonZeroU32;

/// The limits; `None` where there is none.
pub(crate) fn limits(config: &Config) -> Option<RateLimits> {
    let limit = |count: u64| NonZeroU32::new(u32::try_from(count).unwrap_or(u32::MAX));
    let number = |name| limit(u64::try_from(config.number(name)).unwrap_or(u64::MAX));
    let messages = number("rates.messages");
    let octets = limit(config.octets("rates.octets"));
    let flash_messages = number("rates.flash_messages");
    let flash_octets = limit(config.octets("rates.flash_octets"));
    if [messages, octets, flash_messages, flash_octets].iter().all(Option::is_none) {
        return None;
    }
    let or_none = |limit: Option<NonZeroU32>| limit.unwrap_or(NonZeroU32::MAX);
    Some(RateLimits {
        messages: or_none(messages),
        octets: or_none(octets),
        flash_messages: or_none(flash_messages),
        flash_octets: or_none(flash_octets),
        burst_seconds: number("rates.burst").unwrap_or(NonZeroU32::MIN),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_no_limit() {
        let of = |text| limits(&Config::of(text).unwrap());
        assert_eq!(of(""), None);
        let some = of("[rates]\nmessages = 50\nburst = 3").unwrap();
        assert_eq!((some.messages.get(), some.burst_seconds.get()), (50, 3));
        assert_eq!((some.octets, some.flash_octets), (NonZeroU32::MAX, NonZeroU32::MAX));
    }
}
