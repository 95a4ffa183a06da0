//! The packed form of signals (spec/09-packed.md): all that the standard wire says, bit for bit, in
//! a fifth of its octets.
//!
//! A packed body leaves out one thing, the identifier of the message it refers to: that stands in
//! the [`Item`](crate::item::Item) around it, whole or shortened. [`packed::item`](item) joins them.
//!
//! ```
//! use chappe_codec::signal::packed::{Packed, TextBuffer};
//! use chappe_codec::signal::Message;
//!
//! let text = "WF100P0000000000000000000000000000000000000000000000000000000000000000010\
//!             2026-11-20T12:00:00ZP01D12H30M32+52.09070+005.1214201500080090";
//! let message = Message::parse_serialized(text)?;
//! let mut body = [0; 20];
//! let octets = Packed::Whole(message).emit(&mut body).unwrap();
//! assert!(octets <= 16);
//!
//! let mut buffer = TextBuffer::new();
//! assert_eq!(Packed::parse(&body[..octets], &mut buffer)?, Packed::Whole(message));
//! # Ok::<(), chappe_codec::error::DecodeError>(())
//! ```

pub mod item;
mod object;
mod opening;
mod other;
mod place;
mod request;
mod subject;
mod validity;

use super::code::{EncryptionIndicator, MessageCode, ReferenceIndicator};
use super::message::{Body, Message, ReferencedMessage, Sign};
use super::standard::EncodeError;
use super::text::Text;
use crate::error::{DecodeError, ErrorKind};
use crate::limits::SIGNAL_OCTETS_MAX;
use crate::packing::{Buffer, Comparison, Counter, Sink, Source};
use crate::text as texts;
use alloc::vec::Vec;
use opening::Opening;

pub use crate::text::TextBuffer;

/// What a packed body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed<'a> {
    /// A whole message, but for the identifier of the one it refers to: here
    /// [`ReferencedMessage::NONE`].
    Whole(Message<'a>),
    /// A message that says again what the one it refers to says (4.2.1.7).
    Repeat(Repeat),
}

/// A message whose body is that of the message it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// Its message code, in a test that of what it tests.
    pub code: MessageCode,
    /// A test.
    pub test: bool,
    /// Sent under force or threat.
    pub duress: bool,
    /// How it refers: one of [`Repeat::INDICATORS`].
    pub indicator: ReferenceIndicator,
}

impl Repeat {
    /// The reference indicators whose messages repeat the referenced one (4.2.1.7).
    pub const INDICATORS: [ReferenceIndicator; 6] = [
        ReferenceIndicator::RECALL,
        ReferenceIndicator::DISCONTINUE,
        ReferenceIndicator::CONFIRM,
        ReferenceIndicator::ACKNOWLEDGE,
        ReferenceIndicator::COMPLY,
        ReferenceIndicator::REJECT,
    ];

    /// The repeat that stands for `message`, if it repeats `referenced` by rule and to the letter.
    /// Use it only towards receivers that hold the referenced message.
    #[must_use]
    pub fn of(message: &Message<'_>, referenced: &Message<'_>) -> Option<Self> {
        let repeats = message.encryption == EncryptionIndicator::NONE
            && Self::INDICATORS.contains(&message.reference_indicator)
            && message.code() == referenced.code()
            && message.body == referenced.body;
        repeats.then_some(Self {
            code: message.body.code(),
            test: message.test,
            duress: message.duress,
            indicator: message.reference_indicator,
        })
    }

    /// The whole message, once the one it refers to is known under `identifier`.
    ///
    /// # Errors
    ///
    /// `Inconsistent` in `MessageCode` if that is a message of another kind.
    pub fn resolve<'a>(
        &self,
        identifier: ReferencedMessage,
        referenced: &Message<'a>,
    ) -> Result<Message<'a>, DecodeError> {
        // "Has another message code (in tests: tests something else)."
        if (referenced.test, referenced.body.code()) != (self.test, self.code) {
            return Err(DecodeError::at_bit(ErrorKind::Inconsistent, "MessageCode", 0));
        }
        Ok(Message {
            encryption: EncryptionIndicator::NONE,
            duress: self.duress,
            test: self.test,
            reference_indicator: self.indicator,
            referenced_message: identifier,
            body: referenced.body,
        })
    }
}

