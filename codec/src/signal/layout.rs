//! Every field of the standard, in the order of its tables. Names, sections and templates come from
//! `spec/tables/signal.toml`, from which the tables of `spec/01-signal.md` are made as well.

mod fields;

use super::field::Field;
pub use fields::*;

/// The layout's field of that name, whatever message it belongs to.
#[must_use]
pub fn named(name: &str) -> Option<Field> {
    // Looked through where they lie: a microcontroller's stack has no room for all of them.
    const GROUPS: [&[Field]; 7] =
        [&HEADER, &SIGN, &RESOURCE, &FREE_TEXT, &AUTHENTICATION, &CRYPTOGRAPHIC_SUPPORT, &TEST];
    const REQUESTS: &[(Field, Field)] = &REQUEST_OBJECTS;
    let request = REQUESTS.iter().flat_map(|(kind, quantity)| [kind, quantity]);
    GROUPS.into_iter().flatten().chain(request).find(|field| field.name == name).copied()
}
