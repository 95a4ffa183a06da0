//! A signal: one Whiteflag message, its fields strongly typed, nothing of its wire form lost.

use super::code::{
    CryptoDataType, EncryptionIndicator, MessageCode, ObjectType, ReferenceIndicator,
    ResourceMethod, SubjectCode, VerificationMethod,
};
use super::decimal::{Dimension, Orientation, Quantity};
use super::moment::{DateTime, Duration};
use super::place::{Latitude, Longitude};
use super::text::{CryptoData, Text};
use crate::limits::REQUEST_OBJECTS_MAX;
use core::fmt;

/// One message of the Whiteflag standard, version 1.
///
/// Any value of this type has a wire form that reads back to it. Whether it also keeps the rules
/// of chapter 4 is a question of its own: [`check`](super::check).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The encryption the text form names (4.2.1.4); the message itself is always plain here.
    pub encryption: EncryptionIndicator,
    /// Sent under force or threat (4.2.1.5).
    pub duress: bool,
    /// A test (`T`) of the message in [`Message::body`], to be disregarded otherwise (5.5).
    pub test: bool,
    /// How the message relates to an earlier one (4.2.1.7).
    pub reference_indicator: ReferenceIndicator,
    /// Which earlier message; to be ignored in an original (4.2.1.8).
    pub referenced_message: ReferencedMessage,
    /// What it says.
    pub body: Body<'a>,
}

impl<'a> Message<'a> {
    /// An original message: neither encrypted nor under duress nor a test, referring to nothing.
    #[must_use]
    pub const fn original(body: Body<'a>) -> Self {
        Self {
            encryption: EncryptionIndicator::NONE,
            duress: false,
            test: false,
            reference_indicator: ReferenceIndicator::ORIGINAL,
            referenced_message: ReferencedMessage::NONE,
            body,
        }
    }

    /// The message code on the wire: `T` for a test, whatever it tests.
    #[must_use]
    pub const fn code(&self) -> MessageCode {
        if self.test { MessageCode::Test } else { self.body.code() }
    }
}

/// The standard's short notation (2.7): `P10(0)`, `A01(2)`, `F(5)`; a test shows what it tests,
/// `T:P10(0)`.
impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.test {
            f.write_str("T:")?;
        }
        write!(f, "{}", self.body.code())?;
        match &self.body {
            Body::Authentication { method, .. } => write!(f, "{:02X}", method.to_u8()),
            Body::CryptographicSupport { data_type, .. } => write!(f, "{:02X}", data_type.0),
            Body::Resource { method, .. } => write!(f, "{:02X}", method.to_u8()),
            Body::FreeText { .. } => Ok(()),
            body => body.sign().map_or(Ok(()), |sign| write!(f, "{}", sign.subject)),
        }?;
        write!(f, "({})", self.reference_indicator)
    }
}

/// What a message says, by kind. A test is no kind of its own: see [`Message::test`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// `A` (4.3.4).
    Authentication {
        /// How the originator can be verified.
        method: VerificationMethod,
        /// A URL or a token.
        data: Text<'a>,
    },
    /// `K` (4.3.5).
    CryptographicSupport {
        /// What the data is.
        data_type: CryptoDataType,
        /// Keys or parameters.
        data: CryptoData<'a>,
    },
    /// `P` (4.3.1).
    ProtectiveSign(Sign),
    /// `E` (4.3.1).
    EmergencySignal(Sign),
    /// `S` (4.3.1).
    StatusSignal(Sign),
    /// `D` (4.3.1).
    DangerSign(Sign),
    /// `I` (4.3.1).
    InfrastructureSign(Sign),
    /// `M` (4.3.1).
    MissionSignal(Sign),
    /// `Q` (4.3.1): a request, and the objects it is made for.
    RequestSignal(Sign, RequestObjects),
    /// `R` (4.3.2).
    Resource {
        /// How the resource is found.
        method: ResourceMethod,
        /// Where.
        data: Text<'a>,
    },
    /// `F` (4.3.3).
    FreeText {
        /// The text.
        text: Text<'a>,
    },
}

