//! What a sign is about, its size and its orientation (spec/09-packed.md, "ObjectType",
//! "ObjectSize").

use super::subject::Listed;
use crate::error::{DecodeError, ErrorKind};
use crate::packing::codes::{
    self, circle_orientation, free_size, one_size, orientation, round, two_sizes,
};
use crate::packing::{Code, Sink, Source};
use crate::signal::code::{MessageCode, ObjectType};
use crate::signal::decimal::{Decimal, Dimension, Orientation};
use crate::signal::message::Sign;

/// The part of a sign that is packed here.
#[derive(Clone, Copy)]
pub(super) struct Object {
    pub(super) object_type: ObjectType,
    pub(super) size_1: Dimension,
    pub(super) size_2: Dimension,
    pub(super) orientation: Orientation,
}

/// Sizes that are regular.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    None,
    One(u32, u32),
    Two(u32, u32, u32),
}

/// The sizes an object type has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sizes {
    None,
    One,
    Two,
    Free,
}

const TYPE: &str = "ObjectType";
const SIZE: &str = "ObjectSize";

pub(super) fn write(code: MessageCode, sign: &Sign, sink: &mut impl Sink) {
    sink.field(TYPE);
    let object = Object {
        object_type: sign.object_type,
        size_1: sign.size_1,
        size_2: sign.size_2,
        orientation: sign.orientation,
    };
    let listed = objects(code);
    let coded = listed.values.len();
    let value = object.object_type.0;
    let symbol = listed.symbol(value);
    let sizes = symbol.map_or(Sizes::Free, |_| sizes_of(value));
    let Some(size) = object.regular_size(sizes) else {
        sink.code(listed.code, coded.saturating_add(1)); // digits
        sink.put(u64::from(value), 8);
        sink.field(SIZE);
        sink.put(object.size_1.to_wire(), 16);
        sink.put(object.size_2.to_wire(), 16);
        sink.put(object.orientation.to_wire(), 12);
        return;
    };
    listed.write(value, coded, sink);
    sink.field(SIZE);
    size.write(sizes, sink);
}

pub(super) fn read(code: MessageCode, source: &mut Source<'_>) -> Result<Object, DecodeError> {
    source.field(TYPE);
    let listed = objects(code);
    let coded = listed.values.len();
    let symbol = source.code(listed.code)?;
    let (value, sizes) = match listed.values.get(symbol) {
        Some(value) => (*value, sizes_of(*value)),
        None if symbol == coded => (listed.read_unlisted(source)?, Sizes::Free),
        None => {
            let value = u8::try_from(source.take(8)?).unwrap_or(0);
            source.field(SIZE);
            let object = Object {
                object_type: ObjectType(value),
                size_1: Decimal::from_wire(source.digits(4)?),
                size_2: Decimal::from_wire(source.digits(4)?),
                orientation: Decimal::from_wire(source.digits(3)?),
            };
            // Which form would have been right, the writer tells (packed::mod).
            return Ok(object);
        }
    };
    source.field(SIZE);
    let (size_1, size_2, orientation) = match Size::read(sizes, source)? {
        Size::None => (Dimension::OMITTED, Dimension::OMITTED, Orientation::OMITTED),
        Size::One(radius, turn) => (decimal(radius), Dimension::OMITTED, decimal(turn)),
        Size::Two(first, second, turn) => (decimal(first), decimal(second), decimal(turn)),
    };
    Ok(Object { object_type: ObjectType(value), size_1, size_2, orientation })
}

/// The object types of a message; behind the last value come `coded` and `digits`.
fn objects(code: MessageCode) -> Listed {
    let (code, values): (_, &'static [u8]) = match code {
        MessageCode::ProtectiveSign => (codes::OBJECT_P.as_code(), &codes::OBJECT_P_VALUES),
        MessageCode::EmergencySignal => (codes::OBJECT_E.as_code(), &codes::OBJECT_E_VALUES),
        MessageCode::StatusSignal => (codes::OBJECT_S.as_code(), &codes::OBJECT_S_VALUES),
        MessageCode::DangerSign => (codes::OBJECT_D.as_code(), &codes::OBJECT_D_VALUES),
        MessageCode::InfrastructureSign => (codes::OBJECT_I.as_code(), &codes::OBJECT_I_VALUES),
        MessageCode::MissionSignal => (codes::OBJECT_M.as_code(), &codes::OBJECT_M_VALUES),
        MessageCode::RequestSignal
        | MessageCode::Authentication
        | MessageCode::CryptographicSupport
        | MessageCode::Test
        | MessageCode::Resource
        | MessageCode::FreeText => (codes::OBJECT_Q.as_code(), &codes::OBJECT_Q_VALUES),
    };
    Listed { code, values }
}

