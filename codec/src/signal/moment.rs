//! When a sign or signal is valid: digits as the wire holds them, month 13 included.

use super::decimal::{from_bcd, text_by_layout, to_bcd};
use super::layout;

/// A moment in UTC from which a sign or signal is valid (4.3.1.3), as fourteen digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(u64);

impl DateTime {
    /// The moment so many seconds after 1970-01-01T00:00:00Z, up to the end of the year 9999;
    /// later moments saturate there. Leap seconds are not counted (spec/00-conventions.md).
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        const LAST: u64 = 253_402_300_799;
        let seconds = seconds.min(LAST);
        let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil_date(days);
        let (hour, minute, second) =
            (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        let pairs = [year / 100, year % 100, month, day, hour, minute, second];
        Self(pairs.into_iter().fold(0, |raw, pair| raw.wrapping_shl(8) | to_bcd(pair)))
    }

    /// Seconds since 1970-01-01T00:00:00Z, negative before; none for what is no moment (month 13).
    /// Leap seconds are not counted: second 60 is the first of the next minute.
    #[must_use]
    pub fn unix_seconds(self) -> Option<i64> {
        let date = (1..=12).contains(&self.month()) && (1..=31).contains(&self.day());
        let time = self.hour() <= 23 && self.minute() <= 59 && self.second() <= 60;
        if !(date && time) {
            return None;
        }
        let seconds = u64::from(self.hour())
            .saturating_mul(3600)
            .saturating_add(u64::from(self.minute()).saturating_mul(60))
            .saturating_add(u64::from(self.second()));
        let days = civil_days(self.year().into(), self.month().into(), self.day().into());
        days.checked_mul(86_400)?.checked_add_unsigned(seconds)
    }

    /// Calendar year, 0 to 9999.
    #[must_use]
    pub fn year(self) -> u32 {
        from_bcd(self.0.wrapping_shr(40), 4)
    }

    /// Month; 1 to 12 if valid.
    #[must_use]
    pub fn month(self) -> u32 {
        from_bcd(self.0.wrapping_shr(32), 2)
    }

    /// Day of the month; 1 to 31 if valid.
    #[must_use]
    pub fn day(self) -> u32 {
        from_bcd(self.0.wrapping_shr(24), 2)
    }

    /// Hour; 0 to 23 if valid.
    #[must_use]
    pub fn hour(self) -> u32 {
        from_bcd(self.0.wrapping_shr(16), 2)
    }

    /// Minute; 0 to 59 if valid.
    #[must_use]
    pub fn minute(self) -> u32 {
        from_bcd(self.0.wrapping_shr(8), 2)
    }

    /// Second; 0 to 60 if valid, 60 being a leap second.
    #[must_use]
    pub fn second(self) -> u32 {
        from_bcd(self.0, 2)
    }

    pub(super) const fn from_wire(raw: u64) -> Self {
        Self(raw)
    }

    pub(super) const fn to_wire(self) -> u64 {
        self.0
    }
}

/// How long a sign or signal is valid (4.3.1.4); zero stands for "indefinitely".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// Valid until something else is said.
    pub const INDEFINITE: Self = Self(0);

    /// Days, hours and minutes; none of them above 99.
    #[must_use]
    pub fn new(days: u8, hours: u8, minutes: u8) -> Option<Self> {
        let parts = [days, hours, minutes];
        let fits = parts.iter().all(|part| *part <= 99);
        let fold = |raw: u64, part: u8| raw.wrapping_shl(8) | to_bcd(u64::from(part));
        fits.then(|| Self(parts.into_iter().fold(0, fold)))
    }

    /// How many seconds it is; none if it is indefinite.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        let hours = u64::from(self.days()).saturating_mul(24).saturating_add(self.hours().into());
        let minutes = hours.saturating_mul(60).saturating_add(self.minutes().into());
        (minutes > 0).then(|| minutes.saturating_mul(60))
    }

    /// Days, 0 to 99.
    #[must_use]
    pub fn days(self) -> u32 {
        from_bcd(self.0.wrapping_shr(16), 2)
    }

    /// Hours; 0 to 23 if valid.
    #[must_use]
    pub fn hours(self) -> u32 {
        from_bcd(self.0.wrapping_shr(8), 2)
    }

    /// Minutes; 0 to 59 if valid.
    #[must_use]
    pub fn minutes(self) -> u32 {
        from_bcd(self.0, 2)
    }

    pub(super) const fn from_wire(raw: u64) -> Self {
        Self(raw)
    }

    pub(super) const fn to_wire(self) -> u64 {
        self.0
    }
}

