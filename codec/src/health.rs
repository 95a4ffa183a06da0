//! Whether a random source is healthy enough to make keys from (spec/13-storage.md, "Random source";
//! NIST SP 800-90B §4.3 and §4.4).
//!
//! Octets in, verdict out: whoever owns the source draws two samples, throws them away, and makes no
//! key when this says no. It finds a source that is broken, not one that is a little worse than it
//! claims.

use core::fmt;

/// Octets of one draw: §4.3 asks for at least 1,024 samples before a source is used.
pub const SAMPLE_OCTETS: usize = 1024;

/// §4.4.1: C = 1 + ⌈−log2 α / H⌉ with α = 2^−40 and H = 8 bits a sample.
const REPETITIONS: usize = 6;

/// §4.4.2: the window for samples that are not binary.
const WINDOW_OCTETS: usize = 512;

/// §4.4.2: C = 1 + critbinom(512, 2^−8, 1 − 2^−40).
const PROPORTION: usize = 19;

/// What is wrong with a random source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthError {
    /// A draw was all zero.
    AllZero,
    /// Two draws were the same.
    SameDraw,
    /// An octet stood too often in a row.
    Repetition {
        /// Where in the draw that became clear.
        offset: usize,
    },
    /// An octet stood too often in a window.
    Proportion {
        /// Where the window begins in the draw.
        offset: usize,
    },
}

impl HealthError {
    /// The registered name (spec/13-storage.md, "Random source").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllZero => "all_zero",
            Self::SameDraw => "same_draw",
            Self::Repetition { .. } => "repetition",
            Self::Proportion { .. } => "proportion",
        }
    }
}

impl fmt::Display for HealthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllZero => f.write_str("the random source gives nothing but zeros"),
            Self::SameDraw => f.write_str("the random source gave the same octets twice"),
            Self::Repetition { offset } => {
                write!(f, "the random source repeats one octet (at {offset})")
            }
            Self::Proportion { offset } => {
                write!(f, "the random source gives one octet far too often (from {offset} on)")
            }
        }
    }
}

impl core::error::Error for HealthError {}

/// Looks at two draws, one after the other.
///
/// A healthy source is refused once in about 2^29 calls.
///
/// # Errors
///
/// The first of the specification's four tests that fails.
pub fn check(first: &[u8; SAMPLE_OCTETS], second: &[u8; SAMPLE_OCTETS]) -> Result<(), HealthError> {
    let is_zero = |draw: &[u8; SAMPLE_OCTETS]| draw.iter().all(|octet| *octet == 0);
    if is_zero(first) || is_zero(second) {
        return Err(HealthError::AllZero);
    }
    if first == second {
        return Err(HealthError::SameDraw);
    }
    [first, second].into_iter().try_for_each(|draw| repetition(draw))?;
    [first, second].into_iter().try_for_each(|draw| proportion(draw))
}

/// §4.4.1, the repetition count test.
fn repetition(draw: &[u8]) -> Result<(), HealthError> {
    let (mut last, mut count) = (None, 0_usize);
    for (offset, octet) in draw.iter().enumerate() {
        count = if last == Some(octet) { count.saturating_add(1) } else { 1 };
        last = Some(octet);
        if count >= REPETITIONS {
            return Err(HealthError::Repetition { offset });
        }
    }
    Ok(())
}

/// §4.4.2, the adaptive proportion test.
fn proportion(draw: &[u8]) -> Result<(), HealthError> {
    #[expect(clippy::disallowed_methods, reason = "a window is not of zero octets")]
    let windows = draw.chunks_exact(WINDOW_OCTETS);
    for (index, window) in windows.enumerate() {
        let Some(watched) = window.first() else { continue };
        let count = window.iter().filter(|octet| *octet == watched).count();
        if count >= PROPORTION {
            return Err(HealthError::Proportion { offset: index.saturating_mul(WINDOW_OCTETS) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest;

    /// Octets without any pattern that the tests know: SHA-256 in counter mode.
    fn sample(name: u8) -> [u8; SAMPLE_OCTETS] {
        let mut draw = [0; SAMPLE_OCTETS];
        for (counter, chunk) in (0_u32..).zip(draw.chunks_mut(32)) {
            chunk.copy_from_slice(&digest::hash("sample", &[&[name], &counter.to_be_bytes()]));
        }
        draw
    }

    #[test]
    fn a_good_source_passes() {
        // Each is 64 hashes and 2,048 looks at a window, a second and more in Miri.
        let names = if cfg!(miri) { 0..1 } else { 0..100 };
        for name in names {
            assert_eq!(check(&sample(name), &sample(name + 100)), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_is_broken_is_named() {
        let good = sample(0);
        assert_eq!(check(&[0; SAMPLE_OCTETS], &good), Err(HealthError::AllZero));
        assert_eq!(check(&good, &[0; SAMPLE_OCTETS]), Err(HealthError::AllZero));
        assert_eq!(check(&good, &good), Err(HealthError::SameDraw));
        assert_eq!(
            check(&good, &[7; SAMPLE_OCTETS]),
            Err(HealthError::Repetition { offset: REPETITIONS - 1 })
        );

        // One fewer than the cutoff passes, in a row and in a window.
        let mut draw = good;
        draw[300..305].fill(9);
        draw[305] = 10;
        draw[299] = 11;
        assert_eq!(check(&sample(1), &draw), Ok(()));
        draw[305] = 9;
        assert_eq!(check(&sample(1), &draw), Err(HealthError::Repetition { offset: 305 }));

        let mut draw = good;
        let watched = draw[512];
        draw[513..].iter_mut().for_each(|octet| {
            if *octet == watched {
                *octet = watched.wrapping_add(1);
            }
        });
        (1..PROPORTION - 1).for_each(|nth| draw[512 + nth * 20] = watched);
        assert_eq!(check(&draw, &sample(1)), Ok(()));
        draw[512 + 500] = watched;
        assert_eq!(check(&draw, &sample(1)), Err(HealthError::Proportion { offset: 512 }));
    }

    /// A counter, a clock: what a broken driver gives instead of randomness.
    #[test]
    fn two_draws_of_a_constant_source_never_pass() {
        for octet in 0..=255 {
            assert!(check(&[octet; SAMPLE_OCTETS], &[octet; SAMPLE_OCTETS]).is_err());
        }
    }

    /// The cutoffs again from their definitions, in logarithms.
    #[test]
    fn cutoffs_are_those_of_the_standard() {
        assert_eq!(REPETITIONS, 1 + 40_usize.div_ceil(8));
        let (mut term, mut below) = ((255.0_f64 / 256.0).powi(512), 0.0);
        let mut critical = 0;
        for k in 0..512 {
            below += term;
            if 1.0 - below <= 2.0_f64.powi(-40) {
                critical = k;
                break;
            }
            term *= f64::from(512 - k) / f64::from(k + 1) / 255.0;
        }
        assert_eq!(PROPORTION, 1 + usize::try_from(critical).unwrap());
    }
}
