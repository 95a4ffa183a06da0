//! What every reader refuses, with kind, field and offset.

use crate::report::Report;
use crate::scratch::Scratch;
use crate::vectors::{self, Form, NO_PAIRS, RefusalVector};
use chappe_codec::signal::Message;
use core::fmt::Write;

pub(crate) fn run(report: &mut Report<'_>, scratch: &mut Scratch) {
    for vector in vectors::refusals() {
        refuse(&vector, report, scratch);
    }
}

/// `refuse VECTOR KIND FIELD OFFSET`
fn refuse(vector: &RefusalVector, report: &mut Report<'_>, scratch: &mut Scratch) {
    let mut pairs = NO_PAIRS;
    let read = match &vector.form {
        Form::Standard(octets) => Message::parse_standard(octets),
        Form::Serialized(text) => Message::parse_serialized(text),
        Form::Fields(fields) => Message::from_pairs(fields.pairs(&mut pairs)),
    };
    let Err(error) = read else {
        report.line(format_args!("refuse {} accepted", vector.id));
        return report.check(vector.id, "is refused", false);
    };
    let refusal = scratch.text.empty();
    let named = write!(refusal, "{} {} {}", error.kind.name(), error.field, error.offset).is_ok();
    let refusal = refusal.as_str();
    report.line(format_args!("refuse {} {refusal}", vector.id));
    let expected = vector.refusal == "some" || vector.refusal == refusal;
    report.check(vector.id, "is refused as it should be", named && expected);
}
