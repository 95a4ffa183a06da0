//! What a link does to datagrams.

use crate::chance::Chance;
use std::time::Duration;

/// What one host's link does to datagrams, either way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// Datagrams of a thousand that are lost.
    pub(crate) loss: u64,
    /// Datagrams of a thousand that come twice.
    pub(crate) twice: u64,
    /// What each takes at least.
    pub(crate) delay: Duration,
    /// What it may take more, in milliseconds.
    pub(crate) jitter: u64,
    /// Whether a later datagram may come before an earlier one.
    pub(crate) overtaking: bool,
    /// Octets of the largest datagram that comes through.
    pub(crate) largest: usize,
    /// Octets a second; what waits longer than [`QUEUE`] is lost.
    pub(crate) rate: u64,
    /// Nothing comes through.
    pub(crate) is_cut: bool,
}

/// How long a datagram waits for a link at most.
pub(crate) const QUEUE: Duration = Duration::from_millis(300);

/// UDP payload in an Ethernet frame, IPv4.
pub(crate) const ETHERNET: usize = 1472;

impl Weather {
    /// Of a good terrestrial link.
    pub(crate) const FAIR: Self = Self {
        loss: 0,
        twice: 0,
        delay: Duration::from_millis(15),
        jitter: 0,
        overtaking: false,
        largest: ETHERNET,
        rate: 2_000_000,
        is_cut: false,
    };

    /// Of any link in the field.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        Self {
            loss: *chance.pick(&[0, 0, 10, 50, 150, 300]),
            twice: *chance.pick(&[0, 0, 10, 200]),
            // The last is a geostationary satellite.
            delay: Duration::from_millis(*chance.pick(&[1, 20, 80, 280])),
            jitter: *chance.pick(&[0, 0, 5, 60]),
            overtaking: chance.in_thousand(400),
            // 1,200 is what QUIC needs (RFC 9000 §14).
            largest: *chance.pick(&[ETHERNET, ETHERNET, 1420, 1280, 1200]),
            rate: *chance.pick(&[2_000_000, 2_000_000, 200_000, 20_000]),
            is_cut: false,
        }
    }
}
