//! The order of the fields, once for every form a message has.
//!
//! A form that is read implements [`Source`], a form that is written implements [`Sink`]; which
//! fields a message has, and in which order, stands here and nowhere else. The standard wire, the
//! text form, name-and-value pairs and the field-by-field view all go through these two walks.

use super::code::{
    CryptoDataType, EncryptionIndicator, MessageCode, ObjectType, ReferenceIndicator,
    ResourceMethod, SubjectCode, VerificationMethod,
};
use super::decimal::Decimal;
use super::field::Field;
use super::layout;
use super::message::{Body, Message, ReferencedMessage, RequestObject, RequestObjects, Sign};
use super::moment::{DateTime, Duration};
use super::place::{Latitude, Longitude};
use super::text::{CryptoData, Text};
use crate::error::{DecodeError, ErrorKind};

/// `WF` (4.2.1.2).
const PREFIX: u64 = 0x5746;
/// `1` (4.2.1.3).
const VERSION: u64 = 0x31;

/// A form a message is read from, field by field.
pub(super) trait Source<'a> {
    /// A field of fixed width, compressed, right-aligned; its decimals are decimals.
    fn fixed(&mut self, field: &'static Field) -> Result<u64, DecodeError>;
    /// The identifier of a message, written to `into`.
    fn identifier(&mut self, field: &'static Field, into: &mut [u8; 32])
    -> Result<(), DecodeError>;
    /// A text to the end of the message.
    fn text(&mut self, field: &'static Field) -> Result<Text<'a>, DecodeError>;
    /// Hexadecimal data to the end of the message.
    fn hexadecimal(&mut self, field: &'static Field) -> Result<CryptoData<'a>, DecodeError>;
    /// Whether a repeated field begins here.
    fn has_more(&self, field: &'static Field) -> bool;
    /// An error at the field last read.
    fn refuse(&self, kind: ErrorKind, field: &'static Field) -> DecodeError;
    /// Whether this form holds plain messages whatever their encryption indicator says.
    const ALWAYS_PLAIN: bool;
}

/// A form a message is written to, field by field.
pub(super) trait Sink<'a> {
    /// A field of fixed width, compressed, right-aligned.
    fn fixed(&mut self, field: &'static Field, raw: u64);
    /// The identifier of a message.
    fn identifier(&mut self, field: &'static Field, identifier: &[u8; 32]);
    /// A text to the end of the message.
    fn text(&mut self, field: &'static Field, text: Text<'a>);
    /// Hexadecimal data to the end of the message.
    fn hexadecimal(&mut self, field: &'static Field, data: CryptoData<'a>);
}

/// Reads a message; what follows it is the caller's to judge.
#[inline(always)]
pub(super) fn read<'a, S: Source<'a>>(source: &mut S) -> Result<Message<'a>, DecodeError> {
    let encryption = read_preamble(source)?;
    if encryption != EncryptionIndicator::NONE && !S::ALWAYS_PLAIN {
        return Err(source.refuse(ErrorKind::Unsupported, &layout::ENCRYPTION_INDICATOR));
    }
    read_plain(source, encryption)
}

/// Reads a message that is plain whatever its indicator says: one that was decrypted.
pub(super) fn read_decrypted<'a>(source: &mut impl Source<'a>) -> Result<Message<'a>, DecodeError> {
    let encryption = read_preamble(source)?;
    read_plain(source, encryption)
}

#[inline(always)]
fn read_plain<'a>(
    source: &mut impl Source<'a>,
    encryption: EncryptionIndicator,
) -> Result<Message<'a>, DecodeError> {
    let duress = source.fixed(&layout::DURESS_INDICATOR)? != 0;
    let code = read_code(source, &layout::MESSAGE_CODE)?;
    let indicator = source.fixed(&layout::REFERENCE_INDICATOR)?;
    let mut referenced_message = [0; 32];
    source.identifier(&layout::REFERENCED_MESSAGE, &mut referenced_message)?;
    let test = code == MessageCode::Test;
    let code = if test { read_code(source, &layout::PSEUDO_MESSAGE_CODE)? } else { code };
    Ok(Message {
        encryption,
        duress,
        test,
        reference_indicator: ReferenceIndicator::from_wire(indicator),
        referenced_message: ReferencedMessage(referenced_message),
        body: read_body(source, code)?,
    })
}

/// The three fields that are never encrypted (4.1.4).
#[inline(always)]
pub(super) fn read_preamble<'a>(
    source: &mut impl Source<'a>,
) -> Result<EncryptionIndicator, DecodeError> {
    if source.fixed(&layout::PREFIX)? != PREFIX {
        return Err(source.refuse(ErrorKind::BadLiteral, &layout::PREFIX));
    }
    if source.fixed(&layout::VERSION)? != VERSION {
        return Err(source.refuse(ErrorKind::UnknownVersion, &layout::VERSION));
    }
    let character = u8::try_from(source.fixed(&layout::ENCRYPTION_INDICATOR)?).unwrap_or(0);
    EncryptionIndicator::new(character)
        .ok_or_else(|| source.refuse(ErrorKind::BadCharacter, &layout::ENCRYPTION_INDICATOR))
}

