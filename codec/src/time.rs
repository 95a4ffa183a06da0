//! Time as an author knows it: an interval, never a fact (spec/00-conventions.md, "Time").

use crate::framing::{Parsed, field, octets};

/// Seconds since 1970-01-01T00:00:00Z on the wire: 40 bits, enough for 34,000 years.
pub(crate) const SECONDS_MAX: u64 = (1 << 40) - 1;

/// The width that says "no upper bound known".
const WIDTH_UNBOUNDED: u16 = u16::MAX;

/// The author's clock showed a time between `earliest` and `earliest + width`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeInterval {
    earliest: u64,
    width: u16,
}

impl TimeInterval {
    /// What a device without a clock says.
    pub const UNKNOWN: Self = Self { earliest: 0, width: WIDTH_UNBOUNDED };

    /// From seconds since 1970 and a width in seconds; what does not fit is widened, never narrowed.
    #[must_use]
    pub fn new(earliest_seconds: u64, width_seconds: u64) -> Self {
        Self {
            earliest: earliest_seconds.min(SECONDS_MAX),
            width: u16::try_from(width_seconds).unwrap_or(WIDTH_UNBOUNDED),
        }
    }

    /// The earliest time it can have been, in seconds since 1970.
    #[must_use]
    pub const fn earliest_seconds(self) -> u64 {
        self.earliest
    }

    /// The latest time it can have been, if the author knew one.
    #[must_use]
    pub fn latest_seconds(self) -> Option<u64> {
        (self.width != WIDTH_UNBOUNDED).then(|| self.earliest.saturating_add(u64::from(self.width)))
    }

    /// The seven octets on the wire: earliest (u40), width (u16).
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 7] {
        let [_, _, _, a, b, c, d, e] = self.earliest.to_be_bytes();
        let [f, g] = self.width.to_be_bytes();
        [a, b, c, d, e, f, g]
    }

    /// Reads the seven octets.
    pub fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (input, earliest) = read_seconds("earliest", input)?;
        let (input, width) = field("width", octets::<2>)(input)?;
        Ok((input, Self { earliest, width: u16::from_be_bytes(width) }))
    }
}

/// Reads a `u40` of seconds since 1970.
pub fn read_seconds<'a>(name: &'static str, input: &'a [u8]) -> Parsed<'a, u64> {
    let (input, [a, b, c, d, e]) = field(name, octets::<5>)(input)?;
    Ok((input, u64::from_be_bytes([0, 0, 0, a, b, c, d, e])))
}

/// The five octets of a `u40` of seconds since 1970; later times saturate.
#[must_use]
pub fn seconds_to_bytes(seconds: u64) -> [u8; 5] {
    let [_, _, _, a, b, c, d, e] = seconds.min(SECONDS_MAX).to_be_bytes();
    [a, b, c, d, e]
}
