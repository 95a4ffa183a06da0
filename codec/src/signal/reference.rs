//! Which message may refer to which (5.4.1): the standard's two tables as data, and one question
//! put to both.

use super::code::{MessageCode, ReferenceIndicator};
use core::fmt;

/// One end of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// Its message code; `T` for a test.
    pub code: MessageCode,
    /// Its own reference indicator.
    pub indicator: ReferenceIndicator,
}

/// Whether both messages come from one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Originator {
    /// The referencing message's account is that of the referenced one.
    Same,
    /// They differ.
    Other,
}

/// Whether `referencing` may refer to `referenced`.
///
/// A test may refer to anything (5.4.1.1, 5.5); nothing else may refer to a test.
///
/// # Errors
///
/// The first rule that forbids it.
pub fn allowed(
    referencing: Party,
    referenced: Party,
    originator: Originator,
) -> Result<(), Refusal> {
    if referencing.code == MessageCode::Test {
        return Ok(());
    }
    if referencing.indicator == ReferenceIndicator::ORIGINAL {
        return Err(Refusal::Original);
    }
    let indicators = allowed_indicators(referencing.code, referenced.code);
    let letter = char::from_digit(u32::from(referencing.indicator.to_u8()), 16);
    if !letter.is_some_and(|letter| indicators.contains(letter)) {
        return Err(Refusal::MessageType);
    }
    match allowed_originator(referencing.indicator, referenced.indicator) {
        AllowedOriginator::Neither => Err(Refusal::ReferenceType),
        AllowedOriginator::Same if originator == Originator::Other => Err(Refusal::NotSame),
        AllowedOriginator::Other if originator == Originator::Same => Err(Refusal::NotOther),
        AllowedOriginator::Same | AllowedOriginator::Other | AllowedOriginator::Both => Ok(()),
    }
}

/// Why a reference is forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// An original refers to nothing.
    Original,
    /// This type may not refer to that type with this indicator (5.4.1.1).
    MessageType,
    /// This indicator may not follow that one (5.4.1.2).
    ReferenceType,
    /// Only the originator of the referenced message may do this (5.4.1.2).
    NotSame,
    /// Only another originator may do this (5.4.1.2).
    NotOther,
    /// A second addition of the same type to one message (5.4.1.2).
    AddedTwice,
}

impl Refusal {
    /// The section of the standard that says so.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Original
            | Self::ReferenceType
            | Self::NotSame
            | Self::NotOther
            | Self::AddedTwice => "5.4.1.2",
            Self::MessageType => "5.4.1.1",
        }
    }

    /// What is wrong, for people.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Original => "an original refers to no message",
            Self::MessageType => "this type may not refer to that type with this indicator",
            Self::ReferenceType => "a message with that indicator may not be referred to with this",
            Self::NotSame => "only the referenced message's own account may use this indicator",
            Self::NotOther => {
                "only an account other than the referenced one may use this indicator"
            }
            Self::AddedTwice => "a message of this type has been added to that one already",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Refusal {}

/// The letters of the columns of [`MESSAGE_TYPES`].
pub const COLUMNS: &str = "PEDSIQMFRAKT";

/// 5.4.1.1: for each referencing message, the indicators it may use towards each other message, in
/// the order of [`COLUMNS`]; empty means prohibited.
///
/// The row of `T` is missing: a test may make any reference.
pub const MESSAGE_TYPES: [(char, [&str; 12]); 11] = [
    ('P', ["12346789", "", "", "", "35", "", "35", "", "", "", "", ""]),
    ('E', ["", "123467", "35", "5", "", "", "5", "", "", "", "", ""]),
    ('D', ["5", "", "1234679", "", "5", "", "5", "", "", "", "", ""]),
    ('S', ["35", "", "", "12467", "35", "", "", "", "", "", "", ""]),
    ('I', ["", "", "", "", "123467", "", "", "", "", "", "", ""]),
    ('Q', ["", "5", "5", "", "", "1234789", "", "", "", "", "", ""]),
    ('M', ["", "5", "5", "", "", "3", "12347", "", "", "", "", ""]),
    ('F', ["3", "3", "3", "3", "3", "3", "3", "1234", "3", "", "", ""]),
    ('R', ["3", "3", "3", "3", "3", "3", "3", "3", "1234", "", "", ""]),
    ('A', ["", "", "", "", "", "", "", "", "", "123467", "", ""]),
    ('K', ["3", "3", "3", "3", "3", "3", "3", "3", "3", "3", "1234", ""]),
];

