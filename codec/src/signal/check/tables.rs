//! The code tables of 4.3.1.2 to 4.3.1.5 as ranges: what is defined, what is private, and which
//! objects go with which subjects. What is in none of them is reserved.

use crate::signal::code::{CryptoDataType, MessageCode, ObjectType, SubjectCode};
use core::ops::RangeInclusive;

type Ranges = &'static [RangeInclusive<u8>];

/// `F0` to `FF`, where a table grants it.
const PRIVATE: RangeInclusive<u8> = 0xF0..=0xFF;

/// 4.3.1.2.1.
const PROTECTIVE: Ranges =
    &[0x00..=0x03, 0x10..=0x13, 0x20..=0x20, 0x30..=0x33, 0x40..=0x40, 0x50..=0x53, 0x60..=0x60];
/// 4.3.1.2.2.
const EMERGENCY: Ranges = &[0x00..=0x02, 0x10..=0x14];
/// 4.3.1.2.3. `01` to `0F` are neither defined nor listed as reserved: undefined all the same.
const DANGER: Ranges = &[
    0x00..=0x00,
    0x10..=0x15,
    0x1A..=0x1C,
    0x20..=0x27,
    0x30..=0x34,
    0x40..=0x48,
    0x50..=0x54,
    0xA0..=0xA7,
    0xB0..=0xB4,
    0xC0..=0xC7,
    0xD0..=0xD6,
    0xE0..=0xE8,
    PRIVATE,
];
/// 4.3.1.2.4. `27` is neither defined nor listed as reserved: undefined all the same.
const STATUS: Ranges = &[0x00..=0x00, 0x10..=0x13, 0x20..=0x26, 0x28..=0x28, PRIVATE];
/// 4.3.1.2.5.
const INFRASTRUCTURE: Ranges = &[
    0x00..=0x00,
    0x10..=0x17,
    0x20..=0x2D,
    0x30..=0x38,
    0x40..=0x49,
    0x50..=0x54,
    0x60..=0x65,
    PRIVATE,
];
/// 4.3.1.2.6. The row `41`-`4F` (reserved) overlaps the defined `41` to `44`: what is defined holds.
const MISSION: Ranges = &[
    0x00..=0x00,
    0x10..=0x10,
    0x20..=0x2C,
    0x30..=0x30,
    0x40..=0x44,
    0x50..=0x50,
    0x60..=0x60,
    0x70..=0x75,
    0x80..=0x80,
    PRIVATE,
];
/// 4.3.1.2.7.
const REQUEST: Ranges = &[0x10..=0x10, 0x20..=0x20, PRIVATE];

/// 4.3.1.5. The rows `12`-`1F` and `80`-`8F` (reserved) overlap defined codes: these hold.
const OBJECTS: Ranges = &[
    0x00..=0x00,
    0x10..=0x15,
    0x20..=0x23,
    0x30..=0x33,
    0x40..=0x40,
    0x50..=0x50,
    0x60..=0x60,
    0x70..=0x70,
    0x80..=0x80,
    PRIVATE,
];

/// 4.3.5.2. The row `20`-`99` (reserved) overlaps the defined `21`: it holds.
const CRYPTO_DATA: Ranges = &[0x01..=0x01, 0x0A..=0x0A, 0x11..=0x11, 0x21..=0x21, 0xA0..=0xFF];

