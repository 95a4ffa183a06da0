//! A message field by field, for a person or a program.

use chappe_codec::signal::{Message, Value as FieldValue, check, names::ENGLISH};
use serde_json::{Value, json};
use std::fmt::Write;

/// Every field with its place on the standard wire, its value and the name of its code.
pub(crate) fn to_json(message: &Message<'_>) -> Value {
    let mut fields = Vec::new();
    message.visit(|view| {
        fields.push(json!({
            "field": view.field.name,
            "section": view.field.section,
            "bit_offset": view.bit_offset,
            "bit_length": view.bit_length,
            "value": view.value.to_string(),
            "meaning": ENGLISH.of_field(message, &view),
        }));
    });
    json!({
        "message": message.to_string(),
        "bits": message.standard_bits(),
        "fields": fields,
        "violations": violations(message),
    })
}

/// The rules a message breaks.
pub(crate) fn violations(message: &Message<'_>) -> Vec<Value> {
    check::violations(message)
        .into_iter()
        .map(|one| json!({"field": one.field, "rule": one.rule, "message": one.message}))
        .collect()
}

/// The same as a table.
pub(crate) fn to_text(message: &Message<'_>) -> String {
    let bits = message.standard_bits();
    let mut out = format!("{message}, {bits} bits, {} octets\n", bits.div_ceil(8));
    out.push_str("  bit  bits  field                value                 meaning\n");
    let mut result = Ok(());
    message.visit(|view| {
        let value = match view.value {
            // Escaped: a text must not be able to steer the terminal it is shown on.
            FieldValue::Text(text) => format!("{text:?}"),
            FieldValue::Fixed(..) | FieldValue::Identifier(_) | FieldValue::Hexadecimal(_) => {
                view.value.to_string()
            }
        };
        let (at, length, name) = (view.bit_offset, view.bit_length, view.field.name);
        let line = match ENGLISH.of_field(message, &view) {
            Some(meaning) => write!(out, "{at:>5} {length:>5}  {name:<20} {value:<21} {meaning}"),
            None => write!(out, "{at:>5} {length:>5}  {name:<20} {value}"),
        };
        out.push('\n');
        result = result.and(line);
    });
    for one in check::violations(message) {
        let line = writeln!(out, "  breaks {} in {}: {}", one.rule, one.field, one.message);
        result = result.and(line);
    }
    // Writing to a string does not fail.
    result.unwrap_or_default();
    out
}
