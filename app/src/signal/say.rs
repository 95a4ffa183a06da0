//! Signals for the commands that send and receive them.

use super::explain;
use super::flaw::Flaw;
use super::form::Form;
use super::json;
use super::reading::{Reading, to_item};
use super::shown;
use crate::exit::{Exit, Failure, Outcome};
use chappe_codec::error::DecodeError;
use chappe_codec::item::Item;
use chappe_codec::signal::names::ENGLISH;
use chappe_codec::signal::packed::{Packed, TextBuffer};
use chappe_codec::signal::{Message, check};
use serde_json::Value;

/// A signal that is to be said: octets of items, which [`Item::from_canonical`] reads.
pub(crate) struct Draft {
    /// As its author wrote it.
    pub(crate) written: Vec<u8>,
    /// The same with DuressIndicator 1.
    pub(crate) under_duress: Vec<u8>,
    /// Whether its author wrote that it is under duress.
    pub(crate) says_duress: bool,
}

/// Reads a signal in any of its forms: packed, or on the standard wire. Unless `unchecked`, one that
/// breaks a rule of the standard's chapter 4 is refused with the first rule it breaks.
pub(crate) fn read(line: &str, unchecked: bool, packed: bool) -> Outcome<Draft> {
    let form = Form::read(line.as_bytes()).map_err(failure)?;
    let mut buffer = TextBuffer::new();
    let message =
        form.reading(&mut buffer).and_then(|reading| reading.message()).map_err(failure)?;
    if !unchecked && let Some(broken) = check::violations(&message).first() {
        let reason = format!("{}: {} ({})", broken.field, broken.message, broken.rule);
        return Err(Failure::new(Exit::Malformed, "signal", reason)
            .advise("chappe signal check shows everything; --unchecked sends it all the same"));
    }
    let says_duress = message.duress;
    let written = to_item(&message, packed).map_err(failure)?;
    let coerced = Message { duress: true, ..message };
    let under_duress = to_item(&coerced, packed).map_err(failure)?;
    Ok(Draft { written, under_duress, says_duress })
}

/// Whether an item is a signal that is only a test (Whiteflag type T).
pub(crate) fn is_test(item: &Item<'_>) -> bool {
    let mut buffer = TextBuffer::new();
    Reading::of_item(item, &mut buffer).is_ok_and(|reading| reading.is_test())
}

/// A signal's item in the shape of the standard's schema, as far as it says all that by itself;
/// what a packed one may lack is named.
pub(crate) fn to_json(item: &Item<'_>) -> Option<Value> {
    let mut buffer = TextBuffer::new();
    let reading = Reading::of_item(item, &mut buffer).ok()?;
    Some(shown::to_json(&reading, false))
}

/// What `look` sees in a signal's item that says all of a message by itself; of any other nothing.
pub(crate) fn with_message<T>(item: &Item<'_>, look: impl FnOnce(&Message<'_>) -> T) -> Option<T> {
    let mut buffer = TextBuffer::new();
    let reading = Reading::of_item(item, &mut buffer).ok()?;
    Some(look(&reading.message().ok()?))
}

/// The message in the shape of the standard's schema.
pub(crate) fn to_nested_json(message: &Message<'_>) -> Value {
    json::nested(message)
}

/// A signal's item in a few words: its code and what it means.
///
/// # Errors
///
/// It cannot be read.
pub(crate) fn summary(item: &Item<'_>) -> Result<String, DecodeError> {
    let mut buffer = TextBuffer::new();
    let reading = Reading::of_item(item, &mut buffer)?;
    let mut words = reading.notation();
    match reading.content {
        Packed::Whole(message) => add_meaning(&message, &mut words),
        Packed::Repeat(repeat) => {
            let indicator = repeat.indicator.to_string();
            let meaning = ENGLISH.get("refers ", &indicator).unwrap_or(&indicator);
            words.push(' ');
            words.push_str(meaning);
        }
    }
    if reading.is_reference_unknown() {
        let unknown = ENGLISH.get("word ", "reference unknown").unwrap_or_default();
        words.push_str(&format!(" ({unknown})"));
    }
    Ok(words)
}

fn add_meaning(message: &Message<'_>, words: &mut String) {
    message.visit(|view| {
        if view.field.name == "SubjectCode"
            && let Some(meaning) = ENGLISH.of_field(message, &view)
        {
            words.push(' ');
            words.push_str(meaning);
        }
        if view.field.name == "Text" {
            words.push(' ');
            // Escaped: a text must not be able to steer the terminal it is shown on.
            words.push_str(&explain::foreign(&view.value.to_string()));
        }
    });
}

fn failure(flaw: Flaw) -> Failure {
    let message = format!("{}: {}", flaw.field, flaw.message);
    Failure::new(Exit::Malformed, flaw.kind, message)
}
