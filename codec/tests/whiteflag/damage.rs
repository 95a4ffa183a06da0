//! Damage: the same on every run.

/// Damages octets, one way after another.
pub(crate) struct Damage(u64);

impl Damage {
    pub(crate) fn new() -> Self {
        Self(0x1996_0915)
    }

    /// Knuth's linear congruential generator: a number below `below`, or 0.
    fn next(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }

    /// A copy, cut, lengthened, with a few bits flipped or an octet replaced.
    pub(crate) fn to(&mut self, whole: &[u8]) -> Vec<u8> {
        let mut octets = whole.to_vec();
        match self.next(5) {
            0 => octets.truncate(self.next(octets.len())),
            1 => octets.extend((0..=self.next(8)).map(|_| 0x40)),
            2 if !octets.is_empty() => {
                let at = self.next(octets.len());
                octets[at] = u8::try_from(self.next(256)).unwrap();
            }
            _ => {
                for _ in 0..=self.next(3) {
                    if !octets.is_empty() {
                        let at = self.next(octets.len() * 8);
                        octets[at / 8] ^= 0x80 >> (at % 8);
                    }
                }
            }
        }
        octets
    }
}
