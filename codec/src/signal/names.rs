//! What people call the codes. Names are data, a file for each language; nothing but their display
//! depends on them.

use super::field::Field;
use super::layout;
use super::message::{Body, Message};
use super::view::{FieldView, Value};
use Direction::{LeftToRight, RightToLeft};
use core::cmp::Ordering;
use core::fmt;

/// The names of one language, from its file in `spec/names/`.
///
/// Keys are the standard's notation behind the kind of thing they name: `message P`, `reference 2`,
/// `P10`, `object 32`, `method A1`, `data 0A`, `field SubjectCode`. `spec/names/README.md` lists the
/// kinds and says how to add a language.
#[derive(Clone, Copy)]
pub struct Names {
    tag: &'static str,
    own_name: &'static str,
    direction: Direction,
    /// Lines of a key, a tab and a name, in the order of the keys' octets.
    lines: &'static str,
}

/// Which way a language is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// As Latin script.
    LeftToRight,
    /// As Arabic script.
    RightToLeft,
}

/// English, in our words, close to the standard's terms.
pub const ENGLISH: Names =
    Names::new("en", "English", LeftToRight, include_str!("../../../spec/names/en.tsv"));

impl Names {
    /// Every language there is, one line each.
    pub const ALL: &'static [Self] = &[
        ENGLISH,
        Self::new("fr", "français", LeftToRight, include_str!("../../../spec/names/fr.tsv")),
        Self::new("ar", "العربية", RightToLeft, include_str!("../../../spec/names/ar.tsv")),
    ];

    const fn new(
        tag: &'static str,
        own_name: &'static str,
        direction: Direction,
        lines: &'static str,
    ) -> Self {
        Self { tag, own_name, direction, lines }
    }

    /// The names of a language, by its BCP 47 tag or a POSIX locale; what follows the language
    /// itself (`fr-CA`, `fr_CA.UTF-8`) is passed over.
    #[must_use]
    pub fn of(language: &str) -> Option<Self> {
        let primary = language.split(['-', '_', '.', '@']).next()?;
        Self::ALL.iter().copied().find(|names| names.tag.eq_ignore_ascii_case(primary))
    }

    /// The BCP 47 tag of the language: `fr`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.tag
    }

    /// What the language calls itself: `français`.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        self.own_name
    }

    /// Which way the language is written.
    #[must_use]
    pub const fn direction(self) -> Direction {
        self.direction
    }

    /// The name under a key made of two parts.
    #[must_use]
    pub fn get(self, kind: &str, code: &str) -> Option<&'static str> {
        // The lines are in order, so each look at the one in the middle leaves half of them.
        let mut lines = self.lines;
        while !lines.is_empty() {
            let (before, _) = lines.as_bytes().split_at_checked(lines.len() / 2)?;
            let begin = before.iter().rposition(|octet| *octet == b'\n');
            let begin = begin.map_or(0, |at| at.saturating_add(1));
            let (before, from) = lines.split_at_checked(begin)?;
            let (line, after) = from.split_once('\n').unwrap_or((from, ""));
            let (key, name) = line.split_once('\t')?;
            lines = match key.bytes().cmp(kind.bytes().chain(code.bytes())) {
                Ordering::Less => after,
                Ordering::Equal => return Some(name),
                Ordering::Greater => before,
            };
        }
        None
    }

    /// Every key and name.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.lines.lines().filter_map(|line| line.split_once('\t'))
    }

    /// What people call a field. The up to eight objects of a request share their names.
    #[must_use]
    pub fn field(self, field: &Field) -> Option<&'static str> {
        let is =
            |(object_type, quantity): &(Field, Field)| (object_type == field, quantity == field);
        let name = match layout::REQUEST_OBJECTS.iter().map(is).find(|(one, other)| *one || *other)
        {
            Some((true, _)) => "ObjectType#",
            Some(_) => "ObjectType#Quant",
            None => field.name,
        };
        self.get("field ", name)
    }

    /// What is wrong by [`Violation::message`](super::check::Violation::message); in English if the
    /// language has no words for it.
    #[must_use]
    pub fn rule(self, message: &'static str) -> &'static str {
        self.get("rule ", message).unwrap_or(message)
    }

    /// What a field's value means, if it is a code with a name.
    #[must_use]
    pub fn of_field(self, message: &Message<'_>, view: &FieldView<'_>) -> Option<&'static str> {
        let Value::Fixed(field, raw) = view.value else { return None };
        let mut digits = [0; 8];
        let code = text_of(field, raw, &mut digits)?;
        let kind = match field.name {
            name if name == layout::MESSAGE_CODE.name => "message ",
            name if name == layout::PSEUDO_MESSAGE_CODE.name => "message ",
            name if name == layout::REFERENCE_INDICATOR.name => "reference ",
            name if name == layout::ENCRYPTION_INDICATOR.name => "encryption ",
            name if name == layout::DURESS_INDICATOR.name => "duress ",
            name if name == layout::CRYPTO_DATA_TYPE.name => "data ",
            name if name == layout::VERIFICATION_METHOD.name => "method A",
            name if name == layout::RESOURCE_METHOD.name => "method R",
            name if name == layout::SUBJECT_CODE.name => subject_kind(&message.body),
            name if name.starts_with(layout::OBJECT_TYPE.name) && code.len() == 2 => {
                if name.ends_with("Quant") { return None } else { "object " }
            }
            _ => return None,
        };
        self.get(kind, code)
    }
}

