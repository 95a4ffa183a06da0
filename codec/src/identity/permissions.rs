//! What a device may say, where and when (spec/10-identity.md, "What a certificate limits").

use super::permission_bits;
use crate::framing::{Parsed, field, octets};
use crate::item::{Family, Item};
use crate::precedence::Precedence;
use crate::signal::packed::{self, Packed, TextBuffer};
use crate::signal::{Latitude, Longitude, Message, MessageCode};
use crate::time::TimeInterval;
use alloc::vec::Vec;
use core::fmt;

/// The limits in a certificate. What breaks one is authentic and *not permitted for this device*: it
/// is shown as such, never hidden, and nobody acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// The kinds of message.
    pub types: Types,
    /// The highest precedence.
    pub precedence: Precedence,
    /// Where the places in its messages lie.
    pub area: Area,
    /// From when on, in seconds since 1970.
    pub not_before: u64,
    /// Until when, in seconds since 1970; [`NEVER`](super::NEVER) for always. By the reader's own
    /// clock this is a warning and nothing more.
    pub expiry: u64,
}

impl Permissions {
    /// Everything, everywhere, always.
    pub const ALL: Self = Self {
        types: Types::ALL,
        precedence: Precedence::Flash,
        area: Area::WORLD,
        not_before: 0,
        expiry: super::NEVER,
    };

    /// The limits that a message breaks, in the order of the chapter. A type, place or time the message
    /// does not tell breaks none, and what cannot be read tells nothing: nobody acts on it anyway.
    ///
    /// `precedence` is that of the parcel or frame it came in, if known; `time` is the author's, from
    /// the message or its statement, [`TimeInterval::UNKNOWN`] if there is none.
    #[must_use]
    pub fn broken_by(
        &self,
        item: &Item<'_>,
        precedence: Option<Precedence>,
        time: TimeInterval,
    ) -> Vec<Limit> {
        let said = Said::of(item);
        self.broken_by_what_is_said(said.types, said.place.as_slice(), precedence, time)
    }

    /// The limits that a whole signal breaks: for a packed repeat, once the message it repeats is
    /// known.
    #[must_use]
    pub fn broken_by_message(
        &self,
        message: &Message<'_>,
        precedence: Option<Precedence>,
        time: TimeInterval,
    ) -> Vec<Limit> {
        let said = Said::of_message(message);
        self.broken_by_what_is_said(said.types, said.place.as_slice(), precedence, time)
    }

    /// The limits broken by a message of these types (`None` needs no permission) that names these
    /// places: latitude and longitude in 1/100,000 degrees.
    #[must_use]
    pub fn broken_by_what_is_said(
        &self,
        types: Option<Types>,
        places: &[(i32, i32)],
        precedence: Option<Precedence>,
        time: TimeInterval,
    ) -> Vec<Limit> {
        let too_early = time.latest_seconds().is_some_and(|latest| latest < self.not_before);
        let too_late = self.expiry != super::NEVER && time.earliest_seconds() > self.expiry;
        let outside = |(latitude, longitude): &(i32, i32)| !self.area.holds(*latitude, *longitude);
        let broken = [
            (Limit::Type, types.is_some_and(|types| !self.types.permits(types))),
            (Limit::Precedence, precedence.is_some_and(|said| said > self.precedence)),
            (Limit::Area, places.iter().any(outside)),
            (Limit::Time, too_early || too_late),
        ];
        broken.into_iter().filter(|(_, broken)| *broken).map(|(limit, _)| limit).collect()
    }

    /// Whether the certificate has expired by the reader's clock: a warning, no refusal, "since the
    /// clock may be wrong".
    #[must_use]
    pub const fn has_expired(&self, now_seconds: u64) -> bool {
        now_seconds > self.expiry
    }
}

/// A limit that a message breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Its type.
    Type,
    /// Its precedence.
    Precedence,
    /// A place in it.
    Area,
    /// The time its author says it is from.
    Time,
}

impl Limit {
    /// All, in the order of the chapter.
    pub const ALL: [Self; 4] = [Self::Type, Self::Precedence, Self::Area, Self::Time];

    /// What a program calls it where it keeps what it found.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Precedence => "precedence",
            Self::Area => "area",
            Self::Time => "time",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "this type of message",
            Self::Precedence => "this precedence",
            Self::Area => "this place",
            Self::Time => "this time",
        })
    }
}

/// Kinds of message, a bit each. Bits this release does not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types(pub u32);

impl Types {
    /// Every kind there is and will be.
    pub const ALL: Self = Self(u32::MAX);

    /// The kinds of these signals.
    #[must_use]
    pub fn of_signals(codes: &[MessageCode]) -> Self {
        Self(codes.iter().fold(0, |bits, code| bits | mask(signal_bit(*code))))
    }

