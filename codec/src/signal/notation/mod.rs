//! The notation of messages and of sequences of messages (2.7; spec/01-signal.md, "Notation").
//!
//! ```
//! use chappe_codec::signal::notation::{Sequence, Verdict};
//!
//! let sequence = Sequence::parse("P31(0)H < D(5)10X <<S23(5)H")?;
//! assert_eq!(sequence.to_string(), "P31(0)H < D10(5)X << S23(5)H");
//! let verdicts: Vec<_> = sequence.judge().iter().map(|judged| judged.verdict).collect();
//! assert_eq!(verdicts, [Verdict::Allowed, Verdict::Allowed]);
//!
//! let error = Sequence::parse("P31(0)H < D10(5)X <<< S23(5)H").unwrap_err();
//! assert_eq!(error.to_string(), "pointer: outside its range at character 18");
//! # Ok::<(), chappe_codec::error::DecodeError>(())
//! ```

mod judge;
mod read;

pub use judge::{Judgement, Reference, Referenced, Verdict};

use super::code::{MessageCode, ReferenceIndicator, SubjectCode};
use super::message::{Body, Message};
use crate::limits::{NOTATION_MESSAGES_MAX, NOTATION_NAME_CHARACTERS_MAX};
use alloc::vec::Vec;
use core::fmt;

/// Messages in the order they were sent, and what each refers to.
///
/// Any value of this type is printed in a form that reads back to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence<'a> {
    elements: Vec<Element<'a>>,
}

/// One message of a sequence and how it hangs on those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// `...`: messages may have come before this one that are not shown. They are not counted.
    pub gap: bool,
    /// How many shown messages back the one stands that this refers to: the number of `<`.
    pub back: Option<usize>,
    /// The message.
    pub message: Notated<'a>,
}

/// A message as far as it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notated<'a> {
    /// `[…]`: sent encrypted.
    pub encrypted: bool,
    /// Which kind of message; `T` for a test.
    pub code: MessageCode,
    /// Of a test, what it tests.
    pub tested: Option<MessageCode>,
    /// Subject code, method or data type: two digits.
    pub subject: Option<SubjectCode>,
    /// How it relates to what it refers to.
    pub indicator: Option<ReferenceIndicator>,
    /// Who sent it; written only behind an indicator.
    pub originator: Option<Name<'a>>,
}

/// A name that stands for an account: a letter, then letters, digits, `-` and `_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<'a>(&'a str);

/// Why elements make no sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SequenceError {
    /// None at all, or more than [`NOTATION_MESSAGES_MAX`].
    Count,
    /// This element has a pointer that reaches past the first message though no gap stands there,
    /// or it has neither pointer nor gap though others come before it.
    Pointer(usize),
    /// This element's message cannot be written: digits its kind does not have, a test of nothing
    /// or of a test, an originator without an indicator.
    Message(usize),
}

impl<'a> Sequence<'a> {
    /// A sequence of these elements.
    ///
    /// # Errors
    ///
    /// The notation cannot express them.
    pub fn new(elements: Vec<Element<'a>>) -> Result<Self, SequenceError> {
        if elements.is_empty() || elements.len() > NOTATION_MESSAGES_MAX {
            return Err(SequenceError::Count);
        }
        let open = elements.first().is_some_and(|first| first.gap);
        for (index, element) in elements.iter().enumerate() {
            if !pointer_fits(index, open, element.gap, element.back) {
                return Err(SequenceError::Pointer(index));
            }
            if !element.message.can_be_written() {
                return Err(SequenceError::Message(index));
            }
        }
        Ok(Self { elements })
    }

    /// The messages in order.
    #[must_use]
    pub fn elements(&self) -> &[Element<'a>] {
        &self.elements
    }

    /// Whether messages before the first may be referred to: the sequence begins with a gap.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.elements.first().is_some_and(|first| first.gap)
    }
}

/// Whether an element with `before` elements before it may have this gap and pointer.
const fn pointer_fits(before: usize, open: bool, gap: bool, back: Option<usize>) -> bool {
    match back {
        None => before == 0 || gap,
        Some(back) => back > 0 && back <= NOTATION_MESSAGES_MAX && (open || back <= before),
    }
}

