//! A message field by field: name, value, and where it lies on the standard wire.

use super::field::Field;
use super::message::{Message, ReferencedMessage};
use super::order::{self, Sink};
use super::text::{CryptoData, Text};
use core::fmt;

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub struct FieldView<'a> {
    /// Its name, section and template.
    pub field: &'static Field,
    /// The bit of the standard wire it begins at.
    pub bit_offset: usize,
    /// How many bits it takes there.
    pub bit_length: usize,
    /// What it holds.
    pub value: Value<'a>,
}

/// What a field holds; displayed, it is the field's text form.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A field of fixed width: its template and its compressed value, right-aligned.
    Fixed(&'static Field, u64),
    /// The identifier of a message.
    Identifier(ReferencedMessage),
    /// A text.
    Text(Text<'a>),
    /// Cryptographic data.
    Hexadecimal(CryptoData<'a>),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(field, raw) => field.write_text(*raw, f),
            Self::Identifier(identifier) => identifier.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Hexadecimal(data) => data.fmt(f),
        }
    }
}

impl<'a> Message<'a> {
    /// Shows every field in the order of the wire.
    pub fn visit(&self, show: impl FnMut(FieldView<'a>)) {
        order::write(self, &mut Visitor { show, bit_offset: 0 });
    }
}

/// Adds up offsets on the way.
struct Visitor<F> {
    show: F,
    bit_offset: usize,
}

impl<'a, F: FnMut(FieldView<'a>)> Visitor<F> {
    fn show(&mut self, field: &'static Field, bit_length: usize, value: Value<'a>) {
        let bit_offset = self.bit_offset;
        self.bit_offset = bit_offset.saturating_add(bit_length);
        (self.show)(FieldView { field, bit_offset, bit_length, value });
    }
}

impl<'a, F: FnMut(FieldView<'a>)> Sink<'a> for Visitor<F> {
    fn fixed(&mut self, field: &'static Field, raw: u64) {
        let bits = usize::try_from(field.bits()).unwrap_or(0);
        self.show(field, bits, Value::Fixed(field, raw));
    }

    fn identifier(&mut self, field: &'static Field, identifier: &[u8; 32]) {
        let value = Value::Identifier(ReferencedMessage(*identifier));
        self.show(field, identifier.len().saturating_mul(8), value);
    }

    fn text(&mut self, field: &'static Field, text: Text<'a>) {
        self.show(field, text.len().saturating_mul(8), Value::Text(text));
    }

    fn hexadecimal(&mut self, field: &'static Field, data: CryptoData<'a>) {
        self.show(field, data.len().saturating_mul(8), Value::Hexadecimal(data));
    }
}
