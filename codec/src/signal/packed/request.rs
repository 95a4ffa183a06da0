//! What a request is made for (spec/09-packed.md, "Request objects").

use super::subject::Listed;
use crate::error::DecodeError;
use crate::packing::codes::{self, objects, quantity};
use crate::packing::{Sink, Source};
use crate::signal::code::ObjectType;
use crate::signal::decimal::Decimal;
use crate::signal::layout;
use crate::signal::message::{RequestObject, RequestObjects};

const COUNT: &str = "ObjectCount";
/// Quantities have two digits.
const QUANTITIES: u64 = 100;
/// The quantities that take three bits.
const SMALL: u64 = 8;

/// The symbols of the counts 0 to 8.
const COUNTS: [usize; 9] = [
    objects::N0,
    objects::N1,
    objects::N2,
    objects::N3,
    objects::N4,
    objects::N5,
    objects::N6,
    objects::N7,
    objects::N8,
];

const fn types() -> Listed {
    Listed { code: codes::REQUESTED.as_code(), values: &codes::REQUESTED_VALUES }
}

pub(super) fn write(all: &RequestObjects, sink: &mut impl Sink) {
    sink.field(COUNT);
    let symbol = COUNTS.get(all.iter().count()).copied().unwrap_or(objects::N0);
    sink.code(codes::OBJECTS.as_code(), symbol);
    for (object, (object_type, quantity)) in all.iter().zip(&layout::REQUEST_OBJECTS) {
        sink.field(object_type.name);
        types().write(object.object_type.0, types().values.len(), sink);
        sink.field(quantity.name);
        let value = u64::from(object.quantity.value());
        let code = codes::QUANTITY.as_code();
        if (1..=SMALL).contains(&value) {
            sink.code(code, quantity::N1_TO_8);
            sink.number(SMALL, value.wrapping_sub(1));
        } else {
            sink.code(code, quantity::ANY);
            sink.number(QUANTITIES, value);
        }
    }
}

pub(super) fn read(source: &mut Source<'_>) -> Result<RequestObjects, DecodeError> {
    source.field(COUNT);
    let symbol = source.code(codes::OBJECTS.as_code())?;
    let count = COUNTS.iter().position(|known| *known == symbol).unwrap_or(0);
    let mut all = RequestObjects::NONE;
    for (object_type, quantity) in layout::REQUEST_OBJECTS.iter().take(count) {
        source.field(object_type.name);
        let object_type = ObjectType(types().read(source)?);
        source.field(quantity.name);
        let value = if source.code(codes::QUANTITY.as_code())? == quantity::N1_TO_8 {
            source.number(SMALL)?.wrapping_add(1)
        } else {
            source.number(QUANTITIES)?
        };
        let quantity = Decimal::new(u16::try_from(value).unwrap_or(0));
        let quantity = quantity.unwrap_or(Decimal::from_wire(0));
        all.push(RequestObject { object_type, quantity });
    }
    Ok(all)
}