/// What is regular for a listed object type.
const fn sizes_of(object_type: u8) -> Sizes {
    match object_type {
        0x21 | 0x31 => Sizes::One,
        0x22 | 0x23 | 0x32 | 0x33 => Sizes::Two,
        0x10..=0x15 => Sizes::Free,
        _ => Sizes::None,
    }
}

/// A number of at most as many digits as the field has.
fn decimal<const DIGITS: u32>(value: u32) -> Decimal<DIGITS> {
    Decimal::new(u16::try_from(value).unwrap_or(0)).unwrap_or(Decimal::from_wire(0))
}

impl Object {
    fn regular_size(&self, sizes: Sizes) -> Option<Size> {
        let first = self.size_1.value();
        let second = self.size_2.value();
        let turn = self.orientation.value();
        let size = match (first, second) {
            (0, 0) => Size::None,
            (_, 0) => Size::One(first, turn),
            (0, _) => return None,
            (..) => Size::Two(first, second, turn),
        };
        let (fits, turned) = match size {
            Size::None => (matches!(sizes, Sizes::None | Sizes::Free), false),
            Size::One(..) => (matches!(sizes, Sizes::One | Sizes::Free), true),
            Size::Two(..) => (matches!(sizes, Sizes::Two | Sizes::Free), true),
        };
        let orientation = if turned { turn < TURNS } else { turn == 999 };
        (fits && orientation).then_some(size)
    }
}

/// Directions in whole degrees.
const TURNS: u32 = 360;
/// A dimension that is given goes from 1 to 9999.
const DIMENSIONS: u64 = 9999;

impl Size {
    fn write(self, sizes: Sizes, sink: &mut impl Sink) {
        if sizes == Sizes::Free {
            let symbol = match self {
                Self::None => free_size::NONE,
                Self::One(..) => free_size::ONE,
                Self::Two(..) => free_size::TWO,
            };
            sink.code(codes::FREE_SIZE.as_code(), symbol);
        }
        match self {
            Self::None => {}
            Self::One(radius, turn) => {
                let code = codes::ONE_SIZE.as_code();
                match Round::of(radius) {
                    Some(round) => {
                        sink.code(code, one_size::ROUND);
                        round.write(sink);
                    }
                    None => {
                        sink.code(code, one_size::ANY);
                        sink.number(DIMENSIONS, u64::from(radius).wrapping_sub(1));
                    }
                }
                let symbols = [circle_orientation::NORTH, circle_orientation::ANY];
                write_turn(codes::CIRCLE_ORIENTATION.as_code(), symbols, turn, TURNS, sink);
            }
            Self::Two(first, second, turn) => {
                let code = codes::TWO_SIZES.as_code();
                match (Round::of(first), Round::of(second)) {
                    (Some(first), Some(second)) => {
                        sink.code(code, two_sizes::ROUND);
                        first.write(sink);
                        second.write(sink);
                    }
                    _ => {
                        sink.code(code, two_sizes::ANY);
                        sink.number(DIMENSIONS, u64::from(first).wrapping_sub(1));
                        sink.number(DIMENSIONS, u64::from(second).wrapping_sub(1));
                    }
                }
                let symbols = [orientation::STEP_OF_15, orientation::ANY];
                write_turn(codes::ORIENTATION.as_code(), symbols, turn, 15, sink);
            }
        }
    }

