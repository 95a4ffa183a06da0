//! What the program says while it runs: one line an event, as text for people or as JSON.

use crate::signal::json_line;
use serde_json::{Map, Value};
use std::io::Write;

/// Where events go and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    pub(crate) json: bool,
}

impl Report {
    /// Where nothing but [`Report::note`] is said, which has one form.
    pub(crate) const WARNINGS: Self = Self { json: false };

    /// One event. `text` is for people; `fields` stand beside `"event"` in the JSON form.
    ///
    /// A reader that went away ends nothing: the work goes on, the line is lost.
    pub(crate) fn event(self, name: &str, text: &str, fields: Value) {
        if !self.json {
            return write_line(&harmless(text));
        }
        let mut object = Map::new();
        object.insert("event".into(), name.into());
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        self.line(&Value::Object(object));
    }

    /// One event for programs only.
    pub(crate) fn event_if_json(self, name: &str, fields: Value) {
        if self.json {
            self.event(name, "", fields);
        }
    }

    /// One object as a line on standard output.
    pub(crate) fn line(self, object: &Value) {
        write_line(json_line(object).trim_end());
    }

    /// A warning or a diagnostic, on standard error whatever the form.
    pub(crate) fn note(self, text: &str) {
        let text = harmless(text);
        writeln!(std::io::stderr().lock(), "chappe: {text}").unwrap_or_default();
    }
}

/// Text from elsewhere must not steer the terminal it is shown on: control characters but the line
/// break are shown as what they are.
fn harmless(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escaped = character.is_control() && character != '\n';
            let shown =
                if escaped { character.escape_default().to_string() } else { character.into() };
            shown.chars().collect::<Vec<_>>()
        })
        .collect()
}

/// One write a line, so that lines of several threads never mix.
fn write_line(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{text}\n").as_bytes()).and_then(|()| out.flush()).unwrap_or_default();
}