impl Body<'_> {
    /// The code of a message with this body, unless it is a test.
    #[must_use]
    pub const fn code(&self) -> MessageCode {
        match self {
            Self::Authentication { .. } => MessageCode::Authentication,
            Self::CryptographicSupport { .. } => MessageCode::CryptographicSupport,
            Self::ProtectiveSign(_) => MessageCode::ProtectiveSign,
            Self::EmergencySignal(_) => MessageCode::EmergencySignal,
            Self::StatusSignal(_) => MessageCode::StatusSignal,
            Self::DangerSign(_) => MessageCode::DangerSign,
            Self::InfrastructureSign(_) => MessageCode::InfrastructureSign,
            Self::MissionSignal(_) => MessageCode::MissionSignal,
            Self::RequestSignal(..) => MessageCode::RequestSignal,
            Self::Resource { .. } => MessageCode::Resource,
            Self::FreeText { .. } => MessageCode::FreeText,
        }
    }

    /// The fields all signs and signals share, if this is one.
    #[must_use]
    pub const fn sign(&self) -> Option<&Sign> {
        match self {
            Self::ProtectiveSign(sign)
            | Self::EmergencySignal(sign)
            | Self::StatusSignal(sign)
            | Self::DangerSign(sign)
            | Self::InfrastructureSign(sign)
            | Self::MissionSignal(sign)
            | Self::RequestSignal(sign, _) => Some(sign),
            Self::Authentication { .. }
            | Self::CryptographicSupport { .. }
            | Self::Resource { .. }
            | Self::FreeText { .. } => None,
        }
    }
}

/// The identifier of an earlier message: a 256-bit hash (4.2.1.8). In Chappe's own realm it is the
/// message id of spec/02-item.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReferencedMessage(pub [u8; 32]);

impl ReferencedMessage {
    /// All zeros: no message.
    pub const NONE: Self = Self([0; 32]);
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for ReferencedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// The nine fields every sign and signal has (4.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// What it says (4.3.1.2).
    pub subject: SubjectCode,
    /// From when it is valid, UTC (4.3.1.3).
    pub date_time: DateTime,
    /// For how long (4.3.1.4).
    pub duration: Duration,
    /// What it is about (4.3.1.5).
    pub object_type: ObjectType,
    /// Where, north or south (4.3.1.6).
    pub latitude: Latitude,
    /// Where, east or west (4.3.1.6).
    pub longitude: Longitude,
    /// Radius, height or the oriented side, in metres (4.3.1.7).
    pub size_1: Dimension,
    /// The other side or the base, in metres (4.3.1.7).
    pub size_2: Dimension,
    /// Direction in degrees from North (4.3.1.8).
    pub orientation: Orientation,
}

/// One object a request is made for (4.3.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestObject {
    /// What it is.
    pub object_type: ObjectType,
    /// How many.
    pub quantity: Quantity,
}

/// Up to eight objects a request is made for (4.3.1.9).
#[derive(Clone, Copy, Default)]
pub struct RequestObjects {
    slots: [Option<RequestObject>; REQUEST_OBJECTS_MAX],
}

impl RequestObjects {
    /// None.
    pub const NONE: Self = Self { slots: [None; REQUEST_OBJECTS_MAX] };

    /// The objects in order; nothing if they are more than eight.
    #[must_use]
    pub fn new(objects: &[RequestObject]) -> Option<Self> {
        let mut all = Self::NONE;
        objects.iter().all(|object| all.push(*object)).then_some(all)
    }

    /// Adds one; tells whether there was room.
    pub(super) fn push(&mut self, object: RequestObject) -> bool {
        let free = self.slots.iter_mut().find(|slot| slot.is_none());
        free.map(|slot| *slot = Some(object)).is_some()
    }

    /// The objects in order.
    pub fn iter(&self) -> impl Iterator<Item = RequestObject> + '_ {
        self.slots.iter().copied().flatten()
    }
}

impl PartialEq for RequestObjects {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for RequestObjects {}

impl fmt::Debug for RequestObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
