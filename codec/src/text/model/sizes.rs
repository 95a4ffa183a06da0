//! Generated from spec/tables/text/tokens.tsv by spec/tables/generate.py; change it there.

/// How many tokens there are, the escape not counted.
pub(super) const TOKENS: usize = 3173;
/// The place of the escape in the order of the code.
pub(super) const ESCAPE_PLACE: usize = 3173;
/// The longest token.
pub(in crate::text) const TOKEN_OCTETS_MAX: usize = 16;
/// How many codewords have so many bits, from 0 on.
pub(super) const COUNTS: [u16; 17] =
    [0, 0, 1, 0, 1, 8, 7, 7, 11, 21, 39, 46, 95, 275, 395, 880, 1388];
