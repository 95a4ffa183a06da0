//! `chappe signal`: Whiteflag messages between their forms, one a line.

mod explain;
mod flaw;
mod form;
mod json;
mod limits;
mod lines;
mod say;
mod terminal;

use crate::exit::Exit;
use chappe_codec::error::ErrorKind;
use chappe_codec::signal::names::ENGLISH;
use chappe_codec::signal::{EncodeError, Message};
use flaw::Flaw;
use form::Form;
use lines::{Line, read_line};
use serde_json::json;
use std::io::{self, BufRead, Write};
use terminal::json_line;

pub(crate) use say::{is_test, read, summary, to_nested_json};

/// What to do with the messages on standard input.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
One message a line on standard input, one result a line on standard output. A message is JSON
(nested or flat), the standard's text form (WF1...) or the standard wire in hexadecimal digits.
A line that cannot be read gives {\"error\": ...} in its place and exit code 3; the rest goes on.

Example:
  echo \"WF100F$(printf %065d 0)All well\" | chappe signal encode | chappe signal explain")]
pub(crate) struct SignalArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Action {
    /// JSON or text form in, hexadecimal digits of the standard wire out
    Encode,
    /// Hexadecimal digits of the standard wire in, JSON out
    Decode {
        /// One object of all fields instead of the schema's nested one
        #[arg(long)]
        flat: bool,
        /// The standard's text form instead of JSON
        #[arg(long, conflicts_with = "flat")]
        text: bool,
    },
    /// Any form in; every rule of the standard's chapter 4 the message breaks out
    ///
    /// A broken rule gives exit code 3 as well.
    Check,
    /// Any form in; what it says, in words, out
    ///
    /// Times are in UTC and local. Lines that ask for caution come first, marked with !
    Explain(explain::ExplainArguments),
}

/// What to do, with what is the same for all messages made up once.
#[derive(Debug)]
enum Work {
    Encode,
    Decode { flat: bool, text: bool },
    Check,
    Explain(explain::Explainer),
}

impl Action {
    fn settle(&self) -> Work {
        match self {
            Self::Encode => Work::Encode,
            Self::Decode { flat, text } => Work::Decode { flat: *flat, text: *text },
            Self::Check => Work::Check,
            Self::Explain(arguments) => Work::Explain(arguments.settle()),
        }
    }
}

/// Does it for every line. With `json`, what would be text is JSON, too.
///
/// # Errors
///
/// Those of `input` and `output`; a line that cannot be read is none.
pub(crate) fn run(
    arguments: &SignalArguments,
    mut input: impl BufRead,
    mut output: impl Write,
    json: bool,
) -> io::Result<Exit> {
    let work = arguments.action.settle();
    let mut exit = Exit::Ok;
    let mut buffer = Vec::new();
    loop {
        let line = read_line(&mut input, &mut buffer)?;
        let answer = match line {
            Line::End => break,
            Line::TooLong => Err(Flaw::at_octet(
                ErrorKind::TooLong,
                "line",
                limits::LINE_OCTETS_MAX,
                format!("a line longer than {} octets", limits::LINE_OCTETS_MAX),
            )),
            Line::Whole => answer(&work, &buffer, json),
        };
        let answer =
            answer.unwrap_or_else(|flaw| Answer { good: false, text: json_line(&flaw.to_json()) });
        if !answer.good {
            exit = Exit::Malformed;
        }
        output.write_all(answer.text.as_bytes())?;
    }
    output.flush()?;
    Ok(exit)
}

/// What comes out for a line.
struct Answer {
    /// Nothing is wrong with it.
    good: bool,
    text: String,
}

impl Answer {
    fn good(text: String) -> Self {
        Self { good: true, text }
    }
}

fn answer(work: &Work, line: &[u8], json: bool) -> Result<Answer, Flaw> {
    let form = Form::read(line)?;
    let is_wire = matches!(form, Form::Wire(_));
    match work {
        Work::Encode => expect(!is_wire, "not JSON or the text form")?,
        Work::Decode { .. } => expect(is_wire, "not hexadecimal digits")?,
        Work::Check | Work::Explain(_) => {}
    }
    let message = form.message()?;
    Ok(match work {
        Work::Encode => {
            let hex = crate::hex::encode(&to_standard(&message)?);
            Answer::good(if json {
                json_line(&json!({"hex": hex, "bits": message.standard_bits()}))
            } else {
                hex + "\n"
            })
        }
        Work::Decode { flat, text } => Answer::good(match (text, flat) {
            (true, _) if json => json_line(&json!({"serialized": message.to_serialized()})),
            (true, _) => single_line(message.to_serialized())?,
            (false, true) => json_line(&json::flat(&message)),
            (false, false) => json_line(&json::nested(&message)),
        }),
        Work::Check => {
            let violations = explain::violations(&message, ENGLISH);
            let good = violations.is_empty();
            Answer { good, text: json_line(&json!({"valid": good, "violations": violations})) }
        }
        Work::Explain(explainer) if json => Answer::good(json_line(&explainer.to_json(&message))),
        Work::Explain(explainer) => Answer::good(explainer.to_text(&message)),
    })
}

/// A text form that holds a line break would come out as two messages.
fn single_line(text: String) -> Result<String, Flaw> {
    match text.find(['\n', '\r']) {
        None => Ok(text + "\n"),
        Some(at) => {
            let message = "a line break inside the text: only JSON can show it";
            Err(Flaw::at_octet(ErrorKind::Unsupported, "message", at, message))
        }
    }
}

/// The line is in a form this action takes.
fn expect(taken: bool, message: &str) -> Result<(), Flaw> {
    if taken { Ok(()) } else { Err(Flaw::at_octet(ErrorKind::BadLiteral, "line", 0, message)) }
}

fn to_standard(message: &Message<'_>) -> Result<Vec<u8>, Flaw> {
    message.to_standard_vec().map_err(|error| match error {
        EncodeError::Encrypted(_) => Flaw {
            message: error.to_string(),
            ..Flaw::of_field(ErrorKind::Unsupported, "EncryptionIndicator")
        },
        EncodeError::TooShort { .. } => Flaw::of_field(ErrorKind::TooLong, "message"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever comes in, as many answers come out as there were lines, and nothing stops.
        #[test]
        fn every_line_has_its_answer(
            lines in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>().prop_filter("an end", |o| *o != b'\n'), 0..80),
                    "[\\{\\}\\[\\]:,\"WFa1 ]{0,40}".prop_map(String::into_bytes),
                    "5746313[0-9a-f]{60,140}".prop_map(String::into_bytes),
                ],
                1..6,
            ),
        ) {
            for action in [
                Action::Encode,
                Action::Decode { flat: false, text: false },
                Action::Check,
                Action::Explain(explain::ExplainArguments::default()),
            ] {
                let mut output = Vec::new();
                let input = lines.join(&b'\n');
                run(&SignalArguments { action }, &*input, &mut output, true).unwrap();
                let answers = output.iter().filter(|octet| **octet == b'\n').count();
                // A last line of nothing is no line.
                let empty_last = usize::from(lines.last().is_some_and(Vec::is_empty));
                prop_assert_eq!(answers, lines.len().saturating_sub(empty_last));
            }
        }
    }
}
