//! Forms of a message beyond the standard's own. A form that joins the codec joins the self-test
//! here, and its lines are compared like all others.

use crate::report::Report;
use crate::scratch::Scratch;
use crate::vectors;
use chappe_codec::signal::Message;

pub(crate) fn run(report: &mut Report<'_>, scratch: &mut Scratch) {
    for vector in vectors::messages() {
        if let Ok(message) = Message::parse_standard(vector.octets) {
            forms(vector.id, &message, report, scratch);
        }
    }
}

/// THE PLACE FOR MORE: for each form one function that writes the message into `scratch`, prints
/// `packed VECTOR OCTETS` or `coded VECTOR TEXT` with `report.line`, reads it back, and
/// `report.check`s that it is the same message.
fn forms(_id: &str, _message: &Message<'_>, _report: &mut Report<'_>, _scratch: &mut Scratch) {}
