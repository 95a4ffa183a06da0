//! What the program says while it runs: one line an event, as text for people or as JSON.

use serde_json::{Map, Value};
use std::io::Write;

/// Where events go and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    pub(crate) json: bool,
}

impl Report {
    /// One event. `text` is for people; `fields` stand beside `"event"` in the JSON form.
    ///
    /// A reader that went away ends nothing: the work goes on, the line is lost.
    pub(crate) fn event(self, name: &str, text: &str, fields: Value) {
        let mut line = if self.json {
            let mut object = Map::new();
            object.insert("event".into(), name.into());
            if let Value::Object(fields) = fields {
                object.extend(fields);
            }
            Value::Object(object).to_string()
        } else {
            text.to_owned()
        };
        line.push('\n');
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap_or_default();
    }

    /// A warning or a diagnostic, on standard error whatever the form.
    pub(crate) fn note(self, text: &str) {
        writeln!(std::io::stderr().lock(), "chappe: {text}").unwrap_or_default();
    }
}
