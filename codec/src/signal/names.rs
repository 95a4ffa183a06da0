//! What people call the codes. Names are data, a file for each language; nothing but their display
//! depends on them.

use super::layout;
use super::message::{Body, Message};
use super::view::{FieldView, Value};

/// The names of one language: lines of a key, a tab and a name.
///
/// Keys are the standard's notation: `message P`, `reference 2`, `P10`, `object 32`, `method A1`,
/// `method R1`, `data 0A`, `encryption 1`, `duress 1`.
#[derive(Debug, Clone, Copy)]
pub struct Names(&'static str);

/// English, in our words, close to the standard's terms.
pub const ENGLISH: Names = Names(include_str!("names_en.tsv"));

impl Names {
    /// The name under a key made of two parts.
    #[must_use]
    pub fn get(self, kind: &str, code: &str) -> Option<&'static str> {
        self.0.lines().find_map(|line| {
            let (key, name) = line.split_once('\t')?;
            (key.strip_prefix(kind)? == code).then_some(name)
        })
    }

    /// Every key and name.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.lines().filter_map(|line| line.split_once('\t'))
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
fn text_of<'b>(field: &super::field::Field, raw: u64, out: &'b mut [u8; 8]) -> Option<&'b str> {
    struct Buffer<'b> {
        octets: &'b mut [u8; 8],
        length: usize,
    }

    impl core::fmt::Write for Buffer<'_> {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            for octet in text.bytes() {
                *self.octets.get_mut(self.length).ok_or(core::fmt::Error)? = octet;
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
