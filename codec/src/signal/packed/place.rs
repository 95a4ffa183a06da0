//! Where (spec/09-packed.md, "ObjectLocation").

use crate::error::DecodeError;
use crate::packing::{Sink, Source};
use crate::signal::decimal::{from_bcd, to_bcd};
use crate::signal::place::{Latitude, Longitude};

/// Twice ninety degrees in 1/100,000, both zeros, and two numbers for what is none.
const LATITUDES: u64 = 18_000_004;
const OMITTED: u64 = 18_000_002;
const DIGITS: u64 = 18_000_003;
/// Twice 180 degrees and both zeros.
const LONGITUDES: u64 = 36_000_002;

const LATITUDE_BITS: u32 = 29;
const LONGITUDE_BITS: u32 = 33;

pub(super) fn write(latitude: Latitude, longitude: Longitude, sink: &mut impl Sink) {
    sink.field("ObjectLocation");
    let (north, east) = (latitude.to_wire(), longitude.to_wire());
    if (latitude, longitude) == (Latitude::OMITTED, Longitude::OMITTED) {
        sink.number(LATITUDES, OMITTED);
        return;
    }
    let numbers = (number(north, LATITUDE_BITS), number(east, LONGITUDE_BITS));
    if numbers.0 < OMITTED && numbers.1 < LONGITUDES {
        sink.number(LATITUDES, numbers.0);
        sink.number(LONGITUDES, numbers.1);
    } else {
        sink.number(LATITUDES, DIGITS);
        sink.put(north, LATITUDE_BITS);
        sink.put(east, LONGITUDE_BITS);
    }
}

pub(super) fn read(source: &mut Source<'_>) -> Result<(Latitude, Longitude), DecodeError> {
    source.field("ObjectLocation");
    let (north, east) = match source.number(LATITUDES)? {
        OMITTED => return Ok((Latitude::OMITTED, Longitude::OMITTED)),
        DIGITS => {
            let north = source.take(1)?.wrapping_shl(LATITUDE_BITS - 1) | source.digits(7)?;
            (north, source.take(1)?.wrapping_shl(LONGITUDE_BITS - 1) | source.digits(8)?)
        }
        north => (coordinate(north, LATITUDE_BITS), {
            coordinate(source.number(LONGITUDES)?, LONGITUDE_BITS)
        }),
    };
    Ok((Latitude::from_wire(north), Longitude::from_wire(east)))
}

/// Twice the magnitude, and 1 for `-`: what is near the equator or Greenwich has a small number.
fn number(raw: u64, bits: u32) -> u64 {
    let sign = raw.wrapping_shr(bits.wrapping_sub(1));
    let digits = bits / 4;
    let magnitude = u64::from(from_bcd(raw, digits));
    magnitude.wrapping_mul(2).wrapping_add(1 ^ sign)
}

/// The coordinate of a number.
fn coordinate(number: u64, bits: u32) -> u64 {
    (1 ^ number & 1).wrapping_shl(bits.wrapping_sub(1)) | to_bcd(number / 2)
}
