//! Moments in UTC and in local time.

use super::page::{DOT, Page};
use chappe_codec::signal::{DateTime, Duration};
use jiff::civil;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The zone of local times; none if this machine has none.
#[derive(Debug, Clone)]
pub(super) struct LocalZone(Option<TimeZone>);

/// A zone by its offset or by its name.
pub(super) fn parse_zone(text: &str) -> Result<LocalZone, String> {
    let zone = DateTimeParser::new().parse_time_zone(text);
    zone.map(|zone| LocalZone(Some(zone))).map_err(|error| error.to_string())
}

/// The zone `TZ` or the system says.
pub(super) fn zone_of_machine() -> LocalZone {
    LocalZone(TimeZone::try_system().ok())
}

/// From when a sign is valid.
pub(super) fn from(date_time: DateTime, zone: &LocalZone, page: &Page) -> String {
    // The digits as they came: a leap second is shown as one, and month 13 as what it is.
    let utc = date_time.to_string().replace('T', " ").replace('Z', "");
    match instant(date_time) {
        Some(instant) => both(&utc, instant, zone, page),
        None => format!("{} — {}", page.code(&utc), page.word("word ", "invalid")),
    }
}

/// Until when: the moment it ends and how long that is, or that it does not end by itself.
pub(super) fn until(
    date_time: DateTime,
    duration: Duration,
    zone: &LocalZone,
    page: &Page,
) -> String {
    if duration == Duration::INDEFINITE {
        return page.word("word ", "indefinite").to_owned();
    }
    if duration.hours() > 23 || duration.minutes() > 59 {
        return format!("{} — {}", page.code(&duration.to_string()), page.word("word ", "invalid"));
    }
    let lasts = lasting(duration, page);
    let Some(begin) = instant(date_time) else { return lasts };
    match begin.checked_add(SignedDuration::from_secs(seconds(duration))) {
        Ok(end) => {
            let utc = shown(&TimeZone::UTC.to_datetime(end));
            format!("{} — {lasts}", both(&utc, end, zone, page))
        }
        Err(_) => format!("{} — {lasts}", page.word("word ", "calendar")),
    }
}

/// A moment in UTC, and the same one in local time.
fn both(utc: &str, instant: Timestamp, zone: &LocalZone, page: &Page) -> String {
    let local = match &zone.0 {
        None => page.word("word ", "no local").to_owned(),
        Some(zone) => {
            let offset = offset(zone.to_offset(instant).seconds());
            page.fill("word ", "local", &[&shown(&zone.to_datetime(instant)), &offset])
        }
    };
    format!("{} = {local}", page.fill("word ", "utc", &[utc]))
}

/// The moment, if the calendar has it. A leap second is the beginning of the next one, as POSIX
/// counts.
fn instant(date_time: DateTime) -> Option<Timestamp> {
    let second = date_time.second();
    let moment = civil::DateTime::new(
        i16::try_from(date_time.year()).ok()?,
        i8::try_from(date_time.month()).ok()?,
        i8::try_from(date_time.day()).ok()?,
        i8::try_from(date_time.hour()).ok()?,
        i8::try_from(date_time.minute()).ok()?,
        i8::try_from(if second == 60 { 59 } else { second }).ok()?,
        0,
    );
    let instant = TimeZone::UTC.to_timestamp(moment.ok()?).ok()?;
    instant.checked_add(SignedDuration::from_secs(i64::from(second == 60))).ok()
}

fn seconds(duration: Duration) -> i64 {
    let hours =
        i64::from(duration.days()).saturating_mul(24).saturating_add(duration.hours().into());
    hours.saturating_mul(60).saturating_add(duration.minutes().into()).saturating_mul(60)
}

/// `1 d · 12 h · 30 min`, without what is zero.
fn lasting(duration: Duration, page: &Page) -> String {
    let parts =
        [("day", duration.days()), ("hour", duration.hours()), ("minute", duration.minutes())];
    let parts = parts.into_iter().filter(|(_, value)| *value != 0);
    let parts: Vec<_> =
        parts.map(|(unit, value)| page.fill("unit ", unit, &[&value.to_string()])).collect();
    parts.join(DOT)
}

fn shown(at: &civil::DateTime) -> String {
    let (year, month, day) = (at.year(), at.month(), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// `+01:00`; with seconds where a zone had them.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let total = seconds.unsigned_abs();
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60);
    match rest {
        0 => format!("{sign}{hours:02}:{minutes:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}:{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::signal::names::ENGLISH;

    fn moments(zone: &str, date_time: &str, duration: &str) -> (String, String) {
        let (zone, page) = (parse_zone(zone).unwrap(), Page::new(ENGLISH));
        let (date_time, duration) = (date_time.parse().unwrap(), duration.parse().unwrap());
        (from(date_time, &zone, &page), until(date_time, duration, &zone, &page))
    }

    #[test]
    fn both_times_of_both_ends() {
        let (from, until) = moments("-03:30", "2026-11-20T12:00:00Z", "P01D12H30M");
        assert_eq!(from, "2026-11-20 12:00:00 UTC = 2026-11-20 08:30:00 local (-03:30)");
        assert_eq!(
            until,
            "2026-11-22 00:30:00 UTC = 2026-11-21 21:00:00 local (-03:30) — 1 d · 12 h · 30 min"
        );
    }

    #[test]
    fn a_zones_clock_changes_in_between() {
        let (from, until) =
            moments("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-28T23:30:00Z", "P00D02H00M");
        assert!(from.ends_with("2026-03-29 00:30:00 local (+01:00)"), "{from}");
        assert!(until.contains("2026-03-29 03:30:00 local (+02:00) — 2 h"), "{until}");
    }

    #[test]
    fn the_edges_of_the_calendar() {
        let (from, until) = moments("+01:00", "2016-12-31T23:59:60Z", "P00D00H00M");
        assert_eq!(from, "2016-12-31 23:59:60 UTC = 2017-01-01 01:00:00 local (+01:00)");
        assert_eq!(until, "until something else is said");
        let (from, until) = moments("+01:00", "2026-13-01T00:00:00Z", "P00D01H00M");
        assert_eq!(from, "2026-13-01 00:00:00 — not a valid value");
        assert_eq!(until, "1 h");
        let (_, until) = moments("+14:00", "9999-12-30T00:00:00Z", "P99D23H59M");
        assert_eq!(until, "beyond the calendar — 99 d · 23 h · 59 min");
        let (from, until) = moments("-12:00", "0000-01-01T00:00:00Z", "P00D24H00M");
        assert!(from.contains("-001-12-31 12:00:00 local"), "{from}");
        assert_eq!(until, "P00D24H00M — not a valid value");
    }

    #[test]
    fn zones_are_known_or_refused() {
        assert!(parse_zone("Nowhere/Land").is_err());
        assert!(parse_zone("+99:00").is_err());
        let page = Page::new(ENGLISH);
        let from = from("2026-11-20T12:00:00Z".parse().unwrap(), &LocalZone(None), &page);
        assert!(from.ends_with("= local time unknown: this machine has no time zone"), "{from}");
    }
}
