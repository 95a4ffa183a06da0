//! `chappe text`: texts in any script as items of family 04 (spec/09-packed.md), one a line.

use crate::exit::Exit;
use crate::hex;
use crate::signal::flaw::Flaw;
use crate::signal::form::{read_hexadecimal, utf8};
use crate::signal::lines::{Answer, answer_each};
use crate::signal::{json_line, steers};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::item::{Family, Item, Reference, parse_items};
use chappe_codec::text::{self, TextBuffer};
use icu_normalizer::ComposingNormalizer;
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// What to do with the texts on standard input.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
One text a line on standard input, one result a line on standard output. A text is at most 2,000
octets of UTF-8; it is written in the form of spec chapter 09, as an item (0400...).
A line that cannot be read gives {\"error\": ...} in its place and exit code 3; the rest goes on.

Example:
  echo \"Pont coupé, passez par l'école.\" | chappe text encode | chappe text decode")]
pub(crate) struct TextArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Action {
    /// Texts in, composed (NFC) and as hexadecimal digits of an item out
    Encode,
    /// Hexadecimal digits of an item in, the text out; with --json, also what it refers to
    Decode,
}

/// Does it for every line. With `json`, what would be text is JSON.
///
/// # Errors
///
/// Those of `input` and `output`; a line that cannot be read is none.
pub(crate) fn run(
    arguments: &TextArguments,
    input: impl BufRead,
    output: impl Write,
    json: bool,
) -> io::Result<Exit> {
    answer_each(input, output, |line| {
        let line = utf8(line)?;
        let answer = match arguments.action {
            Action::Encode => encode(line, json)?,
            Action::Decode => decode(line, json)?,
        };
        Ok(Answer::good(answer))
    })
}

/// A text that refers to nothing as the octets of an item, which [`Item::from_canonical`] reads.
/// "A writer normalises to NFC before it sends."
///
/// # Errors
///
/// `TooLong`.
pub(crate) fn to_item(text: &str) -> Result<Vec<u8>, DecodeError> {
    let text = ComposingNormalizer::new_nfc().normalize(text);
    let body = text::to_vec(&text)?;
    // Only a prefix has no canonical form, and here is none.
    Ok(Item::text(&body, Reference::None).canonical().unwrap_or_default())
}

/// The text of an item of family 04; of any other none.
pub(crate) fn of_item(item: &Item<'_>) -> Option<Result<String, DecodeError>> {
    let is_text = (item.family, item.revision) == (Family::TEXT, 0);
    is_text.then(|| text::parse(item.body, &mut TextBuffer::new()).map(str::to_owned))
}

fn encode(line: &str, json: bool) -> Result<String, Flaw> {
    let octets = to_item(line)?;
    let hex = hex::encode(&octets);
    Ok(if json { json_line(&json!({"hex": hex, "octets": octets.len()})) } else { hex + "\n" })
}

fn decode(line: &str, json: bool) -> Result<String, Flaw> {
    let octets = read_hexadecimal(line)?;
    let items = parse_items(false, &octets)?;
    let text = items.first().and_then(|item| Some((item, of_item(item)?)));
    let (item, text) = text.ok_or_else(|| {
        Flaw::at_octet(ErrorKind::BadLiteral, "family", 0, "not the item of a text")
    })?;
    let text = text?;
    if json {
        return Ok(json_line(&match item.reference {
            Reference::Id(id) => json!({"text": text, "reference": id.to_string()}),
            Reference::Prefix(prefix) => {
                json!({"text": text, "reference_prefix": hex::encode(&prefix)})
            }
            Reference::None | Reference::InBody => json!({"text": text, "reference": Value::Null}),
        }));
    }
    // A line of text is for people and pipes: nothing in it may end it or steer a terminal.
    match text.chars().position(steers) {
        None => Ok(text + "\n"),
        Some(at) => {
            let unit = chappe_codec::error::Unit::Character;
            let message =
                "a character that steers the terminal or hides: only JSON can show it".into();
            Err(Flaw {
                offset: at,
                unit,
                message,
                ..Flaw::of_field(ErrorKind::Unsupported, "Text")
            })
        }
    }
}
