//! Reading the notation (spec/01-signal.md, "Notation").

use super::{Digits, Element, Name, Notated, Sequence, is_of_name, pointer_fits};
use crate::error::{DecodeError, ErrorKind, Unit};
use crate::framing::{self, Parsed, field, refuse};
use crate::limits::{NOTATION_MESSAGES_MAX, NOTATION_NAME_CHARACTERS_MAX};
use crate::signal::code::{MessageCode, ReferenceIndicator, SubjectCode};
use alloc::vec::Vec;
use nom::Parser;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::opt;
use nom::number::complete::u8 as octet;

const CODE: &str = "message code";
const SUBJECT: &str = "subject";
const INDICATOR: &str = "indicator";
const ORIGINATOR: &str = "originator";
const POINTER: &str = "pointer";
const BRACKET: &str = "bracket";

impl<'a> Sequence<'a> {
    /// Reads a sequence; a single message is one too.
    ///
    /// # Errors
    ///
    /// The first thing that is no notation, by field and character.
    pub fn parse(text: &'a str) -> Result<Self, DecodeError> {
        framing::parse_all(text.as_bytes(), sequence).map_err(|error| {
            let before = text.get(..error.offset).unwrap_or(text);
            DecodeError { offset: before.chars().count(), unit: Unit::Character, ..error }
        })
    }
}

fn sequence(input: &[u8]) -> Parsed<'_, Sequence<'_>> {
    let mut elements = Vec::new();
    let mut open = false;
    let mut rest = input;
    while !rest.is_empty() || elements.is_empty() {
        // Spaces that nothing follows are `trailing`, whatever stands before them.
        let only_spaces = rest.iter().all(|character| *character == b' ');
        if elements.len() == NOTATION_MESSAGES_MAX && !only_spaces {
            return refuse(ErrorKind::TooLong, "messages", rest);
        }
        let (after, element) = element(elements.len(), open, rest)?;
        open |= elements.is_empty() && element.gap;
        elements.push(element);
        rest = after;
    }
    Ok((rest, Sequence { elements }))
}

/// An element that has `before` elements before it, in a sequence that began with a gap or not.
fn element(before: usize, open: bool, input: &[u8]) -> Parsed<'_, Element<'_>> {
    let (rest, _) = if before > 0 { spaces(input)? } else { (input, input) };
    if rest.is_empty() && before > 0 {
        return refuse(ErrorKind::Trailing, "end", input);
    }
    let (at_pointer, gap) = opt(tag("...")).parse(rest)?;
    let gap = gap.is_some();
    let (at_pointer, _) = if gap { spaces(at_pointer)? } else { (at_pointer, rest) };
    let (rest, signs) = opt(take_while1(|character| character == b'<')).parse(at_pointer)?;
    let back = signs.map(<[u8]>::len);
    if !pointer_fits(before, open || (before == 0 && gap), gap, back) {
        let kind = match back {
            None => ErrorKind::BadLiteral,
            Some(_) if before == 0 && !gap => ErrorKind::Unexpected,
            Some(back) if back > NOTATION_MESSAGES_MAX => ErrorKind::TooLong,
            Some(_) => ErrorKind::OutOfRange,
        };
        return refuse(kind, POINTER, at_pointer);
    }
    let (rest, _) = if back.is_some() { spaces(rest)? } else { (rest, rest) };
    let (rest, message) = message(rest)?;
    Ok((rest, Element { gap, back, message }))
}

fn spaces(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|character| character == b' ').parse(input)
}

fn message(input: &[u8]) -> Parsed<'_, Notated<'_>> {
    let (rest, bracket) = opt(tag("[")).parse(input)?;
    let (rest, message) = plain(rest)?;
    if bracket.is_none() {
        return Ok((rest, message));
    }
    let (rest, ()) = literal(b']', BRACKET, rest)?;
    Ok((rest, Notated { encrypted: true, ..message }))
}

fn plain(input: &[u8]) -> Parsed<'_, Notated<'_>> {
    let (rest, code) = code(input)?;
    let (rest, tested) = tested(code, rest)?;
    let digits = Digits::of(tested.unwrap_or(code));
    let (rest, subject) = subject(digits, rest)?;
    let message = Notated { tested, subject, ..Notated::new(code) };
    let (rest, parenthesis) = opt(tag("(")).parse(rest)?;
    if parenthesis.is_none() {
        return Ok((rest, message));
    }
    let (rest, indicator) = indicator(rest)?;
    let (rest, subject) = late_subject(digits, subject, rest)?;
    let (rest, originator) = originator(rest)?;
    Ok((rest, Notated { subject, indicator: Some(indicator), originator, ..message }))
}

fn code(input: &[u8]) -> Parsed<'_, MessageCode> {
    let (rest, letter) = field(CODE, octet)(input)?;
    match MessageCode::from_letter(char::from(letter)) {
        Some(code) => Ok((rest, code)),
        None if letter.is_ascii_alphanumeric() => refuse(ErrorKind::UnknownCode, CODE, input),
        None => refuse(ErrorKind::BadCharacter, CODE, input),
    }
}

