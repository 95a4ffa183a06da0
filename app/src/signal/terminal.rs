//! What comes from the network and may reach a terminal: it neither steers the terminal nor turns
//! the line it stands in.

use serde_json::Value;
use std::fmt::Write;

/// In quotes, every character that could do something written as an escape.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    for character in text.chars() {
        // A line break is `\n`, not its number.
        if steers(character) && !character.is_control() {
            out.extend(character.escape_unicode());
        } else {
            out.extend(character.escape_debug());
        }
    }
    out.push('"');
    out
}

/// JSON on a line of its own. Such characters stand in its strings only, so an escape says the same.
pub(crate) fn json_line(value: &Value) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        if steers(character) {
            // Writing to a string does not fail.
            write!(out, "\\u{:04x}", u32::from(character)).unwrap_or_default();
        } else {
            out.push(character);
        }
    }
    out.push('\n');
    out
}

/// Control characters, and what Unicode has to turn, join, hide or break text.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn nothing_steers() {
        assert_eq!(quoted("all well"), r#""all well""#);
        assert_eq!(quoted("a\u{1b}[2J\n\u{7f}\u{9b}"), r#""a\u{1b}[2J\n\u{7f}\u{9b}""#);
        assert_eq!(quoted("\"\u{202e}\u{2069}\u{200f}"), r#""\"\u{202e}\u{2069}\u{200f}""#);
        let value = json!({"\u{202e}": "\u{9b}\u{7f}\n"});
        assert_eq!(json_line(&value), "{\"\\u202e\":\"\\u009b\\u007f\\n\"}\n");
    }

    proptest! {
        #[test]
        fn json_says_the_same(text in any::<String>()) {
            let line = json_line(&json!([text]));
            prop_assert!(!line.trim_end_matches('\n').contains(steers));
            prop_assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), json!([text]));
            prop_assert!(!quoted(&text).contains(steers));
        }
    }
}
