//! Signals for the commands that send and receive them.

use super::explain;
use super::flaw::Flaw;
use super::form::Form;
use super::json;
use super::to_standard;
use crate::exit::{Exit, Failure, Outcome};
use chappe_codec::signal::Message;
use chappe_codec::signal::names::ENGLISH;
use serde_json::Value;

/// Reads a signal in any of its forms and returns the standard wire. Unless `unchecked`, one that
/// breaks a rule of the standard's chapter 4 is refused with the first rule it breaks.
pub(crate) fn read(line: &str, unchecked: bool) -> Outcome<Vec<u8>> {
    let form = Form::read(line.as_bytes()).map_err(failure)?;
    let message = form.message().map_err(failure)?;
    if !unchecked && let Some(broken) = explain::violations(&message, ENGLISH).first() {
        let text = |field: &str| broken.get(field).and_then(Value::as_str).unwrap_or_default();
        let reason = format!("{}: {} ({})", text("field"), text("message"), text("rule"));
        return Err(Failure::new(Exit::Malformed, "signal", reason)
            .advise("chappe signal check shows everything; --unchecked sends it all the same"));
    }
    to_standard(&message).map_err(failure)
}

/// Whether a signal is only a test (Whiteflag type T).
pub(crate) fn is_test(wire: &[u8]) -> bool {
    Message::parse_standard(wire).is_ok_and(|message| message.test)
}

/// The message in the shape of the standard's schema.
pub(crate) fn to_nested_json(message: &Message<'_>) -> Value {
    json::nested(message)
}

/// A signal in a few words: its code and what it means.
pub(crate) fn summary(message: &Message<'_>) -> String {
    let mut words = message.to_string();
    message.visit(|view| {
        if view.field.name == "SubjectCode"
            && let Some(meaning) = ENGLISH.of_field(message, &view)
        {
            words.push(' ');
            words.push_str(meaning);
        }
        if view.field.name == "Text" {
            // Escaped: a text must not be able to steer the terminal it is shown on.
            words.push_str(&format!(" {:?}", view.value.to_string()));
        }
    });
    words
}

fn failure(flaw: Flaw) -> Failure {
    let message = format!("{}: {}", flaw.field, flaw.message);
    Failure::new(Exit::Malformed, flaw.kind.name(), message)
}
