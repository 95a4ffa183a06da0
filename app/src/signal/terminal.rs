//! What comes from the network and may reach a terminal: it neither steers the terminal nor turns
//! the line it stands in.

use serde_json::Value;
use std::fmt::Write;

/// In quotes, every character that could do something written as an escape. What scripts are written
/// with stays as it is, marks over and under letters and joiners between them included.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    for character in text.chars() {
        match character {
            // A line break is `\n`, not its number.
            '\n' | '\r' | '\t' | '"' | '\\' => out.extend(character.escape_debug()),
            _ if steers(character) => out.extend(character.escape_unicode()),
            _ => out.push(character),
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
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                write!(out, "\\u{unit:04x}").unwrap_or_default();
            }
        } else {
            out.push(character);
        }
    }
    out.push('\n');
    out
}

/// Control characters, and what Unicode has to turn, hide or break text. The two joiners are no such
/// thing: Persian and the scripts of India are not written without them.
pub(crate) fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'
            | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
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
        let value = json!({"\u{202e}": "\u{9b}\u{7f}\n\u{E0041}"});
        assert_eq!(json_line(&value), "{\"\\u202e\":\"\\u009b\\u007f\\n\\udb40\\udc41\"}\n");
    }

    #[test]
    fn what_people_write_stays_readable() {
        for said in ["l'école", "नमस्ते", "ที่นี่", "می‌خواهم", "مَاءٌ", "Không có nước", "🚑 水がない"]
        {
            assert_eq!(quoted(said), format!("\"{said}\""));
        }
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
