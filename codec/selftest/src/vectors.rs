//! The vectors, as build.rs wrote them into the program.

static MESSAGES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/messages"));
static RULES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules"));
static REFUSALS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/refusals"));

/// Octets the vectors take in the program: flash that is not the codec's.
pub const OCTETS: usize = MESSAGES.len() + RULES.len() + REFUSALS.len();

/// A field's name and value.
pub(crate) type Pair = (&'static str, &'static str);

/// Room for the fields of every vector; the longest message has 33.
pub(crate) const NO_PAIRS: [Pair; 40] = [("", ""); _];

/// A message: its fields and its octets on the standard wire.
pub(crate) struct MessageVector {
    pub(crate) id: &'static str,
    pub(crate) octets: &'static [u8],
    pub(crate) fields: Parts,
}

pub(crate) fn messages() -> impl Iterator<Item = MessageVector> {
    Parts(MESSAGES).map(|record| {
        let mut parts = Parts(record);
        let (id, octets) = (parts.text(), parts.next().unwrap_or_default());
        MessageVector { id, octets, fields: parts }
    })
}

/// A message as text, and the rules it breaks: `some` if it is not known which.
pub(crate) struct RulesVector {
    pub(crate) id: &'static str,
    pub(crate) text: &'static str,
    pub(crate) broken: &'static str,
}

pub(crate) fn rules() -> impl Iterator<Item = RulesVector> {
    Parts(RULES).map(|record| {
        let mut parts = Parts(record);
        RulesVector { id: parts.text(), text: parts.text(), broken: parts.text() }
    })
}

/// What a reader refuses, and how: `some` if it is not known which way.
pub(crate) struct RefusalVector {
    pub(crate) id: &'static str,
    pub(crate) form: Form,
    pub(crate) refusal: &'static str,
}

/// The form that is refused.
pub(crate) enum Form {
    Standard(&'static [u8]),
    Serialized(&'static str),
    Fields(Parts),
}

pub(crate) fn refusals() -> impl Iterator<Item = RefusalVector> {
    Parts(REFUSALS).map(|record| {
        let mut parts = Parts(record);
        let (id, form, refusal) = (parts.text(), parts.text(), parts.text());
        let form = match form {
            "hex" => Form::Standard(parts.next().unwrap_or_default()),
            "fields" => Form::Fields(parts),
            _ => Form::Serialized(parts.text()),
        };
        RefusalVector { id, form, refusal }
    })
}

/// What is left of a record or of all records: each part stands behind its length.
#[derive(Clone)]
pub(crate) struct Parts(&'static [u8]);

impl Parts {
    /// The parts as names and values, in the caller's buffer.
    pub(crate) fn pairs<'b>(&self, buffer: &'b mut [Pair]) -> &'b [Pair] {
        let mut parts = self.clone();
        let mut count: usize = 0;
        for pair in buffer.iter_mut() {
            if parts.0.is_empty() {
                break;
            }
            *pair = (parts.text(), parts.text());
            count = count.saturating_add(1);
        }
        buffer.get(..count).unwrap_or_default()
    }

    /// The next part as text; empty if it is none, which the vector's check will notice.
    fn text(&mut self) -> &'static str {
        self.next().and_then(|part| core::str::from_utf8(part).ok()).unwrap_or_default()
    }
}

impl Iterator for Parts {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<&'static [u8]> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        let (part, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.0 = rest;
        Some(part)
    }
}