/// Who may refer, by the two indicators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedOriginator {
    /// Nobody.
    Neither,
    /// The account of the referenced message.
    Same,
    /// Any other account.
    Other,
    /// Any account.
    Both,
}

/// 5.4.1.2: a row for each indicator of the referencing message, a column for each indicator of
/// the referenced one: `S`ame, `O`ther, `B`oth, `-` prohibited.
pub const REFERENCE_TYPES: [&str; 10] = [
    "----------",
    "SSSSSSSSSS",
    "S--S-S----",
    "S-S--S----",
    "S----SS-SS",
    "B----B----",
    "O-OOOO----",
    "O-O--O--OO",
    "O-O--O----",
    "O-O--O----",
];

/// The indicators `referencing` may use towards `referenced` (5.4.1.1), as digits.
#[must_use]
pub fn allowed_indicators(referencing: MessageCode, referenced: MessageCode) -> &'static str {
    if referencing == MessageCode::Test {
        return "0123456789";
    }
    let row = MESSAGE_TYPES.iter().find(|(letter, _)| *letter == referencing.letter());
    let column = COLUMNS.find(referenced.letter());
    row.zip(column).and_then(|((_, row), column)| row.get(column)).copied().unwrap_or_default()
}

/// Whether messages of this type can be parts of a composite area or structure, and so be added
/// more than once (5.4.1.2).
#[must_use]
pub const fn has_parts(code: MessageCode) -> bool {
    matches!(
        code,
        MessageCode::ProtectiveSign
            | MessageCode::DangerSign
            | MessageCode::RequestSignal
            | MessageCode::MissionSignal
    )
}

/// Whose messages may be referred to (5.4.1.2).
#[must_use]
pub fn allowed_originator(
    referencing: ReferenceIndicator,
    referenced: ReferenceIndicator,
) -> AllowedOriginator {
    let row = REFERENCE_TYPES.get(usize::from(referencing.to_u8()));
    let cell = row.and_then(|row| row.as_bytes().get(usize::from(referenced.to_u8())));
    match cell {
        Some(b'S') => AllowedOriginator::Same,
        Some(b'O') => AllowedOriginator::Other,
        Some(b'B') => AllowedOriginator::Both,
        _ => AllowedOriginator::Neither,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(text: &str) -> Party {
        let mut characters = text.chars();
        let code = MessageCode::from_letter(characters.next().unwrap()).unwrap();
        Party { code, indicator: characters.as_str().parse().unwrap() }
    }

    /// The sequences the standard itself gives as examples (2.7, 5.4.2), and their opposites.
    #[test]
    fn the_standards_examples() {
        use Originator::{Other, Same};
        for (referencing, referenced, originator, result) in [
            ("D5", "P0", Other, Ok(())),
            ("D4", "D5", Same, Ok(())),
            ("S5", "P0", Same, Ok(())),
            ("A3", "A0", Same, Ok(())),
            ("A6", "A0", Other, Ok(())),
            ("A6", "A0", Same, Err(Refusal::NotOther)),
            ("D4", "D6", Same, Ok(())),
            ("Q7", "Q9", Other, Ok(())),
            ("Q9", "Q0", Same, Err(Refusal::NotOther)),
            ("P2", "P0", Other, Err(Refusal::NotSame)),
            ("P5", "M5", Other, Ok(())),
            ("M5", "P5", Other, Err(Refusal::MessageType)),
            ("M5", "D0", Other, Ok(())),
            ("P0", "P0", Same, Err(Refusal::Original)),
            ("P2", "P4", Same, Err(Refusal::ReferenceType)),
            ("P1", "T0", Same, Err(Refusal::MessageType)),
            ("TF", "P9", Other, Ok(())),
            ("PA", "P0", Same, Err(Refusal::MessageType)),
        ] {
            assert_eq!(
                allowed(party(referencing), party(referenced), originator),
                result,
                "{referencing} < {referenced} {originator:?}"
            );
        }
    }

    #[test]
    fn every_cell_holds_known_indicators() {
        for (_, row) in MESSAGE_TYPES {
            assert!(row.iter().all(|cell| cell.bytes().all(|digit| digit.is_ascii_digit())));
        }
        assert!(REFERENCE_TYPES.iter().all(|row| row.len() == 10));
    }
}
