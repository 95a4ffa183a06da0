//! Items: one message each, the unit inside an envelope (spec/02-item.md).

use crate::account::Account;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, length, octets, put_length, refuse};
use crate::id::{MessageId, Salt};
use crate::limits::{ENVELOPE_ITEMS_MAX, ITEM_OCTETS_MAX};
use alloc::vec::Vec;
use nom::bytes::complete::take;
use nom::number::complete::u8;

/// One message: family, revision, reference and body. Unknown families and revisions are kept whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// What kind of message the body is.
    pub family: Family,
    /// The revision of the family's body format, 0 to 63.
    pub revision: u8,
    /// The message this one refers to.
    pub reference: Reference,
    /// The message itself, as family and revision say.
    pub body: &'a [u8],
}

/// The registered families (spec/02-item.md, "Families"); others keep their code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family(u8);

impl Family {
    /// Whiteflag signals; revision 0 is the standard wire, revision 1 the packed form.
    pub const SIGNAL: Self = Self(0x01);
    /// Unicode text (spec/09-packed.md).
    pub const TEXT: Self = Self(0x04);
    /// An author's statement over messages of a chain.
    pub const STATEMENT: Self = Self(0x10);
    /// A mailbox leased to a gateway.
    pub const LEASE: Self = Self(0x11);
    /// A contact card (spec/10-identity.md).
    pub const CARD: Self = Self(0x13);
    /// What a root says: [`Carried`](crate::identity::Carried).
    pub const ENDORSEMENT: Self = Self(0x14);
    /// A step of a session's ratchet (spec/11-session.md, "Ratchet"): the session's own affair.
    pub const RATCHET: Self = Self(0x15);
    /// The proof that a statement holds one message (spec/04-statement.md).
    pub const PROOF: Self = Self(0x16);
    /// A request for a proof or for ids: [`Request`](crate::statement::Request).
    pub const REQUEST: Self = Self(0x17);
    /// The ids of messages: [`Ids`](crate::statement::Ids).
    pub const IDS: Self = Self(0x18);

    /// The family of a code; 0 is never used.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        if code == 0 { None } else { Some(Self(code)) }
    }

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }
}

/// What an item refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Nothing.
    None,
    /// A message whose id begins with these octets: to be resolved by the receiver.
    Prefix([u8; 8]),
    /// A message by its whole id.
    Id(MessageId),
    /// Whatever the body says in a place of its own (the standard wire).
    InBody,
}

impl Reference {
    const fn form(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Prefix(_) => 1,
            Self::Id(_) => 2,
            Self::InBody => 3,
        }
    }

    fn as_octets(&self) -> &[u8] {
        match self {
            Self::None | Self::InBody => &[],
            Self::Prefix(prefix) => prefix,
            Self::Id(id) => &id.0,
        }
    }

    fn read(form: u8, input: &[u8]) -> Parsed<'_, Self> {
        match form & 0b11 {
            0 => Ok((input, Self::None)),
            1 => {
                let (input, prefix) = field("reference", octets::<8>)(input)?;
                Ok((input, Self::Prefix(prefix)))
            }
            2 => {
                let (input, id) = field("reference", octets::<32>)(input)?;
                Ok((input, Self::Id(MessageId(id))))
            }
            _ => Ok((input, Self::InBody)),
        }
    }
}

/// The reference forms that go with a registered family and revision, or `None` for those this
/// release does not know (spec/02-item.md, "Families").
const fn forms_of(family: Family, revision: u8) -> Option<&'static [u8]> {
    match (family, revision) {
        (Family::SIGNAL, 0) => Some(&[3]),
        (Family::SIGNAL, 1) | (Family::TEXT, 0) => Some(&[0, 1, 2]),
        (
            Family::STATEMENT
            | Family::LEASE
            | Family::CARD
            | Family::ENDORSEMENT
            | Family::RATCHET
            | Family::PROOF
            | Family::REQUEST
            | Family::IDS,
            0,
        ) => Some(&[0]),
        _ => None,
    }
}

/// Whether a known family and revision does not go with this form.
fn is_wrong_form(family: Family, revision: u8, form: u8) -> bool {
    forms_of(family, revision).is_some_and(|forms| !forms.contains(&form))
}

