//! What a sign says, and the list of values that its code and others stand for.

use crate::error::{DecodeError, ErrorKind};
use crate::packing::codes;
use crate::packing::{Code, Sink, Source};
use crate::signal::code::{MessageCode, SubjectCode};

/// A code whose first symbols are values of one octet, in order.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    pub(super) code: Code<'static>,
    pub(super) values: &'static [u8],
}

impl Listed {
    /// The symbol of a value, unless it is not in the list.
    pub(super) fn symbol(&self, value: u8) -> Option<usize> {
        self.values.iter().position(|listed| *listed == value)
    }

    /// The value, or behind `escape` as it is.
    pub(super) fn write(&self, value: u8, escape: usize, sink: &mut impl Sink) {
        match self.symbol(value) {
            Some(symbol) => sink.code(self.code, symbol),
            None => {
                sink.code(self.code, escape);
                sink.put(u64::from(value), 8);
            }
        }
    }

    /// Reads what [`Listed::write`] writes.
    pub(super) fn read(&self, source: &mut Source<'_>) -> Result<u8, DecodeError> {
        let symbol = source.code(self.code)?;
        match self.values.get(symbol) {
            Some(value) => Ok(*value),
            None => self.read_unlisted(source),
        }
    }

    /// A value of eight bits that is not in the list.
    pub(super) fn read_unlisted(&self, source: &mut Source<'_>) -> Result<u8, DecodeError> {
        let value = u8::try_from(source.take(8)?).unwrap_or(0);
        match self.symbol(value) {
            Some(_) => Err(source.refuse(ErrorKind::NotCanonical)),
            None => Ok(value),
        }
    }
}

pub(super) fn write(code: MessageCode, subject: SubjectCode, sink: &mut impl Sink) {
    sink.field("SubjectCode");
    let listed = subjects(code);
    listed.write(subject.0, listed.values.len(), sink);
}

pub(super) fn read(code: MessageCode, source: &mut Source<'_>) -> Result<SubjectCode, DecodeError> {
    source.field("SubjectCode");
    subjects(code).read(source).map(SubjectCode)
}

/// The subjects of a message; `escape` is the symbol behind the last value.
fn subjects(code: MessageCode) -> Listed {
    let (code, values): (_, &'static [u8]) = match code {
        MessageCode::ProtectiveSign => (codes::SUBJECT_P.as_code(), &codes::SUBJECT_P_VALUES),
        MessageCode::EmergencySignal => (codes::SUBJECT_E.as_code(), &codes::SUBJECT_E_VALUES),
        MessageCode::StatusSignal => (codes::SUBJECT_S.as_code(), &codes::SUBJECT_S_VALUES),
        MessageCode::DangerSign => (codes::SUBJECT_D.as_code(), &codes::SUBJECT_D_VALUES),
        MessageCode::InfrastructureSign => (codes::SUBJECT_I.as_code(), &codes::SUBJECT_I_VALUES),
        MessageCode::MissionSignal => (codes::SUBJECT_M.as_code(), &codes::SUBJECT_M_VALUES),
        // The others are no signs.
        MessageCode::RequestSignal
        | MessageCode::Authentication
        | MessageCode::CryptographicSupport
        | MessageCode::Test
        | MessageCode::Resource
        | MessageCode::FreeText => (codes::SUBJECT_Q.as_code(), &codes::SUBJECT_Q_VALUES),
    };
    Listed { code, values }
}