#[inline(always)]
fn read_code<'a>(
    source: &mut impl Source<'a>,
    field: &'static Field,
) -> Result<MessageCode, DecodeError> {
    let letter = u8::try_from(source.fixed(field)?).map(char::from);
    // 4.2.1.6: a message with an undefined message code must be ignored.
    letter
        .ok()
        .and_then(MessageCode::from_letter)
        .ok_or_else(|| source.refuse(ErrorKind::UnknownCode, field))
}

#[inline(always)]
fn read_body<'a>(source: &mut impl Source<'a>, code: MessageCode) -> Result<Body<'a>, DecodeError> {
    Ok(match code {
        MessageCode::ProtectiveSign
        | MessageCode::EmergencySignal
        | MessageCode::StatusSignal
        | MessageCode::DangerSign
        | MessageCode::InfrastructureSign
        | MessageCode::MissionSignal
        | MessageCode::RequestSignal => {
            let sign = read_sign(source)?;
            match code {
                MessageCode::ProtectiveSign => Body::ProtectiveSign(sign),
                MessageCode::EmergencySignal => Body::EmergencySignal(sign),
                MessageCode::StatusSignal => Body::StatusSignal(sign),
                MessageCode::DangerSign => Body::DangerSign(sign),
                MessageCode::InfrastructureSign => Body::InfrastructureSign(sign),
                MessageCode::MissionSignal => Body::MissionSignal(sign),
                _ => Body::RequestSignal(sign, read_request_objects(source)?),
            }
        }
        MessageCode::Authentication => {
            let method = source.fixed(&layout::VERIFICATION_METHOD)?;
            let data = source.text(&layout::VERIFICATION_DATA)?;
            Body::Authentication { method: VerificationMethod::from_wire(method), data }
        }
        MessageCode::CryptographicSupport => {
            let data_type = source.fixed(&layout::CRYPTO_DATA_TYPE)?;
            let data = source.hexadecimal(&layout::CRYPTO_DATA)?;
            Body::CryptographicSupport { data_type: CryptoDataType::from_wire(data_type), data }
        }
        MessageCode::Resource => {
            let method = source.fixed(&layout::RESOURCE_METHOD)?;
            let data = source.text(&layout::RESOURCE_DATA)?;
            Body::Resource { method: ResourceMethod::from_wire(method), data }
        }
        MessageCode::FreeText => Body::FreeText { text: source.text(&layout::TEXT)? },
        // A test tests a message (4.3.6); a test of a test has no body.
        MessageCode::Test => {
            return Err(source.refuse(ErrorKind::Unexpected, &layout::PSEUDO_MESSAGE_CODE));
        }
    })
}

#[inline(always)] // in one place
fn read_sign<'a>(source: &mut impl Source<'a>) -> Result<Sign, DecodeError> {
    Ok(Sign {
        subject: SubjectCode::from_wire(source.fixed(&layout::SUBJECT_CODE)?),
        date_time: DateTime::from_wire(source.fixed(&layout::DATE_TIME)?),
        duration: Duration::from_wire(source.fixed(&layout::DURATION)?),
        object_type: ObjectType::from_wire(source.fixed(&layout::OBJECT_TYPE)?),
        latitude: Latitude::from_wire(source.fixed(&layout::OBJECT_LATITUDE)?),
        longitude: Longitude::from_wire(source.fixed(&layout::OBJECT_LONGITUDE)?),
        size_1: Decimal::from_wire(source.fixed(&layout::OBJECT_SIZE_DIM1)?),
        size_2: Decimal::from_wire(source.fixed(&layout::OBJECT_SIZE_DIM2)?),
        orientation: Decimal::from_wire(source.fixed(&layout::OBJECT_ORIENTATION)?),
    })
}

