//! `chappe signal`: Whiteflag messages between their forms, one a line.

mod explain;
pub(crate) mod flaw;
pub(crate) mod form;
mod json;
mod keyed;
mod limits;
pub(crate) mod lines;
mod notated;
mod reading;
mod say;
mod shown;
mod terminal;

use crate::exit::{Exit, Outcome};
use chappe_codec::error::ErrorKind;
use chappe_codec::signal::names::ENGLISH;
use chappe_codec::signal::packed::TextBuffer;
use chappe_codec::signal::{Message, ReferencedMessage};
use flaw::Flaw;
use form::Form;
use lines::{Answer, answer_each};
use reading::{Reading, to_item, to_standard};
use serde_json::json;
use std::io::{self, BufRead, Write};

pub(crate) use explain::foreign;
pub(crate) use say::{Draft, is_test, read, summary, to_json, to_nested_json, with_message};
pub(crate) use terminal::{json_line, steers};

/// What to do with the messages on standard input.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
One message a line on standard input, one result a line on standard output.
A message is JSON (nested or flat), the standard's text form (WF1...) or, in
hexadecimal digits, the standard wire (5746...) or the item of a packed signal
(0104... to 0106..., spec chapters 02 and 09). A line that cannot be read gives
{\"error\": ...} in its place and exit code 3; the rest goes on.

Example:
  echo \"WF100F$(printf %065d 0)All well\" | chappe signal encode")]
pub(crate) struct SignalArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Action {
    #[command(flatten)]
    Message(MessageAction),
    /// Sequences like P11(0)A < D10(5)B in; what refers to what, and whether it may, out
    ///
    /// The notation is that of 2.7. The first line is the canonical form; a forbidden reference is
    /// marked with ! and gives exit code 3 as well.
    Notation,
    #[command(flatten)]
    Keyed(keyed::KeyedAction),
}

