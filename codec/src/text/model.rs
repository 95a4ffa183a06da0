//! The table of tokens and its code: spec/tables/text/tokens.tsv, as arrays.
//!
//! Tokens lie sorted by their octets, so that those a text begins with are found by narrowing a
//! range; codewords follow from a token's length in bits and its place in the order of the code.

mod sizes;

use crate::packing::Source;
use sizes::{COUNTS, ESCAPE_PLACE, TOKENS, WRAPPED_FROM};

pub(super) use sizes::TOKEN_OCTETS_MAX;

/// All tokens' octets, one token behind the other.
static STRINGS: &[u8] = include_bytes!("model/strings.bin");
/// Where each token ends in them (u16, little-endian; from [`WRAPPED_FROM`] on less 65,536).
static ENDS: &[u8; TOKENS * 2] = include_bytes!("model/ends.bin");
/// The bits of each token's codeword.
static LENGTHS: &[u8; TOKENS] = include_bytes!("model/lengths.bin");
/// The place of each token in the order of the code (u16, little-endian).
static PLACES: &[u8; TOKENS * 2] = include_bytes!("model/places.bin");
/// The token at each place (u16, little-endian), [`NO_TOKEN`] at that of the escape.
static ORDER: &[u8; (TOKENS + 1) * 2] = include_bytes!("model/order.bin");

const NO_TOKEN: usize = 0xFFFF;

/// The most bits of a codeword.
const BITS_MAX: usize = COUNTS.len() - 1;

/// A codeword, right-aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Codeword {
    pub(super) codeword: u32,
    pub(super) bits: u32,
}

/// What a codeword stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Token(&'static [u8]),
    /// A character's octets follow.
    Escape,
}

/// The codeword in front of a character that is spelled in octets.
pub(super) const ESCAPE: Codeword = codeword_at(ESCAPE_PLACE);

/// Shows the length in octets and the bits of every token that `text` begins with, shortest first.
pub(super) fn visit_prefixes(text: &[u8], mut show: impl FnMut(usize, u32)) {
    visit_tokens(text, |length, token| {
        show(length, LENGTHS.get(token).copied().map_or(0, u32::from));
    });
}

/// The codeword of exactly this token.
pub(super) fn codeword_of(token: &[u8]) -> Option<Codeword> {
    let mut found = None;
    visit_tokens(token, |length, index| {
        if length == token.len() {
            found = Some(index);
        }
    });
    found.map(|index| codeword_at(u16_at(PLACES, index)))
}

/// Takes the next codeword; `None` if no whole one is left.
pub(super) fn read(source: &mut Source<'_>) -> Option<Symbol> {
    let ahead = source.bits.window();
    let (mut place, mut bits) = (0, 0);
    for (first, length) in FIRSTS.iter().zip(0_u32..).skip(1) {
        let codeword = ahead.wrapping_shr(64_u32.wrapping_sub(length));
        let codeword = u32::try_from(codeword).unwrap_or(u32::MAX);
        let within = codeword.wrapping_sub(first.codeword);
        let count = COUNTS.get(length as usize).copied().map_or(0, u32::from);
        if codeword >= first.codeword && within < count {
            place = first.place.wrapping_add(within);
            bits = length;
            break;
        }
    }
    if bits == 0 || source.bits.left() < bits as usize {
        return None;
    }
    source.bits.skip(bits);
    let token = u16_at(ORDER, place as usize);
    Some(if token == NO_TOKEN { Symbol::Escape } else { Symbol::Token(token_at(token)) })
}

/// The tokens that share their first octets.
struct Range {
    low: usize,
    high: usize,
}

fn visit_tokens(text: &[u8], mut show: impl FnMut(usize, usize)) {
    let mut range = Range { low: 0, high: TOKENS };
    for (depth, octet) in text.iter().take(TOKEN_OCTETS_MAX).enumerate() {
        range = match depth {
            0 => first_octet(*octet),
            _ => range.narrowed(depth, *octet),
        };
        if range.low >= range.high {
            return;
        }
        let length = depth.saturating_add(1);
        // A token is sorted in front of those it begins.
        if token_at(range.low).len() == length {
            show(length, range.low);
        }
    }
}

