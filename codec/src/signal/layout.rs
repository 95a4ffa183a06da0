//! Every field of the standard, in the order of its tables. Names, sections and templates come from
//! `spec/tables/signal.toml`, from which the tables of `spec/01-signal.md` are made as well.

mod fields;

use super::field::Field;
pub use fields::*;

/// The layout's field of that name, whatever message it belongs to.
#[must_use]
pub fn named(name: &str) -> Option<Field> {
    let request = REQUEST_OBJECTS.into_iter().flat_map(|(kind, quantity)| [kind, quantity]);
    HEADER
        .into_iter()
        .chain(SIGN)
        .chain(request)
        .chain(RESOURCE)
        .chain(FREE_TEXT)
        .chain(AUTHENTICATION)
        .chain(CRYPTOGRAPHIC_SUPPORT)
        .chain(TEST)
        .find(|field| field.name == name)
}
