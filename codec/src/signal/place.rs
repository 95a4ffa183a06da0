//! Where the object of a sign or signal is: a sign and digits as the wire holds them.

use super::decimal::{from_bcd, text_by_layout, to_bcd};
use super::layout;

/// Degrees north (+) or south (−) of the equator (4.3.1.6): a sign and seven digits.
/// +00.00000 and −00.00000 are two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Latitude(u64);

/// Degrees east (+) or west (−) of Greenwich (4.3.1.6): a sign and eight digits.
/// +000.00000 and −000.00000 are two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Longitude(u64);

/// Where the sign bit stands above a latitude's seven digits.
const LATITUDE_SIGN: u64 = 1 << 28;
/// Where the sign bit stands above a longitude's eight digits.
const LONGITUDE_SIGN: u64 = 1 << 32;

impl Latitude {
    /// +99.99999: location not given.
    pub const OMITTED: Self = Self(LATITUDE_SIGN | 0x999_9999);

    /// The latitude of so many 1/100,000 degrees; none beyond ±99.99999°.
    #[must_use]
    pub fn from_hundred_thousandths(value: i32) -> Option<Self> {
        let bcd = to_bcd(u64::from(value.unsigned_abs()));
        let sign = if value < 0 { 0 } else { LATITUDE_SIGN };
        (bcd < LATITUDE_SIGN).then_some(Self(sign | bcd))
    }

    /// The latitude in 1/100,000 degrees, about a metre; −0 becomes 0.
    #[must_use]
    pub fn hundred_thousandths(self) -> i32 {
        signed(self.0 & LATITUDE_SIGN != 0, from_bcd(self.0, 7))
    }

    pub(super) const fn from_wire(raw: u64) -> Self {
        Self(raw)
    }

    pub(super) const fn to_wire(self) -> u64 {
        self.0
    }
}

impl Longitude {
    /// +999.99999: location not given.
    pub const OMITTED: Self = Self(LONGITUDE_SIGN | 0x9999_9999);

    /// The longitude of so many 1/100,000 degrees; none beyond ±999.99999°.
    #[must_use]
    pub fn from_hundred_thousandths(value: i32) -> Option<Self> {
        let bcd = to_bcd(u64::from(value.unsigned_abs()));
        let sign = if value < 0 { 0 } else { LONGITUDE_SIGN };
        (bcd < LONGITUDE_SIGN).then_some(Self(sign | bcd))
    }

    /// The longitude in 1/100,000 degrees; −0 becomes 0.
    #[must_use]
    pub fn hundred_thousandths(self) -> i32 {
        signed(self.0 & LONGITUDE_SIGN != 0, from_bcd(self.0, 8))
    }

    pub(super) const fn from_wire(raw: u64) -> Self {
        Self(raw)
    }

    pub(super) const fn to_wire(self) -> u64 {
        self.0
    }
}

text_by_layout! {
    Latitude => layout::OBJECT_LATITUDE;
    Longitude => layout::OBJECT_LONGITUDE;
}

/// Eight digits fit an `i32` with either sign.
fn signed(positive: bool, magnitude: u32) -> i32 {
    let magnitude = i32::try_from(magnitude).unwrap_or(i32::MAX);
    if positive { magnitude } else { magnitude.saturating_neg() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn two_zeros_stay_apart() {
        let south: Latitude = "-00.00000".parse().unwrap();
        let north: Latitude = "+00.00000".parse().unwrap();
        assert_ne!(south, north);
        assert_eq!(south.hundred_thousandths(), north.hundred_thousandths());
        assert_eq!(south.to_string(), "-00.00000");
    }

    proptest! {
        #[test]
        fn coordinates_read_back(value in -99_999_999_i32..=99_999_999) {
            let longitude = Longitude::from_hundred_thousandths(value).unwrap();
            prop_assert_eq!(longitude.hundred_thousandths(), value);
            prop_assert_eq!(longitude.to_string().parse(), Ok(longitude));
            let latitude = Latitude::from_hundred_thousandths(value);
            prop_assert_eq!(latitude.is_some(), value.abs() <= 9_999_999);
        }
    }
}