impl<'a> Item<'a> {
    /// A signal on the standard wire.
    #[must_use]
    pub const fn signal(standard_wire: &'a [u8]) -> Self {
        Self {
            family: Family::SIGNAL,
            revision: 0,
            reference: Reference::InBody,
            body: standard_wire,
        }
    }

    /// A Unicode text, written by [`text::emit`](crate::text::emit).
    #[must_use]
    pub const fn text(body: &'a [u8], reference: Reference) -> Self {
        Self { family: Family::TEXT, revision: 0, reference, body }
    }

    /// The octets the message id is computed over, or `None` while a prefix is unresolved.
    ///
    /// They are those of the item on the wire without its length (spec/02-item.md).
    #[must_use]
    pub fn canonical(&self) -> Option<Vec<u8>> {
        if matches!(self.reference, Reference::Prefix(_)) {
            return None;
        }
        let mut out = Vec::new();
        self.put_head(&mut out);
        self.put_rest(&mut out);
        Some(out)
    }

    /// The message id, or `None` while the reference is an unresolved prefix.
    #[must_use]
    pub fn id(&self, account: &Account, salt: &Salt) -> Option<MessageId> {
        self.canonical().map(|canonical| MessageId::of(account, salt, &canonical))
    }

    /// Reads the octets [`Item::canonical`] gives back into an item (evidence, transcripts).
    pub fn from_canonical(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let item = framing::parse_all(octets, Self::read_alone)?;
        if matches!(item.reference, Reference::Prefix(_)) {
            return Err(DecodeError::at_octet(ErrorKind::NotCanonical, "reference form", 1));
        }
        Ok(item)
    }

    /// Octets of the item on the wire without its length.
    pub(crate) fn octets(&self) -> usize {
        self.reference.as_octets().len().saturating_add(self.body.len()).saturating_add(2)
    }

    /// Whether this release cannot know what the body means: the item is kept, relayed and
    /// anchored, and shown as "needs a newer Chappe" (spec/00-conventions.md).
    #[must_use]
    pub const fn needs_newer(&self) -> bool {
        forms_of(self.family, self.revision).is_none()
    }

    fn put_head(&self, out: &mut Vec<u8>) {
        out.push(self.family.code());
        out.push(((self.revision & 0x3F) << 2) | self.reference.form());
    }