/// The tag alone: the names are pages of text.
impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Names({})", self.tag)
    }
}

/// The letter before a subject code.
const fn subject_kind(body: &Body<'_>) -> &'static str {
    match body {
        Body::ProtectiveSign(_) => "P",
        Body::EmergencySignal(_) => "E",
        Body::StatusSignal(_) => "S",
        Body::DangerSign(_) => "D",
        Body::InfrastructureSign(_) => "I",
        Body::MissionSignal(_) => "M",
        Body::RequestSignal(..) => "Q",
        Body::Authentication { .. }
        | Body::CryptographicSupport { .. }
        | Body::Resource { .. }
        | Body::FreeText { .. } => "",
    }
}

/// A short field's text, in a buffer of the caller's.
fn text_of<'b>(field: &Field, raw: u64, out: &'b mut [u8; 8]) -> Option<&'b str> {
    struct Buffer<'b> {
        octets: &'b mut [u8; 8],
        length: usize,
    }

    impl fmt::Write for Buffer<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for octet in text.bytes() {
                *self.octets.get_mut(self.length).ok_or(fmt::Error)? = octet;
                self.length = self.length.saturating_add(1);
            }
            Ok(())
        }
    }

    let mut buffer = Buffer { octets: out, length: 0 };
    field.write_text(raw, &mut buffer).ok()?;
    let length = buffer.length;
    core::str::from_utf8(out.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn keys(names: Names) -> Vec<&'static str> {
        names.iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn every_language_has_every_key_in_order() {
        for names in Names::ALL {
            let all = keys(*names);
            let ordered = all.windows(2).all(|pair| pair[0].as_bytes() < pair[1].as_bytes());
            assert!(ordered, "{names:?}: LC_ALL=C sort the file");
            assert_eq!(names.lines.lines().count(), all.len(), "{names:?}: a line without a tab");
            assert_eq!(all, keys(ENGLISH), "{names:?}");
        }
    }

    #[test]
    fn every_name_is_found() {
        for names in Names::ALL {
            for (key, name) in names.iter() {
                assert_eq!(names.get(key, ""), Some(name));
                let (kind, code) = key.split_at(key.len() / 2);
                assert_eq!(names.get(kind, code), Some(name));
            }
            for key in ["", "A", "P1", "P101", "object 3F", "zz"] {
                assert_eq!(names.get(key, ""), None);
            }
        }
    }

    /// A name is filled into lines of either direction: it must not turn them itself, and has the
    /// same places for values in every language.
    #[test]
    fn names_fit_into_lines() {
        let places = |text: &str| text.matches("{}").count();
        for names in Names::ALL {
            for ((key, name), (_, english)) in names.iter().zip(ENGLISH.iter()) {
                let turns = |c: char| c.is_control() || c.is_whitespace() && c != ' ';
                let marks =
                    |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{206F}');
                assert!(!name.contains(|c| turns(c) || marks(c)), "{names:?} {key}");
                assert!(!name.is_empty() && name.trim() == name, "{names:?} {key}");
                assert_eq!(places(name), places(english), "{names:?} {key}");
            }
        }
    }

    #[test]
    fn a_language_is_found_by_tag_or_locale() {
        let tag = |language| Names::of(language).map(Names::tag);
        assert_eq!(tag("fr"), Some("fr"));
        assert_eq!(tag("AR-EG"), Some("ar"));
        assert_eq!(tag("en_GB.UTF-8"), Some("en"));
        assert_eq!(tag("C"), None);
        assert_eq!(tag(""), None);
        assert_eq!(Names::of("ar").map(Names::direction), Some(RightToLeft));
    }

    #[test]
    fn every_field_has_a_name() {
        let request = layout::REQUEST_OBJECTS.into_iter().flat_map(|(kind, count)| [kind, count]);
        let others = [layout::RESOURCE, layout::AUTHENTICATION, layout::CRYPTOGRAPHIC_SUPPORT];
        let others = others.into_iter().flatten().chain(layout::FREE_TEXT).chain(layout::TEST);
        let mut named = Vec::new();
        for field in layout::HEADER.into_iter().chain(layout::SIGN).chain(others).chain(request) {
            let name = ENGLISH.field(&field);
            assert!(name.is_some(), "{}", field.name);
            named.extend(name);
        }
        named.sort_unstable();
        named.dedup();
        assert_eq!(
            named.len(),
            keys(ENGLISH).iter().filter(|key| key.starts_with("field ")).count()
        );
    }
}
