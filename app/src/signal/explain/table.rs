//! A message as a table of its fields.

use super::page::{Page, padded};
use crate::signal::reading::Reading;
use chappe_codec::signal::{Message, Value};

/// How wide a column is; the last has no width.
const WIDTHS: [usize; 4] = [5, 5, 20, 20];

/// Every field with its place on the standard wire, its value and what it means.
pub(super) fn write(reading: &Reading<'_>, message: &Message<'_>, page: &mut Page) {
    let head = ["bit", "bits", "field", "value", "meaning"];
    let [bit, bits, field, value, meaning] =
        head.map(|column| page.word("column ", column).to_owned());
    page.line(&row([format!("{bit:>5}"), format!("{bits:>5}"), field, value, meaning]));
    // The page cannot be read and written at once.
    let mut rows = Vec::new();
    message.visit(|view| {
        let value = match view.value {
            Value::Text(text) => page.foreign(&text.to_string()),
            Value::Identifier(_) => page.code(&reading.identifier()),
            Value::Fixed(..) | Value::Hexadecimal(_) => page.code(&view.value.to_string()),
        };
        let name = page.names().field(view.field).unwrap_or_default();
        let meaning = match page.names().of_field(message, &view) {
            Some(meaning) => format!("{name} — {meaning}"),
            None => name.to_owned(),
        };
        rows.push(row([
            page.code(&format!("{:>5}", view.bit_offset)),
            page.code(&format!("{:>5}", view.bit_length)),
            page.code(view.field.name),
            value,
            meaning,
        ]));
    });
    for row in rows {
        page.line(&row);
    }
}

fn row(cells: [String; 5]) -> String {
    let [bit, bits, field, value, meaning] = cells;
    let [bit_width, bits_width, field_width, value_width] = WIDTHS;
    format!(
        "{} {}  {}  {}  {meaning}",
        padded(&bit, bit_width),
        padded(&bits, bits_width),
        padded(&field, field_width),
        padded(&value, value_width),
    )
}
