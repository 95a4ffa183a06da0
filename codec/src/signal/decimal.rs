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

/// The number the lowest `digits` (at most 8) binary coded decimals stand for.
// All digits at once: pairs of them become numbers below 100, pairs of these below 10,000, and so on.
#[inline]
pub(super) const fn from_bcd(raw: u64, digits: u32) -> u32 {
    let kept = raw & !u64::MAX.wrapping_shl(digits.wrapping_mul(4)) & 0xFFFF_FFFF;
    let pairs = kept.wrapping_sub((kept.wrapping_shr(4) & 0x0F0F_0F0F).wrapping_mul(6));
    let fours = pairs.wrapping_sub((pairs.wrapping_shr(8) & 0x00FF_00FF).wrapping_mul(156));
    let eight = fours.wrapping_sub(fours.wrapping_shr(16).wrapping_mul(55_536));
    lower_half(eight)
}

/// A number's decimal digits, four bits each; of more than 16 digits the last ones.
#[inline]
pub(super) const fn to_bcd(value: u64) -> u64 {
    const EIGHT_DIGITS: u64 = 100_000_000;
    if value < EIGHT_DIGITS {
        return eight_digits(value);
    }
    let high = value / EIGHT_DIGITS % EIGHT_DIGITS;
    eight_digits(high).wrapping_shl(32) | eight_digits(value % EIGHT_DIGITS)
}

/// The digits of a number below 10^8, found in halves, quarters and eighths at once.
#[inline]
const fn eight_digits(value: u64) -> u64 {
    // Lanes of 32 bits, each below 10,000.
    let fours = (value / 10_000).wrapping_shl(32) | (value % 10_000);
    // A hundredth of each, by a multiplication that is exact below 10,000.
    let hundreds = fours.wrapping_mul(10_486).wrapping_shr(20) & 0x0000_007F_0000_007F;
    let rests = fours.wrapping_sub(hundreds.wrapping_mul(100));
    // Lanes of 16 bits, each below 100; a tenth of each in the same way.
    let pairs = hundreds.wrapping_shl(16) | rests;
    let tens = pairs.wrapping_mul(103).wrapping_shr(10) & 0x000F_000F_000F_000F;
    let octets = pairs.wrapping_add(tens.wrapping_mul(6));
    // The low octets of four lanes, side by side.
    let two = octets | octets.wrapping_shr(8);
    (two & 0xFFFF) | (two.wrapping_shr(16) & 0xFFFF_0000)
}

const fn lower_half(value: u64) -> u32 {
    let [.., a, b, c, d] = value.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
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

        #[test]
        fn digits_are_those_of_the_decimal_system(value in 0_u64..10_000_000_000_000_000) {
            let digits = alloc::format!("{value}");
            prop_assert_eq!(u64::from_str_radix(&digits, 16), Ok(to_bcd(value)));
            let low = value % 100_000_000;
            prop_assert_eq!(u64::from(from_bcd(to_bcd(low), 8)), low);
            prop_assert_eq!(u64::from(from_bcd(to_bcd(value), 3)), value % 1000);
        }
    }
}