    /// With these kinds, too.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kind of a family other than signals; `None` for those that need no permission: "statements,
    /// cards, endorsements …", and what this release does not know.
    #[must_use]
    pub fn of_family(family: Family) -> Option<Self> {
        Some(Self(mask(permission_bits::of_family(family.code())?)))
    }

    /// Whether all of these are permitted.
    #[must_use]
    pub const fn permits(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

fn mask(bit: u32) -> u32 {
    1_u32.checked_shl(bit).unwrap_or(0)
}

/// "0–11: signals A K T P E S D I M Q R F, in this order."
fn signal_bit(code: MessageCode) -> u32 {
    match code {
        MessageCode::Authentication => 0,
        MessageCode::CryptographicSupport => 1,
        MessageCode::Test => 2,
        MessageCode::ProtectiveSign => 3,
        MessageCode::EmergencySignal => 4,
        MessageCode::StatusSignal => 5,
        MessageCode::DangerSign => 6,
        MessageCode::InfrastructureSign => 7,
        MessageCode::MissionSignal => 8,
        MessageCode::RequestSignal => 9,
        MessageCode::Resource => 10,
        MessageCode::FreeText => 11,
    }
}

/// Where places may lie: south to north, and from west eastwards to east, in 1/100,000 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// The southern edge.
    pub south: i32,
    /// The western edge; east of the eastern one it goes across the antimeridian.
    pub west: i32,
    /// The northern edge.
    pub north: i32,
    /// The eastern edge.
    pub east: i32,
}

/// 90 degrees.
const LATITUDE_MAX: i32 = 9_000_000;
/// 180 degrees.
const LONGITUDE_MAX: i32 = 18_000_000;

impl Area {
    /// The whole world.
    pub const WORLD: Self = Self {
        south: -LATITUDE_MAX,
        west: -LONGITUDE_MAX,
        north: LATITUDE_MAX,
        east: LONGITUDE_MAX,
    };

    /// Whether a place lies inside; the edges count.
    #[must_use]
    pub fn holds(&self, latitude: i32, longitude: i32) -> bool {
        let within = |longitude: i32| {
            if self.west <= self.east {
                (self.west..=self.east).contains(&longitude)
            } else {
                longitude >= self.west || longitude <= self.east
            }
        };
        // +180 and −180 are one meridian.
        let is_antimeridian = longitude.checked_abs() == Some(LONGITUDE_MAX);
        let fits = longitude.checked_abs().is_some_and(|degrees| degrees <= LONGITUDE_MAX)
            && (within(longitude) || (is_antimeridian && within(longitude.saturating_neg())));
        fits && (self.south..=self.north).contains(&latitude)
    }

    /// "South ≤ north, both within ±90 degrees, west and east within ±180."
    pub(super) fn is_on_earth(&self) -> bool {
        let latitudes = -LATITUDE_MAX..=LATITUDE_MAX;
        let longitudes = -LONGITUDE_MAX..=LONGITUDE_MAX;
        self.south <= self.north
            && [self.south, self.north].iter().all(|edge| latitudes.contains(edge))
            && [self.west, self.east].iter().all(|edge| longitudes.contains(edge))
    }

    pub(super) fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (input, south) = field("area", octets::<4>)(input)?;
        let (input, west) = field("area", octets::<4>)(input)?;
        let (input, north) = field("area", octets::<4>)(input)?;
        let (input, east) = field("area", octets::<4>)(input)?;
        let [south, west, north, east] = [south, west, north, east].map(i32::from_be_bytes);
        Ok((input, Self { south, west, north, east }))
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        let mut out = [0; 16];
        let edges = [self.south, self.west, self.north, self.east].map(i32::to_be_bytes);
        for (slot, octet) in out.iter_mut().zip(edges.as_flattened()) {
            *slot = *octet;
        }
        out
    }
}

/// What the limits look at in a message.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    /// What permits it, if it needs permission.
    types: Option<Types>,
    place: Option<(i32, i32)>,
}

impl Said {
    fn of(item: &Item<'_>) -> Self {
        let mut buffer = TextBuffer::new();
        match (item.family, item.revision) {
            (Family::SIGNAL, 0) => {
                Message::parse_standard(item.body).map(|said| Self::of_message(&said))
            }
            (Family::SIGNAL, packed::item::REVISION) => {
                packed::item::parse(item, &mut buffer).map(|said| match said.packed {
                    Packed::Whole(message) => Self::of_message(&message),
                    Packed::Repeat(repeat) => {
                        let code = if repeat.test { MessageCode::Test } else { repeat.code };
                        Self { types: Some(Types::of_signals(&[code])), place: None }
                    }
                })
            }
            (family, _) => Ok(Self { types: Types::of_family(family), place: None }),
        }
        .unwrap_or_default()
    }

