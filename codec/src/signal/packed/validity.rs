//! From when and for how long (spec/09-packed.md, "DateTime", "Duration").

use crate::error::DecodeError;
use crate::packing::codes::{self, duration, moment};
use crate::packing::{Sink, Source};
use crate::signal::decimal::{from_bcd, to_bcd};
use crate::signal::moment::{DateTime, Duration};

/// A group of years that have numbers of their own.
struct Years {
    first: u64,
    count: u64,
}

const NEAR: Years = Years { first: 2025, count: 16 };
const LATER: Years = Years { first: 2041, count: 64 };
const ANY: Years = Years { first: 0, count: 10_000 };

/// What a moment's number counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Hour,
    FiveMinutes,
    Minute,
    Second,
}

/// The forms with a number, in the order in which a writer tries them.
const FORMS: [(usize, Step, &Years); 8] = [
    (moment::HOUR_NEAR, Step::Hour, &NEAR),
    (moment::FIVE_MINUTES_NEAR, Step::FiveMinutes, &NEAR),
    (moment::MINUTE_NEAR, Step::Minute, &NEAR),
    (moment::SECOND_NEAR, Step::Second, &NEAR),
    (moment::MINUTE_LATER, Step::Minute, &LATER),
    (moment::SECOND_LATER, Step::Second, &LATER),
    (moment::MINUTE_ANY, Step::Minute, &ANY),
    (moment::SECOND_ANY, Step::Second, &ANY),
];

/// A moment's parts, or any six numbers.
struct Parts {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

pub(super) fn write_date_time(at: DateTime, sink: &mut impl Sink) {
    sink.field("DateTime");
    let raw = at.to_wire();
    let part = |shift: u32, digits| u64::from(from_bcd(raw.wrapping_shr(shift), digits));
    let parts = Parts {
        year: part(40, 4),
        month: part(32, 2),
        day: part(24, 2),
        hour: part(16, 2),
        minute: part(8, 2),
        second: part(0, 2),
    };
    let form = FORMS.iter().find_map(|(symbol, step, years)| {
        Some((*symbol, *step, *years, parts.number(*step, years)?))
    });
    match form {
        Some((symbol, step, years, number)) => {
            sink.code(codes::MOMENT.as_code(), symbol);
            sink.number(step.count(years), number);
        }
        None => {
            sink.code(codes::MOMENT.as_code(), moment::DIGITS);
            // Wider than a sink's widest value.
            sink.put(raw.wrapping_shr(28), 28);
            sink.put(raw & 0x0FFF_FFFF, 28);
        }
    }
}

pub(super) fn read_date_time(source: &mut Source<'_>) -> Result<DateTime, DecodeError> {
    source.field("DateTime");
    let symbol = source.code(codes::MOMENT.as_code())?;
    let Some((_, step, years)) = FORMS.iter().find(|(form, ..)| *form == symbol) else {
        return source.digits(14).map(DateTime::from_wire);
    };
    let number = source.number(step.count(years))?;
    let parts = Parts::of(number, *step, years);
    let low = [parts.month, parts.day, parts.hour, parts.minute, parts.second];
    let raw = low
        .into_iter()
        .fold(to_bcd(parts.year), |raw, part| raw.wrapping_shl(8) | two_digits(part));
    Ok(DateTime::from_wire(raw))
}

/// The digits of a number below 100.
const fn two_digits(value: u64) -> u64 {
    (value / 10).wrapping_shl(4) | value % 10
}

impl Step {
    /// How many of it an hour has.
    const fn per_hour(self) -> u64 {
        match self {
            Self::Hour => 1,
            Self::FiveMinutes => 12,
            Self::Minute => 60,
            Self::Second => 60 * 61,
        }
    }