/// The second table of 4.3.1.5: for each row of subjects, the first digits of the object types
/// that may be used. `00` (not provided) and `F0` to `FF` (private) are outside the table.
const OBJECTS_OF_SUBJECTS: &[(MessageCode, RangeInclusive<u8>, &str)] = &[
    (MessageCode::ProtectiveSign, 0x01..=0x0F, "1234567"),
    (MessageCode::ProtectiveSign, 0x10..=0x1F, "12345678"),
    (MessageCode::ProtectiveSign, 0x20..=0x2F, "12345678"),
    (MessageCode::ProtectiveSign, 0x30..=0x3F, "23"),
    (MessageCode::ProtectiveSign, 0x40..=0x4F, "12345678"),
    (MessageCode::ProtectiveSign, 0x50..=0x5F, "2345678"),
    (MessageCode::ProtectiveSign, 0x60..=0x6F, "238"),
    (MessageCode::EmergencySignal, 0x00..=0xFF, "134567"),
    (MessageCode::DangerSign, 0x00..=0x1F, "2345678"),
    (MessageCode::DangerSign, 0x20..=0x2F, "2"),
    (MessageCode::DangerSign, 0x30..=0x4F, "234567"),
    (MessageCode::DangerSign, 0x50..=0x5F, "2"),
    (MessageCode::DangerSign, 0xA0..=0xFF, "2"),
    (MessageCode::StatusSignal, 0x00..=0x0F, "12345678"),
    (MessageCode::StatusSignal, 0x10..=0x1F, "1"),
    (MessageCode::StatusSignal, 0x20..=0x2F, "345678"),
    (MessageCode::InfrastructureSign, 0x00..=0xEF, "23"),
    (MessageCode::MissionSignal, 0x00..=0xEF, "12345678"),
    (MessageCode::RequestSignal, 0x10..=0x2F, "2"),
];

/// Whether the subject is defined or private for this message.
pub(super) fn is_subject(code: MessageCode, subject: SubjectCode) -> bool {
    let ranges = match code {
        MessageCode::ProtectiveSign => PROTECTIVE,
        MessageCode::EmergencySignal => EMERGENCY,
        MessageCode::DangerSign => DANGER,
        MessageCode::StatusSignal => STATUS,
        MessageCode::InfrastructureSign => INFRASTRUCTURE,
        MessageCode::MissionSignal => MISSION,
        MessageCode::RequestSignal => REQUEST,
        MessageCode::Authentication
        | MessageCode::CryptographicSupport
        | MessageCode::Test
        | MessageCode::Resource
        | MessageCode::FreeText => &[],
    };
    contains(ranges, subject.0)
}

/// Whether the object type is defined or private.
pub(super) fn is_object(object: ObjectType) -> bool {
    contains(OBJECTS, object.0)
}

/// Whether the type of cryptographic data is defined or private.
pub(super) fn is_crypto_data(data_type: CryptoDataType) -> bool {
    contains(CRYPTO_DATA, data_type.0)
}

/// Whether the object type may be used with the subject. A request is always about an area
/// (4.3.1.9), whatever its subject.
pub(super) fn object_goes_with(
    code: MessageCode,
    subject: SubjectCode,
    object: ObjectType,
) -> bool {
    if !(0x10..=0x8F).contains(&object.0) {
        return true;
    }
    let row = OBJECTS_OF_SUBJECTS
        .iter()
        .find(|(row_code, subjects, _)| *row_code == code && subjects.contains(&subject.0));
    let group = char::from_digit(u32::from(object.0 >> 4), 16);
    match row {
        Some((_, _, groups)) => group.is_some_and(|group| groups.contains(group)),
        None => code != MessageCode::RequestSignal || group == Some('2'),
    }
}

fn contains(ranges: &[RangeInclusive<u8>], code: u8) -> bool {
    ranges.iter().any(|range| range.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::names::ENGLISH;
    use alloc::format;

    /// Every defined code has a name and every name a defined code: neither list can drift.
    #[test]
    fn codes_and_names_agree() {
        let mut named = 0;
        for code in MessageCode::ALL {
            for subject in 0..=0xEF_u8 {
                let name = ENGLISH.get(&format!("{code}"), &format!("{subject:02X}"));
                assert_eq!(
                    name.is_some(),
                    is_subject(code, SubjectCode(subject)),
                    "{code}{subject:02X}"
                );
                named += usize::from(name.is_some());
            }
        }
        for object in 0..=0xEF_u8 {
            let name = ENGLISH.get("object ", &format!("{object:02X}"));
            assert_eq!(name.is_some(), is_object(ObjectType(object)), "object {object:02X}");
        }
        for data in 0..=0x9F_u8 {
            let name = ENGLISH.get("data ", &format!("{data:02X}"));
            assert_eq!(name.is_some(), is_crypto_data(CryptoDataType(data)), "data {data:02X}");
        }
        let subjects = |key: &str| key.len() == 3 && !key.contains(' ');
        assert_eq!(named, ENGLISH.iter().filter(|(key, _)| subjects(key)).count());
    }
}