    fn put_rest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.reference.as_octets());
        out.extend_from_slice(self.body);
    }

    fn read_head(input: &'a [u8]) -> Parsed<'a, (Family, u8, u8)> {
        let (rest, code) = field("family", u8)(input)?;
        let Some(family) = Family::from_code(code) else {
            return refuse(ErrorKind::Reserved, "family", input);
        };
        let (after, octet) = field("revision", u8)(rest)?;
        let (revision, form) = (octet >> 2, octet & 0b11);
        // spec/02-item.md: "A known revision with another form is refused."
        if is_wrong_form(family, revision, form) {
            return refuse(ErrorKind::Inconsistent, "form", rest);
        }
        Ok((after, (family, revision, form)))
    }

    /// Whether no item of this family and revision refers so (spec/09-packed.md, "The item").
    pub(crate) fn is_zero_reference(&self) -> bool {
        let compact =
            matches!((self.family, self.revision), (Family::SIGNAL, 1) | (Family::TEXT, 0));
        compact && self.reference == Reference::Id(MessageId([0; 32]))
    }

    /// An item that fills the rest of the input.
    fn read_alone(input: &'a [u8]) -> Parsed<'a, Self> {
        if input.len() > ITEM_OCTETS_MAX {
            return refuse(ErrorKind::TooLong, "item", input);
        }
        let (input, (family, revision, form)) = Self::read_head(input)?;
        let (body, reference) = Reference::read(form, input)?;
        let item = Self { family, revision, reference, body };
        if item.is_zero_reference() {
            return refuse(ErrorKind::NotCanonical, "reference", input);
        }
        Ok((&[], item))
    }

    /// An item with its length.
    fn read_counted(input: &'a [u8]) -> Parsed<'a, Self> {
        let (rest, (family, revision, form)) = Self::read_head(input)?;
        let (after_length, count) = field("length", length)(rest)?;
        if count > ITEM_OCTETS_MAX.saturating_sub(2) {
            return refuse(ErrorKind::TooLong, "length", rest);
        }
        let (input, content) = field("body", take(count))(after_length)?;
        // The length covers reference and body, so the reference may not reach past it.
        let Ok((body, reference)) = Reference::read(form, content) else {
            return refuse(ErrorKind::Truncated, "reference", after_length);
        };
        let item = Self { family, revision, reference, body };
        if item.is_zero_reference() {
            return refuse(ErrorKind::NotCanonical, "reference", after_length);
        }
        Ok((input, item))
    }
}

/// Reads the items of an envelope: one that fills the input, or `several` with their lengths.
pub(crate) fn read_items<'a>(several: bool, input: &'a [u8]) -> Parsed<'a, Vec<Item<'a>>> {
    if !several {
        let (rest, item) = Item::read_alone(input)?;
        return Ok((rest, alloc::vec![item]));
    }
    let mut items = Vec::new();
    let mut rest = input;
    // The first item is read even where nothing is left: "no item at all is `truncated`".
    while !rest.is_empty() || items.is_empty() {
        if items.len() == ENVELOPE_ITEMS_MAX {
            return refuse(ErrorKind::TooLong, "items", rest);
        }
        let (after, item) = Item::read_counted(rest)?;
        items.push(item);
        rest = after;
    }
    if items.len() < 2 {
        // spec/03-envelope.md: "A lone item written with this flag is not canonical and refused."
        return refuse(ErrorKind::NotCanonical, "flags", input);
    }
    Ok((rest, items))
}

/// Appends items in the form [`read_items`] reads; `several` is true for two and more.
pub(crate) fn put_items(out: &mut Vec<u8>, items: &[Item<'_>]) {
    for item in items {
        item.put_head(out);
        if items.len() > 1 {
            let reference = item.reference.as_octets().len();
            put_length(out, reference.saturating_add(item.body.len()));
        }
        item.put_rest(out);
    }
}

/// Whether `items` may go into one envelope.
pub(crate) fn check_items(items: &[Item<'_>]) -> Result<(), DecodeError> {
    let refused = |kind, name| Err(DecodeError::at_octet(kind, name, 0));
    if items.is_empty() {
        return refused(ErrorKind::Missing, "items");
    }
    if items.len() > ENVELOPE_ITEMS_MAX {
        return refused(ErrorKind::TooLong, "items");
    }
    for item in items {
        let octets = item.reference.as_octets().len().saturating_add(item.body.len());
        if octets > ITEM_OCTETS_MAX.saturating_sub(2) {
            return refused(ErrorKind::TooLong, "item");
        }
        if item.revision > 0x3F {
            return refused(ErrorKind::OutOfRange, "revision");
        }
        let form = item.reference.form();
        if is_wrong_form(item.family, item.revision, form) {
            return refused(ErrorKind::Inconsistent, "form");
        }
        if item.is_zero_reference() {
            return refused(ErrorKind::NotCanonical, "reference");
        }
    }
    Ok(())
}

/// What is known about the message a prefix refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// One known id begins so: the reference is this one from now on.
    Resolved(MessageId),
    /// None does: the message is delivered, shown as "reference unknown, id pending".
    Unresolved,
}

/// Resolves a transport form among the ids a receiver knows, in any order, repetitions allowed.
///
/// # Errors
///
/// [`ErrorKind::Inconsistent`] in `reference` if two different ids begin with the prefix
/// (spec/02-item.md: "It is never guessed").
pub fn resolve<'a>(
    prefix: &[u8; 8],
    known: impl IntoIterator<Item = &'a MessageId>,
) -> Result<Resolution, DecodeError> {
    let mut fitting = known.into_iter().filter(|id| id.0.starts_with(prefix));
    let Some(first) = fitting.next() else { return Ok(Resolution::Unresolved) };
    if fitting.any(|other| other != first) {
        return Err(DecodeError::at_octet(ErrorKind::Inconsistent, "reference", 0));
    }
    Ok(Resolution::Resolved(*first))
}

/// Reads items without an envelope around them: what fuzzers and checkers feed.
pub fn parse_items(several: bool, input: &[u8]) -> Result<Vec<Item<'_>>, DecodeError> {
    framing::parse_all(input, |input| read_items(several, input))
}

/// Writes items as [`parse_items`] reads them.
#[must_use]
pub fn emit_items(items: &[Item<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    put_items(&mut out, items);
    out
}
