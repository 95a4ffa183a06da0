//! Forms of a message beyond the standard's own: the packed form, and its texts on their own.

use crate::report::{Hex, Report};
use crate::scratch::Scratch;
use crate::vectors;
use chappe_codec::signal::packed::{Packed, TextBuffer};
use chappe_codec::signal::{Body, Message, ReferencedMessage};
use chappe_codec::text;

pub(crate) fn run(report: &mut Report<'_>, scratch: &mut Scratch) {
    for vector in vectors::messages() {
        if let Ok(message) = Message::parse_standard(vector.octets) {
            packed(vector.id, &message, report, scratch);
            if let Body::FreeText { .. } = message.body {
                unicode_text(vector.id, report, scratch);
            }
        }
    }
    for (number, octets) in DAMAGED.iter().enumerate() {
        refused(number, octets, report);
    }
}

/// `packed VECTOR OCTETS`
fn packed(id: &str, message: &Message<'_>, report: &mut Report<'_>, scratch: &mut Scratch) {
    let packed = Packed::Whole(*message);
    let length = packed.emit(&mut scratch.octets).unwrap_or(0);
    let octets = scratch.octets.get(..length).unwrap_or_default();
    report.line(format_args!("packed {id} {}", Hex(octets)));
    let mut buffer = TextBuffer::new();
    let read = Packed::parse(octets, &mut buffer);
    // The identifier it refers to stands in the item around a body.
    let whole = Message { referenced_message: ReferencedMessage::NONE, ..*message };
    report.check(id, "unpacks to itself", read == Ok(Packed::Whole(whole)));
}

/// `text VECTOR OCTETS`: a text that the standard's wire cannot hold.
fn unicode_text(id: &str, report: &mut Report<'_>, scratch: &mut Scratch) {
    for said in ["Pont coupé, passez par l'école", "НЕМАЄ ВОДИ", "لا ماء في القرية", "水がない 🚑"]
    {
        let length = text::emit(said, &mut scratch.octets).unwrap_or(0);
        let octets = scratch.octets.get(..length).unwrap_or_default();
        report.line(format_args!("text {id} {}", Hex(octets)));
        let mut buffer = TextBuffer::new();
        report.check(id, "its text reads back", text::parse(octets, &mut buffer) == Ok(said));
    }
}

/// Bodies that nobody writes: empty, cut, with an octet too many, with padding of zeros.
const DAMAGED: [&[u8]; 5] = [&[], &[0], &[0xC0, 0x00], &[0x80, 0x00, 0x00], &[0xC0, 0xFF, 0xFF]];

/// `unpack NUMBER ERROR`
fn refused(number: usize, octets: &[u8], report: &mut Report<'_>) {
    let mut buffer = TextBuffer::new();
    match Packed::parse(octets, &mut buffer) {
        Err(error) => report.line(format_args!("unpack {number} {error}")),
        Ok(_) => report.check("damaged", "is refused", false),
    }
}
