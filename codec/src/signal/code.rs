//! The codes of the standard: which kind of message, which reference, which subject, which object.
//!
//! A code that has a digit or two of its own on the wire is kept whatever its value: a reserved
//! code is read, shown and written back unchanged, and [`check`](super::check) is what refuses it.

use super::layout;
use crate::error::DecodeError;
use core::fmt;
use core::str::FromStr;

/// The twelve kinds of message (4.2.1.6, 2.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageCode {
    /// `A`: introduces an originator.
    Authentication,
    /// `K`: keys and parameters.
    CryptographicSupport,
    /// `T`: a message that is only a test.
    Test,
    /// `P`: marks what law protects.
    ProtectiveSign,
    /// `E`: asks for help.
    EmergencySignal,
    /// `S`: how someone or something is.
    StatusSignal,
    /// `D`: marks a danger or disaster.
    DangerSign,
    /// `I`: marks infrastructure.
    InfrastructureSign,
    /// `M`: announces an undertaking.
    MissionSignal,
    /// `Q`: asks the parties for something.
    RequestSignal,
    /// `R`: points to a resource elsewhere.
    Resource,
    /// `F`: free text.
    FreeText,
}

impl MessageCode {
    /// All twelve, in the order of the standard's overview (2.4.2) and schema.
    pub const ALL: [Self; 12] = [
        Self::Authentication,
        Self::CryptographicSupport,
        Self::Test,
        Self::ProtectiveSign,
        Self::EmergencySignal,
        Self::StatusSignal,
        Self::DangerSign,
        Self::InfrastructureSign,
        Self::MissionSignal,
        Self::RequestSignal,
        Self::Resource,
        Self::FreeText,
    ];

    /// The letter on the wire.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Authentication => 'A',
            Self::CryptographicSupport => 'K',
            Self::Test => 'T',
            Self::ProtectiveSign => 'P',
            Self::EmergencySignal => 'E',
            Self::StatusSignal => 'S',
            Self::DangerSign => 'D',
            Self::InfrastructureSign => 'I',
            Self::MissionSignal => 'M',
            Self::RequestSignal => 'Q',
            Self::Resource => 'R',
            Self::FreeText => 'F',
        }
    }

    /// The code of a letter; none for a letter the standard does not define.
    #[must_use]
    pub const fn from_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'A' => Self::Authentication,
            'K' => Self::CryptographicSupport,
            'T' => Self::Test,
            'P' => Self::ProtectiveSign,
            'E' => Self::EmergencySignal,
            'S' => Self::StatusSignal,
            'D' => Self::DangerSign,
            'I' => Self::InfrastructureSign,
            'M' => Self::MissionSignal,
            'Q' => Self::RequestSignal,
            'R' => Self::Resource,
            'F' => Self::FreeText,
            _ => return None,
        })
    }
}

impl fmt::Display for MessageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, self.letter())
    }
}

/// Which encryption the message was or is to be sent with (4.2.1.4): a letter or digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EncryptionIndicator(u8);

impl EncryptionIndicator {
    /// `0`: not encrypted.
    pub const NONE: Self = Self(b'0');
    /// `1`: AES-256-CTR under a negotiated key.
    pub const NEGOTIATED_KEY: Self = Self(b'1');
    /// `2`: AES-256-CTR under a pre-shared key.
    pub const SHARED_KEY: Self = Self(b'2');

    /// The indicator of a letter or digit.
    #[must_use]
    pub const fn new(character: u8) -> Option<Self> {
        if character.is_ascii_alphanumeric() { Some(Self(character)) } else { None }
    }

    /// The character on the wire.
    #[must_use]
    pub const fn to_u8(self) -> u8 {
        self.0
    }
}

impl fmt::Display for EncryptionIndicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, char::from(self.0))
    }
}

