//! Lines of bounded length, an answer for each.

use super::flaw::Flaw;
use super::limits::LINE_OCTETS_MAX;
use super::terminal::json_line;
use crate::exit::Exit;
use chappe_codec::error::ErrorKind;
use std::io::{self, BufRead, Write};

/// What comes out for a line.
pub(crate) struct Answer {
    /// Nothing is wrong with it.
    pub(crate) good: bool,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn good(text: String) -> Self {
        Self { good: true, text }
    }
}

/// Answers every line; one that cannot be read harms no other.
///
/// # Errors
///
/// Those of `input` and `output`; a line that cannot be read is none.
pub(crate) fn answer_each(
    mut input: impl BufRead,
    mut output: impl Write,
    mut answer: impl FnMut(&[u8]) -> Result<Answer, Flaw>,
) -> io::Result<Exit> {
    let mut exit = Exit::Ok;
    let mut buffer = Vec::new();
    loop {
        let answer = match read_line(&mut input, &mut buffer)? {
            Line::End => break,
            Line::TooLong => Err(Flaw::at_octet(
                ErrorKind::TooLong,
                "line",
                LINE_OCTETS_MAX,
                format!("a line longer than {LINE_OCTETS_MAX} octets"),
            )),
            Line::Whole => answer(&buffer),
        };
        let (text, found) = match answer {
            Ok(Answer { good: true, text }) => (text, Exit::Ok),
            Ok(Answer { good: false, text }) => (text, Exit::Malformed),
            Err(flaw) => (json_line(&flaw.to_json()), exit_of(&flaw)),
        };
        exit = exit.max(found);
        output.write_all(text.as_bytes())?;
    }
    output.flush()?;
    Ok(exit)
}

/// A key that does not fit is no malformed line.
fn exit_of(flaw: &Flaw) -> Exit {
    match flaw.kind {
        "weak_key" | "bad_signature" | "bad_tag" | "expired" | "replay" => Exit::Authentication,
        _ => Exit::Malformed,
    }
}

/// What a line turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// There is none left.
    End,
    /// It is in the buffer, without its end.
    Whole,
    /// It was longer than [`LINE_OCTETS_MAX`] and is gone.
    TooLong,
}

/// Reads one line into `buffer`; of a line that is too long nothing is kept.
fn read_line(input: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Line> {
    buffer.clear();
    let (mut begun, mut too_long) = (false, false);
    loop {
        let available = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if available.is_empty() {
            break;
        }
        begun = true;
        let end = available.iter().position(|octet| *octet == b'\n');
        let piece = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        // One more for a carriage return, which is not part of the line.
        too_long |= buffer.len().saturating_add(piece.len()) > LINE_OCTETS_MAX.saturating_add(1);
        if !too_long {
            buffer.extend_from_slice(piece);
        }
        let taken = piece.len().saturating_add(usize::from(end.is_some()));
        input.consume(taken);
        if end.is_some() {
            break;
        }
    }
    if buffer.last() == Some(&b'\r') {
        buffer.pop();
    }
    Ok(match (begun, too_long || buffer.len() > LINE_OCTETS_MAX) {
        (false, _) => Line::End,
        (true, true) => Line::TooLong,
        (true, false) => Line::Whole,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn lines(input: &[u8]) -> Vec<(Line, usize)> {
        // A small buffer, so that lines span several reads.
        let mut input = BufReader::with_capacity(7, input);
        let mut buffer = Vec::new();
        let mut all = Vec::new();
        loop {
            match read_line(&mut input, &mut buffer).unwrap() {
                Line::End => return all,
                line => all.push((line, buffer.len())),
            }
        }
    }

    #[test]
    fn lines_end_where_they_end() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n"), [(Line::Whole, 0)]);
        assert_eq!(
            lines(b"one\r\n\nthe last"),
            [(Line::Whole, 3), (Line::Whole, 0), (Line::Whole, 8)]
        );
    }

    #[test]
    fn a_line_too_long_is_gone_and_the_next_is_read() {
        let longest = [b'a'; LINE_OCTETS_MAX];
        let input = [&longest[..], b"\r\n", &longest, b"a\nb\n"].concat();
        let found = lines(&input);
        assert_eq!(found.first(), Some(&(Line::Whole, LINE_OCTETS_MAX)));
        assert_eq!(found.get(1).map(|(line, _)| *line), Some(Line::TooLong));
        assert_eq!(found.get(2), Some(&(Line::Whole, 1)));
    }
}