impl Range {
    /// Those whose octet at `depth` is this one.
    fn narrowed(&self, depth: usize, octet: u8) -> Self {
        let before = |index: usize| token_at(index).get(depth).is_none_or(|other| *other < octet);
        let low = self.first_not(before);
        let within = |index: usize| token_at(index).get(depth).is_some_and(|other| *other == octet);
        let high = Self { low, high: self.high }.first_not(within);
        Self { low, high }
    }

    /// The first index that does not keep a condition which only the first ones keep.
    fn first_not(&self, keeps: impl Fn(usize) -> bool) -> usize {
        let (mut low, mut high) = (self.low, self.high);
        while low < high {
            let middle = low.wrapping_add(high) / 2;
            if keeps(middle) {
                low = middle.wrapping_add(1);
            } else {
                high = middle;
            }
        }
        low
    }
}

fn first_octet(octet: u8) -> Range {
    let bound = |index: usize| FIRST_OCTETS.get(index).copied().map_or(0, usize::from);
    let index = usize::from(octet);
    Range { low: bound(index), high: bound(index.wrapping_add(1)) }
}

fn token_at(index: usize) -> &'static [u8] {
    let start = index.checked_sub(1).map_or(0, end_of);
    STRINGS.get(start..end_of(index)).unwrap_or_default()
}

const fn end_of(index: usize) -> usize {
    let wrapped = if index < WRAPPED_FROM { 0 } else { 1 << 16 };
    u16_at(ENDS, index).wrapping_add(wrapped)
}

const fn u16_at(table: &[u8], index: usize) -> usize {
    let at = index.wrapping_mul(2);
    match table.split_at_checked(at) {
        Some((_, [low, high, ..])) => (*high as usize) << 8 | *low as usize,
        _ => 0,
    }
}

/// The first codeword of a length, and its place.
#[derive(Clone, Copy)]
struct First {
    codeword: u32,
    place: u32,
}

/// By length in bits.
const FIRSTS: [First; BITS_MAX + 1] = firsts();

// Only run by the compiler, over the table it is given.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#[expect(clippy::disallowed_macros, reason = "run by the compiler, over constants")]
const fn firsts() -> [First; BITS_MAX + 1] {
    let mut all = [First { codeword: 0, place: 0 }; BITS_MAX + 1];
    let (mut codeword, mut place, mut bits) = (0, 0, 1);
    while bits <= BITS_MAX {
        codeword *= 2;
        all[bits] = First { codeword, place };
        codeword += COUNTS[bits] as u32;
        place += COUNTS[bits] as u32;
        bits += 1;
    }
    assert!(codeword == 1 << BITS_MAX, "the code is not complete");
    all
}

/// The codeword at a place in the order of the code.
// The place is one the table names, the lengths end at the longest.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#[allow(clippy::cast_possible_truncation)]
const fn codeword_at(place: usize) -> Codeword {
    let place = place as u32;
    let mut bits = 1;
    while bits < BITS_MAX && place >= FIRSTS[bits].place + COUNTS[bits] as u32 {
        bits += 1;
    }
    let first = FIRSTS[bits];
    Codeword { codeword: first.codeword + place - first.place, bits: bits as u32 }
}

/// By first octet: the first token that begins with it or a later one.
static FIRST_OCTETS: [u16; 257] = first_octets();

// Only run by the compiler, over the table it is given.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#[allow(clippy::cast_possible_truncation)]
const fn first_octets() -> [u16; 257] {
    let mut all = [0; 257];
    let (mut octet, mut token, mut start) = (0, 0, 0);
    while octet <= 256 {
        while token < TOKENS && (STRINGS[start] as usize) < octet {
            start = end_of(token);
            token += 1;
        }
        all[octet] = token as u16;
        octet += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_one() {
        let mut longest = 0;
        for (index, bits) in LENGTHS.iter().enumerate() {
            let token = token_at(index);
            longest = longest.max(token.len());
            assert!(core::str::from_utf8(token).is_ok_and(|token| !token.is_empty()));
            assert!(index == 0 || token_at(index - 1) < token, "sorted");
            let word = codeword_of(token).unwrap();
            assert_eq!(word.bits, u32::from(*bits));
            assert_eq!(u16_at(ORDER, u16_at(PLACES, index)), index);
        }
        assert_eq!(longest, TOKEN_OCTETS_MAX);
        assert_eq!(u16_at(ORDER, ESCAPE_PLACE), NO_TOKEN);
        // Padding is ones, and must not be taken for a token.
        assert!(BITS_MAX >= 8 && COUNTS[BITS_MAX] > 0);
    }
}