impl<'a> Packed<'a> {
    /// Reads a packed body. Texts are unpacked into `buffer`; key data stays where it is.
    ///
    /// # Errors
    ///
    /// Named by field and bit (spec/09-packed.md, "Errors"): whatever [`Packed::emit`] would not
    /// have written is refused.
    pub fn parse(octets: &'a [u8], buffer: &'a mut TextBuffer) -> Result<Self, DecodeError> {
        if octets.len() > SIGNAL_OCTETS_MAX {
            let bit = SIGNAL_OCTETS_MAX.saturating_mul(8);
            return Err(DecodeError::at_bit(ErrorKind::TooLong, "message", bit));
        }
        let mut source = Source::new(octets);
        let opening = Opening::read(&mut source)?;
        let packed = if opening.repeat {
            Self::Repeat(Repeat {
                code: opening.code,
                test: opening.test,
                duress: opening.duress,
                indicator: opening.indicator,
            })
        } else {
            Self::Whole(Message {
                encryption: EncryptionIndicator::NONE,
                duress: opening.duress,
                test: opening.test,
                reference_indicator: opening.indicator,
                referenced_message: ReferencedMessage::NONE,
                body: read_body(opening.code, &mut source, buffer)?,
            })
        };
        source.finish()?;
        // "One message has one encoding": the writer itself says which.
        let mut comparison = Comparison::new(octets);
        packed.write(&mut comparison);
        comparison.finish()?;
        Ok(packed)
    }

    /// How many octets [`Packed::emit`] writes.
    ///
    /// # Errors
    ///
    /// The message names an encryption, which this form cannot express, or is a repeat that none of
    /// [`Repeat::INDICATORS`] makes.
    pub fn octets(&self) -> Result<usize, EncodeError> {
        match self {
            Self::Whole(message) if message.encryption != EncryptionIndicator::NONE => {
                return Err(EncodeError::Encrypted(message.encryption));
            }
            Self::Repeat(repeat) if !Repeat::INDICATORS.contains(&repeat.indicator) => {
                return Err(EncodeError::NoRepeat(repeat.indicator));
            }
            Self::Whole(_) | Self::Repeat(_) => {}
        }
        let mut count = Counter(0);
        self.write(&mut count);
        Ok(count.0.div_ceil(8))
    }

    /// Writes the body to the beginning of `out`; gives the number of octets written. The
    /// identifier of the referenced message is not part of it.
    ///
    /// # Errors
    ///
    /// `out` is too short; those of [`Packed::octets`].
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let octets_needed = self.octets()?;
        let out = out.get_mut(..octets_needed).ok_or(EncodeError::TooShort { octets_needed })?;
        let mut sink = Buffer::new(out);
        self.write(&mut sink);
        sink.finish();
        Ok(octets_needed)
    }

    /// The body in a buffer of its own.
    ///
    /// # Errors
    ///
    /// Those of [`Packed::octets`].
    pub fn to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = alloc::vec![0; self.octets()?];
        self.emit(&mut out)?;
        Ok(out)
    }

    fn write(&self, sink: &mut impl Sink) {
        match self {
            Self::Repeat(repeat) => Opening {
                code: repeat.code,
                test: repeat.test,
                duress: repeat.duress,
                indicator: repeat.indicator,
                repeat: true,
            }
            .write(sink),
            Self::Whole(message) => {
                Opening {
                    code: message.body.code(),
                    test: message.test,
                    duress: message.duress,
                    indicator: message.reference_indicator,
                    repeat: false,
                }
                .write(sink);
                write_body(&message.body, sink);
            }
        }
    }
}