text_by_layout! {
    DateTime => layout::DATE_TIME;
    Duration => layout::DURATION;
}

/// Year, month and day of a count of days since 1970-01-01 in the Gregorian calendar.
fn civil_date(days: u64) -> (u64, u64, u64) {
    // Years are counted from 1 March 0000, so that the leap day is the last of its year; 719,468
    // days lie between that day and 1970-01-01. 146,097 days make 400 years.
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = (day_of_era / 1460)
        .saturating_add(day_of_era / 146_096)
        .saturating_sub(day_of_era / 36_524);
    let year_of_era = day_of_era.saturating_sub(leap_days) / 365;
    let day_of_year = day_of_era.saturating_sub(
        year_of_era
            .saturating_mul(365)
            .saturating_add(year_of_era / 4)
            .saturating_sub(year_of_era / 100),
    );
    // Months from March have 31, 30, 31, 30, 31 days in turn: 153 days in five.
    let month_from_march = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let days_before = month_from_march.saturating_mul(153).saturating_add(2) / 5;
    let day = day_of_year.saturating_sub(days_before).saturating_add(1);
    let january_or_february = month_from_march >= 10;
    let month = if january_or_february {
        month_from_march.saturating_sub(9)
    } else {
        month_from_march.saturating_add(3)
    };
    let year = era
        .saturating_mul(400)
        .saturating_add(year_of_era)
        .saturating_add(u64::from(january_or_february));
    (year, month, day)
}

/// The inverse of [`civil_date`], from the year 0 on: days since 1970-01-01.
fn civil_days(year: u64, month: u64, day: u64) -> i64 {
    // Again years begin on 1 March, and one cycle of 400 years keeps them above zero.
    let january_or_february = month <= 2;
    let year = year.saturating_add(400).saturating_sub(u64::from(january_or_february));
    let month_from_march =
        if january_or_february { month.saturating_add(9) } else { month.saturating_sub(3) };
    let days_before = month_from_march.saturating_mul(153).saturating_add(2) / 5;
    let days = year
        .saturating_mul(365)
        .saturating_add(year / 4)
        .saturating_sub(year / 100)
        .saturating_add(year / 400)
        .saturating_add(days_before)
        .saturating_add(day.saturating_sub(1));
    i64::try_from(days).unwrap_or(i64::MAX).saturating_sub(719_468_i64.saturating_add(146_097))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn moments_since_1970() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_377_923_355, "2013-08-31T04:29:15Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(DateTime::from_unix_seconds(seconds).to_string(), text);
        }
        let seconds = |text: &str| text.parse::<DateTime>().unwrap().unix_seconds();
        assert_eq!(seconds("1969-12-31T23:59:59Z"), Some(-1));
        assert_eq!(seconds("0000-01-01T00:00:00Z"), Some(-62_167_219_200));
        assert_eq!(seconds("2016-12-31T23:59:60Z"), seconds("2017-01-01T00:00:00Z"));
        assert_eq!(seconds("2026-13-01T00:00:00Z"), None);
        assert_eq!(seconds("2026-12-00T00:00:00Z"), None);
        assert_eq!(seconds("2026-12-01T24:00:00Z"), None);
    }

    proptest::proptest! {
        #[test]
        fn seconds_and_moments_read_back(seconds in 0_u64..253_402_300_800) {
            let moment = DateTime::from_unix_seconds(seconds);
            proptest::prop_assert_eq!(moment.unix_seconds(), Some(i64::try_from(seconds).unwrap()));
        }
    }

    #[test]
    fn a_duration_keeps_its_digits() {
        let duration = Duration::new(99, 23, 59).unwrap();
        assert_eq!(duration.to_string(), "P99D23H59M");
        assert_eq!((duration.days(), duration.hours(), duration.minutes()), (99, 23, 59));
        assert_eq!(duration.seconds(), Some(8_639_940));
        assert_eq!(Duration::INDEFINITE.seconds(), None);
        assert_eq!(Duration::new(100, 0, 0), None);
    }
}
