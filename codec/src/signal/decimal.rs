//! Numbers and moments as the wire holds them: binary coded decimals, every digit kept.
//!
//! A value the standard calls invalid (month 13, latitude 95°) is kept too: it is read, shown and
//! written back bit for bit, and [`check`](super::check) names the rule it breaks.

use super::field::Field;
use super::layout;

/// A non-negative number of exactly `DIGITS` decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const DIGITS: u32>(u16);

/// A length in metres, 0000 to 9999 (4.3.1.7); 0000 stands for "omitted".
pub type Dimension = Decimal<4>;

/// A direction in degrees from North, 000 to 359; 999 stands for "omitted" (4.3.1.8).
pub type Orientation = Decimal<3>;

/// How many objects a request is made for, 00 to 99; 00 stands for "unknown" (4.3.1.9).
pub type Quantity = Decimal<2>;

impl Orientation {
    /// Not given.
    pub const OMITTED: Self = Self(0x999);
}

impl Dimension {
    /// Not given.
    pub const OMITTED: Self = Self(0);
}

impl<const DIGITS: u32> Decimal<DIGITS> {
    /// The number, if it has no more than `DIGITS` (at most 4) digits.
    #[must_use]
    pub fn new(value: u16) -> Option<Self> {
        let bcd = to_bcd(u64::from(value));
        let fits = DIGITS <= 4 && bcd.checked_shr(DIGITS.saturating_mul(4)).unwrap_or(0) == 0;
        if !fits {
            return None;
        }
        u16::try_from(bcd).ok().map(Self)
    }

    /// The number.
    #[must_use]
    pub fn value(self) -> u32 {
        from_bcd(u64::from(self.0), 4)
    }

    pub(super) const fn from_wire(raw: u64) -> Self {
        let [.., high, low] = raw.to_be_bytes();
        Self(u16::from_be_bytes([high, low]))
    }

    pub(super) fn to_wire(self) -> u64 {
        u64::from(self.0)
    }
}

text_by_layout! {
    Dimension => layout::OBJECT_SIZE_DIM1;
    Orientation => layout::OBJECT_ORIENTATION;
    Quantity => Field::new("ObjectTypeQuant", "4.3.1.9", "dd");
}

/// The number the lowest `digits` binary coded decimals stand for.
pub(super) fn from_bcd(raw: u64, digits: u32) -> u32 {
    let mut value: u32 = 0;
    for index in (0..digits).rev() {
        let digit = u32::try_from(raw.wrapping_shr(index.wrapping_mul(4)) & 0xF).unwrap_or(0);
        value = value.wrapping_mul(10).wrapping_add(digit);
    }
    value
}

/// A number's decimal digits, four bits each.
pub(super) fn to_bcd(mut value: u64) -> u64 {
    let mut raw = 0;
    let mut shift: u32 = 0;
    while value != 0 {
        raw |= (value % 10).wrapping_shl(shift);
        shift = shift.wrapping_add(4);
        value /= 10;
    }
    raw
}

/// Text in and out by the field's template: one line for each type.
macro_rules! text_by_layout {
    ($($type:ty => $field:expr;)+) => {$(
        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                const FIELD: $crate::signal::field::Field = $field;
                FIELD.write_text(self.to_wire(), f)
            }
        }

        impl core::str::FromStr for $type {
            type Err = $crate::error::DecodeError;

            fn from_str(text: &str) -> Result<Self, $crate::error::DecodeError> {
                const FIELD: $crate::signal::field::Field = $field;
                FIELD.parse(text).map(Self::from_wire)
            }
        }
    )+};
}

pub(super) use text_by_layout;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimals_read_back(value in any::<u16>()) {
            let orientation = Orientation::new(value).map(Decimal::value);
            prop_assert_eq!(orientation, (value < 1000).then_some(u32::from(value)));
            prop_assert_eq!(Dimension::new(value).is_some(), value < 10_000);
        }
    }
}
