//! Which partition a mailbox's parcels are in.

/// Partitions of a mailbox space: as many streams, each with a writer of its own. A power of two, so
/// that a later doubling splits each in two.
pub const PARTITIONS: u16 = 16;

/// The partition of an address: the first octets of its hash, and so spread evenly whoever chooses
/// addresses. `hash` is any uniform hash of the address that all relays share, SHA-256 for
/// instance.
#[must_use]
pub fn partition_of(hash: &[u8; 32]) -> u16 {
    let [first, second, ..] = *hash;
    u16::from_be_bytes([first, second]) % PARTITIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_those_of_the_low_bits_of_the_first_sixteen() {
        let of = |first, second| {
            let mut hash = [0; 32];
            hash[..2].copy_from_slice(&[first, second]);
            partition_of(&hash)
        };
        assert_eq!([of(0, 0), of(0, 15), of(0, 16), of(255, 255), of(1, 2)], [0, 15, 0, 15, 2]);
    }
}
