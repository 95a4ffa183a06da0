//! How loud a transmission is somewhere else, and what it takes to be understood.

use crate::antenna::Position;
use crate::modulation::{Bandwidth, SpreadingFactor, spreading_factor_number};
use crate::random::Random;

/// Log-distance path loss, with an optional loss of each link's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathLoss {
    /// Loss at the reference distance, in dB.
    pub reference_db: f64,
    /// The reference distance, in metres.
    pub reference_m: f64,
    /// The exponent: 2 in free space.
    pub exponent: f64,
    /// The standard deviation of the loss every pair of places has beyond that, in dB.
    pub shadowing_db: f64,
}

impl PathLoss {
    /// Built-up land as LoRaSim has it (Bor et al., "Do LoRa low-power wide-area networks scale?",
    /// MSWiM 2016), without shadowing.
    pub const BUILT_UP: Self =
        Self { reference_db: 127.41, reference_m: 40.0, exponent: 2.08, shadowing_db: 0.0 };

    /// Open, flat land, as measured with LoRa around Oulu (Petäjäjärvi et al., "On the coverage of
    /// LPWANs", ITST 2015), without shadowing.
    pub const OPEN: Self =
        Self { reference_db: 128.95, reference_m: 1000.0, exponent: 2.32, shadowing_db: 0.0 };

    /// The loss between two places, in dB; the same in both directions. Nearer than a metre counts
    /// as a metre.
    #[must_use]
    pub fn loss_db(&self, one: Position, other: Position, seed: u64) -> f64 {
        let east = f64::from(one.east_m) - f64::from(other.east_m);
        let north = f64::from(one.north_m) - f64::from(other.north_m);
        let distance_m = east.hypot(north).max(1.0);
        let mean =
            self.reference_db + 10.0 * self.exponent * (distance_m / self.reference_m).log10();
        mean + self.shadowing_db * shadow(one, other, seed)
    }
}

/// A number of the standard normal distribution that belongs to a pair of places.
fn shadow(one: Position, other: Position, seed: u64) -> f64 {
    let place = |position: Position| {
        let [a, b, c, d] = position.east_m.to_be_bytes();
        let [e, f, g, h] = position.north_m.to_be_bytes();
        Random::from_seed(seed ^ u64::from_be_bytes([a, b, c, d, e, f, g, h])).number()
    };
    Random::from_seed(place(one).wrapping_add(place(other))).normal()
}

/// Thermal noise in a bandwidth, in dBm, behind a receiver with this noise figure.
#[must_use]
pub(super) fn noise_floor_dbm(bandwidth: Bandwidth, noise_figure_db: f64) -> f64 {
    -174.0 + 10.0 * f64::from(bandwidth.hz()).log10() + noise_figure_db
}

/// The weakest signal-to-noise ratio a spreading factor can be understood at, in dB (SX1261/2
/// datasheet, table 6-1): 2.5 dB less with every step.
#[must_use]
pub(super) fn snr_limit_db(spreading_factor: SpreadingFactor) -> f64 {
    let steps = spreading_factor_number(spreading_factor).saturating_sub(5);
    -2.5 - 2.5 * f64::from(steps)
}

/// How much stronger than an interferer a signal has to be to be understood, in dB; less than
/// nothing when their spreading factors differ.
///
/// Between factors 7 and 12: Croce et al., "Impact of LoRa imperfect orthogonality", IEEE
/// Communications Letters 2018, table I. Nobody has published 5 and 6; they get the least favourable
/// value of the neighbouring row.
#[must_use]
pub(super) fn rejection_db(
    wanted: SpreadingFactor,
    other: SpreadingFactor,
    capture_db: f64,
) -> f64 {
    const CROCE_DB: [[i8; 6]; 6] = [
        [1, -8, -9, -9, -9, -9],
        [-11, 1, -11, -12, -13, -13],
        [-15, -13, 1, -13, -14, -15],
        [-19, -18, -17, 1, -17, -18],
        [-22, -22, -21, -20, 1, -20],
        [-25, -25, -25, -24, -23, 1],
    ];
    if wanted == other {
        return capture_db;
    }
    let place = |factor| usize::from(spreading_factor_number(factor)).checked_sub(7);
    let known = place(wanted)
        .zip(place(other))
        .and_then(|(row, column)| CROCE_DB.get(row)?.get(column).copied());
    f64::from(known.unwrap_or(-8))
}

pub(super) fn milliwatts(dbm: f64) -> f64 {
    10_f64.powf(dbm / 10.0)
}

/// Tenths of a decibel, for those who count in whole numbers.
#[must_use]
pub(super) fn tenths(decibels: f64) -> i16 {
    let tenths = (decibels * 10.0).round().clamp(-32_768.0, 32_767.0);
    #[expect(clippy::cast_possible_truncation, reason = "rounded and clamped to i16 just above")]
    let tenths = tenths as i16;
    tenths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_far_is_six_decibels_more() {
        let at = |east_m| Position { east_m, north_m: 0 };
        let loss = |metres| PathLoss::BUILT_UP.loss_db(at(0), at(metres), 1);
        assert!((loss(40) - 127.41).abs() < 1e-9);
        assert!((loss(80) - loss(40) - 6.261).abs() < 0.01);
        assert!(loss(0).is_finite());
    }

    #[test]
    fn shadowing_belongs_to_the_pair() {
        let one = Position { east_m: 3, north_m: -4 };
        let other = Position { east_m: 700, north_m: 9 };
        let shadowed = PathLoss { shadowing_db: 3.57, ..PathLoss::BUILT_UP };
        assert_eq!(shadowed.loss_db(one, other, 5), shadowed.loss_db(other, one, 5));
        assert_ne!(shadowed.loss_db(one, other, 5), shadowed.loss_db(one, other, 6));
    }

    #[test]
    fn limits_of_the_datasheet() {
        assert_eq!(snr_limit_db(SpreadingFactor::_5), -2.5);
        assert_eq!(snr_limit_db(SpreadingFactor::_7), -7.5);
        assert_eq!(snr_limit_db(SpreadingFactor::_12), -20.0);
        assert_eq!(rejection_db(SpreadingFactor::_8, SpreadingFactor::_7, 6.0), -11.0);
        assert_eq!(rejection_db(SpreadingFactor::_8, SpreadingFactor::_8, 6.0), 6.0);
    }
}