    fn read(sizes: Sizes, source: &mut Source<'_>) -> Result<Self, DecodeError> {
        let dimensions = match sizes {
            Sizes::None => 0,
            Sizes::One => 1,
            Sizes::Two => 2,
            Sizes::Free => source.code(codes::FREE_SIZE.as_code())?,
        };
        match dimensions {
            free_size::NONE => Ok(Self::None),
            free_size::ONE => {
                let is_round = source.code(codes::ONE_SIZE.as_code())? == one_size::ROUND;
                let radius = if is_round {
                    Round::read(source)?
                } else {
                    let radius = read_dimension(source)?;
                    if Round::of(radius).is_some() {
                        return Err(source.refuse(ErrorKind::NotCanonical));
                    }
                    radius
                };
                let symbol = source.code(codes::CIRCLE_ORIENTATION.as_code())?;
                let step = if symbol == circle_orientation::NORTH { TURNS } else { 1 };
                Ok(Self::One(radius, read_turn(step, source)?))
            }
            _ => {
                let is_round = source.code(codes::TWO_SIZES.as_code())? == two_sizes::ROUND;
                let read = if is_round { Round::read } else { read_dimension };
                let (first, second) = (read(source)?, read(source)?);
                let symbol = source.code(codes::ORIENTATION.as_code())?;
                let step = if symbol == orientation::STEP_OF_15 { 15 } else { 1 };
                Ok(Self::Two(first, second, read_turn(step, source)?))
            }
        }
    }
}

fn read_dimension(source: &mut Source<'_>) -> Result<u32, DecodeError> {
    let number = source.number(DIMENSIONS)?;
    Ok(u32::try_from(number.wrapping_add(1)).unwrap_or(0))
}

/// Multiples of `step` degrees have the first symbol and a number, all others the second.
fn write_turn(code: Code<'_>, symbols: [usize; 2], turn: u32, step: u32, sink: &mut impl Sink) {
    let [whole, any] = symbols;
    let (symbol, step) = if turn.is_multiple_of(step) { (whole, step) } else { (any, 1) };
    sink.code(code, symbol);
    sink.number(u64::from(TURNS / step), u64::from(turn / step));
}

fn read_turn(step: u32, source: &mut Source<'_>) -> Result<u32, DecodeError> {
    let number = source.number(u64::from(TURNS / step))?;
    Ok(u32::try_from(number).unwrap_or(0).wrapping_mul(step))
}

/// A dimension whose digits but the first one or two are zeros.
enum Round {
    One(u64),
    Two(u64),
}

impl Round {
    /// One digit and up to three zeros.
    const ONE: u64 = 9 * 4;
    /// Two digits, the second no zero, and up to two zeros.
    const TWO: u64 = 81 * 3;

    const fn of(value: u32) -> Option<Self> {
        let (mut value, mut zeros) = (value as u64, 0_u64);
        if value == 0 {
            return None;
        }
        while value.is_multiple_of(10) {
            value /= 10;
            zeros = zeros.wrapping_add(1);
        }
        match value {
            1..=9 => Some(Self::One(zeros.wrapping_mul(9).wrapping_add(value).wrapping_sub(1))),
            10..=99 => {
                let (tens, ones) = (value / 10, value % 10);
                let within = tens.wrapping_sub(1).wrapping_mul(9).wrapping_add(ones);
                Some(Self::Two(zeros.wrapping_mul(81).wrapping_add(within).wrapping_sub(1)))
            }
            _ => None,
        }
    }

    fn write(&self, sink: &mut impl Sink) {
        let code = codes::ROUND.as_code();
        match self {
            Self::One(number) => {
                sink.code(code, round::ONE_DIGIT);
                sink.number(Self::ONE, *number);
            }
            Self::Two(number) => {
                sink.code(code, round::TWO_DIGITS);
                sink.number(Self::TWO, *number);
            }
        }
    }

    fn read(source: &mut Source<'_>) -> Result<u32, DecodeError> {
        let (zeros, digits) = if source.code(codes::ROUND.as_code())? == round::ONE_DIGIT {
            let number = source.number(Self::ONE)?;
            (number / 9, (number % 9).wrapping_add(1))
        } else {
            let number = source.number(Self::TWO)?;
            let within = number % 81;
            let tens = (within / 9).wrapping_add(1);
            (number / 81, tens.wrapping_mul(10).wrapping_add(within % 9).wrapping_add(1))
        };
        let scale = 10_u64.wrapping_pow(u32::try_from(zeros).unwrap_or(0));
        Ok(u32::try_from(digits.wrapping_mul(scale)).unwrap_or(0))
    }
}