/// `:P` behind a T: what the test tests, as [`Message`](crate::signal::Message) is displayed.
fn tested(test: MessageCode, input: &[u8]) -> Parsed<'_, Option<MessageCode>> {
    if test != MessageCode::Test {
        return Ok((input, None));
    }
    let (at_code, colon) = opt(tag(":")).parse(input)?;
    if colon.is_none() {
        return Ok((input, None));
    }
    let (rest, tested) = code(at_code)?;
    if tested == MessageCode::Test {
        return refuse(ErrorKind::Unexpected, CODE, at_code);
    }
    Ok((rest, Some(tested)))
}

/// The digits behind the letter. All that follow belong to it: nothing else can stand there.
fn subject(digits: Digits, input: &[u8]) -> Parsed<'_, Option<SubjectCode>> {
    let (rest, run) = take_while(|character: u8| character.is_ascii_hexdigit()).parse(input)?;
    // Where no digits belong, it does not matter how many there are.
    let third = input.get(2..).filter(|_| run.len() > 2 && digits != Digits::None);
    if let Some(third @ [_, ..]) = third {
        return refuse(ErrorKind::TooLong, SUBJECT, third);
    }
    value(digits, input, run, rest)
}

/// The digits behind the indicator, if they begin with a decimal one: at most two, since a name may
/// follow.
fn late_subject(
    digits: Digits,
    early: Option<SubjectCode>,
    input: &[u8],
) -> Parsed<'_, Option<SubjectCode>> {
    let length = match input {
        [first, ..] if !first.is_ascii_digit() => 0,
        [_, second, ..] if second.is_ascii_hexdigit() => 2,
        [_, ..] => 1,
        [] => 0,
    };
    if length == 0 {
        return Ok((input, early));
    }
    if early.is_some() {
        return refuse(ErrorKind::Unexpected, SUBJECT, input);
    }
    let (run, rest) = input.split_at_checked(length).unwrap_or((input, &[]));
    // A name does not begin with a digit, so a third one can only be one too many.
    if length == 2 && rest.first().is_some_and(u8::is_ascii_digit) && digits != Digits::None {
        return refuse(ErrorKind::TooLong, SUBJECT, input);
    }
    value(digits, input, run, rest)
}

/// The value of up to two hexadecimal digits.
fn value<'a>(
    digits: Digits,
    input: &'a [u8],
    run: &[u8],
    rest: &'a [u8],
) -> Parsed<'a, Option<SubjectCode>> {
    let value = run.iter().try_fold(0_u8, |value, digit| {
        let digit = char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())?;
        Some(value.wrapping_shl(4) | digit)
    });
    match (digits, run.len(), value) {
        (_, 0, _) | (_, _, None) => Ok((input, None)),
        (Digits::None, ..) => refuse(ErrorKind::Unexpected, SUBJECT, input),
        (Digits::Two, 1, _) => refuse(ErrorKind::TooShort, SUBJECT, rest),
        (Digits::One, _, Some(0x10..)) => refuse(ErrorKind::OutOfRange, SUBJECT, input),
        (_, _, Some(value)) => Ok((rest, Some(SubjectCode(value)))),
    }
}

/// One digit and the closing parenthesis.
fn indicator(input: &[u8]) -> Parsed<'_, ReferenceIndicator> {
    let (rest, digit) = field(INDICATOR, octet)(input)?;
    let value = char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let Some(indicator) = value.and_then(ReferenceIndicator::new) else {
        return refuse(ErrorKind::BadCharacter, INDICATOR, input);
    };
    if rest.first().is_some_and(u8::is_ascii_hexdigit) {
        return refuse(ErrorKind::TooLong, INDICATOR, rest);
    }
    let (rest, ()) = literal(b')', INDICATOR, rest)?;
    Ok((rest, indicator))
}

fn originator(input: &[u8]) -> Parsed<'_, Option<Name<'_>>> {
    if !input.first().is_some_and(u8::is_ascii_alphabetic) {
        return Ok((input, None));
    }
    let (rest, name) = take_while(is_of_name).parse(input)?;
    if name.len() > NOTATION_NAME_CHARACTERS_MAX {
        let over = input.get(NOTATION_NAME_CHARACTERS_MAX..).unwrap_or_default();
        return refuse(ErrorKind::TooLong, ORIGINATOR, over);
    }
    match core::str::from_utf8(name).ok().and_then(Name::new) {
        Some(name) => Ok((rest, Some(name))),
        None => refuse(ErrorKind::BadCharacter, ORIGINATOR, input),
    }
}

/// One character that must stand here.
fn literal<'a>(character: u8, name: &'static str, input: &'a [u8]) -> Parsed<'a, ()> {
    match input.split_first() {
        Some((first, rest)) if *first == character => Ok((rest, ())),
        Some(_) => refuse(ErrorKind::BadLiteral, name, input),
        None => refuse(ErrorKind::Truncated, name, input),
    }
}
