//! The sequence of tokens that spells a text in the fewest bits.

use super::form::character_octets;
use super::model::{self, TOKEN_OCTETS_MAX};
use crate::limits::SIGNAL_TEXT_OCTETS_MAX;
use crate::packing::Sink;

/// Of all ways to spell a text, the one with the fewest bits; of several, the one with the longest
/// first token, then second, and so on ("The one encoding").
pub(super) struct Cheapest {
    bits: u32,
    /// For each octet that a token may begin at, the token's octets; 0 is an escape.
    choices: [u8; SIGNAL_TEXT_OCTETS_MAX],
}

/// Costs of the next positions are kept, as many as a token reaches over.
const RING: usize = (TOKEN_OCTETS_MAX + 1).next_power_of_two();
/// More than any text costs, and far from overflowing.
const IMPOSSIBLE: u32 = 1 << 30;

impl Cheapest {
    /// Looks from the end: what is cheapest from a position on depends on what comes behind it.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut choices = [0; SIGNAL_TEXT_OCTETS_MAX];
        let mut costs = [IMPOSSIBLE; RING];
        set(&mut costs, text.len(), 0);
        let escape_bits = model::ESCAPE.bits;
        for (position, choice) in choices.iter_mut().enumerate().take(text.len()).rev() {
            let rest = text.get(position..).unwrap_or_default();
            let first = rest.first().copied().unwrap_or(0);
            // An octet inside a character begins nothing.
            let mut best = IMPOSSIBLE;
            if !matches!(first, 0x80..=0xBF) {
                let octets = character_octets(first);
                let behind = get(&costs, position.saturating_add(octets));
                let escaped = u32::try_from(octets).unwrap_or(0).saturating_mul(8);
                best = behind.saturating_add(escape_bits).saturating_add(escaped);
                *choice = 0;
                // From short to long: of equals the longest stays.
                model::visit_prefixes(rest, |length, bits| {
                    let cost = get(&costs, position.saturating_add(length)).saturating_add(bits);
                    if cost <= best {
                        best = cost;
                        *choice = u8::try_from(length).unwrap_or(0);
                    }
                });
            }
            set(&mut costs, position, best);
        }
        Self { bits: get(&costs, 0), choices }
    }

    /// How many bits it takes.
    pub(super) const fn bits(&self) -> u32 {
        self.bits
    }

    /// Writes the codewords of the same text.
    pub(super) fn write(&self, text: &[u8], sink: &mut impl Sink) {
        let mut position: usize = 0;
        while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
            let choice = self.choices.get(position).copied().map_or(0, usize::from);
            let first = rest.first().copied().unwrap_or(0);
            let octets = if choice == 0 { character_octets(first) } else { choice };
            let piece = rest.get(..octets).unwrap_or(rest);
            match model::codeword_of(piece).filter(|_| choice != 0) {
                Some(word) => sink.put(u64::from(word.codeword), word.bits),
                None => {
                    sink.put(u64::from(model::ESCAPE.codeword), model::ESCAPE.bits);
                    piece.iter().for_each(|octet| sink.put(u64::from(*octet), 8));
                }
            }
            position = position.saturating_add(octets);
        }
    }
}

fn get(costs: &[u32; RING], position: usize) -> u32 {
    costs.get(position % RING).copied().unwrap_or(IMPOSSIBLE)
}

fn set(costs: &mut [u32; RING], position: usize, cost: u32) {
    if let Some(slot) = costs.get_mut(position % RING) {
        *slot = cost;
    }
}