/// A code of one hexadecimal digit.
macro_rules! one_digit {
    ($(#[$doc:meta])* $type:ident { $($(#[$code_doc:meta])* $code:ident = $value:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(u8);

        impl $type {
            $($(#[$code_doc])* pub const $code: Self = Self($value);)+

            /// The code of a value from 0 to 15.
            #[must_use]
            pub const fn new(value: u8) -> Option<Self> {
                if value < 16 { Some(Self(value)) } else { None }
            }

            /// Its value, 0 to 15.
            #[must_use]
            pub const fn to_u8(self) -> u8 {
                self.0
            }

            pub(super) const fn from_wire(raw: u64) -> Self {
                Self(lowest_octet(raw) & 0xF)
            }
        }
    };
}

one_digit! {
    /// How a message relates to an earlier one (4.2.1.7). A to F are undefined but can be carried.
    ReferenceIndicator {
        /// New information, about no earlier message.
        ORIGINAL = 0;
        /// The referenced message is to be ignored.
        RECALL = 1;
        /// Replaces the referenced message's information.
        UPDATE = 2;
        /// Adds to the referenced message.
        ADD = 3;
        /// The referenced message holds no longer.
        DISCONTINUE = 4;
        /// Relates to the referenced message.
        RELATE = 5;
        /// Confirms what the referenced message says.
        CONFIRM = 6;
        /// The referenced message was received.
        ACKNOWLEDGE = 7;
        /// Will act as the referenced message asks.
        COMPLY = 8;
        /// Does not agree with the referenced message.
        REJECT = 9;
    }
}

one_digit! {
    /// How an originator can be verified (4.3.4.2).
    VerificationMethod {
        /// Signed data at a URL.
        INTERNET_RESOURCE = 1;
        /// A token shared beforehand.
        SHARED_TOKEN = 2;
    }
}

one_digit! {
    /// How a resource is found (4.3.2.2).
    ResourceMethod {
        /// By a URL.
        INTERNET_RESOURCE = 1;
    }
}

/// What a sign or signal says (4.3.1.2); its meaning depends on the message code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectCode(pub u8);

/// What a sign or signal is about (4.3.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectType(pub u8);

/// What cryptographic data a message carries (4.3.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CryptoDataType(pub u8);

impl SubjectCode {
    pub(super) const fn from_wire(raw: u64) -> Self {
        Self(lowest_octet(raw))
    }
}

impl ObjectType {
    /// Not provided.
    pub const NONE: Self = Self(0);

    pub(super) const fn from_wire(raw: u64) -> Self {
        Self(lowest_octet(raw))
    }
}

impl CryptoDataType {
    pub(super) const fn from_wire(raw: u64) -> Self {
        Self(lowest_octet(raw))
    }
}

/// Two upper-case hexadecimal digits.
impl fmt::Display for SubjectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        layout::SUBJECT_CODE.write_text(u64::from(self.0), f)
    }
}

/// Two upper-case hexadecimal digits.
impl fmt::Display for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        layout::OBJECT_TYPE.write_text(u64::from(self.0), f)
    }
}

/// One upper-case hexadecimal digit.
impl fmt::Display for ReferenceIndicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        layout::REFERENCE_INDICATOR.write_text(u64::from(self.to_u8()), f)
    }
}

/// Two hexadecimal digits, either case.
impl FromStr for SubjectCode {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        layout::SUBJECT_CODE.parse(text).map(Self::from_wire)
    }
}

/// Two hexadecimal digits, either case.
impl FromStr for ObjectType {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        layout::OBJECT_TYPE.parse(text).map(Self::from_wire)
    }
}

/// One hexadecimal digit, either case.
impl FromStr for ReferenceIndicator {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        layout::REFERENCE_INDICATOR.parse(text).map(Self::from_wire)
    }
}

const fn lowest_octet(raw: u64) -> u8 {
    let [.., octet] = raw.to_be_bytes();
    octet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_names_one_code() {
        for code in MessageCode::ALL {
            assert_eq!(MessageCode::from_letter(code.letter()), Some(code));
        }
        let defined = ('\0'..='\u{FF}').filter_map(MessageCode::from_letter).count();
        assert_eq!(defined, MessageCode::ALL.len());
    }

    #[test]
    fn a_nibble_has_sixteen_values() {
        assert_eq!(ReferenceIndicator::new(9), Some(ReferenceIndicator::REJECT));
        assert_eq!(ReferenceIndicator::new(16), None);
        assert_eq!("f".parse::<ReferenceIndicator>().unwrap().to_u8(), 15);
    }
}
