//! Generated from spec/tables/text/tokens.tsv by spec/tables/generate.py; change it there.

/// How many tokens there are, the escape not counted.
pub(super) const TOKENS: usize = 12276;
/// The place of the escape in the order of the code.
pub(super) const ESCAPE_PLACE: usize = 786;
/// The first token whose end is given less 65,536.
pub(super) const WRAPPED_FROM: usize = 10720;
/// The longest token.
pub(in crate::text) const TOKEN_OCTETS_MAX: usize = 16;
/// How many codewords have so many bits, from 0 on.
pub(super) const COUNTS: [u16; 20] =
    [0, 0, 0, 0, 0, 0, 2, 4, 15, 69, 98, 200, 399, 1097, 2478, 3678, 3192, 878, 129, 38];
