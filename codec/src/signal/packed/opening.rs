//! What a message is and how it refers to another (spec/09-packed.md, "Opening").

use crate::error::{DecodeError, ErrorKind};
use crate::packing::codes::{self, flags, message, opening, relation};
use crate::packing::{Sink, Source};
use crate::signal::code::{MessageCode, ReferenceIndicator};

/// All that stands before a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    /// The message code; in a test that of what it tests.
    pub(super) code: MessageCode,
    pub(super) test: bool,
    pub(super) duress: bool,
    pub(super) indicator: ReferenceIndicator,
    /// The body does not follow: it is that of the referenced message.
    pub(super) repeat: bool,
}

const NAME: &str = "opening";

impl Opening {
    const fn is_plain_original(&self) -> bool {
        !self.test
            && !self.duress
            && !self.repeat
            && self.indicator.to_u8() == ReferenceIndicator::ORIGINAL.to_u8()
    }

    pub(super) fn write(&self, sink: &mut impl Sink) {
        sink.field(NAME);
        if self.is_plain_original() {
            sink.code(codes::OPENING.as_code(), original_symbol(self.code));
            return;
        }
        sink.code(codes::OPENING.as_code(), opening::OTHER);
        sink.code(codes::MESSAGE.as_code(), message_symbol(self.code));
        let flags = match (self.test, self.duress) {
            (false, false) => None,
            (true, false) => Some(flags::TEST),
            (false, true) => Some(flags::DURESS),
            (true, true) => Some(flags::TEST_AND_DURESS),
        };
        if let Some(flags) = flags {
            sink.code(codes::RELATION.as_code(), relation::FLAGGED);
            sink.code(codes::FLAGS.as_code(), flags);
        }
        let symbol = relation_symbol(self.indicator, self.repeat);
        sink.code(codes::RELATION.as_code(), symbol);
        if symbol == relation::WHOLE {
            sink.put(u64::from(self.indicator.to_u8()), 4);
        }
    }

    pub(super) fn read(source: &mut Source<'_>) -> Result<Self, DecodeError> {
        source.field(NAME);
        let symbol = source.code(codes::OPENING.as_code())?;
        if symbol != opening::OTHER {
            let code = original_code(symbol);
            let indicator = ReferenceIndicator::ORIGINAL;
            return Ok(Self { code, test: false, duress: false, indicator, repeat: false });
        }
        let code = message_code(source.code(codes::MESSAGE.as_code())?);
        let mut symbol = source.code(codes::RELATION.as_code())?;
        let (mut test, mut duress) = (false, false);
        let flagged = symbol == relation::FLAGGED;
        if flagged {
            let flags = source.code(codes::FLAGS.as_code())?;
            test = flags != flags::DURESS;
            duress = flags != flags::TEST;
            symbol = source.code(codes::RELATION.as_code())?;
        }
        let (indicator, repeat) = match symbol {
            relation::REPEAT_1 => (ReferenceIndicator::RECALL, true),
            relation::REPEAT_4 => (ReferenceIndicator::DISCONTINUE, true),
            relation::REPEAT_6 => (ReferenceIndicator::CONFIRM, true),
            relation::REPEAT_7 => (ReferenceIndicator::ACKNOWLEDGE, true),
            relation::REPEAT_8 => (ReferenceIndicator::COMPLY, true),
            relation::REPEAT_9 => (ReferenceIndicator::REJECT, true),
            relation::N2 => (ReferenceIndicator::UPDATE, false),
            relation::N3 => (ReferenceIndicator::ADD, false),
            relation::N5 => (ReferenceIndicator::RELATE, false),
            relation::WHOLE => {
                let indicator = ReferenceIndicator::from_wire(source.take(4)?);
                // Whatever has a symbol of its own is not written so.
                if relation_symbol(indicator, false) != relation::WHOLE {
                    return Err(source.refuse(ErrorKind::NotCanonical));
                }
                (indicator, false)
            }
            // Only behind `flags`, which are read once.
            _ => (ReferenceIndicator::ORIGINAL, false),
        };
        Ok(Self { code, test, duress, indicator, repeat })
    }
}

const fn relation_symbol(indicator: ReferenceIndicator, repeat: bool) -> usize {
    match (indicator, repeat) {
        (ReferenceIndicator::RECALL, true) => relation::REPEAT_1,
        (ReferenceIndicator::DISCONTINUE, true) => relation::REPEAT_4,
        (ReferenceIndicator::CONFIRM, true) => relation::REPEAT_6,
        (ReferenceIndicator::ACKNOWLEDGE, true) => relation::REPEAT_7,
        (ReferenceIndicator::COMPLY, true) => relation::REPEAT_8,
        (ReferenceIndicator::REJECT, true) => relation::REPEAT_9,
        (ReferenceIndicator::UPDATE, _) => relation::N2,
        (ReferenceIndicator::ADD, _) => relation::N3,
        (ReferenceIndicator::RELATE, _) => relation::N5,
        // Behind `flags`; without them an original has an opening of its own.
        (ReferenceIndicator::ORIGINAL, _) => relation::FLAGGED,
        _ => relation::WHOLE,
    }
}

/// The symbols of message codes in a code that has one for each letter, and back.
macro_rules! letters {
    ($($module:ident: $to_symbol:ident, $to_code:ident;)+) => {$(
        const fn $to_symbol(code: MessageCode) -> usize {
            match code {
                MessageCode::ProtectiveSign => $module::P,
                MessageCode::EmergencySignal => $module::E,
                MessageCode::StatusSignal => $module::S,
                MessageCode::DangerSign => $module::D,
                MessageCode::InfrastructureSign => $module::I,
                MessageCode::MissionSignal => $module::M,
                MessageCode::RequestSignal => $module::Q,
                MessageCode::Resource => $module::R,
                MessageCode::Authentication => $module::A,
                MessageCode::CryptographicSupport => $module::K,
                // A test opens as what it tests.
                MessageCode::FreeText | MessageCode::Test => $module::F,
            }
        }

        const fn $to_code(symbol: usize) -> MessageCode {
            match symbol {
                $module::P => MessageCode::ProtectiveSign,
                $module::E => MessageCode::EmergencySignal,
                $module::S => MessageCode::StatusSignal,
                $module::D => MessageCode::DangerSign,
                $module::I => MessageCode::InfrastructureSign,
                $module::M => MessageCode::MissionSignal,
                $module::Q => MessageCode::RequestSignal,
                $module::R => MessageCode::Resource,
                $module::A => MessageCode::Authentication,
                $module::K => MessageCode::CryptographicSupport,
                // F, or `other`, which the caller has looked at.
                _ => MessageCode::FreeText,
            }
        }
    )+};
}

letters! {
    opening: original_symbol, original_code;
    message: message_symbol, message_code;
}