    fn of_message(message: &Message<'_>) -> Self {
        let place = message.body.sign().and_then(|sign| {
            let is_given =
                sign.latitude != Latitude::OMITTED && sign.longitude != Longitude::OMITTED;
            is_given.then(|| {
                (sign.latitude.hundred_thousandths(), sign.longitude.hundred_thousandths())
            })
        });
        Self { types: Some(Types::of_signals(&[message.code()])), place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Reference;
    use proptest::prelude::*;

    const SIGN: &str = "WF100P0000000000000000000000000000000000000000000000000000000000000000010\
                        2026-11-20T12:00:00ZP01D12H30M32+52.09070+005.1214201500080090";

    fn broken(permissions: &Permissions, text: &str, time: TimeInterval) -> Vec<Limit> {
        let message = Message::parse_serialized(text).unwrap();
        let wire = message.to_standard_vec().unwrap();
        let item = Item::signal(&wire);
        let packed = packed::Packed::Whole(message).to_vec().unwrap();
        let packed =
            Item { family: Family::SIGNAL, revision: 1, reference: Reference::None, body: &packed };
        let found = permissions.broken_by(&item, Some(Precedence::Immediate), time);
        assert_eq!(permissions.broken_by(&packed, Some(Precedence::Immediate), time), found);
        found
    }

    #[test]
    fn each_limit_is_named() {
        let known = TimeInterval::new(1_000, 10);
        let area = Area { south: 5_200_000, west: 500_000, north: 5_300_000, east: 600_000 };
        let inside = Permissions { area, not_before: 1_010, expiry: 2_000, ..Permissions::ALL };
        assert_eq!(broken(&inside, SIGN, known), []);
        assert_eq!(broken(&inside, SIGN, TimeInterval::UNKNOWN), []);

        let types = Types::of_signals(&[MessageCode::DangerSign]);
        let late = TimeInterval::new(2_001, 0);
        for (permissions, time, limit) in [
            (Permissions { types, ..inside }, known, Limit::Type),
            (Permissions { precedence: Precedence::Priority, ..inside }, known, Limit::Precedence),
            (Permissions { area: Area { east: 512_141, ..area }, ..inside }, known, Limit::Area),
            (Permissions { not_before: 1_011, ..inside }, known, Limit::Time),
            (inside, late, Limit::Time),
        ] {
            assert_eq!(broken(&permissions, SIGN, time), [limit]);
        }
        assert_eq!(broken(&Permissions { expiry: 1_999, ..inside }, SIGN, known), []);
    }

    #[test]
    fn every_signal_and_family_has_its_bit() {
        for code in MessageCode::ALL {
            let place = "AKTPESDIMQRF".find(code.letter()).unwrap();
            assert_eq!(Types::of_signals(&[code]), Types(1 << place), "{code:?}");
        }
        for (family, bit) in [(4, 12), (2, 13), (3, 14), (0x11, 15), (8, 16), (0x0F, 23)] {
            let types = Types::of_family(Family::from_code(family).unwrap());
            assert_eq!(types, Some(Types(1 << bit)), "{family}");
        }
        for family in [0x10, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x70, 0x80] {
            assert_eq!(Types::of_family(Family::from_code(family).unwrap()), None);
        }
    }

    #[test]
    fn an_area_may_go_across_the_antimeridian() {
        let pacific = Area { south: -10, west: 17_000_000, north: 10, east: -17_000_000 };
        assert!(pacific.is_on_earth());
        assert!(pacific.holds(0, 18_000_000) && pacific.holds(0, -18_000_000));
        assert!(pacific.holds(10, 17_000_000) && pacific.holds(-10, -17_000_000));
        assert!(!pacific.holds(0, 0) && !pacific.holds(11, 18_000_000));
        let edge = Area { west: -18_000_000, ..pacific };
        assert!(edge.holds(0, 18_000_000), "one meridian");
        assert!(!Area::WORLD.holds(0, 18_000_001) && !Area::WORLD.holds(9_000_001, 0));
        assert!(!Area { south: 11, ..pacific }.is_on_earth());
    }

    proptest! {
        #[test]
        fn the_world_holds_every_place(
            latitude in -9_000_000..=9_000_000_i32,
            longitude in -18_000_000..=18_000_000_i32,
        ) {
            prop_assert!(Area::WORLD.holds(latitude, longitude));
        }

        #[test]
        fn what_lies_in_an_area_lies_not_in_the_one_beside_it(
            west in -17_999_999..18_000_000_i32,
            east in -17_999_999..18_000_000_i32,
            longitude in -17_999_999..18_000_000_i32,
        ) {
            let area = Area { west, east, ..Area::WORLD };
            let beside = Area { west: east, east: west, ..Area::WORLD };
            let on_an_edge = longitude == west || longitude == east;
            if west != east && !on_an_edge {
                prop_assert!(area.holds(0, longitude) != beside.holds(0, longitude));
            }
        }
    }
}
