//! Signals: the twelve message types of the Whiteflag standard, version 1.
//!
//! A [`Message`] is read from and written to the *standard wire* (compressed, bit for bit as
//! chapter 4.1.3 asks), its *text form* (4.1.2), and pairs of field name and value. All forms
//! share one walk over one table of fields ([`layout`]); reading copies nothing.
//!
//! Being well-formed and being right are two questions. Reading answers the first; [`check`] names
//! every rule of chapter 4 a message breaks, and [`mod@reference`] says which message may refer to
//! which (5.4). [`names`] gives codes the names people know; [`notation`] writes sequences of messages
//! down as the standard does (2.7); [`thread`] says what messages come to that refer to one another.
//! [`cryptography`] is Whiteflag's own, for messages of other programs: legacy, without integrity.
//!
//! ```
//! use chappe_codec::signal::{Message, check};
//!
//! let text = "WF100P0000000000000000000000000000000000000000000000000000000000000000010\
//!             2026-11-20T12:00:00ZP01D12H30M32+52.09070+005.1214201500080090";
//! let message = Message::parse_serialized(text)?;
//! assert_eq!(message.to_string(), "P10(0)");
//! assert_eq!(check::violations(&message), []);
//!
//! let wire = message.to_standard_vec().unwrap();
//! assert_eq!(wire.len(), 63);
//! assert_eq!(Message::parse_standard(&wire)?, message);
//! # Ok::<(), chappe_codec::error::DecodeError>(())
//! ```

pub mod check;
mod code;
pub mod cryptography;
mod decimal;
mod field;
pub mod layout;
mod message;
mod moment;
pub mod names;
pub mod notation;
mod order;
pub mod packed;
mod pairs;
mod place;
pub mod reference;
mod serialized;
mod standard;
mod text;
pub mod thread;
mod view;
pub mod wire;

pub use code::{
    CryptoDataType, EncryptionIndicator, MessageCode, ObjectType, ReferenceIndicator,
    ResourceMethod, SubjectCode, VerificationMethod,
};
pub use decimal::{Decimal, Dimension, Orientation, Quantity};
pub use field::Field;
pub use message::{Body, Message, ReferencedMessage, RequestObject, RequestObjects, Sign};
pub use moment::{DateTime, Duration};
pub use place::{Latitude, Longitude};
pub use standard::{EncodeError, encryption_of};
pub use text::{Bits, CryptoData, Text};
pub use view::{FieldView, Value};