#[derive(Debug, Clone, clap::Subcommand)]
enum MessageAction {
    /// JSON or text form in, digits of the standard wire out
    Encode {
        /// The item of a packed signal instead: family, form, reference if any, and body
        #[arg(long)]
        packed: bool,
    },
    /// Hexadecimal digits of the standard wire in, JSON out
    Decode {
        /// Items of packed signals in instead
        ///
        /// What an item lacks is named: `reference_prefix` where only the beginning of
        /// ReferencedMessage is known, `repeat` where the message repeats another one.
        #[arg(long)]
        packed: bool,
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
    Encode { packed: bool },
    Decode { packed: bool, flat: bool, text: bool },
    Check,
    Explain(explain::Explainer),
}

impl MessageAction {
    fn settle(&self) -> Work {
        match self {
            Self::Encode { packed } => Work::Encode { packed: *packed },
            Self::Decode { packed, flat, text } => {
                Work::Decode { packed: *packed, flat: *flat, text: *text }
            }
            Self::Check => Work::Check,
            Self::Explain(arguments) => Work::Explain(arguments.settle()),
        }
    }
}

/// What to do for every line, with all that is needed for it at hand.
#[derive(Debug)]
pub(crate) struct Settled(Task);

#[derive(Debug)]
enum Task {
    Notation,
    Message(Work),
    Keyed(Box<keyed::Keyed>),
}

impl SignalArguments {
    /// Reads what the work needs: the keys, where it needs any.
    ///
    /// # Errors
    ///
    /// The file of the keys cannot be used.
    pub(crate) fn settle(&self) -> Outcome<Settled> {
        Ok(Settled(match &self.action {
            Action::Notation => Task::Notation,
            Action::Message(action) => Task::Message(action.settle()),
            Action::Keyed(action) => Task::Keyed(Box::new(action.settle()?)),
        }))
    }
}

/// Does it for every line. With `json`, what would be text is JSON, too.
///
/// # Errors
///
/// Those of `input` and `output`; a line that cannot be read is none.
pub(crate) fn run(
    settled: Settled,
    input: impl BufRead,
    output: impl Write,
    json: bool,
) -> io::Result<Exit> {
    match settled.0 {
        Task::Notation => answer_each(input, output, |line| notated::answer(line, json)),
        Task::Message(work) => answer_each(input, output, |line| answer(&work, line, json)),
        Task::Keyed(mut keyed) => answer_each(input, output, |line| keyed.answer(line)),
    }
}

fn answer(work: &Work, line: &[u8], json: bool) -> Result<Answer, Flaw> {
    let form = Form::read(line)?;
    match work {
        Work::Encode { .. } => {
            expect(matches!(form, Form::Fields(_) | Form::Text(_)), "not JSON or the text form")?
        }
        Work::Decode { packed: true, .. } => {
            expect(matches!(form, Form::Packed(_)), "not the item of a packed signal")?;
        }
        Work::Decode { .. } => {
            expect(matches!(form, Form::Wire(_)), "not the standard wire in hexadecimal digits")?;
        }
        Work::Check | Work::Explain(_) => {}
    }
    let mut buffer = TextBuffer::new();
    let reading = form.reading(&mut buffer)?;
    Ok(match work {
        Work::Encode { packed } => Answer::good(encoded(&reading.message()?, *packed, json)?),
        Work::Decode { text: true, .. } => {
            let serialized = reading.message()?.to_serialized();
            Answer::good(if json {
                json_line(&json!({"serialized": serialized}))
            } else {
                single_line(serialized)?
            })
        }
        Work::Decode { flat, .. } => Answer::good(json_line(&shown::to_json(&reading, *flat))),
        Work::Check => checked(&reading),
        Work::Explain(explainer) if json => Answer::good(json_line(&explainer.to_json(&reading))),
        Work::Explain(explainer) => Answer::good(explainer.to_text(&reading)),
    })
}

/// The octets of a message: the standard wire, or the item of a packed signal.
fn encoded(message: &Message<'_>, packed: bool, json: bool) -> Result<String, Flaw> {
    let octets = if packed { to_item(message, true)? } else { to_standard(message)? };
    let hex = crate::hex::encode(&octets);
    if !json {
        return Ok(hex + "\n");
    }
    if !packed {
        return Ok(json_line(&json!({"hex": hex, "bits": message.standard_bits()})));
    }
    let referenced = Some(message.referenced_message).filter(|id| *id != ReferencedMessage::NONE);
    let reference = referenced.map(|id| id.to_string());
    Ok(json_line(&json!({"hex": hex, "octets": octets.len(), "reference": reference})))
}

/// What breaks a rule. Nothing can be said of a repeat, which is no fault of its own.
fn checked(reading: &Reading<'_>) -> Answer {
    let violations = reading.violations();
    let valid = violations.as_ref().map(Vec::is_empty);
    let violations = explain::to_json(violations.unwrap_or_default(), ENGLISH);
    let answer = if reading.is_reference_unknown() {
        json!({"valid": valid, "violations": violations, "reference": "unknown"})
    } else {
        json!({"valid": valid, "violations": violations})
    };
    Answer { good: valid != Some(false), text: json_line(&answer) }
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
                    "[A-Z]{1,2}[0-9(<) .]{0,20}".prop_map(String::into_bytes),
                    "010[45]([0-9a-f]{2}){1,20}".prop_map(String::into_bytes),
                    "0106([0-9a-f]{2}){32,52}".prop_map(String::into_bytes),
                ],
                1..6,
            ),
        ) {
            for action in [
                Action::Message(MessageAction::Encode { packed: true }),
                Action::Message(MessageAction::Decode { packed: false, flat: false, text: false }),
                Action::Message(MessageAction::Decode { packed: true, flat: true, text: false }),
                Action::Message(MessageAction::Check),
                Action::Message(MessageAction::Explain(explain::ExplainArguments::default())),
                Action::Notation,
            ] {
                let mut output = Vec::new();
                let input = lines.join(&b'\n');
                let settled = SignalArguments { action }.settle().unwrap();
                run(settled, &*input, &mut output, true).unwrap();
                let answers = output.iter().filter(|octet| **octet == b'\n').count();
                // A last line of nothing is no line.
                let empty_last = usize::from(lines.last().is_some_and(Vec::is_empty));
                prop_assert_eq!(answers, lines.len().saturating_sub(empty_last));
            }
        }
    }
}