/// 4.3.1.9: type and quantity together, none to eight times. What is left after the eighth is
/// left to the caller, who refuses it.
fn read_request_objects<'a>(source: &mut impl Source<'a>) -> Result<RequestObjects, DecodeError> {
    let mut objects = RequestObjects::NONE;
    for (object_type, quantity) in &layout::REQUEST_OBJECTS {
        if !source.has_more(object_type) && !source.has_more(quantity) {
            break;
        }
        objects.push(RequestObject {
            object_type: ObjectType::from_wire(source.fixed(object_type)?),
            quantity: Decimal::from_wire(source.fixed(quantity)?),
        });
    }
    Ok(objects)
}

/// Writes a message.
#[inline(always)]
pub(super) fn write<'a>(message: &Message<'a>, sink: &mut impl Sink<'a>) {
    sink.fixed(&layout::PREFIX, PREFIX);
    sink.fixed(&layout::VERSION, VERSION);
    sink.fixed(&layout::ENCRYPTION_INDICATOR, u64::from(message.encryption.to_u8()));
    sink.fixed(&layout::DURESS_INDICATOR, u64::from(message.duress));
    sink.fixed(&layout::MESSAGE_CODE, letter(message.code()));
    sink.fixed(&layout::REFERENCE_INDICATOR, u64::from(message.reference_indicator.to_u8()));
    sink.identifier(&layout::REFERENCED_MESSAGE, &message.referenced_message.0);
    if message.test {
        sink.fixed(&layout::PSEUDO_MESSAGE_CODE, letter(message.body.code()));
    }
    write_body(&message.body, sink);
}

fn letter(code: MessageCode) -> u64 {
    u64::from(u32::from(code.letter()))
}

#[inline(always)]
fn write_body<'a>(body: &Body<'a>, sink: &mut impl Sink<'a>) {
    match body {
        Body::ProtectiveSign(sign)
        | Body::EmergencySignal(sign)
        | Body::StatusSignal(sign)
        | Body::DangerSign(sign)
        | Body::InfrastructureSign(sign)
        | Body::MissionSignal(sign)
        | Body::RequestSignal(sign, _) => write_sign(sign, sink),
        Body::Authentication { method, data } => {
            sink.fixed(&layout::VERIFICATION_METHOD, u64::from(method.to_u8()));
            sink.text(&layout::VERIFICATION_DATA, *data);
        }
        Body::CryptographicSupport { data_type, data } => {
            sink.fixed(&layout::CRYPTO_DATA_TYPE, u64::from(data_type.0));
            sink.hexadecimal(&layout::CRYPTO_DATA, *data);
        }
        Body::Resource { method, data } => {
            sink.fixed(&layout::RESOURCE_METHOD, u64::from(method.to_u8()));
            sink.text(&layout::RESOURCE_DATA, *data);
        }
        Body::FreeText { text } => sink.text(&layout::TEXT, *text),
    }
    if let Body::RequestSignal(_, objects) = body {
        for (object, (object_type, quantity)) in objects.iter().zip(&layout::REQUEST_OBJECTS) {
            sink.fixed(object_type, u64::from(object.object_type.0));
            sink.fixed(quantity, object.quantity.to_wire());
        }
    }
}

#[inline(always)]
fn write_sign<'a>(sign: &Sign, sink: &mut impl Sink<'a>) {
    sink.fixed(&layout::SUBJECT_CODE, u64::from(sign.subject.0));
    sink.fixed(&layout::DATE_TIME, sign.date_time.to_wire());
    sink.fixed(&layout::DURATION, sign.duration.to_wire());
    sink.fixed(&layout::OBJECT_TYPE, u64::from(sign.object_type.0));
    sink.fixed(&layout::OBJECT_LATITUDE, sign.latitude.to_wire());
    sink.fixed(&layout::OBJECT_LONGITUDE, sign.longitude.to_wire());
    sink.fixed(&layout::OBJECT_SIZE_DIM1, sign.size_1.to_wire());
    sink.fixed(&layout::OBJECT_SIZE_DIM2, sign.size_2.to_wire());
    sink.fixed(&layout::OBJECT_ORIENTATION, sign.orientation.to_wire());
}
