//! The system's random source, looked at before anything is made from it (spec/13-storage.md, "Random
//! source").

use crate::exit::{Exit, Failure, Outcome};
use chappe_codec::health::{self, HealthError, SAMPLE_OCTETS};
use zeroize::Zeroizing;

/// Fills `out` from the system's random source, if that is healthy.
pub(crate) fn fill(out: &mut [u8]) -> Outcome<()> {
    fill_from(&mut system, out)
}

/// So many octets, for a nonce, a salt or noise.
pub(crate) fn octets<const N: usize>() -> Outcome<[u8; N]> {
    let mut out = [0; N];
    fill(&mut out)?;
    Ok(out)
}

/// So many octets that are a secret.
pub(crate) fn secret<const N: usize>() -> Outcome<Zeroizing<[u8; N]>> {
    let mut out = Zeroizing::new([0; N]);
    fill(&mut *out)?;
    Ok(out)
}

/// One of the numbers below `bound`, each as likely as the others; 0 when there is none.
pub(crate) fn below(bound: u8) -> Outcome<u8> {
    // Octets that would favour the first numbers are drawn again.
    let fair = 256_u16.saturating_sub(256_u16.checked_rem(bound.into()).unwrap_or(0));
    loop {
        let [drawn] = octets::<1>()?;
        if u16::from(drawn) < fair {
            return Ok(drawn.checked_rem(bound).unwrap_or(0));
        }
    }
}

/// "Before any of them is made, 2,048 octets are drawn in two draws of 1,024 and thrown away."
fn fill_from(
    source: &mut impl FnMut(&mut [u8]) -> Result<(), getrandom::Error>,
    out: &mut [u8],
) -> Outcome<()> {
    let (mut first, mut second) = ([0; SAMPLE_OCTETS], [0; SAMPLE_OCTETS]);
    for sample in [&mut first, &mut second] {
        source(sample).map_err(unavailable)?;
    }
    health::check(&first, &second).map_err(unhealthy)?;
    source(out).map_err(unavailable)
}

fn system(out: &mut [u8]) -> Result<(), getrandom::Error> {
    getrandom::fill(out)
}

fn unavailable(error: getrandom::Error) -> Failure {
    Failure::new(Exit::Failure, "random", format!("no randomness from this system: {error}"))
        .advise("no key was made; find out why before you go on")
}

fn unhealthy(error: HealthError) -> Failure {
    Failure::new(Exit::Failure, error.name(), error.to_string())
        .advise("no key was made; do not trust this device with keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_source_makes_no_key() {
        let mut constant = |out: &mut [u8]| {
            out.fill(0x5A);
            Ok(())
        };
        let mut key = [0; 32];
        let failure = fill_from(&mut constant, &mut key).unwrap_err();
        assert_eq!(failure.to_json()["error"]["kind"], "same_draw");
        assert_eq!(key, [0; 32], "nothing was drawn for the key");

        let mut zero = |_: &mut [u8]| Ok(());
        let failure = fill_from(&mut zero, &mut key).unwrap_err();
        assert_eq!(failure.to_json()["error"]["kind"], "all_zero");

        let mut counter = 0_u8;
        let mut slow = |out: &mut [u8]| {
            for octet in out {
                counter = counter.wrapping_add(1);
                *octet = counter / 8;
            }
            Ok(())
        };
        assert_eq!(fill_from(&mut slow, &mut key).unwrap_err().exit, Exit::Failure);
        assert_eq!(key, [0; 32]);
        assert!(fill(&mut key).is_ok());
        assert_ne!(key, [0; 32]);
    }

    #[test]
    fn a_number_is_below_its_bound() {
        for bound in 1..=4 {
            let seen: std::collections::BTreeSet<_> =
                (0..200).map(|_| below(bound).unwrap()).collect();
            assert_eq!(seen, (0..bound).collect());
        }
    }
}
