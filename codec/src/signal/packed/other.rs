//! Messages that are no signs (spec/09-packed.md, "Other messages").

use super::subject::Listed;
use crate::error::{DecodeError, ErrorKind};
use crate::limits::SIGNAL_TEXT_OCTETS_MAX;
use crate::packing::codes::{self, resource_method, verification_method};
use crate::packing::{Sink, Source};
use crate::signal::code::{CryptoDataType, ResourceMethod, VerificationMethod};
use crate::signal::text::CryptoData;

pub(super) fn write_verification_method(method: VerificationMethod, sink: &mut impl Sink) {
    sink.field("VerificationMethod");
    let code = codes::VERIFICATION_METHOD.as_code();
    match method {
        VerificationMethod::INTERNET_RESOURCE => sink.code(code, verification_method::N1),
        VerificationMethod::SHARED_TOKEN => sink.code(code, verification_method::N2),
        other => {
            sink.code(code, verification_method::ANY);
            sink.put(u64::from(other.to_u8()), 4);
        }
    }
}

pub(super) fn read_verification_method(
    source: &mut Source<'_>,
) -> Result<VerificationMethod, DecodeError> {
    source.field("VerificationMethod");
    match source.code(codes::VERIFICATION_METHOD.as_code())? {
        verification_method::N1 => Ok(VerificationMethod::INTERNET_RESOURCE),
        verification_method::N2 => Ok(VerificationMethod::SHARED_TOKEN),
        _ => match VerificationMethod::from_wire(source.take(4)?) {
            VerificationMethod::INTERNET_RESOURCE | VerificationMethod::SHARED_TOKEN => {
                Err(source.refuse(ErrorKind::NotCanonical))
            }
            other => Ok(other),
        },
    }
}

pub(super) fn write_resource_method(method: ResourceMethod, sink: &mut impl Sink) {
    sink.field("ResourceMethod");
    let code = codes::RESOURCE_METHOD.as_code();
    if method == ResourceMethod::INTERNET_RESOURCE {
        sink.code(code, resource_method::N1);
    } else {
        sink.code(code, resource_method::ANY);
        sink.put(u64::from(method.to_u8()), 4);
    }
}

pub(super) fn read_resource_method(source: &mut Source<'_>) -> Result<ResourceMethod, DecodeError> {
    source.field("ResourceMethod");
    if source.code(codes::RESOURCE_METHOD.as_code())? == resource_method::N1 {
        return Ok(ResourceMethod::INTERNET_RESOURCE);
    }
    match ResourceMethod::from_wire(source.take(4)?) {
        ResourceMethod::INTERNET_RESOURCE => Err(source.refuse(ErrorKind::NotCanonical)),
        other => Ok(other),
    }
}

/// The first symbol is the one behind which any value may stand.
const DATA_TYPES: Listed =
    Listed { code: codes::DATA_TYPE.as_code(), values: &codes::DATA_TYPE_VALUES };
const ANY_DATA_TYPE: usize = 0;

pub(super) fn write_crypto_data(
    data_type: CryptoDataType,
    data: CryptoData<'_>,
    sink: &mut impl Sink,
) {
    sink.field("CryptoDataType");
    match DATA_TYPES.symbol(data_type.0) {
        Some(symbol) => sink.code(DATA_TYPES.code, symbol.saturating_add(1)),
        None => {
            sink.code(DATA_TYPES.code, ANY_DATA_TYPE);
            sink.put(u64::from(data_type.0), 8);
        }
    }
    sink.field("CryptoData");
    data.octets().for_each(|octet| sink.put(u64::from(octet), 8));
}

pub(super) fn read_crypto_data<'a>(
    source: &mut Source<'a>,
) -> Result<(CryptoDataType, CryptoData<'a>), DecodeError> {
    source.field("CryptoDataType");
    let symbol = source.code(DATA_TYPES.code)?;
    let listed = symbol.checked_sub(1).and_then(|index| DATA_TYPES.values.get(index));
    let data_type = match listed {
        Some(value) => *value,
        None => DATA_TYPES.read_unlisted(source)?,
    };
    source.field("CryptoData");
    let octets = source.bits.left() / 8;
    if octets > SIGNAL_TEXT_OCTETS_MAX {
        return Err(source.refuse(ErrorKind::TooLong));
    }
    let data = CryptoData::from_bits(source.bits.view(octets.saturating_mul(8)));
    Ok((CryptoDataType(data_type), data))
}
