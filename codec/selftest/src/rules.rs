//! Messages that keep or break the rules of chapter 4, each by name.

use crate::report::{Hex, Report};
use crate::scratch::{Scratch, standard};
use crate::vectors::{self, RulesVector};
use chappe_codec::signal::{Message, check};
use core::fmt::Write;

pub(crate) fn run(report: &mut Report<'_>, scratch: &mut Scratch) {
    for vector in vectors::rules() {
        rules(&vector, report, scratch);
    }
}

/// `rules VECTOR NOTATION OCTETS: FIELD SECTION, FIELD SECTION`
fn rules(vector: &RulesVector, report: &mut Report<'_>, scratch: &mut Scratch) {
    let message = match Message::parse_serialized(vector.text) {
        Ok(message) => message,
        Err(error) => {
            report.line(format_args!("rules {} refused: {error}", vector.id));
            return report.check(vector.id, "its text is a message", false);
        }
    };
    let broken = scratch.text.empty();
    let mut complete = true;
    let mut separator = "";
    check::visit(&message, &mut |violation| {
        complete &= write!(broken, "{separator}{} {}", violation.field, violation.rule).is_ok();
        separator = ", ";
    });
    let broken = broken.as_str();
    match standard(&message, &mut scratch.octets) {
        Ok(octets) => {
            let octets = Hex(octets);
            report.line(format_args!("rules {} {message} {octets}: {broken}", vector.id));
        }
        // It names an encryption, and breaks a rule with that.
        Err(error) => report.line(format_args!("rules {} {message} {error}: {broken}", vector.id)),
    }
    let expected = match vector.broken {
        "some" => !broken.is_empty(),
        expected => broken == expected,
    };
    report.check(vector.id, "breaks the rules it breaks", complete && expected);
}
