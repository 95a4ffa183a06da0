//! The rules of signs and signals (4.3.1).

use super::{Report, tables};
use crate::signal::code::{MessageCode, ObjectType};
use crate::signal::decimal::{Dimension, Orientation};
use crate::signal::layout;
use crate::signal::message::{RequestObjects, Sign};
use crate::signal::moment::{DateTime, Duration};
use crate::signal::place::{Latitude, Longitude};

pub(super) fn sign(code: MessageCode, sign: &Sign, report: &mut Report<'_>) {
    report.require_by(
        tables::is_subject(code, sign.subject),
        &layout::SUBJECT_CODE,
        subject_section(code),
        "a subject code this message does not define",
    );
    date_time(sign.date_time, report);
    duration(sign.duration, report);
    object_type(code, sign, report);
    location(code, sign, report);
    size(sign, report);
    orientation(sign, report);
}

/// The table a message's subject codes stand in.
const fn subject_section(code: MessageCode) -> &'static str {
    match code {
        MessageCode::ProtectiveSign => "4.3.1.2.1",
        MessageCode::EmergencySignal => "4.3.1.2.2",
        MessageCode::DangerSign => "4.3.1.2.3",
        MessageCode::StatusSignal => "4.3.1.2.4",
        MessageCode::InfrastructureSign => "4.3.1.2.5",
        MessageCode::MissionSignal => "4.3.1.2.6",
        MessageCode::RequestSignal => "4.3.1.2.7",
        MessageCode::Authentication
        | MessageCode::CryptographicSupport
        | MessageCode::Test
        | MessageCode::Resource
        | MessageCode::FreeText => "4.3.1.2",
    }
}

fn date_time(at: DateTime, report: &mut Report<'_>) {
    let field = &layout::DATE_TIME;
    let month_exists = (1..=12).contains(&at.month());
    report.require(month_exists, field, "months go from 01 to 12");
    let last_day = if month_exists { days_of_month(at.year(), at.month()) } else { 31 };
    report.require((1..=last_day).contains(&at.day()), field, "the month does not have this day");
    report.require(at.hour() <= 23, field, "hours go from 00 to 23");
    report.require(at.minute() <= 59, field, "minutes go from 00 to 59");
    report.require(at.second() <= 60, field, "seconds go from 00 to 60, 60 being a leap second");
}

/// The days of a month of the Gregorian calendar, as RFC 3339 asks of a date.
const fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(400) || (year.is_multiple_of(4) && !year.is_multiple_of(100)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

fn duration(duration: Duration, report: &mut Report<'_>) {
    let field = &layout::DURATION;
    report.require(duration.hours() <= 23, field, "hours go from 00 to 23");
    report.require(duration.minutes() <= 59, field, "minutes go from 00 to 59");
}

fn object_type(code: MessageCode, sign: &Sign, report: &mut Report<'_>) {
    let field = &layout::OBJECT_TYPE;
    report.require(tables::is_object(sign.object_type), field, "an object type not defined");
    report.require(
        tables::object_goes_with(code, sign.subject, sign.object_type),
        field,
        "this subject is not used with this object type",
    );
}

fn location(code: MessageCode, sign: &Sign, report: &mut Report<'_>) {
    const LATITUDE_MAX: u32 = 90 * 100_000;
    const LONGITUDE_MAX: u32 = 180 * 100_000;
    let omitted = (sign.latitude, sign.longitude) == (Latitude::OMITTED, Longitude::OMITTED);
    if omitted {
        // P and D must give it, E and S may omit it; of I, M and Q the standard says neither, so
        // their coordinates stay within the ranges it states.
        let may_omit = matches!(code, MessageCode::EmergencySignal | MessageCode::StatusSignal);
        report.require(
            may_omit,
            &layout::OBJECT_LATITUDE,
            "only emergency and status signals may omit the location",
        );
        return;
    }
    report.require(
        sign.latitude.hundred_thousandths().unsigned_abs() <= LATITUDE_MAX,
        &layout::OBJECT_LATITUDE,
        "latitudes go from -90 to +90 degrees",
    );
    report.require(
        sign.longitude.hundred_thousandths().unsigned_abs() <= LONGITUDE_MAX,
        &layout::OBJECT_LONGITUDE,
        "longitudes go from -180 to +180 degrees",
    );
}

/// What the object type asks of the size.
enum SizeRule {
    /// Both dimensions may be given.
    Free,
    /// Both must be omitted.
    None,
    /// A radius only.
    Radius,
    /// Two sides, or height and base.
    Both,
    /// At least the first: a shape the standard does not define yet.
    Some,
}

/// 4.3.1.7, by object type.
const fn size_rule(object: ObjectType) -> SizeRule {
    match object.0 {
        0x10..=0x1F => SizeRule::Free,
        0x21 | 0x31 => SizeRule::Radius,
        0x22 | 0x23 | 0x32 | 0x33 => SizeRule::Both,
        0x24..=0x2F | 0x34..=0x3F => SizeRule::Some,
        // What a private object needs is between those who use it.
        0xF0..=0xFF => SizeRule::Free,
        _ => SizeRule::None,
    }
}

fn size(sign: &Sign, report: &mut Report<'_>) {
    let first = sign.size_1 != Dimension::OMITTED;
    let second = sign.size_2 != Dimension::OMITTED;
    let (first_kept, second_kept) = match size_rule(sign.object_type) {
        SizeRule::Free => (true, true),
        SizeRule::None => (!first, !second),
        SizeRule::Radius => (first, !second),
        SizeRule::Both => (first, second),
        SizeRule::Some => (first, true),
    };
    let message = |given| {
        if given {
            "this object type is given without this dimension"
        } else {
            "this object type needs this dimension"
        }
    };
    report.require(first_kept, &layout::OBJECT_SIZE_DIM1, message(first));
    report.require(second_kept, &layout::OBJECT_SIZE_DIM2, message(second));
}

fn orientation(sign: &Sign, report: &mut Report<'_>) {
    let field = &layout::OBJECT_ORIENTATION;
    let omitted = sign.orientation == Orientation::OMITTED;
    let in_range = sign.orientation.value() <= 359;
    report.require(omitted || in_range, field, "orientations go from 000 to 359, or 999");
    let sized = sign.size_1 != Dimension::OMITTED || sign.size_2 != Dimension::OMITTED;
    if sized {
        report.require(!omitted, field, "an object with a size has an orientation");
    } else {
        report.require(
            omitted || !in_range,
            field,
            "an object without a size has no orientation: 999",
        );
    }
}

/// 4.3.1.9.
pub(super) fn request_objects(objects: &RequestObjects, report: &mut Report<'_>) {
    for (object, (field, _)) in objects.iter().zip(&layout::REQUEST_OBJECTS) {
        let code = object.object_type.0;
        report.require(
            !(0x12..=0x1F).contains(&code),
            field,
            "a number of people is asked for exactly: 12 to 1F are not used",
        );
        report.require(
            !(0x20..=0x3F).contains(&code),
            field,
            "areas and structures do not move and are not asked for",
        );
        // What one of these two rules refuses is refused once.
        let already_refused = (0x12..=0x3F).contains(&code);
        report.require_by(
            already_refused || tables::is_object(object.object_type),
            field,
            layout::OBJECT_TYPE.section,
            "an object type not defined",
        );
    }
}
