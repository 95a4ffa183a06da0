//! Lines in the direction of a language. Codes, digits and what others wrote stand in isolates
//! (UAX #9), so that neither can reorder the other.

use crate::signal::terminal::quoted;
use chappe_codec::signal::names::{Direction, Names};

/// Begins a run that is written from left to right, whatever surrounds it.
const LEFT_TO_RIGHT_ISOLATE: char = '\u{2066}';
/// Begins a run that is written from right to left.
const RIGHT_TO_LEFT_ISOLATE: char = '\u{2067}';
/// Begins a run whose first letter decides.
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
/// Ends any of them.
const POP_ISOLATE: char = '\u{2069}';
/// Stands for a letter: a terminal that looks for the first one to find a line's direction, and is
/// not to look into isolates, puts the line on the right.
const RIGHT_TO_LEFT_MARK: char = '\u{200F}';

/// Between the parts of one value.
pub(super) const DOT: &str = " · ";

/// What is written so far.
pub(super) struct Page {
    names: Names,
    text: String,
}

impl Page {
    pub(super) fn new(names: Names) -> Self {
        Self { names, text: String::new() }
    }

    /// The words under a key; the key's last part if the language lacks it, which a test forbids.
    pub(super) fn word<'k>(&self, kind: &str, code: &'k str) -> &'k str {
        self.names.get(kind, code).unwrap_or(code)
    }

    pub(super) fn names(&self) -> Names {
        self.names
    }

    /// A line of its own.
    pub(super) fn line(&mut self, content: &str) {
        match self.names.direction() {
            Direction::LeftToRight => self.text.push_str(content),
            Direction::RightToLeft => {
                // What takes no room is lost in tmux unless something that does stands before it.
                self.text.extend([' ', RIGHT_TO_LEFT_MARK, RIGHT_TO_LEFT_ISOLATE]);
                self.text.push_str(content);
                self.text.push(POP_ISOLATE);
            }
        }
        self.text.push('\n');
    }

    /// A run of codes or digits of ours.
    pub(super) fn code(&self, code: &str) -> String {
        match self.names.direction() {
            Direction::LeftToRight => code.to_owned(),
            Direction::RightToLeft => format!("{LEFT_TO_RIGHT_ISOLATE}{code}{POP_ISOLATE}"),
        }
    }

    /// A text somebody sent: quoted, escaped, and kept to itself.
    pub(super) fn foreign(&self, text: &str) -> String {
        let text = quoted(text);
        match self.names.direction() {
            // In ASCII everything goes from left to right as it is.
            Direction::LeftToRight if text.is_ascii() => text,
            Direction::LeftToRight | Direction::RightToLeft => {
                format!("{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}")
            }
        }
    }

    /// The words under a key with codes in their places.
    pub(super) fn fill(&self, kind: &str, code: &str, values: &[&str]) -> String {
        let mut values = values.iter();
        let mut out = String::new();
        for (number, words) in self.word(kind, code).split("{}").enumerate() {
            if number > 0 {
                out.push_str(&self.code(values.next().copied().unwrap_or_default()));
            }
            out.push_str(words);
        }
        out
    }

    /// All that was written, and an empty line.
    pub(super) fn finish(mut self) -> String {
        self.text.push('\n');
        self.text
    }
}

/// Filled with spaces to a number of columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    let mut out = text.to_owned();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(columns_of(text))));
    out
}

/// How many columns a text takes: the characters that are seen. The names have none that joins
/// another or takes two.
pub(super) fn columns_of(text: &str) -> usize {
    text.chars().filter(|c| !matches!(c, LEFT_TO_RIGHT_ISOLATE..=POP_ISOLATE)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::signal::names::ENGLISH;

    #[test]
    fn english_needs_no_isolates_until_something_else_comes() {
        let page = Page::new(ENGLISH);
        assert_eq!(page.code("P10"), "P10");
        assert_eq!(page.foreign("a \u{1b}"), "\"a \\u{1b}\"");
        assert_eq!(page.foreign("שלום"), "\u{2068}\"שלום\"\u{2069}");
        assert_eq!(page.fill("word ", "local", &["1", "2"]), "1 local (2)");
    }

    #[test]
    fn an_arabic_line_keeps_its_direction() {
        let mut page = Page::new(Names::of("ar").unwrap());
        // What is sent cannot end the isolate it stands in.
        let sent = page.foreign("\u{2069}\u{202e}x");
        assert_eq!(sent, "\u{2068}\"\\u{2069}\\u{202e}x\"\u{2069}");
        assert_eq!(columns_of(&sent), 19);
        page.line(&page.code("P10"));
        assert_eq!(page.finish(), " \u{200f}\u{2067}\u{2066}P10\u{2069}\u{2069}\n\n");
    }
}