impl<'a> Notated<'a> {
    /// A message of which nothing is said but its kind.
    #[must_use]
    pub const fn new(code: MessageCode) -> Self {
        Self {
            encrypted: false,
            code,
            tested: None,
            subject: None,
            indicator: None,
            originator: None,
        }
    }

    /// A whole message, sent by `originator`.
    #[must_use]
    pub fn of(message: &Message<'_>, originator: Option<Name<'a>>) -> Self {
        let subject = match &message.body {
            Body::Authentication { method, .. } => Some(method.to_u8()),
            Body::CryptographicSupport { data_type, .. } => Some(data_type.0),
            Body::Resource { method, .. } => Some(method.to_u8()),
            body => body.sign().map(|sign| sign.subject.0),
        };
        Self {
            encrypted: message.encryption != super::code::EncryptionIndicator::NONE,
            code: message.code(),
            tested: message.test.then(|| message.body.code()),
            subject: subject.map(SubjectCode),
            indicator: Some(message.reference_indicator),
            originator,
        }
    }

    /// The kind whose digits these are.
    const fn digits(&self) -> Digits {
        Digits::of(match self.tested {
            Some(tested) => tested,
            None => self.code,
        })
    }

    fn can_be_written(&self) -> bool {
        let test_fits = match self.tested {
            Some(tested) => self.code == MessageCode::Test && tested != MessageCode::Test,
            None => true,
        };
        let subject_fits = match (self.digits(), self.subject) {
            (_, None) | (Digits::Two, _) => true,
            (Digits::One, Some(subject)) => subject.0 < 0x10,
            (Digits::None, Some(_)) => false,
        };
        test_fits && subject_fits && (self.indicator.is_some() || self.originator.is_none())
    }
}

/// How many digits of its own a kind of message has on the wire behind its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    /// F has no code; of a T alone nothing is known.
    None,
    /// A method; written with a leading zero (`A01`), sometimes without (`A2`).
    One,
    /// A subject code or data type.
    Two,
}

impl Digits {
    const fn of(code: MessageCode) -> Self {
        match code {
            MessageCode::FreeText | MessageCode::Test => Self::None,
            MessageCode::Authentication | MessageCode::Resource => Self::One,
            MessageCode::CryptographicSupport
            | MessageCode::ProtectiveSign
            | MessageCode::EmergencySignal
            | MessageCode::StatusSignal
            | MessageCode::DangerSign
            | MessageCode::InfrastructureSign
            | MessageCode::MissionSignal
            | MessageCode::RequestSignal => Self::Two,
        }
    }
}

impl<'a> Name<'a> {
    /// The name, if it is one.
    #[must_use]
    pub fn new(text: &'a str) -> Option<Self> {
        let begins = text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
        let fits = text.len() <= NOTATION_NAME_CHARACTERS_MAX && text.bytes().all(is_of_name);
        (begins && fits).then_some(Self(text))
    }

    /// The name's characters.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

const fn is_of_name(character: u8) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, b'-' | b'_')
}

/// The one canonical form: single spaces, digits before the indicator and in upper case.
impl fmt::Display for Sequence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, element) in self.elements.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            if element.gap {
                f.write_str("... ")?;
            }
            if let Some(back) = element.back {
                (0..back).try_for_each(|_| f.write_str("<"))?;
                f.write_str(" ")?;
            }
            write!(f, "{}", element.message)?;
        }
        Ok(())
    }
}

/// A message alone: `P31(0)H`, `[Q14(0)]`, `T:P10(0)`.
impl fmt::Display for Notated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.encrypted { "[" } else { "" })?;
        write!(f, "{}", self.code)?;
        if let Some(tested) = self.tested {
            write!(f, ":{tested}")?;
        }
        if let Some(subject) = self.subject {
            write!(f, "{subject}")?;
        }
        if let Some(indicator) = self.indicator {
            write!(f, "({indicator})")?;
        }
        if let Some(originator) = self.originator {
            write!(f, "{originator}")?;
        }
        f.write_str(if self.encrypted { "]" } else { "" })
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for SequenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => write!(f, "a sequence has 1 to {NOTATION_MESSAGES_MAX} messages"),
            Self::Pointer(index) => write!(f, "message {index} cannot point where it does"),
            Self::Message(index) => write!(f, "message {index} has no notation"),
        }
    }
}

impl core::error::Error for SequenceError {}
