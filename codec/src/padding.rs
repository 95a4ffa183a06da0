//! Padding: zeros that make a sealed envelope as long as others are (spec/02-item.md, "Padding";
//! spec/03-envelope.md, "Length").

use crate::error::ErrorKind;
use crate::item::{Family, Item, Reference};
use crate::limits::{ENVELOPE_ITEMS_MAX, ENVELOPE_OCTETS_MAX, ITEM_OCTETS_MAX};
use alloc::vec::Vec;

/// The lengths sealed envelopes have on relays, in octets, ascending (spec/06-relay.md, "Sizes").
pub const STEPS: [usize; 9] = [64, 128, 239, 512, 1024, 2048, 4096, 8192, ENVELOPE_OCTETS_MAX];

/// Octets of the shortest padding item: family, revision and form, and a length of 0.
const SHORTEST: usize = 3;

/// Octets of the longest one whose length takes one octet: a body of 127.
const LONGEST_OF_SHORT_LENGTH: usize = 130;

/// Octets of the longest one: a body of 4,094, whose length takes two.
const LONGEST: usize = ITEM_OCTETS_MAX + 2;

static ZEROS: [u8; ITEM_OCTETS_MAX] = [0; ITEM_OCTETS_MAX];

/// The step an envelope of so many octets is padded to: the least that is not below. `None` for more
/// than an envelope may have.
#[must_use]
pub fn padded_size(octets: usize) -> Option<usize> {
    STEPS.into_iter().find(|step| *step >= octets)
}

/// The padding that goes behind these items in an envelope with so many octets around them: none
/// where the envelope is as long as a step without, or where there is no room for it.
#[must_use]
pub fn behind(items: &[Item<'_>], overhead: usize) -> Vec<Item<'static>> {
    missing(items, overhead).and_then(|octets| fitting(items.len(), octets)).unwrap_or_default()
}

/// Whether an item is padding. Padding "is no message": it has no id, takes no counter, needs no
/// permission, and is neither shown nor in a statement.
#[must_use]
pub const fn is_padding(item: &Item<'_>) -> bool {
    item.family.code() == Family::PADDING.code() && item.revision == 0
}

/// How many of these items are messages, each with a counter.
pub(crate) fn messages_among(items: &[Item<'_>]) -> u32 {
    let messages = items.iter().filter(|item| !is_padding(item)).count();
    u32::try_from(messages).unwrap_or(u32::MAX)
}

/// What is wrong with an item at this place, if padding is concerned: padding that hides something,
/// padding first, or an item behind padding that is none.
pub(crate) fn flaw(
    before: Option<&Item<'_>>,
    item: &Item<'_>,
) -> Option<(ErrorKind, &'static str)> {
    if !is_padding(item) {
        let is_behind = before.is_some_and(is_padding);
        return is_behind.then_some((ErrorKind::Unexpected, "family"));
    }
    if before.is_none() {
        return Some((ErrorKind::Unexpected, "family"));
    }
    let holds_something = item.body.iter().any(|octet| *octet != 0);
    holds_something.then_some((ErrorKind::BadPadding, "body"))
}

/// m: the octets to the step, once every item has its length. `None` for no padding.
fn missing(items: &[Item<'_>], overhead: usize) -> Option<usize> {
    let octets = |is_counted| {
        items.iter().map(|item| octets_of(item, is_counted)).fold(0, usize::saturating_add)
    };
    let plain = octets(items.len() > 1);
    if STEPS.contains(&overhead.checked_add(plain)?) {
        return None;
    }
    let n = overhead.checked_add(octets(true))?;
    padded_size(n.checked_add(SHORTEST)?)?.checked_sub(n)
}

/// The padding items that fill `octets` octets, if there is room behind so many items.
fn fitting(items: usize, octets: usize) -> Option<Vec<Item<'static>>> {
    let is_one = octets <= LONGEST && octets != LONGEST_OF_SHORT_LENGTH.checked_add(1)?;
    let parts = if is_one {
        alloc::vec![octets]
    } else {
        let first = octets / 2;
        alloc::vec![first, octets.checked_sub(first)?]
    };
    if items.checked_add(parts.len())? > ENVELOPE_ITEMS_MAX {
        return None;
    }
    parts.into_iter().map(of_octets).collect()
}

/// A padding item of so many octets, its length among them.
fn of_octets(octets: usize) -> Option<Item<'static>> {
    let head =
        if octets <= LONGEST_OF_SHORT_LENGTH { SHORTEST } else { SHORTEST.checked_add(1)? };
    let body = ZEROS.get(..octets.checked_sub(head)?)?;
    Some(Item { family: Family::PADDING, revision: 0, reference: Reference::None, body })
}

/// Octets of an item in an envelope, with its length or without.
fn octets_of(item: &Item<'_>, is_counted: bool) -> usize {
    let octets = item.octets();
    if !is_counted {
        return octets;
    }
    // A length of up to 127 takes one octet, any other of an item two (spec/00-conventions.md).
    let length = if octets.saturating_sub(2) < 128 { 1 } else { 2 };
    octets.saturating_add(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::emit_items;

    /// All lengths a lone item can have, under the smallest and the largest overhead of a class.
    #[test]
    fn every_sealed_envelope_is_as_long_as_a_step() {
        let body = [0x55; ITEM_OCTETS_MAX - 2];
        for overhead in [20, 21, 52, 117] {
            for octets in 0..=body.len() {
                let family = Family::from_code(0x71).unwrap();
                let item =
                    Item { family, revision: 0, reference: Reference::None, body: &body[..octets] };
                let mut all = alloc::vec![item];
                all.extend(behind(&all, overhead));
                let size = overhead + emit_items(&all).len();
                assert!(STEPS.contains(&size), "{octets} octets make {size}");
            }
        }
    }
}