    /// How many numbers moments of these years have.
    const fn count(self, years: &Years) -> u64 {
        // 10,000 years of seconds are below 2^39.
        years.count.wrapping_mul(12 * 31 * 24).wrapping_mul(self.per_hour())
    }
}

impl Parts {
    fn number(&self, step: Step, years: &Years) -> Option<u64> {
        let year = self.year.checked_sub(years.first).filter(|year| *year < years.count)?;
        let month = self.month.checked_sub(1).filter(|month| *month < 12)?;
        let day = self.day.checked_sub(1).filter(|day| *day < 31)?;
        if self.hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        let within_hour = match step {
            Step::Hour => self.minute,
            Step::FiveMinutes => self.minute / 5,
            Step::Minute => self.minute,
            Step::Second => self.minute.wrapping_mul(61).wrapping_add(self.second),
        };
        let is_whole = match step {
            Step::Hour => self.minute == 0 && self.second == 0,
            Step::FiveMinutes => self.minute.is_multiple_of(5) && self.second == 0,
            Step::Minute => self.second == 0,
            Step::Second => true,
        };
        let hours = year.wrapping_mul(12).wrapping_add(month).wrapping_mul(31).wrapping_add(day);
        let hours = hours.wrapping_mul(24).wrapping_add(self.hour);
        is_whole.then(|| hours.wrapping_mul(step.per_hour()).wrapping_add(within_hour))
    }

    const fn of(number: u64, step: Step, years: &Years) -> Self {
        let (hours, within_hour) = (number / step.per_hour(), number % step.per_hour());
        let (minute, second) = match step {
            Step::Hour => (0, 0),
            Step::FiveMinutes => (within_hour.wrapping_mul(5), 0),
            Step::Minute => (within_hour, 0),
            Step::Second => (within_hour / 61, within_hour % 61),
        };
        let (days, hour) = (hours / 24, hours % 24);
        let (months, day) = (days / 31, (days % 31).wrapping_add(1));
        let (year, month) =
            ((months / 12).wrapping_add(years.first), (months % 12).wrapping_add(1));
        Self { year, month, day, hour, minute, second }
    }
}

pub(super) fn write_duration(value: Duration, sink: &mut impl Sink) {
    sink.field("Duration");
    let raw = value.to_wire();
    let code = codes::DURATION.as_code();
    let listed = codes::DURATION_VALUES.iter().position(|known| u64::from(*known) == raw);
    let (days, hours, minutes) =
        (u64::from(value.days()), u64::from(value.hours()), u64::from(value.minutes()));
    let all_hours = days.wrapping_mul(24).wrapping_add(hours);
    if let Some(symbol) = listed {
        sink.code(code, symbol);
    } else if hours > 23 || minutes > 59 {
        sink.code(code, duration::DIGITS);
        sink.put(raw, 24);
    } else if hours == 0 && minutes == 0 {
        sink.code(code, duration::DAYS);
        sink.number(DAYS, days);
    } else if minutes == 0 {
        sink.code(code, duration::HOURS);
        sink.number(DAYS * 24, all_hours);
    } else {
        sink.code(code, duration::ANY);
        sink.number(DAYS * 24 * 60, all_hours.wrapping_mul(60).wrapping_add(minutes));
    }
}

/// Days go from 00 to 99.
const DAYS: u64 = 100;

pub(super) fn read_duration(source: &mut Source<'_>) -> Result<Duration, DecodeError> {
    source.field("Duration");
    let symbol = source.code(codes::DURATION.as_code())?;
    let minutes = match symbol {
        duration::DAYS => source.number(DAYS)?.wrapping_mul(24 * 60),
        duration::HOURS => source.number(DAYS * 24)?.wrapping_mul(60),
        duration::ANY => source.number(DAYS * 24 * 60)?,
        duration::DIGITS => return source.digits(6).map(Duration::from_wire),
        listed => {
            let raw = codes::DURATION_VALUES.get(listed).copied().unwrap_or(0);
            return Ok(Duration::from_wire(u64::from(raw)));
        }
    };
    let parts = [minutes / (24 * 60), minutes / 60 % 24, minutes % 60];
    let raw = parts.into_iter().fold(0_u64, |raw, part| raw.wrapping_shl(8) | two_digits(part));
    Ok(Duration::from_wire(raw))
}
