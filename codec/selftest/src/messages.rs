//! Messages from their fields to octets, and from octets to every form and back.

use crate::report::{Hex, Report};
use crate::scratch::{Scratch, standard};
use crate::vectors::{self, MessageVector, NO_PAIRS};
use chappe_codec::digest::sha256;
use chappe_codec::signal::Message;

pub(crate) fn run(report: &mut Report<'_>, scratch: &mut Scratch) {
    for vector in vectors::messages() {
        encode(&vector, report, scratch);
        decode(&vector, report, scratch);
    }
}

/// `encode VECTOR NOTATION OCTETS`
fn encode(vector: &MessageVector, report: &mut Report<'_>, scratch: &mut Scratch) {
    let mut pairs = NO_PAIRS;
    let message = match Message::from_pairs(vector.fields.pairs(&mut pairs)) {
        Ok(message) => message,
        Err(error) => {
            report.line(format_args!("encode {} refused: {error}", vector.id));
            return report.check(vector.id, "its fields are a message", false);
        }
    };
    let octets = standard(&message, &mut scratch.octets).unwrap_or_default();
    report.line(format_args!("encode {} {message} {}", vector.id, Hex(octets)));
    report.check(vector.id, "is written as its octets", octets == vector.octets);
}

/// `decode VECTOR NOTATION OCTETS-AGAIN SHA-256-OF-TEXT-FORM`
fn decode(vector: &MessageVector, report: &mut Report<'_>, scratch: &mut Scratch) {
    let message = match Message::parse_standard(vector.octets) {
        Ok(message) => message,
        Err(error) => {
            report.line(format_args!("decode {} refused: {error}", vector.id));
            return report.check(vector.id, "its octets are a message", false);
        }
    };
    let octets = standard(&message, &mut scratch.octets).unwrap_or_default();
    let complete = message.write_serialized(scratch.text.empty()).is_ok();
    let text = scratch.text.as_str();
    let digest = sha256(text.as_bytes());
    report.line(format_args!("decode {} {message} {} {}", vector.id, Hex(octets), Hex(&digest)));
    report.check(vector.id, "is written as it was read", octets == vector.octets);
    let same = complete && Message::parse_serialized(text) == Ok(message);
    report.check(vector.id, "its text form reads back", same);
}
