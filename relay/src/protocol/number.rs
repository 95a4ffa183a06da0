//! Numbers and steps (spec/06-relay.md, "Messages"): the form of a *length* of up to nine octets.

use chappe_codec::error::ErrorKind;
use chappe_codec::framing::{Parsed, refuse};

/// Octets of the longest: numbers stay below 2^63.
pub(crate) const NUMBER_OCTETS_MAX: usize = 9;

/// Reads a number: base-128, least significant group first, the shortest form only.
pub(crate) fn number(input: &[u8]) -> Parsed<'_, u64> {
    let mut value: u64 = 0;
    let mut shift: u32 = 0;
    for (index, octet) in input.iter().take(NUMBER_OCTETS_MAX).enumerate() {
        let group = u64::from(octet & 0x7F);
        value |= group.checked_shl(shift).unwrap_or(0);
        shift = shift.saturating_add(7);
        if octet & 0x80 == 0 {
            if index > 0 && group == 0 {
                return refuse(ErrorKind::NotCanonical, "", input);
            }
            let rest = input.get(index.saturating_add(1)..).unwrap_or_default();
            return Ok((rest, value));
        }
    }
    let kind =
        if input.len() < NUMBER_OCTETS_MAX { ErrorKind::Truncated } else { ErrorKind::TooLong };
    refuse(kind, "", input)
}

/// A number as it lies on the wire, without an allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberOctets {
    octets: [u8; NUMBER_OCTETS_MAX],
    count: usize,
}

impl NumberOctets {
    /// Numbers of 2^63 and above saturate; at a million a second none comes.
    pub(crate) fn new(value: u64) -> Self {
        let mut rest = value.min(u64::MAX >> 1);
        let mut number = Self { octets: [0; NUMBER_OCTETS_MAX], count: 0 };
        for octet in &mut number.octets {
            number.count = number.count.saturating_add(1);
            *octet = u8::try_from(rest & 0x7F).unwrap_or(0);
            rest >>= 7;
            if rest == 0 {
                break;
            }
            *octet |= 0x80;
        }
        number
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.octets.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_in_their_shortest_form() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, (1 << 56) - 1, 1 << 56, (1 << 63) - 1] {
            let octets = NumberOctets::new(value);
            assert_eq!(number(octets.as_slice()), Ok((&[][..], value)));
        }
        assert_eq!(NumberOctets::new((1 << 63) - 1).as_slice().len(), 9);
        assert!(number(&[0x80, 0x00]).is_err());
        assert!(number(&[0xFF; 10]).is_err());
    }
}