fn write_body(body: &Body<'_>, sink: &mut impl Sink) {
    match body {
        Body::ProtectiveSign(sign)
        | Body::EmergencySignal(sign)
        | Body::StatusSignal(sign)
        | Body::DangerSign(sign)
        | Body::InfrastructureSign(sign)
        | Body::MissionSignal(sign) => write_sign(body.code(), sign, sink),
        Body::RequestSignal(sign, objects) => {
            write_sign(body.code(), sign, sink);
            request::write(objects, sink);
        }
        Body::Authentication { method, data } => {
            other::write_verification_method(*method, sink);
            write_text("VerificationData", *data, sink);
        }
        Body::CryptographicSupport { data_type, data } => {
            other::write_crypto_data(*data_type, *data, sink);
        }
        Body::Resource { method, data } => {
            other::write_resource_method(*method, sink);
            write_text("ResourceData", *data, sink);
        }
        Body::FreeText { text } => write_text("Text", *text, sink),
    }
}

fn write_sign(code: MessageCode, sign: &Sign, sink: &mut impl Sink) {
    subject::write(code, sign.subject, sink);
    validity::write_date_time(sign.date_time, sink);
    validity::write_duration(sign.duration, sink);
    object::write(code, sign, sink);
    place::write(sign.latitude, sign.longitude, sink);
}

fn write_text(field: &'static str, text: Text<'_>, sink: &mut impl Sink) {
    sink.field(field);
    let mut buffer = TextBuffer::new();
    let text = buffer.fill(text.octets());
    texts::write(text, sink);
}

fn read_body<'a>(
    code: MessageCode,
    source: &mut Source<'a>,
    buffer: &'a mut TextBuffer,
) -> Result<Body<'a>, DecodeError> {
    Ok(match code {
        MessageCode::ProtectiveSign => Body::ProtectiveSign(read_sign(code, source)?),
        MessageCode::EmergencySignal => Body::EmergencySignal(read_sign(code, source)?),
        MessageCode::StatusSignal => Body::StatusSignal(read_sign(code, source)?),
        MessageCode::DangerSign => Body::DangerSign(read_sign(code, source)?),
        MessageCode::InfrastructureSign => Body::InfrastructureSign(read_sign(code, source)?),
        MessageCode::MissionSignal => Body::MissionSignal(read_sign(code, source)?),
        MessageCode::RequestSignal => {
            let sign = read_sign(code, source)?;
            Body::RequestSignal(sign, request::read(source)?)
        }
        MessageCode::Authentication => {
            let method = other::read_verification_method(source)?;
            Body::Authentication { method, data: read_text("VerificationData", source, buffer)? }
        }
        MessageCode::CryptographicSupport => {
            let (data_type, data) = other::read_crypto_data(source)?;
            Body::CryptographicSupport { data_type, data }
        }
        MessageCode::Resource => {
            let method = other::read_resource_method(source)?;
            Body::Resource { method, data: read_text("ResourceData", source, buffer)? }
        }
        // An opening has no symbol for a test of its own.
        MessageCode::FreeText | MessageCode::Test => {
            Body::FreeText { text: read_text("Text", source, buffer)? }
        }
    })
}

fn read_sign(code: MessageCode, source: &mut Source<'_>) -> Result<Sign, DecodeError> {
    let subject = subject::read(code, source)?;
    let date_time = validity::read_date_time(source)?;
    let duration = validity::read_duration(source)?;
    let object = object::read(code, source)?;
    let (latitude, longitude) = place::read(source)?;
    Ok(Sign {
        subject,
        date_time,
        duration,
        object_type: object.object_type,
        latitude,
        longitude,
        size_1: object.size_1,
        size_2: object.size_2,
        orientation: object.orientation,
    })
}

fn read_text<'a>(
    field: &'static str,
    source: &mut Source<'_>,
    buffer: &'a mut TextBuffer,
) -> Result<Text<'a>, DecodeError> {
    source.field(field);
    let text = texts::read(source, buffer)?;
    // "In a signal it holds nothing above U+007F."
    let refused = source.refuse(ErrorKind::BadCharacter);
    Text::new(text).map_err(|_| refused)
}
