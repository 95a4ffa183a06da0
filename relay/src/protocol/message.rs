//! What the messages of both sides share (spec/06-relay.md, "Messages").

use chappe_codec::error::{DecodeError, ErrorKind};

pub(crate) const HELLO: u8 = 0x01;
pub(crate) const PUBLISH: u8 = 0x02;
pub(crate) const FETCH: u8 = 0x03;
pub(crate) const SUBSCRIBE: u8 = 0x04;
pub(crate) const UNSUBSCRIBE: u8 = 0x05;
pub(crate) const HELLO_ANSWER: u8 = 0x81;
pub(crate) const ACKNOWLEDGED: u8 = 0x82;
pub(crate) const REFUSED: u8 = 0x83;
pub(crate) const PARCEL: u8 = 0x84;
pub(crate) const END: u8 = 0x85;
pub(crate) const UNKNOWN_MESSAGE: u8 = 0x86;

/// Moves an error's offset from the body to the whole message; the type itself is at 0.
pub(crate) fn shifted(error: DecodeError, head_octets: usize) -> DecodeError {
    if error.kind == ErrorKind::Unexpected && error.field == "type" {
        return error;
    }
    DecodeError::at_octet(error.kind, error.field, error.offset.saturating_add(head_octets))
}
